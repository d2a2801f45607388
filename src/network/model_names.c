#include "network/model_names.h"

#include <string.h>

bool incline_is_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || name[0] == '.' || name[length - 1] == '.')
        return false;
    for (const char *at = name; *at; at++) {
        if (!incline_is_letter(*at) && !incline_is_digit(*at) && !strchr("_-.", *at))
            return false;
    }
    return true;
}

enum incline_status incline_name_check(struct incline_context *ctx, struct incline_node *node,
                                       const char *label, const char *name)
{
    if (name && incline_is_name(name))
        return INCLINE_OK;
    return incline_fail_at(ctx, node,
                           "%s: name must be made of letters, digits, '_', '-' and '.', and "
                           "neither begin nor end with '.'",
                           label);
}

bool incline_model_has_name(const struct incline_model *model, const char *name)
{
    for (size_t i = 0; i < model->layer_count; i++)
        if (model->layers[i].name && strcmp(model->layers[i].name, name) == 0)
            return true;
    return false;
}

enum incline_status incline_model_fill_names(struct incline_context *ctx,
                                             struct incline_model *model,
                                             const struct incline_layer_class *class)
{
    size_t number = 0;
    enum incline_status status = INCLINE_OK;
    for (size_t i = 0; i < model->layer_count && status == INCLINE_OK; i++) {
        if (model->layers[i].class != class || model->layers[i].name)
            continue;
        struct incline_text name;
        bool taken = true;
        incline_text_init(&name, ctx);
        while (taken && !name.failed) {
            incline_text_finish(&name);
            incline_text_add(&name, "%s_%zu", class->name, ++number);
            taken = incline_model_has_name(model, incline_text_get(&name));
        }
        status = incline_text_take(&name, &model->layers[i].name);
        incline_text_finish(&name);
    }
    return status;
}

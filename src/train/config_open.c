/* From a path or the name of a built-in configuration to a document. */
#include "train/config_inner.h"

#include "base/embedded.h"
#include "base/file.h"

#include <string.h>

/* The stems of incline_model_files; a test holds the two together. */
static const char *const builtin_names[] = {"mnist-cnn", "lenet5", "resnet20", "vgg-cifar", NULL};

enum { BUILTIN_COUNT = sizeof builtin_names / sizeof *builtin_names - 1 };

const char *const *incline_builtin_names(void)
{
    return builtin_names;
}

const char *incline_builtin_text(const char *name)
{
    if (!name)
        return NULL;
    size_t length = strlen(name);
    for (const struct incline_embedded_file *file = incline_model_files; file->name; file++)
        if (strncmp(file->name, name, length) == 0 && strcmp(file->name + length, ".yaml") == 0)
            return file->text;
    return NULL;
}

static enum incline_status parse_builtin(struct incline_context *ctx, const char *name,
                                         const char *text, struct incline_document **out)
{
    struct incline_text label;
    incline_text_init(&label, ctx);
    incline_text_add(&label, "built-in %s", name);
    enum incline_status status = incline_text_status(&label);
    if (status == INCLINE_OK)
        status = incline_document_parse(ctx, incline_text_get(&label), text, strlen(text), out);
    incline_text_finish(&label);
    return status;
}

/* At node, the value of `model:`; without a place when it is NULL. */
static enum incline_status fail_no_such(struct incline_context *ctx, const char *name,
                                        struct incline_node *node)
{
    struct incline_text text;
    incline_text_init(&text, ctx);
    incline_text_add(&text, "%sthere is no file and no built-in model ", node ? "model: " : "");
    incline_text_add_quoted(&text, name);
    incline_text_add_hint(&text, name, builtin_names, BUILTIN_COUNT);
    incline_text_add(&text, "; built in:");
    for (size_t i = 0; i < BUILTIN_COUNT; i++)
        incline_text_add(&text, "%s %s", i == 0 ? "" : ",", builtin_names[i]);
    if (!node)
        incline_text_add(&text, " ('incline init NAME' writes one to a file, to start from)");
    enum incline_status status =
        node ? incline_fail_at(ctx, node, "%s", incline_text_get(&text))
             : incline_fail(ctx, INCLINE_ERROR_CONFIG, "%s", incline_text_get(&text));
    incline_text_finish(&text);
    return status;
}

enum incline_status incline_config_open(struct incline_context *ctx, const char *path,
                                        const char *name, struct incline_node *node,
                                        struct incline_document **out)
{
    const char *builtin = incline_builtin_text(name);
    if (incline_file_exists(path))
        return incline_document_read(ctx, path, out);
    return builtin ? parse_builtin(ctx, name, builtin, out) : fail_no_such(ctx, name, node);
}

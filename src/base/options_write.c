/* Values as text that reads back as the same values. */
#include "base/options_inner.h"

#include <inttypes.h>

static void write_pair(const int *pair, struct incline_text *out)
{
    if (pair[0] == pair[1])
        incline_text_add(out, "%d", pair[0]);
    else
        incline_text_add(out, "[%d, %d]", pair[0], pair[1]);
}

static void write_padding(const struct incline_padding *padding, struct incline_text *out)
{
    if (padding->mode == INCLINE_PADDING_EXPLICIT)
        write_pair(padding->size, out);
    else
        incline_text_add(out, padding->mode == INCLINE_PADDING_SAME ? "same" : "valid");
}

static void write_sides(const int *sides, struct incline_text *out)
{
    if (sides[0] == sides[1] && sides[0] == sides[2] && sides[0] == sides[3])
        incline_text_add(out, "%d", sides[0]);
    else
        incline_text_add(out, "[%d, %d, %d, %d]", sides[0], sides[1], sides[2], sides[3]);
}

static void write_doubles(const struct incline_doubles *doubles, struct incline_text *out)
{
    incline_text_add(out, "[");
    for (size_t i = 0; i < doubles->count; i++) {
        incline_text_add(out, i == 0 ? "" : ", ");
        incline_text_add_double(out, doubles->values[i]);
    }
    incline_text_add(out, "]");
}

static void write_texts(const struct incline_texts *texts, struct incline_text *out)
{
    incline_text_add(out, "[");
    for (size_t i = 0; i < texts->count; i++) {
        incline_text_add(out, i == 0 ? "" : ", ");
        incline_text_add_scalar(out, texts->values[i]);
    }
    incline_text_add(out, "]");
}

static bool is_word(const struct incline_option *option, const void *place)
{
    if (!incline_option_word(option))
        return false;
    return option->type == INCLINE_OPTION_INT ? *(const int *)place == 0
                                              : *(const double *)place == 0;
}

void incline_option_write(const struct incline_option *option, const void *values,
                          struct incline_text *out)
{
    const void *place = (const char *)values + option->offset;
    if (is_word(option, place)) {
        incline_text_add(out, "%s", incline_option_word(option));
        return;
    }
    switch (option->type) {
    case INCLINE_OPTION_INT:
        incline_text_add(out, "%d", *(const int *)place);
        break;
    case INCLINE_OPTION_UINT64:
        incline_text_add(out, "%" PRIu64, *(const uint64_t *)place);
        break;
    case INCLINE_OPTION_DOUBLE:
        incline_text_add_double(out, *(const double *)place);
        break;
    case INCLINE_OPTION_BOOL:
        incline_text_add(out, *(const bool *)place ? "true" : "false");
        break;
    case INCLINE_OPTION_TEXT: {
        const char *text = *(char *const *)place;
        incline_text_add_scalar(out, text ? text : "");
        break;
    }
    case INCLINE_OPTION_CHOICE:
        incline_text_add(out, "%s", option->choices[*(const int *)place]);
        break;
    case INCLINE_OPTION_PAIR:
        write_pair(place, out);
        break;
    case INCLINE_OPTION_PADDING:
        write_padding(place, out);
        break;
    case INCLINE_OPTION_SIDES:
        write_sides(place, out);
        break;
    case INCLINE_OPTION_DOUBLES:
        write_doubles(place, out);
        break;
    case INCLINE_OPTION_TEXTS:
        write_texts(place, out);
        break;
    case INCLINE_OPTION_CUSTOM:
        break;
    }
}

/* Help on a table's options. */
#include "base/options_inner.h"

static const char *kind_of(enum incline_option_type type)
{
    switch (type) {
    case INCLINE_OPTION_INT:
    case INCLINE_OPTION_UINT64:
        return "whole number";
    case INCLINE_OPTION_DOUBLE:
        return "number";
    case INCLINE_OPTION_BOOL:
        return "true or false";
    case INCLINE_OPTION_TEXT:
        return "text";
    case INCLINE_OPTION_PAIR:
        return "whole number or [height, width]";
    case INCLINE_OPTION_PADDING:
        return "valid, same, whole number or [height, width]";
    case INCLINE_OPTION_SIDES:
        return "whole number or [top, bottom, left, right]";
    case INCLINE_OPTION_DOUBLES:
        return "list of numbers";
    case INCLINE_OPTION_TEXTS:
        return "list of texts";
    case INCLINE_OPTION_CHOICE:
    case INCLINE_OPTION_CUSTOM:
        break;
    }
    return "";
}

static void add_option_help(const struct incline_option *option, struct incline_text *out)
{
    incline_text_add(out, "  %-14s %s\n  %-14s ", option->name, option->help, "");
    if (option->type == INCLINE_OPTION_CHOICE)
        incline_option_add_choices(option, out);
    else
        incline_text_add(out, "%s", kind_of(option->type));
    if (incline_option_word(option))
        incline_text_add(out, " or %s", incline_option_word(option));
    if (incline_option_has_range(option)) {
        incline_text_add(out, ", ");
        incline_option_add_range(option, out);
    }
    const char *comma = option->type == INCLINE_OPTION_CUSTOM ? "" : "; ";
    if (option->fallback)
        incline_text_add(out, "%sdefault %s\n", comma, *option->fallback ? option->fallback : "''");
    else
        incline_text_add(out, "%smust be given\n", comma);
}

void incline_options_help(const struct incline_option_table *table, struct incline_text *out)
{
    for (size_t i = 0; i < table->count; i++)
        add_option_help(&table->options[i], out);
}

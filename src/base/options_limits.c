/* What an option allows, in words: its range and its choices. */
#include "base/options_inner.h"

#include <float.h>
#include <limits.h>

const char *incline_option_word(const struct incline_option *option)
{
    bool one = option->type == INCLINE_OPTION_INT || option->type == INCLINE_OPTION_DOUBLE;
    return one && option->choices ? option->choices[0] : NULL;
}

bool incline_option_has_range(const struct incline_option *option)
{
    return option->min < option->max;
}

bool incline_option_is_unlimited(const struct incline_option *option)
{
    bool whole = option->type == INCLINE_OPTION_INT || option->type == INCLINE_OPTION_PAIR ||
                 option->type == INCLINE_OPTION_PADDING || option->type == INCLINE_OPTION_SIDES;
    return option->max >= DBL_MAX || (whole && option->max >= INT_MAX);
}

void incline_option_add_range(const struct incline_option *option, struct incline_text *out)
{
    bool above_zero = option->min == DBL_MIN;
    bool unlimited = incline_option_is_unlimited(option);
    bool no_least = option->min <= -DBL_MAX;
    if (above_zero) {
        incline_text_add(out, "above 0");
    } else if (no_least) {
        incline_text_add(out, "at most ");
    } else {
        incline_text_add(out, unlimited ? "at least " : "between ");
        incline_text_add_double(out, option->min);
    }
    if (unlimited)
        return;
    if (!no_least)
        incline_text_add(out, above_zero ? " and at most " : " and ");
    incline_text_add_double(out, option->max);
}

size_t incline_option_count_choices(const struct incline_option *option)
{
    size_t count = 0;
    while (option->choices[count])
        count++;
    return count;
}

void incline_option_add_choices(const struct incline_option *option, struct incline_text *out)
{
    size_t count = incline_option_count_choices(option);
    for (size_t i = 0; i < count; i++)
        incline_text_add(out, "%s%s",
                         i == 0           ? ""
                         : i + 1 == count ? " or "
                                          : ", ",
                         option->choices[i]);
}

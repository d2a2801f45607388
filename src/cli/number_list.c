#include "cli/number_list.h"

#include <stdlib.h>
#include <string.h>

/* strtoull alone would take signs and blanks. */
static bool read_number(const char **cursor, size_t max, size_t *number)
{
    size_t digits = strspn(*cursor, "0123456789");
    if (digits == 0 || digits > 18)
        return false;
    unsigned long long value = strtoull(*cursor, NULL, 10);
    if (value < 1 || value > max)
        return false;
    *number = (size_t)value;
    *cursor += digits;
    return true;
}

static bool add(struct cli_numbers *numbers, size_t number)
{
    for (size_t i = 0; i < numbers->count; i++) {
        if (numbers->items[i] == number)
            return true;
    }
    if (numbers->count == CLI_NUMBERS_MAX)
        return false;
    numbers->items[numbers->count++] = number;
    return true;
}

struct range {
    size_t first, last, step;
    bool multiplies;
};

static bool read_range(const char **cursor, size_t max, struct range *range)
{
    if (!read_number(cursor, max, &range->first))
        return false;
    *range = (struct range){range->first, range->first, 1, false};
    if (**cursor != '-')
        return true;
    ++*cursor;
    if (!read_number(cursor, max, &range->last) || range->last < range->first)
        return false;
    if (**cursor != '+' && **cursor != '*')
        return true;
    range->multiplies = *(*cursor)++ == '*';
    return read_number(cursor, max, &range->step) && !(range->multiplies && range->step < 2);
}

static bool add_range(struct cli_numbers *numbers, const struct range *range)
{
    size_t number = range->first;
    while (number <= range->last) {
        if (!add(numbers, number))
            return false;
        number = range->multiplies ? number * range->step : number + range->step;
    }
    return true;
}

static bool parse(const char *text, size_t max, struct cli_numbers *numbers)
{
    for (;; text++) {
        struct range range;
        if (!read_range(&text, max, &range) || !add_range(numbers, &range))
            return false;
        if (*text == '\0')
            return true;
        if (*text != ',')
            return false;
    }
}

bool cli_parse_numbers(const char *text, size_t max, struct cli_numbers *numbers)
{
    numbers->count = 0;
    if (parse(text, max, numbers))
        return true;
    numbers->count = 0;
    return false;
}

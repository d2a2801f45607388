#include "cli/number_list.h"

#include "cli/format.h"

#include <stdio.h>
#include <string.h>

/* A list as it is read. */
struct reading {
    const char *cursor;
    size_t max;
    struct cli_numbers *numbers;
    char *problem; /* [CLI_NUMBERS_PROBLEM] */
};

static bool refuse(struct reading *reading, const char *problem)
{
    snprintf(reading->problem, CLI_NUMBERS_PROBLEM, "%s", problem);
    return false;
}

static bool refuse_form(struct reading *reading)
{
    return refuse(reading, "not a list of numbers such as 32,64, 32-128+32 or 32-256*2");
}

/* A sign is read as part of the number, to be refused as such. */
static bool read_number(struct reading *reading, size_t *number)
{
    char digits[24] = "";
    size_t sign = reading->cursor[0] == '-';
    size_t length = sign + strspn(reading->cursor + sign, "0123456789");
    if (length == 0 && (reading->cursor[0] == ',' || reading->cursor[0] == '\0'))
        return refuse(reading, "a number is missing");
    if (length == sign)
        return refuse_form(reading);
    strncat(digits, reading->cursor, length < sizeof digits ? length : sizeof digits - 1);
    if (!cli_parse_number(digits, reading->max, number)) {
        snprintf(reading->problem, CLI_NUMBERS_PROBLEM, "%s is not between 1 and %zu", digits,
                 reading->max);
        return false;
    }
    reading->cursor += length;
    return true;
}

static bool add(struct reading *reading, size_t number)
{
    struct cli_numbers *numbers = reading->numbers;
    for (size_t i = 0; i < numbers->count; i++) {
        if (numbers->items[i] == number)
            return true;
    }
    if (numbers->count == CLI_NUMBERS_MAX) {
        snprintf(reading->problem, CLI_NUMBERS_PROBLEM, "more than %d numbers",
                 (int)CLI_NUMBERS_MAX);
        return false;
    }
    numbers->items[numbers->count++] = number;
    return true;
}

struct range {
    size_t first, last, step;
    bool multiplies;
};

static bool read_range(struct reading *reading, struct range *range)
{
    if (!read_number(reading, &range->first))
        return false;
    *range = (struct range){range->first, range->first, 1, false};
    if (*reading->cursor != '-')
        return true;
    ++reading->cursor;
    if (!read_number(reading, &range->last))
        return false;
    if (range->last < range->first)
        return refuse(reading, "a range goes down");
    if (*reading->cursor != '+' && *reading->cursor != '*')
        return true;
    range->multiplies = *reading->cursor++ == '*';
    if (!read_number(reading, &range->step))
        return false;
    return !range->multiplies || range->step >= 2 || refuse(reading, "a factor is at least 2");
}

static bool add_range(struct reading *reading, const struct range *range)
{
    size_t number = range->first;
    while (number <= range->last) {
        if (!add(reading, number))
            return false;
        number = range->multiplies ? number * range->step : number + range->step;
    }
    return true;
}

static bool parse(struct reading *reading)
{
    for (;; reading->cursor++) {
        struct range range;
        if (!read_range(reading, &range) || !add_range(reading, &range))
            return false;
        if (*reading->cursor == '\0')
            return true;
        if (*reading->cursor != ',')
            return refuse_form(reading);
    }
}

bool cli_parse_numbers(const char *text, size_t max, struct cli_numbers *numbers,
                       char problem[CLI_NUMBERS_PROBLEM])
{
    struct reading reading = {text, max, numbers, problem};
    numbers->count = 0;
    problem[0] = '\0';
    if (parse(&reading))
        return true;
    numbers->count = 0;
    return false;
}

/* Lists of numbers as options take them. */
#ifndef INCLINE_CLI_NUMBER_LIST_H
#define INCLINE_CLI_NUMBER_LIST_H

#include <stdbool.h>
#include <stddef.h>

enum {
    CLI_NUMBERS_MAX = 256,       /* numbers in a list */
    CLI_NUMBERS_LARGEST = 65536, /* in the lists of options */
    CLI_NUMBERS_PROBLEM = 128    /* bytes of a text */
};

struct cli_numbers {
    size_t count;
    size_t items[CLI_NUMBERS_MAX];
};

/* Reads "32,64,128" into *numbers, in order, each once. An item may be a range, with both ends:
 *   16-20       16 17 18 19 20
 *   32-128+32   32 64 96 128
 *   32-256*2    32 64 128 256    the last one that does not pass the end
 * Numbers are from 1 to max. false, with *numbers empty and what is wrong in problem, when text is
 * anything else: also for ranges that go down, steps of 0, factors below 2 and more than
 * CLI_NUMBERS_MAX numbers. */
bool cli_parse_numbers(const char *text, size_t max, struct cli_numbers *numbers,
                       char problem[CLI_NUMBERS_PROBLEM]);

#endif

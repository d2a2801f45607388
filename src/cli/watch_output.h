/* The latest watched step of a training as a table on stderr, a row for each layer. */
#ifndef INCLINE_CLI_WATCH_OUTPUT_H
#define INCLINE_CLI_WATCH_OUTPUT_H

#include "cli/cli.h"

struct cli_watch {
    struct incline_watched latest; /* row_count 0: none since it was shown last */
    struct incline_watch_row *rows;
    size_t capacity;
};

/* Copies the step; without memory for it, there will be no table. */
void cli_watch_take(struct cli_watch *watch, const struct incline_watched *watched);

/* Shows the step taken last, once. */
void cli_watch_say(struct cli_watch *watch, struct cli *cli);
void cli_watch_finish(struct cli_watch *watch);

#endif

/* Training progress on stderr: a bar that is redrawn, or one line an epoch. */
#ifndef INCLINE_CLI_PROGRESS_H
#define INCLINE_CLI_PROGRESS_H

#include "cli/cli.h"

struct cli_progress {
    struct cli *cli;
    enum cli_progress_choice mode; /* never AUTO */
    bool utf8;
    double last_draw; /* seconds of the monotonic clock */
};

/* Chooses the mode: a bar only on a terminal that can redraw a line. */
void cli_progress_init(struct cli_progress *progress, struct cli *cli);

/* A passing remark in the bar's place ("compiling kernels"). */
void cli_progress_note(struct cli_progress *progress, const char *text);

/* What is worked on now: a note, or a line where there is no bar. */
void cli_progress_say(struct cli_progress *progress, const char *format, ...) INCLINE_PRINTF(2, 3);

/* Redraws the bar, at most every 100 ms. */
void cli_progress_tick(struct cli_progress *progress, const struct incline_progress *state);

/* The last bar of an epoch, or its line. */
void cli_progress_epoch(struct cli_progress *progress, const struct incline_progress *state);

/* Leaves a half-done bar on the screen and goes to the next line. */
void cli_progress_finish(struct cli_progress *progress);

#endif

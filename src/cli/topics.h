/* Topics of `incline help` that concern the program, not the configuration. */
#ifndef INCLINE_CLI_TOPICS_H
#define INCLINE_CLI_TOPICS_H

#include "cli/cli.h"

/* Prints a topic; false when there is none of that name. */
bool cli_print_topic(struct cli *cli, const char *name);

/* A line for each topic. */
void cli_list_topics(struct cli *cli);

#endif

/* The option tables, as the parser and the help see them. */
#ifndef INCLINE_CLI_ARGUMENTS_H
#define INCLINE_CLI_ARGUMENTS_H

#include "cli/cli.h"

/* The options that every verb has; their values are in struct cli_common. */
const struct cli_option *cli_common_options(size_t *count);

/* Option number `index` of a verb: its own first, then the common ones; NULL past the end. */
const struct cli_option *cli_get_option(const struct cli_verb *verb, size_t index);

#endif

/* Files that the user asked for. */
#ifndef INCLINE_CLI_FILE_OUTPUT_H
#define INCLINE_CLI_FILE_OUTPUT_H

#include "cli/cli.h"

/* Writes text to path: all of it or nothing. A file that exists is replaced when remedy is NULL;
 * otherwise that is an error, which `remedy` ends ("PATH exists; <remedy>"). A pipe or device is
 * written to as it is. */
int cli_write_file(struct cli *cli, const char *path, const char *text, size_t length,
                   const char *remedy);

/* The error of writing there, before any work is done: of a file that may be replaced. */
int cli_check_writable(struct cli *cli, const char *path);

/* The error of writing there, before any work is done: of a file that must be new. */
int cli_check_new_file(struct cli *cli, const char *path, const char *remedy);

#endif

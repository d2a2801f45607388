/* Run folders and weights files: names for new ones, ways into old ones. */
#ifndef INCLINE_CLI_RUN_FOLDER_H
#define INCLINE_CLI_RUN_FOLDER_H

#include "cli/cli.h"

/* The folder of a new run, allocated: runs/<YYYY-MM-DD-HHMM>-<name>. NULL when memory ran out. */
char *cli_new_run_folder(const char *name);

/* *path: the weights file that `given` means, allocated: itself, or of a run folder the best
 * weights, else the last. */
int cli_find_weights(struct cli *cli, const char *given, char **path);

/* Trained weights with what goes with them. */
struct cli_weights {
    char *path;         /* of the safetensors file */
    char *config_path;  /* the run folder's config.yaml, or NULL */
    char *config_text;  /* the configuration inside the weights file, or NULL */
    char **class_names; /* from the weights file */
    size_t class_count;
};

/* given: a run folder (its best weights, else its last) or a weights file. */
int cli_weights_open(struct cli *cli, const char *given, struct cli_weights *weights);
void cli_weights_close(struct cli_weights *weights);

/* The configuration to use with the weights: `source` when not NULL, else the run folder's, else
 * the one inside the weights file; the settings of the command line are laid over it. Where there
 * is none, remedy says how the verb takes one. */
int cli_weights_load_config(struct cli *cli, const struct cli_weights *weights, const char *source,
                            const char *remedy, struct incline_config **config);

#endif

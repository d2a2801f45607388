#include "cli/topics.h"

#include <string.h>

struct row {
    const char *name, *text;
};

/* README.md holds the same words; tests/house/test_tables.py compares them. */
static const struct row exit_codes[] = {
    {"0", "done"},
    {"1", "other failure"},
    {"2", "usage"},
    {"3", "configuration or model"},
    {"4", "data"},
    {"5", "device or OpenCL"},
    {"6", "training diverged"},
    {"7", "a device computes wrong numbers (incline check) or a speed is below bench --fail-below"},
    {"130", "stopped by Ctrl-C"},
    {"143", "stopped by SIGTERM"},
    {"129", "stopped by SIGHUP"},
    {NULL, NULL},
};

/* All that the sources read; tests/house/test_tables.py looks. */
static const struct row environment[] = {
    {"INCLINE_DEVICE", "the device, as -d takes it"},
    {"INCLINE_LOG", "what is told: error, warn, info or debug (default: warn)"},
    {"INCLINE_CACHE", "off: nothing is read from the cache folder or kept there (default: on)"},
    {"INCLINE_CACHE_DIR", "the cache folder (default: ~/.cache/incline)"},
    {"INCLINE_DATA_PATH", "folders with data sets, colons between"},
    {"INCLINE_TUNE", "--tune of train: auto, off, quick or full"},
    {"INCLINE_GEMM", "matrix products: auto, own or clblast (default: auto)"},
    {"INCLINE_LANES", "images per work-item: 1, 4, 8 or 16 (default: measured; 1 on GPUs)"},
    {"INCLINE_KERNEL_DIR", "a folder of kernel sources in place of the built-in ones"},
    {"INCLINE_PROBE_SECONDS", "seconds that trying the drivers may take (default: 20; 0: untried)"},
    {NULL, NULL},
};

static const struct topic {
    const char *name, *help;
    const struct row *rows;
    const char *notes;
} topics[] = {
    {"exit-codes", "what the program's exit code tells", exit_codes, ""},
    {"environment", "variables that the program reads", environment,
     "\nAn empty one counts as absent.\n"},
};

enum { TOPICS = sizeof topics / sizeof topics[0] };

static void print_rows(struct cli *cli, const struct row *rows)
{
    size_t width = 0;
    for (const struct row *row = rows; row->name != NULL; row++)
        width = strlen(row->name) > width ? strlen(row->name) : width;
    for (const struct row *row = rows; row->name != NULL; row++)
        cli_print(cli, "  %-*s  %s\n", (int)width, row->name, row->text);
}

bool cli_print_topic(struct cli *cli, const char *name)
{
    for (size_t i = 0; i < TOPICS; i++) {
        if (strcmp(topics[i].name, name) != 0)
            continue;
        cli_print(cli, "%s: %s\n\n", name, topics[i].help);
        print_rows(cli, topics[i].rows);
        cli_print(cli, "%s", topics[i].notes);
        return true;
    }
    return false;
}

void cli_list_topics(struct cli *cli)
{
    cli_print(cli, "\nThe program:\n");
    for (size_t i = 0; i < TOPICS; i++)
        cli_print(cli, "  %-14s %s\n", topics[i].name, topics[i].help);
}

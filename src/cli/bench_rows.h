/* What `incline bench` found, as rows: flat JSON objects, one for each measurement or layer, which
 * every form of output is made from. */
#ifndef INCLINE_CLI_BENCH_ROWS_H
#define INCLINE_CLI_BENCH_ROWS_H

#include "cli/cli.h"

#include <jansson.h>

/* The keys of a row in the order of output, NULL-terminated. A row has null where a key has no
 * meaning for it. */
extern const char *const cli_bench_keys[];

/* Of all rows: */
struct cli_bench_run {
    struct incline_bench_environment environment;
    struct incline_bench_timing timing;
};

/* What a row is about. */
struct cli_bench_subject {
    const char *op;    /* "network", "layer", "conv", ..., "peak", ... */
    const char *model; /* name of a model, shape of a single layer, NULL */
    const struct incline_device_info *device;
    enum incline_bench_mode mode;
    int batch;
};

/* New rows; NULL when memory ran out. peak: FLOP/s of the device, 0 when it was not measured. */
json_t *cli_bench_network_row(const struct cli_bench_run *run,
                              const struct cli_bench_subject *subject,
                              const struct incline_bench_result *result, double peak);
json_t *cli_bench_layer_row(const struct cli_bench_run *run,
                            const struct cli_bench_subject *subject,
                            const struct incline_bench_layer *layer, double peak);
json_t *cli_bench_fact_row(const struct cli_bench_run *run, const struct cli_bench_subject *subject,
                           enum incline_bench_fact_kind kind,
                           const struct incline_bench_fact *fact);
/* A measurement that came to nothing: a device failed. */
json_t *cli_bench_failed_row(const struct cli_bench_run *run,
                             const struct cli_bench_subject *subject);

/* A value of a row: "" or 0 when it is null or of another type. */
const char *cli_bench_text(const json_t *row, const char *key);
double cli_bench_number(const json_t *row, const char *key);

/* What is compared between rows of one kind, more is better: images/s, GFLOP/s, GB/s, or
 * launches/s; 0 when the row has no figure, or is a layer's. */
double cli_bench_rate(const json_t *row);

/* Do both rows measure the same thing, the device aside? */
bool cli_bench_same_work(const json_t *a, const json_t *b);

#endif

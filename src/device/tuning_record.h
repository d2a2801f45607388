/* clang-format off */
/* The tuning database: text, one record a line, tabs between the fields, # before comments.
 *
 *   schema              1; a line of another number is left alone by programs that do not know it
 *   platform, device, driver, units, lanes
 *                       on what it was measured: names, compute units, images per work-item
 *   op, shape, build    what was measured: "dense_forward", "in=5408 out=128 images=128", and the
 *                       hash of all kernel sources
 *   tile                four numbers with commas between them: the winner's
 *   us                  its median time, microseconds
 *   second, second_us   tile and time of the best that it beat, or - and 0
 *   date                "2026-01-31"
 *
 * In platform, driver, units and build, * stands for any: for tables that are shipped. */
/* clang-format on */
#ifndef INCLINE_DEVICE_TUNING_RECORD_H
#define INCLINE_DEVICE_TUNING_RECORD_H

#include "base/text.h"
#include "device/tuning.h"

enum { INCLINE_TUNING_SCHEMA = 1, INCLINE_TUNING_ANY = -1, INCLINE_TUNING_RECORDS_MAX = 20000 };

/* Of comments and lines of other schemas, what is over is dropped. */
enum { INCLINE_TUNING_OTHERS_BYTES_MAX = 256 << 10 };

struct incline_tuning_key {
    const char *platform, *device, *driver;
    int units; /* or ANY */
    int lanes;
    const char *op, *shape, *build;
};

struct incline_tuning_record {
    char *line; /* owns the texts below */
    struct incline_tuning_key key;
    struct incline_tile tile, second;
    bool has_second;
    double us, second_us;
    const char *date;
};

struct incline_tuning_table {
    struct incline_tuning_record *records;
    size_t count, capacity;
    char *others; /* comments and lines of other schemas, each with its end; NULL: none */
    size_t others_bytes, others_capacity;
};

/* Adds the records of text, and its comments and lines of other schemas, which _write puts first;
 * damaged lines are skipped. What is no record and no comment gets a word in the log that names
 * `source` and the line. Fails with MEMORY only. */
enum incline_status incline_tuning_table_read(struct incline_context *ctx,
                                              struct incline_tuning_table *table,
                                              const char *source,
                                              const char *text) INCLINE_MUST_CHECK;
void incline_tuning_table_finish(struct incline_tuning_table *table);

/* Adds one record; its texts are copied and hold neither tabs nor control characters. It replaces
 * those that have the same key but for the build. */
enum incline_status
incline_tuning_table_put(struct incline_context *ctx, struct incline_tuning_table *table,
                         const struct incline_tuning_record *record) INCLINE_MUST_CHECK;

/* The latest record for the key, or NULL. */
const struct incline_tuning_record *
incline_tuning_table_find(const struct incline_tuning_table *table,
                          const struct incline_tuning_key *key);

/* The whole table as text that _read takes. */
void incline_tuning_table_write(const struct incline_tuning_table *table, struct incline_text *out);

#endif

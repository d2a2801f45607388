#include "device/tuning_record.h"

#include "base/memory.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 14 };

static const char head[] = "# Measured by `incline tune` and at the first training of a network; "
                           "tabs between the fields:\n"
                           "# schema platform device driver units lanes op shape build tile us "
                           "second second_us date\n";

/* ---- reading ---- */

/* Cuts the line at its tabs; false unless it has exactly FIELDS of them, none empty. */
static bool split(char *line, char *fields[FIELDS])
{
    size_t count = 0;
    for (char *next = line; next; count++) {
        if (count == FIELDS || *next == '\0' || *next == '\t')
            return false;
        fields[count] = next;
        next = strchr(next, '\t');
        if (next)
            *next++ = '\0';
    }
    return count == FIELDS;
}

static bool read_int(const char *text, int least, int *out)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (!incline_is_digit(*text) || *end || value < least || value > INT_MAX)
        return false;
    *out = (int)value;
    return true;
}

static bool read_units(const char *text, int *out)
{
    if (strcmp(text, "*") != 0)
        return read_int(text, 0, out);
    *out = INCLINE_TUNING_ANY;
    return true;
}

static bool read_time(const char *text, double *out)
{
    return incline_parse_double(text, out) && isfinite(*out) && *out >= 0;
}

static bool read_tile(char *text, struct incline_tile *tile)
{
    for (int i = 0; i < INCLINE_TILE_VALUES; i++) {
        char *comma = strchr(text, ',');
        bool last = i + 1 == INCLINE_TILE_VALUES;
        if (last != !comma)
            return false;
        if (comma)
            *comma = '\0';
        if (!read_int(text, 0, &tile->values[i]))
            return false;
        if (comma)
            text = comma + 1;
    }
    return true;
}

static bool read_second(char *text, struct incline_tuning_record *record)
{
    record->has_second = strcmp(text, "-") != 0;
    return !record->has_second || read_tile(text, &record->second);
}

/* Takes the record from its line, which it cuts up. */
static bool read_record(struct incline_tuning_record *record)
{
    char *fields[FIELDS];
    int schema;
    if (!split(record->line, fields) || !read_int(fields[0], 0, &schema) ||
        schema != INCLINE_TUNING_SCHEMA)
        return false;
    record->key = (struct incline_tuning_key){
        .platform = fields[1],
        .device = fields[2],
        .driver = fields[3],
        .op = fields[6],
        .shape = fields[7],
        .build = fields[8],
    };
    record->date = fields[13];
    return read_units(fields[4], &record->key.units) &&
           read_int(fields[5], 0, &record->key.lanes) && read_tile(fields[9], &record->tile) &&
           read_time(fields[10], &record->us) && read_second(fields[11], record) &&
           read_time(fields[12], &record->second_us);
}

static void log_skipped(struct incline_context *ctx, const char *source, size_t number)
{
    incline_log(ctx, INCLINE_LOG_DEBUG, "%s:%zu: no record of this version; it is skipped", source,
                number);
}

/* Makes room and takes record->line. */
static enum incline_status append(struct incline_context *ctx, struct incline_tuning_table *table,
                                  const struct incline_tuning_record *record)
{
    enum incline_status status = incline_grow(ctx, &table->records, &table->capacity,
                                              table->count + 1, sizeof *table->records);
    if (!status)
        table->records[table->count++] = *record;
    return status;
}

static enum incline_status copy_line(struct incline_context *ctx, const char *line, size_t length,
                                     char **out)
{
    enum incline_status status = incline_alloc(ctx, length + 1, 1, out);
    if (!status)
        memcpy(*out, line, length);
    return status;
}

/* Begins as a record of another schema does. */
static bool has_other_schema(const char *line)
{
    char *end;
    long schema = strtol(line, &end, 10);
    return incline_is_digit(*line) && *end == '\t' && schema != INCLINE_TUNING_SCHEMA;
}

static bool is_head(const char *line, size_t length)
{
    const char *second = strchr(head, '\n') + 1;
    size_t first_length = (size_t)(second - head) - 1;
    return (length == first_length && memcmp(line, head, length) == 0) ||
           (length == strlen(second) - 1 && memcmp(line, second, length) == 0);
}

static enum incline_status carry(struct incline_context *ctx, struct incline_tuning_table *table,
                                 const char *line, size_t length)
{
    size_t bytes = table->others_bytes + length + 1;
    if (is_head(line, length) || bytes > INCLINE_TUNING_OTHERS_BYTES_MAX)
        return INCLINE_OK;
    enum incline_status status =
        incline_grow(ctx, &table->others, &table->others_capacity, bytes + 1, 1);
    if (status)
        return status;
    memcpy(table->others + table->others_bytes, line, length);
    table->others[bytes - 1] = '\n';
    table->others_bytes = bytes;
    return INCLINE_OK;
}

/* What is no record: damage is not written again, so that it is told of once. */
static enum incline_status read_other(struct incline_context *ctx,
                                      struct incline_tuning_table *table, const char *source,
                                      size_t number, const char *line, size_t length)
{
    bool comment = line[0] == '#';
    if (!comment)
        log_skipped(ctx, source, number);
    if (!comment && !has_other_schema(line))
        return INCLINE_OK;
    return carry(ctx, table, line, length);
}

static enum incline_status read_line(struct incline_context *ctx,
                                     struct incline_tuning_table *table, const char *source,
                                     size_t number, const char *line, size_t length)
{
    struct incline_tuning_record record = {0};
    if (length == 0)
        return INCLINE_OK;
    enum incline_status status = copy_line(ctx, line, length, &record.line);
    if (status)
        return status;
    if (!read_record(&record)) {
        incline_free(&record.line);
        return read_other(ctx, table, source, number, line, length);
    }
    status = append(ctx, table, &record);
    if (status)
        incline_free(&record.line);
    return status;
}

enum incline_status incline_tuning_table_read(struct incline_context *ctx,
                                              struct incline_tuning_table *table,
                                              const char *source, const char *text)
{
    enum incline_status status = INCLINE_OK;
    size_t number = 1;
    while (!status && *text && table->count < INCLINE_TUNING_RECORDS_MAX) {
        size_t length = strcspn(text, "\r\n");
        status = read_line(ctx, table, source, number, text, length);
        text += length;
        number += *text == '\n';
        text += *text != '\0';
    }
    return status;
}

void incline_tuning_table_finish(struct incline_tuning_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        incline_free(&table->records[i].line);
    incline_free(&table->records);
    incline_free(&table->others);
    *table = (struct incline_tuning_table){0};
}

/* ---- finding ---- */

static bool covers(const char *pattern, const char *text)
{
    return strcmp(pattern, "*") == 0 || strcmp(pattern, text) == 0;
}

/* Everything but the build. */
static bool same_place(const struct incline_tuning_key *record,
                       const struct incline_tuning_key *key)
{
    return covers(record->platform, key->platform) && strcmp(record->device, key->device) == 0 &&
           covers(record->driver, key->driver) &&
           (record->units == INCLINE_TUNING_ANY || record->units == key->units) &&
           record->lanes == key->lanes && strcmp(record->op, key->op) == 0 &&
           strcmp(record->shape, key->shape) == 0;
}

const struct incline_tuning_record *
incline_tuning_table_find(const struct incline_tuning_table *table,
                          const struct incline_tuning_key *key)
{
    for (size_t i = table->count; i-- > 0;)
        if (same_place(&table->records[i].key, key) &&
            covers(table->records[i].key.build, key->build))
            return &table->records[i];
    return NULL;
}

/* ---- writing ---- */

static void add_tile(struct incline_text *line, const struct incline_tile *tile)
{
    for (int i = 0; i < INCLINE_TILE_VALUES; i++)
        incline_text_add(line, "%s%d", i ? "," : "", tile->values[i]);
}

static void add_place(struct incline_text *line, const struct incline_tuning_key *key)
{
    incline_text_add(line, "%d\t", (int)INCLINE_TUNING_SCHEMA);
    incline_text_add(line, "%s\t%s\t%s\t", key->platform, key->device, key->driver);
    if (key->units == INCLINE_TUNING_ANY)
        incline_text_add(line, "*\t");
    else
        incline_text_add(line, "%d\t", key->units);
    incline_text_add(line, "%d\t%s\t%s\t%s\t", key->lanes, key->op, key->shape, key->build);
}

static void add_record(struct incline_text *line, const struct incline_tuning_record *record)
{
    add_place(line, &record->key);
    add_tile(line, &record->tile);
    incline_text_add(line, "\t");
    incline_text_add_double(line, round(record->us * 10) / 10);
    incline_text_add(line, "\t");
    if (record->has_second)
        add_tile(line, &record->second);
    else
        incline_text_add(line, "-");
    incline_text_add(line, "\t");
    incline_text_add_double(line, round(record->second_us * 10) / 10);
    incline_text_add(line, "\t%s", record->date);
}

void incline_tuning_table_write(const struct incline_tuning_table *table, struct incline_text *out)
{
    incline_text_add(out, "%s", head);
    incline_text_add_bytes(out, table->others ? table->others : "", table->others_bytes);
    for (size_t i = 0; i < table->count; i++) {
        add_record(out, &table->records[i]);
        incline_text_add(out, "\n");
    }
}

static void remove_same(struct incline_tuning_table *table, const struct incline_tuning_key *key)
{
    size_t kept = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (same_place(&table->records[i].key, key))
            incline_free(&table->records[i].line);
        else
            table->records[kept++] = table->records[i];
    }
    table->count = kept;
}

/* The record goes through its own text, so that what is found later is what was found now. */
enum incline_status incline_tuning_table_put(struct incline_context *ctx,
                                             struct incline_tuning_table *table,
                                             const struct incline_tuning_record *record)
{
    struct incline_text line;
    struct incline_tuning_record copy = {0};
    incline_text_init(&line, ctx);
    add_record(&line, record);
    enum incline_status status = incline_text_take(&line, &copy.line);
    if (!status && !read_record(&copy))
        status = incline_fail(ctx, INCLINE_ERROR_BUG, "a tuning record that cannot be read back");
    if (!status) {
        remove_same(table, &copy.key);
        status = append(ctx, table, &copy);
    }
    if (status)
        incline_free(&copy.line);
    incline_text_finish(&line);
    return status;
}

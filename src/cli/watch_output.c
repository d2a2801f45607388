#include "cli/watch_output.h"

#include "cli/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_watch_take(struct cli_watch *watch, const struct incline_watched *watched)
{
    void *rows = watch->rows;
    size_t count = watched->row_count;
    watch->latest.row_count = 0;
    if (count > watch->capacity) {
        rows = realloc(rows, count * sizeof *watch->rows);
        if (rows == NULL)
            return;
        watch->rows = rows;
        watch->capacity = count;
    }
    memcpy(watch->rows, watched->rows, count * sizeof *watch->rows);
    watch->latest = *watched;
    watch->latest.rows = watch->rows;
}

/* The rows of a layer follow one another; returns the one behind the last of them. */
static size_t end_of_layer(const struct incline_watched *watched, size_t first)
{
    size_t end = first;
    while (end < watched->row_count &&
           strcmp(watched->rows[end].layer, watched->rows[first].layer) == 0)
        end++;
    return end;
}

/* The norms of all parameters of a layer together. */
static void add_layer(struct cli_table *table, const struct incline_watch_row *rows, size_t count)
{
    char weights[32] = "-", gradient[32] = "-", update[32] = "-", share[32] = "-", dead[32] = "-";
    double sums[3] = {0};
    for (size_t i = 0; i < count; i++) {
        sums[0] += rows[i].weights * rows[i].weights;
        sums[1] += rows[i].gradient * rows[i].gradient;
        sums[2] += rows[i].update * rows[i].update;
    }
    if (rows->parameter != NULL) {
        snprintf(weights, sizeof weights, "%.3g", sqrt(sums[0]));
        snprintf(gradient, sizeof gradient, "%.3g", sqrt(sums[1]));
        snprintf(update, sizeof update, "%.3g", sqrt(sums[2]));
    }
    if (rows->parameter != NULL && sums[0] != 0)
        snprintf(share, sizeof share, "%.3g", sqrt(sums[2] / sums[0]));
    if (rows->units > 0)
        snprintf(dead, sizeof dead, "%d/%d", rows->dead, rows->units);
    cli_table_add(table,
                  (const char *const[]){rows->layer, weights, gradient, update, share, dead});
}

void cli_watch_say(struct cli_watch *watch, struct cli *cli)
{
    const struct incline_watched *watched = &watch->latest;
    struct cli_table table;
    char step[48];
    if (watched->row_count == 0)
        return;
    snprintf(step, sizeof step, "step %lld", watched->total_step);
    cli_table_init(&table, "lrrrrr");
    cli_table_add(&table, (const char *const[]){step, "weights", "gradient", "update",
                                                "update/weights", "dead"});
    for (size_t i = 0, end; i < watched->row_count; i = end) {
        end = end_of_layer(watched, i);
        add_layer(&table, watched->rows + i, end - i);
    }
    cli_table_say(&table, cli, "  ");
    watch->latest.row_count = 0;
}

void cli_watch_finish(struct cli_watch *watch)
{
    free(watch->rows);
    *watch = (struct cli_watch){.capacity = 0};
}

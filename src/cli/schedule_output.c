#include "cli/schedule_output.h"

#include "cli/json_output.h"
#include "cli/table.h"
#include "cli/text_plot.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Where a configuration does not say it: steps of an epoch, epochs of a training. */
enum { EXAMPLE_STEPS = 100, EXAMPLE_EPOCHS = 50 };
enum { TEXT_ROWS = 9, JSON_ROWS = 1000 };

/* What is looked at of one configuration. */
struct course {
    const struct incline_config *config;
    struct incline_pace_summary pace;
    int epochs, epoch_steps;
};

static struct course course_of(const struct incline_config *config, size_t epoch_steps)
{
    int epochs = incline_config_epochs(config);
    return (struct course){
        .config = config,
        .pace = incline_config_pace(config),
        .epochs = epochs > 0 ? epochs : EXAMPLE_EPOCHS,
        .epoch_steps = epoch_steps > 0 ? (int)epoch_steps : EXAMPLE_STEPS,
    };
}

static double rate_at(const struct course *course, long long step)
{
    return incline_config_learning_rate(course->config, step, course->epoch_steps);
}

/* Of the first and the last step of an epoch, from 1. */
static double first_rate(const struct course *course, int epoch)
{
    return rate_at(course, (epoch - 1) * (long long)course->epoch_steps);
}

static double last_rate(const struct course *course, int epoch)
{
    return rate_at(course, epoch * (long long)course->epoch_steps - 1);
}

/* The i-th of `rows` epochs that are spread over all, the first and the last among them. */
static int spread_epoch(const struct course *course, int i, int rows)
{
    return rows > 1 ? 1 + (int)((long long)i * (course->epochs - 1) / (rows - 1)) : 1;
}

static int row_count(const struct course *course, int most)
{
    return course->epochs < most ? course->epochs : most;
}

static const char *plural(int count)
{
    return count == 1 ? "" : "s";
}

static void print_head(struct cli *cli, const struct course *course)
{
    const struct incline_pace_summary *pace = &course->pace;
    const char *line = pace->equation;
    cli_print(cli, "schedule  %s\n", pace->schedule);
    while (*line != '\0') {
        int length = (int)strcspn(line, "\n");
        cli_print(cli, "          %.*s\n", length, line);
        line += length + (line[length] == '\n');
    }
    cli_print(cli, "lr        %g\n", pace->learning_rate);
    if (pace->warmup_epochs > 0)
        cli_print(cli, "warm-up   %d epoch%s\n", pace->warmup_epochs, plural(pace->warmup_epochs));
    if (pace->warmup_steps > 0)
        cli_print(cli, "warm-up   %d step%s\n", pace->warmup_steps, plural(pace->warmup_steps));
    if (pace->watch != NULL)
        cli_print(cli, "early end after %d validation%s without a better %s\n", pace->patience,
                  plural(pace->patience), pace->watch);
}

static void print_plot(struct cli *cli, const struct course *course)
{
    double values[CLI_PLOT_COLUMNS];
    long long steps = (long long)course->epochs * course->epoch_steps;
    for (int i = 0; i < CLI_PLOT_COLUMNS; i++)
        values[i] = rate_at(course, (long long)((i + 0.5) * (double)steps / CLI_PLOT_COLUMNS));
    cli_print(cli, "\n");
    char last[16];
    snprintf(last, sizeof last, "%d", course->epochs);
    cli_plot_print(cli, values, "1", last, "epoch");
    cli_print(cli, "\n");
}

static int print_rows(struct cli *cli, const struct course *course)
{
    struct cli_table table;
    int rows = row_count(course, TEXT_ROWS);
    cli_table_init(&table, "rrr");
    cli_table_add(&table, (const char *[]){"epoch", "first step", "last step"});
    for (int i = 0; i < rows; i++) {
        char number[16], first[32], last[32];
        int epoch = spread_epoch(course, i, rows);
        snprintf(number, sizeof number, "%d", epoch);
        snprintf(first, sizeof first, "%.6g", first_rate(course, epoch));
        snprintf(last, sizeof last, "%.6g", last_rate(course, epoch));
        cli_table_add(&table, (const char *[]){number, first, last});
    }
    return cli_table_finish(&table, cli, "  ");
}

int cli_print_schedule(struct cli *cli, const struct incline_config *config, size_t epoch_steps)
{
    struct course course = course_of(config, epoch_steps);
    print_head(cli, &course);
    print_plot(cli, &course);
    int code = print_rows(cli, &course);
    if (epoch_steps == 0 && course.pace.warmup_steps > 0)
        cli_say(cli, "With %d steps an epoch, as an example: --steps N for those of your data.",
                course.epoch_steps);
    return code;
}

static json_t *rates_to_json(const struct course *course)
{
    int rows = row_count(course, JSON_ROWS);
    json_t *list = json_array();
    for (int i = 0; i < rows && list != NULL; i++) {
        int epoch = spread_epoch(course, i, rows);
        json_t *row = json_pack("{s:i, s:f, s:f}", "epoch", epoch, "first",
                                first_rate(course, epoch), "last", last_rate(course, epoch));
        if (json_array_append_new(list, row) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

int cli_print_schedule_json(struct cli *cli, const struct incline_config *config,
                            size_t epoch_steps)
{
    struct course course = course_of(config, epoch_steps);
    const struct incline_pace_summary *pace = &course.pace;
    json_t *value =
        json_pack("{s:s, s:s, s:b, s:f, s:i, s:i, s:i, s:i, s:s?, s:o}", "schedule", pace->schedule,
                  "equation", pace->equation, "per_step", (int)pace->per_step, "lr",
                  pace->learning_rate, "epochs", incline_config_epochs(config), "steps_per_epoch",
                  course.epoch_steps, "warmup_epochs", pace->warmup_epochs, "warmup_steps",
                  pace->warmup_steps, "early_stop", pace->watch, "rates", rates_to_json(&course));
    return cli_json_print(cli, value, JSON_INDENT(2));
}

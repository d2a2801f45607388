#include "cli/report.h"

#include "cli/file_output.h"
#include "cli/format.h"
#include "cli/json_output.h"
#include "cli/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char cli_confusion_remedy[] = "choose another file for --confusion";

/* One class's row of the report. */
struct class_figures {
    struct cli_retrieval scores;
    size_t images;
    int confused_with; /* the most frequent wrong answer, -1 when there was none */
    size_t confused;
};

static size_t get_confusion(const struct incline_evaluation *evaluation, int truth, int predicted)
{
    return evaluation->confusion[(size_t)truth * (size_t)evaluation->classes + (size_t)predicted];
}

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

struct cli_retrieval cli_retrieval_of(size_t hits, size_t answers, size_t images)
{
    double precision = ratio((double)hits, (double)answers);
    double recall = ratio((double)hits, (double)images);
    return (struct cli_retrieval){precision, recall,
                                  ratio(2 * precision * recall, precision + recall)};
}

static struct class_figures figures_of(const struct incline_evaluation *evaluation, int truth)
{
    struct class_figures figures = {.confused_with = -1};
    size_t hits = get_confusion(evaluation, truth, truth), answers = 0;
    for (int other = 0; other < evaluation->classes; other++) {
        size_t count = get_confusion(evaluation, truth, other);
        figures.images += count;
        answers += get_confusion(evaluation, other, truth);
        if (other != truth && count > figures.confused) {
            figures.confused = count;
            figures.confused_with = other;
        }
    }
    figures.scores = cli_retrieval_of(hits, answers, figures.images);
    return figures;
}

/* The means over the classes, each counting once; images of all. */
static struct class_figures macro_averages(const struct incline_evaluation *evaluation)
{
    struct class_figures sum = {.confused_with = -1};
    for (int i = 0; i < evaluation->classes; i++) {
        struct class_figures figures = figures_of(evaluation, i);
        sum.scores.precision += figures.scores.precision / evaluation->classes;
        sum.scores.recall += figures.scores.recall / evaluation->classes;
        sum.scores.f1 += figures.scores.f1 / evaluation->classes;
        sum.images += figures.images;
    }
    return sum;
}

double cli_images_per_second(const struct incline_evaluation *evaluation)
{
    return evaluation->seconds > 0 ? (double)evaluation->images / evaluation->seconds : 0;
}

static void add_figures(struct cli_table *table, const char *name,
                        const struct class_figures *figures, const char *with)
{
    struct cli_figure images;
    char precision[16], recall[16], f1[16];
    snprintf(precision, sizeof precision, "%.3f", figures->scores.precision);
    snprintf(recall, sizeof recall, "%.3f", figures->scores.recall);
    snprintf(f1, sizeof f1, "%.3f", figures->scores.f1);
    cli_table_add(table, (const char *[]){name, precision, recall, f1,
                                          cli_format_count(&images, figures->images), with});
}

static void add_class(struct cli_table *table, const struct cli_report *report, int truth)
{
    struct class_figures figures = figures_of(report->evaluation, truth);
    struct cli_figure confused;
    char with[160] = "-", name[120];
    if (figures.confused_with >= 0) {
        cli_clip(name, sizeof name, report->class_names[figures.confused_with], 24);
        snprintf(with, sizeof with, "%s (%s)", name, cli_format_count(&confused, figures.confused));
    }
    cli_clip(name, sizeof name, report->class_names[truth], 24);
    add_figures(table, name, &figures, with);
}

int cli_report_text(struct cli *cli, const struct cli_report *report)
{
    const struct incline_evaluation *evaluation = report->evaluation;
    struct cli_figure images, loss, rate;
    struct cli_table table;
    cli_print(cli, "%s  %s images    loss %s    accuracy %.4f    top-%d %.4f    %s img/s\n\n",
              report->part, cli_format_count(&images, evaluation->images),
              cli_format_metric(&loss, evaluation->loss), evaluation->accuracy, evaluation->top_k,
              evaluation->top_k_accuracy,
              cli_format_count(&rate, (unsigned long long)cli_images_per_second(evaluation)));
    cli_table_init(&table, "lrrrrl");
    cli_table_add(&table, (const char *[]){"class", "precision", "recall", "f1", "images",
                                           "most confused with"});
    for (int i = 0; i < evaluation->classes; i++)
        add_class(&table, report, i);
    struct class_figures averages = macro_averages(evaluation);
    add_figures(&table, "macro average", &averages, "-");
    return cli_table_finish(&table, cli, "");
}

/* A row for each true class, a column for each answer. */
int cli_report_confusion_table(struct cli *cli, const struct cli_report *report)
{
    char align[CLI_CONFUSION_CLASSES + 2] = "l";
    char cells[CLI_CONFUSION_CLASSES + 1][120];
    const char *row[CLI_CONFUSION_CLASSES + 1];
    int classes = report->evaluation->classes;
    struct cli_table table;
    for (int i = 0; i <= classes; i++)
        row[i] = cells[i];
    cli_print(cli, "\n");
    memset(align + 1, 'r', (size_t)classes);
    cli_table_init(&table, align);
    snprintf(cells[0], sizeof *cells, "true \\ predicted");
    for (int i = 0; i < classes; i++)
        cli_clip(cells[i + 1], sizeof *cells, report->class_names[i], 10);
    cli_table_add(&table, row);
    for (int truth = 0; truth < classes; truth++) {
        cli_clip(cells[0], sizeof *cells, report->class_names[truth], 24);
        for (int i = 0; i < classes; i++)
            snprintf(cells[i + 1], sizeof *cells, "%zu",
                     get_confusion(report->evaluation, truth, i));
        cli_table_add(&table, row);
    }
    return cli_table_finish(&table, cli, "");
}

static json_t *class_to_json(const struct cli_report *report, int truth)
{
    struct class_figures figures = figures_of(report->evaluation, truth);
    json_t *with = figures.confused_with >= 0
                       ? cli_json_text(report->class_names[figures.confused_with])
                       : json_null();
    return json_pack("{s:o, s:f, s:f, s:f, s:I, s:o, s:I}", "class",
                     cli_json_text(report->class_names[truth]), "precision",
                     figures.scores.precision, "recall", figures.scores.recall, "f1",
                     figures.scores.f1, "images", (json_int_t)figures.images, "confused_with", with,
                     "confused", (json_int_t)figures.confused);
}

static json_t *averages_to_json(const struct incline_evaluation *evaluation)
{
    struct class_figures averages = macro_averages(evaluation);
    return json_pack("{s:f, s:f, s:f}", "precision", averages.scores.precision, "recall",
                     averages.scores.recall, "f1", averages.scores.f1);
}

static json_t *confusion_row_to_json(const struct cli_report *report, int truth)
{
    json_t *row = json_array();
    for (int i = 0; i < report->evaluation->classes && row != NULL; i++) {
        json_t *count = json_integer((json_int_t)get_confusion(report->evaluation, truth, i));
        if (json_array_append_new(row, count) != 0) {
            json_decref(row);
            row = NULL;
        }
    }
    return row;
}

/* An array with one value for each class; NULL when memory ran out. */
static json_t *per_class(const struct cli_report *report,
                         json_t *(*make)(const struct cli_report *report, int truth))
{
    json_t *values = json_array();
    for (int i = 0; i < report->evaluation->classes && values != NULL; i++) {
        if (json_array_append_new(values, make(report, i)) != 0) {
            json_decref(values);
            values = NULL;
        }
    }
    return values;
}

int cli_report_json(struct cli *cli, const struct cli_report *report)
{
    const struct incline_evaluation *evaluation = report->evaluation;
    json_t *value = json_pack(
        "{s:s, s:o, s:I, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "part", report->part,
        "weights", cli_json_text(report->weights), "images", (json_int_t)evaluation->images, "loss",
        cli_json_number(evaluation->loss), "accuracy", cli_json_number(evaluation->accuracy),
        "top_k", evaluation->top_k, "top_k_accuracy", cli_json_number(evaluation->top_k_accuracy),
        "macro", averages_to_json(evaluation), "seconds", cli_json_number(evaluation->seconds),
        "images_per_s", cli_json_number(cli_images_per_second(evaluation)), "classes",
        per_class(report, class_to_json), "confusion", per_class(report, confusion_row_to_json));
    return cli_json_print(cli, value, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
}

int cli_report_csv(struct cli *cli, const struct cli_report *report)
{
    cli_print(cli, "class,precision,recall,f1,images,confused_with,confused\n");
    for (int i = 0; i < report->evaluation->classes; i++) {
        struct class_figures figures = figures_of(report->evaluation, i);
        bool confused = figures.confused_with >= 0;
        char *name = cli_quote_csv(report->class_names[i]);
        char *with = cli_quote_csv(confused ? report->class_names[figures.confused_with] : "");
        if (name != NULL && with != NULL)
            cli_print(cli, "%s,%.6f,%.6f,%.6f,%zu,%s,%zu\n", name, figures.scores.precision,
                      figures.scores.recall, figures.scores.f1, figures.images, with,
                      figures.confused);
        bool failed = name == NULL || with == NULL;
        free(name);
        free(with);
        if (failed)
            return cli_error(cli, CLI_EXIT_OTHER, "out of memory");
    }
    return CLI_EXIT_OK;
}

static void write_name(FILE *file, const char *name)
{
    char *quoted = cli_quote_csv(name);
    if (quoted != NULL)
        fputs(quoted, file);
    free(quoted);
}

static void write_confusion(FILE *file, const struct cli_report *report)
{
    int classes = report->evaluation->classes;
    fputs("true\\predicted", file);
    for (int i = 0; i < classes; i++) {
        fputc(',', file);
        write_name(file, report->class_names[i]);
    }
    for (int truth = 0; truth < classes; truth++) {
        fputc('\n', file);
        write_name(file, report->class_names[truth]);
        for (int i = 0; i < classes; i++)
            fprintf(file, ",%zu", get_confusion(report->evaluation, truth, i));
    }
    fputc('\n', file);
}

int cli_report_confusion(struct cli *cli, const struct cli_report *report, const char *path)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    if (memory != NULL)
        write_confusion(memory, report);
    bool failed = memory == NULL || ferror(memory) != 0;
    failed |= memory != NULL && fclose(memory) != 0;
    int code = failed ? cli_error(cli, CLI_EXIT_OTHER, "out of memory")
                      : cli_write_file(cli, path, text, length, cli_confusion_remedy);
    free(text);
    return code;
}

#include "cli/multi_label_report.h"

#include "cli/format.h"
#include "cli/json_output.h"
#include "cli/table.h"

#include <stdio.h>
#include <stdlib.h>

static struct cli_retrieval scores_of(const struct incline_class_counts *counts)
{
    return cli_retrieval_of(counts->true_positives,
                            counts->true_positives + counts->false_positives,
                            counts->true_positives + counts->false_negatives);
}

/* The means over the classes, each counting once. */
static struct cli_retrieval macro_average(const struct incline_evaluation *evaluation)
{
    struct cli_retrieval sum = {0};
    for (int i = 0; i < evaluation->classes; i++) {
        struct cli_retrieval scores = scores_of(&evaluation->counts[i]);
        sum.precision += scores.precision / evaluation->classes;
        sum.recall += scores.recall / evaluation->classes;
        sum.f1 += scores.f1 / evaluation->classes;
    }
    return sum;
}

/* The decisions of all classes together, each counting once. */
static struct incline_class_counts all_counts(const struct incline_evaluation *evaluation)
{
    struct incline_class_counts sum = {0};
    for (int i = 0; i < evaluation->classes; i++) {
        sum.true_positives += evaluation->counts[i].true_positives;
        sum.false_positives += evaluation->counts[i].false_positives;
        sum.false_negatives += evaluation->counts[i].false_negatives;
        sum.true_negatives += evaluation->counts[i].true_negatives;
    }
    return sum;
}

/* counts may be NULL. */
static void add_row(struct cli_table *table, const char *name, const struct cli_retrieval *scores,
                    const struct incline_class_counts *counts)
{
    struct cli_figure figures[4];
    char precision[16], recall[16], f1[16];
    const char *cells[] = {name, precision, recall, f1, "-", "-", "-", "-"};
    snprintf(precision, sizeof precision, "%.3f", scores->precision);
    snprintf(recall, sizeof recall, "%.3f", scores->recall);
    snprintf(f1, sizeof f1, "%.3f", scores->f1);
    if (counts != NULL) {
        cells[4] = cli_format_count(&figures[0], counts->true_positives);
        cells[5] = cli_format_count(&figures[1], counts->false_positives);
        cells[6] = cli_format_count(&figures[2], counts->false_negatives);
        cells[7] = cli_format_count(&figures[3], counts->true_negatives);
    }
    cli_table_add(table, cells);
}

int cli_multi_label_text(struct cli *cli, const struct cli_report *report)
{
    const struct incline_evaluation *evaluation = report->evaluation;
    struct incline_class_counts all = all_counts(evaluation);
    struct cli_retrieval macro = macro_average(evaluation), micro = scores_of(&all);
    struct cli_figure images, loss, rate;
    struct cli_table table;
    cli_print(cli, "%s  %s images    loss %s    accuracy %.4f    exact match %.4f    %s img/s\n\n",
              report->part, cli_format_count(&images, evaluation->images),
              cli_format_metric(&loss, evaluation->loss), evaluation->accuracy,
              evaluation->exact_match,
              cli_format_count(&rate, (unsigned long long)cli_images_per_second(evaluation)));
    cli_table_init(&table, "lrrrrrrr");
    cli_table_add(&table,
                  (const char *[]){"class", "precision", "recall", "f1", "TP", "FP", "FN", "TN"});
    for (int i = 0; i < evaluation->classes; i++) {
        struct cli_retrieval scores = scores_of(&evaluation->counts[i]);
        char name[120];
        cli_clip(name, sizeof name, report->class_names[i], 24);
        add_row(&table, name, &scores, &evaluation->counts[i]);
    }
    add_row(&table, "macro average", &macro, NULL);
    add_row(&table, "micro average", &micro, &all);
    return cli_table_finish(&table, cli, "");
}

static json_t *scores_to_json(const struct cli_retrieval *scores)
{
    return json_pack("{s:f, s:f, s:f}", "precision", scores->precision, "recall", scores->recall,
                     "f1", scores->f1);
}

static json_t *class_to_json(const char *name, const struct incline_class_counts *counts)
{
    struct cli_retrieval scores = scores_of(counts);
    return json_pack("{s:o, s:f, s:f, s:f, s:I, s:I, s:I, s:I}", "class", cli_json_text(name),
                     "precision", scores.precision, "recall", scores.recall, "f1", scores.f1,
                     "true_positives", (json_int_t)counts->true_positives, "false_positives",
                     (json_int_t)counts->false_positives, "false_negatives",
                     (json_int_t)counts->false_negatives, "true_negatives",
                     (json_int_t)counts->true_negatives);
}

/* NULL when memory ran out. */
static json_t *classes_to_json(const struct cli_report *report)
{
    json_t *values = json_array();
    for (int i = 0; i < report->evaluation->classes && values != NULL; i++) {
        json_t *value = class_to_json(report->class_names[i], &report->evaluation->counts[i]);
        if (json_array_append_new(values, value) != 0) {
            json_decref(values);
            values = NULL;
        }
    }
    return values;
}

int cli_multi_label_json(struct cli *cli, const struct cli_report *report)
{
    const struct incline_evaluation *evaluation = report->evaluation;
    struct incline_class_counts all = all_counts(evaluation);
    struct cli_retrieval macro = macro_average(evaluation), micro = scores_of(&all);
    json_t *value = json_pack(
        "{s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "part", report->part, "weights",
        cli_json_text(report->weights), "images", (json_int_t)evaluation->images, "loss",
        cli_json_number(evaluation->loss), "accuracy", cli_json_number(evaluation->accuracy),
        "exact_match", cli_json_number(evaluation->exact_match), "macro", scores_to_json(&macro),
        "micro", scores_to_json(&micro), "seconds", cli_json_number(evaluation->seconds),
        "images_per_s", cli_json_number(cli_images_per_second(evaluation)), "classes",
        classes_to_json(report));
    return cli_json_print(cli, value, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
}

int cli_multi_label_csv(struct cli *cli, const struct cli_report *report)
{
    cli_print(cli, "class,precision,recall,f1,true_positives,false_positives,false_negatives,"
                   "true_negatives\n");
    for (int i = 0; i < report->evaluation->classes; i++) {
        const struct incline_class_counts *counts = &report->evaluation->counts[i];
        struct cli_retrieval scores = scores_of(counts);
        char *name = cli_quote_csv(report->class_names[i]);
        if (name == NULL)
            return cli_error(cli, CLI_EXIT_OTHER, "out of memory");
        cli_print(cli, "%s,%.6f,%.6f,%.6f,%zu,%zu,%zu,%zu\n", name, scores.precision, scores.recall,
                  scores.f1, counts->true_positives, counts->false_positives,
                  counts->false_negatives, counts->true_negatives);
        free(name);
    }
    return CLI_EXIT_OK;
}

/* What an evaluation found, in the three forms of `incline eval`. */
#ifndef INCLINE_CLI_REPORT_H
#define INCLINE_CLI_REPORT_H

#include "cli/cli.h"

struct cli_report {
    const char *part;    /* "test" or "val" */
    const char *weights; /* path of the weights file */
    const struct incline_evaluation *evaluation;
    const char *const *class_names; /* evaluation->classes of them */
};

/* Precision, recall and F1 of a class; 0 where nothing was there to divide by, as in scikit-learn.
 */
struct cli_retrieval {
    double precision, recall, f1;
};

/* hits of so many answers, and of so many images of the class. */
struct cli_retrieval cli_retrieval_of(size_t hits, size_t answers, size_t images);

double cli_images_per_second(const struct incline_evaluation *evaluation);

/* Where an image may show several classes, multi_label_report.h has what these print. */
int cli_report_text(struct cli *cli, const struct cli_report *report);
int cli_report_json(struct cli *cli, const struct cli_report *report);

/* One row a class. */
int cli_report_csv(struct cli *cli, const struct cli_report *report);

/* The confusion matrix as text, of at most so many classes. */
enum { CLI_CONFUSION_CLASSES = 20 };
int cli_report_confusion_table(struct cli *cli, const struct cli_report *report);

/* Writes the confusion matrix to a CSV file: a row per true class, a column per predicted one.
 * A file that exists is left alone, which is an error with cli_confusion_remedy. */
int cli_report_confusion(struct cli *cli, const struct cli_report *report, const char *path);
extern const char cli_confusion_remedy[];

#endif

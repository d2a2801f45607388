/* What an evaluation found where an image may show several classes, in the three forms of `incline
 * eval`. */
#ifndef INCLINE_CLI_MULTI_LABEL_REPORT_H
#define INCLINE_CLI_MULTI_LABEL_REPORT_H

#include "cli/report.h"

int cli_multi_label_text(struct cli *cli, const struct cli_report *report);
int cli_multi_label_json(struct cli *cli, const struct cli_report *report);

/* One row a class. */
int cli_multi_label_csv(struct cli *cli, const struct cli_report *report);

#endif

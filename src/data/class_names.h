/* Names of a data set's classes. */
#ifndef INCLINE_DATA_CLASS_NAMES_H
#define INCLINE_DATA_CLASS_NAMES_H

#include "base/options.h"
#include "incline/data.h"

/* Sets dataset->class_names, dataset->classes of them, from the first of: the names of the
 * configuration; the lines of classes.txt in dataset->folder; the known names of Fashion-MNIST;
 * "0", "1", ... Needs name, folder and classes. Fails with CONFIG when there are fewer or more,
 * with DATA when classes.txt is not UTF-8 text. */
enum incline_status incline_class_names_find(struct incline_context *ctx,
                                             const struct incline_texts *configured,
                                             struct incline_dataset *dataset) INCLINE_MUST_CHECK;

#endif

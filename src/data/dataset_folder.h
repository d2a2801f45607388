/* Where a data set lies: the folder, and the files of its parts. */
#ifndef INCLINE_DATA_DATASET_FOLDER_H
#define INCLINE_DATA_DATASET_FOLDER_H

#include "base/error.h"

#include <stddef.h>

enum incline_dataset_part { INCLINE_PART_TRAIN, INCLINE_PART_TEST };
enum incline_dataset_kind { INCLINE_KIND_IMAGES, INCLINE_KIND_LABELS, INCLINE_KIND_TARGETS };

/* *out = the first folder that holds images of one of the parts, allocated. An absolute root is
 * taken as it is; a relative one is looked up in the current folder, in the folders of
 * INCLINE_DATA_PATH (each may also be the data set itself), $XDG_DATA_HOME/incline and
 * share/datasets of /usr/local and /usr; `raw` below a folder counts too. Fails with DATA and the
 * list of the places. */
enum incline_status incline_dataset_find_folder(struct incline_context *ctx, const char *root,
                                                const enum incline_dataset_part *parts,
                                                size_t part_count, char **out) INCLINE_MUST_CHECK;

/* *out = path of one file, allocated, or NULL when the folder has none. Names: train- or
 * t10k-/test-, images-idx3, images-idx4, labels-idx1 or, for targets, labels-idx2, -ubyte (labels
 * also -short or -int), with or without .gz; also with a dot before `idx`. */
enum incline_status incline_dataset_find_file(struct incline_context *ctx, const char *folder,
                                              enum incline_dataset_part part,
                                              enum incline_dataset_kind kind,
                                              char **out) INCLINE_MUST_CHECK;

/* The usual name of such a file, for messages: "train-images-idx3-ubyte". */
const char *incline_dataset_file_name(enum incline_dataset_part part,
                                      enum incline_dataset_kind kind);

/* *out = what to call the data set in that folder: its last part (above `raw`), allocated;
 * "data" for "." and the like. */
enum incline_status incline_dataset_name(struct incline_context *ctx, const char *folder,
                                         char **out) INCLINE_MUST_CHECK;

#endif

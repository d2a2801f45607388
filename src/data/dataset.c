/* Reading, checking and dividing a data set. */
#include "data/dataset.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/class_names.h"
#include "data/dataset_folder.h"
#include "data/idx.h"

#include <math.h>
#include <string.h>

/* One part on its way in, and what it has to fit. */
struct part_reader {
    struct incline_context *ctx;
    const char *folder;
    enum incline_dataset_part part;
    struct incline_shape input;
    int outputs;
    enum incline_dataset_kind label_kind; /* LABELS or TARGETS */
    char *image_path, *label_path;
    struct incline_images images;
};

void incline_images_finish(struct incline_images *images)
{
    if (!images)
        return;
    incline_free(&images->pixels);
    incline_free(&images->labels);
    incline_free(&images->targets);
    *images = (struct incline_images){0};
}

static enum incline_status file_missing(struct part_reader *reader, enum incline_dataset_kind kind,
                                        const char *why)
{
    return incline_fail(reader->ctx, INCLINE_ERROR_DATA, "%s: no %s (or .gz) there; %s",
                        reader->folder, incline_dataset_file_name(reader->part, kind), why);
}

/* The labels of the other kind may be there. */
static enum incline_status labels_missing(struct part_reader *reader)
{
    bool multi = reader->label_kind == INCLINE_KIND_TARGETS;
    char *other = NULL;
    enum incline_status status =
        incline_dataset_find_file(reader->ctx, reader->folder, reader->part,
                                  multi ? INCLINE_KIND_LABELS : INCLINE_KIND_TARGETS, &other);
    if (!status && other)
        status = incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                              "%s: no %s (or .gz) there, but %s: set data.multi_label to %s",
                              reader->folder,
                              incline_dataset_file_name(reader->part, reader->label_kind), other,
                              multi ? "false" : "true");
    else if (!status)
        status = file_missing(reader, reader->label_kind, "its images are");
    incline_free(&other);
    return status;
}

static enum incline_status check_size(struct part_reader *reader)
{
    const struct incline_images *images = &reader->images;
    const struct incline_shape *input = &reader->input;
    if (images->height == input->height && images->width == input->width &&
        images->channels == input->channels)
        return INCLINE_OK;
    if (reader->part == INCLINE_PART_TEST) /* the training images do fit */
        return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                            "%s: the test images differ from the training images: %d x %d x %d "
                            "(height, width, channels), not %d x %d x %d; take both from one data "
                            "set",
                            reader->image_path, images->height, images->width, images->channels,
                            input->height, input->width, input->channels);
    return incline_fail(reader->ctx, INCLINE_ERROR_CONFIG,
                        "%s: images of %d x %d x %d (height, width, channels), but the model takes "
                        "%d x %d x %d: set model.input to [%d, %d, %d]",
                        reader->image_path, images->height, images->width, images->channels,
                        input->height, input->width, input->channels, images->height, images->width,
                        images->channels);
}

static enum incline_status check_count(struct part_reader *reader, size_t label_count)
{
    if (reader->images.count == label_count)
        return INCLINE_OK;
    return incline_fail(reader->ctx, INCLINE_ERROR_DATA, "%s has %zu images, but %s %zu labels",
                        reader->image_path, reader->images.count, reader->label_path, label_count);
}

static enum incline_status check_labels(struct part_reader *reader)
{
    const struct incline_images *images = &reader->images;
    int largest = 0;
    for (size_t i = 0; i < images->count; i++)
        largest = images->labels[i] > largest ? images->labels[i] : largest;
    for (size_t i = 0; i < images->count; i++)
        if (images->labels[i] >= reader->outputs)
            return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                                "%s: image %zu (counted from 0) has label %d, but the model has %d "
                                "output%s: either its last layer needs more (at least %lld, as the "
                                "largest label is %d), or this file is damaged or of another data "
                                "set",
                                reader->label_path, i, images->labels[i], reader->outputs,
                                reader->outputs == 1 ? "" : "s", (long long)largest + 1, largest);
    return INCLINE_OK;
}

/* The plain file comes before the packed one; who has both may have meant the other. */
static enum incline_status find_file(struct part_reader *reader, enum incline_dataset_kind kind,
                                     char **out)
{
    struct incline_text packed;
    enum incline_status status =
        incline_dataset_find_file(reader->ctx, reader->folder, reader->part, kind, out);
    if (status || !*out)
        return status;
    incline_text_init(&packed, reader->ctx);
    incline_text_add(&packed, "%s.gz", *out);
    if (incline_file_exists(incline_text_get(&packed)))
        incline_log(reader->ctx, INCLINE_LOG_INFO, "%s is read, not %s", *out,
                    incline_text_get(&packed));
    incline_text_finish(&packed);
    return INCLINE_OK;
}

static enum incline_status find_part(struct part_reader *reader)
{
    enum incline_status status = find_file(reader, INCLINE_KIND_IMAGES, &reader->image_path);
    return status ? status : find_file(reader, reader->label_kind, &reader->label_path);
}

static enum incline_status read_labels(struct part_reader *reader)
{
    size_t count;
    enum incline_status status =
        incline_idx_read_labels(reader->ctx, reader->label_path, &reader->images.labels, &count);
    if (!status)
        status = check_count(reader, count);
    return status ? status : check_labels(reader);
}

static enum incline_status read_targets(struct part_reader *reader)
{
    size_t count, classes;
    enum incline_status status = incline_idx_read_targets(
        reader->ctx, reader->label_path, &reader->images.targets, &count, &classes);
    if (!status)
        status = check_count(reader, count);
    if (status || classes == (size_t)reader->outputs)
        return status;
    return incline_fail(reader->ctx, INCLINE_ERROR_DATA,
                        "%s: labels of %zu class%s, but the model has %d output%s: its last layer "
                        "needs %zu, or this file is of another data set",
                        reader->label_path, classes, classes == 1 ? "" : "es", reader->outputs,
                        reader->outputs == 1 ? "" : "s", classes);
}

static enum incline_status read_files(struct part_reader *reader)
{
    enum incline_status status =
        incline_idx_read_images(reader->ctx, reader->image_path, &reader->images);
    if (status)
        return status;
    if ((status = check_size(reader)))
        return status;
    return reader->label_kind == INCLINE_KIND_TARGETS ? read_targets(reader) : read_labels(reader);
}

/* Reads one part into *out; a part without any file is an error only when `needed_by` says who
 * needs it. */
static enum incline_status read_part(struct part_reader *reader, const char *needed_by,
                                     struct incline_images *out)
{
    enum incline_status status = INCLINE_ERROR_BUG;
    if ((status = find_part(reader)))
        goto out;
    if (!reader->image_path && !reader->label_path && !needed_by) {
        status = INCLINE_OK;
        goto out;
    }
    if (!reader->image_path) {
        status =
            file_missing(reader, INCLINE_KIND_IMAGES, needed_by ? needed_by : "its labels are");
        goto out;
    }
    if (!reader->label_path) {
        status = labels_missing(reader);
        goto out;
    }
    if ((status = read_files(reader)))
        goto out;
    *out = reader->images;
    reader->images = (struct incline_images){0};
    status = INCLINE_OK;
out:
    incline_images_finish(&reader->images);
    incline_free(&reader->image_path);
    incline_free(&reader->label_path);
    return status;
}

/* Where the validation images begin, as Keras finds it: the same rounding, so the same images. */
static enum incline_status find_boundary(struct incline_context *ctx, size_t count, double split,
                                         size_t *boundary)
{
    double place = floor((double)count * (1.0 - split));
    *boundary = place > 0.0 ? (size_t)place : 0;
    if (*boundary > 0 && *boundary < count)
        return INCLINE_OK;
    return incline_fail(ctx, INCLINE_ERROR_CONFIG,
                        "data.val.split %g divides %zu training images into %zu to train on and "
                        "%zu to validate on: neither may be empty",
                        split, count, *boundary < count ? *boundary : count,
                        *boundary < count ? count - *boundary : 0);
}

static size_t image_bytes(const struct incline_images *images)
{
    return (size_t)images->height * (size_t)images->width * (size_t)images->channels;
}

/* *out = a copy of the rows of `bytes` from `boundary` on, `count` of them. */
static enum incline_status copy_rows(struct incline_context *ctx, const void *rows, size_t bytes,
                                     size_t boundary, size_t count, void **out)
{
    enum incline_status status = incline_alloc(ctx, count, bytes, out);
    if (!status)
        memcpy(*out, (const char *)rows + boundary * bytes, count * bytes);
    return status;
}

/* Moves the images from `boundary` on to val. */
static enum incline_status split_images(struct incline_context *ctx, struct incline_images *train,
                                        size_t boundary, size_t classes, struct incline_images *val)
{
    size_t count = train->count - boundary;
    void *pixels = NULL, *labels = NULL, *targets = NULL;
    enum incline_status status =
        copy_rows(ctx, train->pixels, image_bytes(train), boundary, count, &pixels);
    if (!status && train->labels)
        status = copy_rows(ctx, train->labels, sizeof *val->labels, boundary, count, &labels);
    if (!status && train->targets)
        status = copy_rows(ctx, train->targets, classes, boundary, count, &targets);
    *val = (struct incline_images){train->height, train->width, train->channels, count,
                                   pixels,        labels,       targets};
    if (status)
        incline_images_finish(val);
    else
        train->count = boundary;
    return status;
}

static enum incline_status divide(struct incline_context *ctx,
                                  const struct incline_data_options *options,
                                  struct incline_dataset *dataset)
{
    size_t boundary;
    if (options->val != INCLINE_VAL_SPLIT)
        return INCLINE_OK;
    enum incline_status status =
        find_boundary(ctx, dataset->train.count, options->split, &boundary);
    if (status)
        return status;
    return split_images(ctx, &dataset->train, boundary, (size_t)dataset->classes, &dataset->val);
}

static void limit(struct incline_images *images, size_t count)
{
    if (count > 0 && images->count > count)
        images->count = count;
}

static void apply_limits(const struct incline_dataset_limits *limits,
                         struct incline_dataset *dataset)
{
    if (!limits)
        return;
    limit(&dataset->train, limits->train);
    limit(dataset->val_is_test ? &dataset->test : &dataset->val, limits->val);
}

static enum incline_status read_parts(struct incline_context *ctx,
                                      const struct incline_data_options *options,
                                      struct incline_shape input, bool held_out_only,
                                      struct incline_dataset *dataset)
{
    struct part_reader train = {.ctx = ctx,
                                .folder = dataset->folder,
                                .part = INCLINE_PART_TRAIN,
                                .input = input,
                                .outputs = dataset->classes,
                                .label_kind = options->multi_label ? INCLINE_KIND_TARGETS
                                                                   : INCLINE_KIND_LABELS};
    struct part_reader test = train;
    test.part = INCLINE_PART_TEST;
    const char *needed_by = options->val == INCLINE_VAL_TEST ? "data.val: test needs it" : NULL;
    enum incline_status status = INCLINE_OK;
    if (!held_out_only)
        status = read_part(&train, "nothing to train on", &dataset->train);
    if (!status)
        status = read_part(&test, needed_by, &dataset->test);
    if (!status && held_out_only && dataset->test.count == 0)
        status = read_part(&train, "nothing to evaluate on", &dataset->train);
    return status;
}

/* The folder for one of the parts that are wanted; the first is named when there is none. */
static enum incline_status find_folder(struct incline_context *ctx, const char *root,
                                       bool held_out_only, char **out)
{
    static const enum incline_dataset_part parts[] = {INCLINE_PART_TEST, INCLINE_PART_TRAIN};
    return incline_dataset_find_folder(ctx, root, held_out_only ? parts : parts + 1,
                                       held_out_only ? 2 : 1, out);
}

enum incline_status incline_dataset_read(struct incline_context *ctx,
                                         const struct incline_data_options *options,
                                         struct incline_shape input, int outputs,
                                         const struct incline_dataset_limits *limits,
                                         struct incline_dataset **out)
{
    enum incline_status status = INCLINE_ERROR_BUG;
    struct incline_dataset *dataset = NULL;
    bool held_out_only = limits && limits->held_out_only;
    *out = NULL;
    if ((status = incline_alloc(ctx, 1, sizeof *dataset, &dataset)))
        goto out;
    dataset->classes = outputs;
    dataset->val_is_test = options->val == INCLINE_VAL_TEST;
    if ((status = find_folder(ctx, options->root, held_out_only, &dataset->folder)))
        goto out;
    if ((status = incline_dataset_name(ctx, dataset->folder, &dataset->name)))
        goto out;
    if ((status = incline_class_names_find(ctx, &options->classes, dataset)))
        goto out;
    if ((status = read_parts(ctx, options, input, held_out_only, dataset)))
        goto out;
    if (dataset->train.count > 0 && (status = divide(ctx, options, dataset)))
        goto out;
    apply_limits(limits, dataset);
    *out = dataset;
    dataset = NULL;
    status = INCLINE_OK;
out:
    incline_dataset_destroy(&dataset);
    return status;
}

void incline_dataset_destroy(struct incline_dataset **dataset)
{
    struct incline_dataset *d = dataset ? *dataset : NULL;
    if (!d)
        return;
    incline_images_finish(&d->train);
    incline_images_finish(&d->val);
    incline_images_finish(&d->test);
    incline_names_free(&d->class_names, (size_t)d->classes);
    incline_free(&d->folder);
    incline_free(&d->name);
    incline_free(dataset);
}

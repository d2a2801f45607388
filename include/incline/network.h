/* A network with weights on a device, for evaluation and prediction. Every call waits until the
 * device has done what was asked for. Beside the errors that a call names, each fails with ARGUMENT
 * when an argument is missing, MEMORY, and DEVICE when an OpenCL call fails. */
#ifndef INCLINE_NETWORK_H
#define INCLINE_NETWORK_H

#include "incline/config.h"
#include "incline/data.h"
#include "incline/device.h"

struct incline_network;

/* Makes room for the weights of config's model on device and fills them by config's initialisers
 * and seed. batch: images at a time, 0 for the configuration's. device and config are borrowed and
 * must outlive the network. *out: to be destroyed by the caller; untouched on failure. */
INCLINE_API enum incline_status
incline_network_create(struct incline_context *ctx, struct incline_device *device,
                       const struct incline_config *config, int batch,
                       struct incline_network **out) INCLINE_MUST_CHECK;

/* Frees the network and sets *network to NULL; a NULL there is accepted. */
INCLINE_API void incline_network_destroy(struct incline_network **network);

/* Reads weights (safetensors, PyTorch's names and orders). Every tensor of the network must be
 * there with its shape; a foreign one is an error. Fails with DATA (damaged, or not finite) or
 * CONFIG (another network), and then leaves the old weights. */
INCLINE_API enum incline_status incline_network_load_weights(struct incline_context *ctx,
                                                             struct incline_network *network,
                                                             const char *path) INCLINE_MUST_CHECK;

/* Writes the weights in the same format, with the configuration but without class names in the
 * metadata. A file that exists is replaced, by a rename, once all is written. Fails with IO, or
 * with NUMERIC when a weight is NaN or infinite. */
INCLINE_API enum incline_status incline_network_save_weights(struct incline_context *ctx,
                                                             struct incline_network *network,
                                                             const char *path) INCLINE_MUST_CHECK;

/* The configuration and class names that a weights file of incline carries in its metadata.
 * *config_text is NULL when the file has none; class_names has *class_count entries. Free both with
 * incline_text_free and incline_names_free. Reads the file only; fails with DATA. */
INCLINE_API enum incline_status incline_weights_describe(struct incline_context *ctx,
                                                         const char *path, char **config_text,
                                                         char ***class_names,
                                                         size_t *class_count) INCLINE_MUST_CHECK;

/* Writes one probability per image and class to probabilities [count][classes], the caller's. A
 * network whose last layer is no softmax and whose loss applies none (mse, hinge) has no
 * probabilities: then these are its scores, which may be negative. With binary_cross_entropy they
 * are the sigmoid of each score and have any sum. labels are not looked at. Compiles the
 * network's kernels, so many images a call are better than few. Fails with CONFIG when the images
 * have not the model's size, UNSUPPORTED when there are more than 2^31 - 1, BUILD. */
INCLINE_API enum incline_status incline_network_predict(struct incline_context *ctx,
                                                        struct incline_network *network,
                                                        const struct incline_images *images,
                                                        float *probabilities) INCLINE_MUST_CHECK;

/* Outputs of the network: the classes it can tell. */
INCLINE_API int incline_network_classes(const struct incline_network *network);

/* How many images show a class and are found to, or not. */
struct incline_class_counts {
    size_t true_positives, false_positives, false_negatives, true_negatives;
};

/* multi is data.multi_label. There each image has a decision for each class, which counts as shown
 * from a probability of 0.5 on. */
struct incline_evaluation {
    size_t images;
    double loss;           /* mean over the images */
    double accuracy;       /* 0 .. 1; multi: share of all decisions that are right */
    int top_k;             /* of the configuration's metrics, 5 by default; multi: 0 */
    double top_k_accuracy; /* share of images whose class is among the top_k most probable */
    double exact_match;    /* multi: share of images whose decisions are all right */
    double seconds;
    int classes;
    size_t *confusion;                   /* [true class][predicted class]; owned; multi: NULL */
    struct incline_class_counts *counts; /* [classes]; owned; multi only, else NULL */
};

/* Loss, accuracy and confusion over labelled images. Free *out with incline_evaluation_finish; it
 * is zero on failure. Fails as incline_network_predict() does, with ARGUMENT when there are no
 * labels (multi: targets), and with DATA when one is not of 0 .. classes - 1 (multi: 0 or 1). */
INCLINE_API enum incline_status
incline_network_evaluate(struct incline_context *ctx, struct incline_network *network,
                         const struct incline_images *images,
                         struct incline_evaluation *out) INCLINE_MUST_CHECK;

/* Frees what evaluation holds; one that is zero is accepted. */
INCLINE_API void incline_evaluation_finish(struct incline_evaluation *evaluation);

/* What a device is to do with a network. */
enum incline_work { INCLINE_WORK_TRAIN, INCLINE_WORK_EVALUATE, INCLINE_WORK_PREDICT };

struct incline_workload {
    enum incline_work work;
    int batch;         /* images a step; 0: the configuration's */
    size_t images;     /* on the device, and at most so many a step; 0: as many as a step has */
    size_t val_images; /* TRAIN: those to validate on; 0: no validation */
    int watch;         /* TRAIN: as in struct incline_train_options */
};

/* Device bytes that a workload needs, by use. */
struct incline_memory_need {
    size_t weights;
    size_t activations; /* of a step, in training with their gradients and those of validation */
    size_t data;        /* images, labels, and what is found out about each */
    size_t total;       /* of these */
    size_t largest;     /* single buffer: what must fit into a device's max_alloc_bytes */
};

/* Finds out what a workload of config's network needs. Needs an open device for its alignment, and
 * takes memory for the weights meanwhile: fails with DEVICE where these do not fit. Builds nothing.
 */
INCLINE_API enum incline_status
incline_memory_plan(struct incline_context *ctx, struct incline_device *device,
                    const struct incline_config *config, const struct incline_workload *workload,
                    struct incline_memory_need *out) INCLINE_MUST_CHECK;

/* Whether a device has as much memory as is needed, when nothing else is on it. */
INCLINE_API bool incline_memory_fits(const struct incline_device_info *info,
                                     const struct incline_memory_need *need);

/* *batch = the first of the workload's batch, its half, its quarter, ... that fits into the
 * device's memory; 0: not even one image does. */
INCLINE_API enum incline_status incline_memory_batch(struct incline_context *ctx,
                                                     struct incline_device *device,
                                                     const struct incline_config *config,
                                                     const struct incline_workload *workload,
                                                     int *batch) INCLINE_MUST_CHECK;

#endif

/* What the files of this room share: one check under way.
 *
 *   check.c         incline_check(): a network's operations in order
 *   comparison.c    a tensor against its reference
 *   check_layer.c   one layer, forward and backward
 *   check_ends.c    the input and the loss
 *   check_update.c  the optimizer
 *   check_step.c    whole steps: with fusions against without, and what comes out
 *   check_key.c     a hash of all that a check stands for
 *   remembered.c    incline_check_once() and its cache file
 *   networks.c      the built-in networks
 *   chain.c, guarded.c      what runs
 *   layer_reference.c       what is expected of a layer, by its class
 *   reference.c, reference_*.c   the double-precision reference */
#ifndef INCLINE_CHECK_CHECKER_H
#define INCLINE_CHECK_CHECKER_H

#include "base/hash.h"
#include "base/text.h"
#include "check/reference.h"
#include "incline/check.h"
#include "incline/data.h"
#include "network/feed.h"
#include "train/config.h"

struct incline_checker {
    struct incline_context *ctx;
    struct incline_device *device;
    const struct incline_config *config;
    const struct incline_check_options *options;
    struct incline_check_result *result;
    int batch;  /* what tuning chooses kernels for */
    int images; /* of a step */
};

/* A tensor from the device and what it should be. */
struct incline_comparison {
    const char *op, *kernels, *tensor, *shape;
    const double *got;
    size_t count;
    double (*expect)(const void *cookie, size_t index); /* one element of the reference */
    const void *cookie;
    double cost;        /* multiply-adds of one call of expect */
    const char *damage; /* "" or what was written that must not be */
};

/* The relative error that is allowed, as a whole and of each element: fp32 sums in a fixed order
 * stay an order of magnitude below. */
#define INCLINE_CHECK_LIMIT 1e-5

/* Compares and reports a row. */
void incline_checker_compare(struct incline_checker *checker,
                             const struct incline_comparison *comparison);
/* The `expect` of a reference that is an array: cookie is its first element. */
double incline_checker_element(const void *cookie, size_t index);
/* Reports a row as it is: counts it, and keeps the text of the first failure. */
void incline_checker_report(struct incline_checker *checker, const struct incline_check_row *row);

/* values[i] uniform in [-scale, scale), floats, a function of (what, i) alone. */
void incline_check_fill(double *values, size_t count, double scale, unsigned what);

/* "HxWxC", or "C" for a vector. */
void incline_check_add_shape(struct incline_text *text, struct incline_shape shape);

/* Layer number i of the network. */
enum incline_status incline_check_layer(struct incline_checker *checker,
                                        size_t i) INCLINE_MUST_CHECK;
/* true when there is a reference for layers of this class. */
bool incline_check_knows(const struct incline_layer_class *class);

/* From bytes to the first layer's input. */
enum incline_status incline_check_input(struct incline_checker *checker) INCLINE_MUST_CHECK;
enum incline_status incline_check_loss(struct incline_checker *checker) INCLINE_MUST_CHECK;
/* The optimizer's update of all parameters, where it is more than plain gradient descent. */
enum incline_status incline_check_update(struct incline_checker *checker) INCLINE_MUST_CHECK;
enum incline_status incline_check_steps(struct incline_checker *checker) INCLINE_MUST_CHECK;

/* What the loss should find for scores [images][classes]: the figures of cl/finish.cl, and the
 * gradient of the mean loss, [images][classes]. */
enum { INCLINE_CHECK_FIGURES = 5 };
enum incline_status
incline_check_expect_loss(struct incline_checker *checker, const double *scores,
                          const struct incline_reference_truth *truth, double *gradient,
                          double figures[INCLINE_CHECK_FIGURES]) INCLINE_MUST_CHECK;

/* A text that is another one whenever device, driver, version, kernels, tuning's choices, network,
 * batch or what is looked at are. */
enum incline_status incline_check_key(struct incline_context *ctx, struct incline_device *device,
                                      const struct incline_config *config,
                                      const struct incline_check_options *options,
                                      char key[INCLINE_HASH_TEXT]) INCLINE_MUST_CHECK;

/* Classes of the network. */
int incline_check_classes(const struct incline_checker *checker);

/* checker->images random images with labels or targets, as the loss takes them, on the host and on
 * the device. The scale is this
 * room's own, so that a check does not depend on the data. Finish also after a failure. */
struct incline_check_data {
    struct incline_images images;
    double *mean, *std; /* per channel, after division by INCLINE_CHECK_SCALE */
    struct incline_feed *feed;
};
enum { INCLINE_CHECK_SCALE = 255 };
enum incline_status incline_check_data_init(struct incline_checker *checker,
                                            struct incline_check_data *out) INCLINE_MUST_CHECK;
void incline_check_data_finish(struct incline_check_data *data);

#endif

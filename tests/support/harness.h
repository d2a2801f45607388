/* Runs layers on the device and holds them against a reference.
 *
 * Every tensor that a layer is handed lies in the middle of a larger buffer whose ends hold a
 * pattern; the pattern is also what outputs hold before a run, and reads as NaN, so that cells that
 * are left out, read beside or written beside are found. Failures are cmocka's. */
#ifndef TESTS_SUPPORT_HARNESS_H
#define TESTS_SUPPORT_HARNESS_H

#include "support/device.h"
#include "support/scratch.h"

#include "check/chain.h"
#include "network/graph.h"
#include "network/rewrite.h"

/* The open device. */
extern struct test_device harness_device;

/* main() of a test: opens the device, runs the cmocka tests, says how much was compared. */
#define HARNESS_MAIN(tests)                                                                        \
    int main(void)                                                                                 \
    {                                                                                              \
        int code = test_device_open(&harness_device);                                              \
        if (code)                                                                                  \
            return code;                                                                           \
        code = cmocka_run_group_tests(tests, NULL, NULL);                                          \
        harness_report();                                                                          \
        harness_finish();                                                                          \
        test_device_close(&harness_device);                                                        \
        return code;                                                                               \
    }
void harness_report(void);
void harness_finish(void); /* frees what was kept */

/* The call must succeed on the harness's device. */
#define harness_ok(call) assert_ok(harness_device.ctx, call)

/* ---- Guarded device memory ---- */

struct harness_buffer {
    struct incline_guarded guarded;
};

void harness_buffer_create(struct harness_buffer *buffer, const char *name, size_t bytes);
void harness_buffer_destroy(struct harness_buffer *buffer);
/* Fills everything with the pattern, then writes bytes (NULL: nothing) at the start. */
void harness_buffer_reset(struct harness_buffer *buffer, const void *bytes, size_t length);
/* Fails when a guard has changed. */
void harness_buffer_check(struct harness_buffer *buffer);
/* Checks, then reads from the start. */
void harness_buffer_read(struct harness_buffer *buffer, void *bytes, size_t length);
/* A tensor of the plan that lies in the buffer. */
struct incline_tensor *harness_buffer_tensor(struct harness_buffer *buffer,
                                             struct incline_plan *plan);

/* ---- Numbers ---- */

enum harness_kind {
    HARNESS_REAL,    /* floats, uniform in [-1, 1] */
    HARNESS_INTEGER, /* whole numbers, -4 .. 4 */
    HARNESS_DISTINCT /* all different by 0.01 or more, and from 0 by 0.005: away from kinks */
};

/* Numbers that are floats, from seed alone. */
void harness_fill(double *values, size_t count, enum harness_kind kind, unsigned seed);

/* Passes when |got - expected| as a whole (L2) is at most 1e-5 of |expected|, each element is
 * within 1e-5 of the largest, nothing is NaN or infinite that should not be, and at least 30 % of
 * the elements are not 0 (or as many as expected). Counts as one comparison. */
void harness_compare(const char *label, const char *tensor, const double *got,
                     const double *expected, size_t count);
/* Passes when every element is the same number. Counts as one comparison. */
void harness_compare_exact(const char *label, const char *tensor, const double *got,
                           const double *expected, size_t count);
/* Passes when every element has the same bits. Counts as one comparison. */
void harness_compare_same(const char *label, const char *tensor, const double *got,
                          const double *expected, size_t count);
/* Passes when NaN is where it is expected; with `only_there`, also nowhere else and the rest is
 * right. Fails when none is expected. Counts as one comparison. */
void harness_compare_nan(const char *label, const char *tensor, const double *got,
                         const double *expected, size_t count, bool only_there);

/* Fails when a gradient differs from central differences by more than 1e-6; see reference.h. */
void harness_prove(const char *label, double (*function)(void *cookie), void *cookie,
                   double *values, size_t count, const double *gradient);

/* ---- Chains of layers ---- */

enum { HARNESS_LAYERS = 4 };

struct harness_layer {
    const char *class_name;
    char options[160]; /* "filters=3 kernel=[1,3]"; the rest are defaults */
    /* Numbers of layers in the chain, or INCLINE_GRAPH_IMAGES; none: the one before. */
    int inputs[HARNESS_LAYERS], input_count;
};

struct harness_setup {
    struct incline_shape in;
    struct harness_layer layers[HARNESS_LAYERS]; /* up to HARNESS_LAYERS, ended by NULL */
    int batch;
    unsigned rewrites; /* set of enum incline_rewrite; with UPDATE parameters are updated */
    bool without_dx;
    bool forward_only; /* as in evaluation: only y is written */
};

struct harness_chain; /* layers with their plan on the device */

struct harness_chain *harness_chain_create(const struct harness_setup *setup);
void harness_chain_destroy(struct harness_chain **chain);
size_t harness_chain_launches(const struct harness_chain *chain);
struct incline_shape harness_chain_out(const struct harness_chain *chain);

void harness_values_init(struct incline_chain_values *values, const struct harness_chain *chain,
                         int images);
void harness_values_finish(struct incline_chain_values *values);
/* x, dy and parameters; weights of REAL are scaled so that sums are about 1. */
void harness_values_fill(struct incline_chain_values *values, enum harness_kind kind,
                         unsigned seed);

/* One step forward and backward on the device: y, dx, gradients. Fails when a guard, x or (without
 * UPDATE) a parameter has changed. */
void harness_chain_run(struct harness_chain *chain, struct incline_chain_values *values);

/* ---- The whole programme for one case ---- */

/* y, dx and gradients from x, dy and parameters, in double precision; of state its value after the
 * step. */
typedef void (*harness_reference)(const void *cookie, struct incline_chain_values *values);

struct harness_case {
    struct harness_setup setup;
    harness_reference reference;
    const void *cookie;
    bool exact;       /* whole numbers give whole numbers, so they must agree to the bit */
    int least_images; /* fewer are not tried: their gradients all but vanish */
};

/* Proves the reference by central differences where the case is small; then holds the device
 * against it for several numbers of images up to the batch, with real and whole numbers, with one
 * NaN in each input in turn; and runs one step twice for the same bytes. */
void harness_run(const struct harness_case *test);

#endif

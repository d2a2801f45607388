/* The way to CLBlast, in builds that have it. */
#ifndef INCLINE_GEMM_CLBLAST_H
#define INCLINE_GEMM_CLBLAST_H

#include "device/plan.h"

/* Places of a product's arguments in its launch. */
enum {
    INCLINE_PRODUCT_A, /* tensors */
    INCLINE_PRODUCT_B,
    INCLINE_PRODUCT_C,
    INCLINE_PRODUCT_TRANSPOSE_A, /* ints, as in struct incline_product */
    INCLINE_PRODUCT_TRANSPOSE_B,
    INCLINE_PRODUCT_ROWS,
    INCLINE_PRODUCT_COLUMNS,
    INCLINE_PRODUCT_INNER,
    INCLINE_PRODUCT_A_PITCH,
    INCLINE_PRODUCT_B_PITCH,
    INCLINE_PRODUCT_C_PITCH
};

/* Work-items in a group that CLBlast's kernels ask for on devices it has no tuning for. */
enum { INCLINE_CLBLAST_GROUP = 64 };

/* Enqueues one product: the `call` of its launch. */
enum incline_status incline_clblast_multiply(struct incline_context *ctx,
                                             const struct incline_call *call) INCLINE_MUST_CHECK;

#endif

/* Matrix products on device buffers by another library, CLBlast, as launches of a plan.
 *
 * A layer that has kernels of its own uses those unless the user asks for CLBlast, or a tuning has
 * found it faster. The library sums in an order of its own, so it changes bits, never meaning. Its
 * kernels are compiled at the first product of each kind and stay for the life of the process; it
 * allocates scratch buffers for large products while they are enqueued. */
#ifndef INCLINE_GEMM_GEMM_H
#define INCLINE_GEMM_GEMM_H

#include "device/plan.h"

enum incline_gemm {
    INCLINE_GEMM_OWN,    /* the layer's own kernels */
    INCLINE_GEMM_CLBLAST /* incline_product_plan() */
};

/* What a layer's products are to be made with. INCLINE_GEMM in the environment says: "own",
 * "clblast", or "auto" (also when unset or empty): CLBlast where a full tuning on this device has
 * found it right and faster for this shape ("in=5408 out=128 images=128"), own kernels elsewhere.
 * Reads the environment, so a layer asks once for each plan.
 * Errors: ARGUMENT, another word; UNSUPPORTED, clblast in a build without it. */
enum incline_status incline_gemm_choice(struct incline_context *ctx, struct incline_device *device,
                                        const char *shape,
                                        enum incline_gemm *out) INCLINE_MUST_CHECK;

/* A size that is the step's images, rounded up to whole blocks of NB. */
enum { INCLINE_GEMM_IMAGES = -1 };

/* c[i][j] = sum over l < inner of a'[i][l] b'[l][j]   for i < rows and j < columns
 * where a' is a, or a transposed, and b' likewise. All f32 on the device, row after row:
 *   a [rows][inner], transposed [inner][rows], read;   b [inner][columns], transposed
 *   [columns][inner], read;   c [rows][columns], overwritten; what it held does not matter.
 * A row begins `pitch` elements after the one before it. NaN and infinities go through. */
struct incline_product {
    const char *label; /* the layer's name, for messages; copied */
    struct incline_tensor *a, *b, *c;
    bool transpose_a, transpose_b;
    int rows, columns, inner; /* at least 1, or INCLINE_GEMM_IMAGES */
    int a_pitch, b_pitch, c_pitch;
};

/* Appends the product to the plan, which owns the tensors. Enqueueing it does not wait.
 * Errors: UNSUPPORTED, a build without CLBlast, or a device whose work-groups are too small for its
 * kernels; when enqueued DEVICE, with CLBlast's code by name, label and device.
 * Source: the GEMM of Dongarra et al., "A set of level 3 basic linear algebra subprograms", ACM
 * TOMS 16(1), 1990. */
enum incline_status incline_product_plan(struct incline_context *ctx, struct incline_plan *plan,
                                         const struct incline_product *product) INCLINE_MUST_CHECK;

#endif

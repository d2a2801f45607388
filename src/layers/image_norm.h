/* What layer_norm and group_norm share: normalization of each image by itself (cl/image_norm.h). */
#ifndef INCLINE_LAYERS_IMAGE_NORM_H
#define INCLINE_LAYERS_IMAGE_NORM_H

#include "layers/norm.h"

struct incline_image_norm {
    int groups; /* of channels; they divide them */
    double eps;
    bool affine; /* there are w and b, */
    bool each;   /* for each number of an image; otherwise for each channel */
};

/* Sets out and parameters. */
void incline_image_norm_infer(struct incline_layer *layer, const struct incline_image_norm *norm);

enum incline_status
incline_image_norm_forward(struct incline_context *ctx, const struct incline_layer *layer,
                           struct incline_layer_io *io,
                           const struct incline_image_norm *norm) INCLINE_MUST_CHECK;
enum incline_status
incline_image_norm_backward(struct incline_context *ctx, const struct incline_layer *layer,
                            struct incline_layer_io *io,
                            const struct incline_image_norm *norm) INCLINE_MUST_CHECK;

#endif

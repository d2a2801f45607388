/* What the normalizations share: their parameters, and sums over the batch (cl/batch_sums.h). */
#ifndef INCLINE_LAYERS_NORM_H
#define INCLINE_LAYERS_NORM_H

#include "layers/finish.h"

enum { INCLINE_NORM_SHARE = 8 }; /* of a group on a GPU: STRANDS in cl/batch_sums.h */

/* A vector of one number a channel, or with `each` of one for each number of an image. */
void incline_norm_add_parameter(struct incline_layer *layer, const char *role, bool each,
                                double start, bool is_state);

/* "weight" and "bias" that start as 1 and 0. */
void incline_norm_add_affine(struct incline_layer *layer, bool each);

/* Numbers in a chunk, of which a sum over `count` has several: at least `least` where there are so
 * many, and few enough for 64 chunks. Sums depend on that, so it depends on the shape alone. */
int incline_norm_chunk(int count, int least);
static inline int incline_norm_chunks(int count, int chunk)
{
    return (count + chunk - 1) / chunk;
}

int incline_norm_tile(const struct incline_plan *plan); /* TILE_C */

/* Room for dw and db of `units` numbers each: [2][columns]. */
enum incline_status incline_norm_gradients(struct incline_context *ctx,
                                           const struct incline_layer *layer,
                                           const struct incline_layer_io *io, int units,
                                           struct incline_tensor **out) INCLINE_MUST_CHECK;
/* Leaves them, which are complete, to the step's end. */
enum incline_status incline_norm_finish(struct incline_context *ctx,
                                        const struct incline_layer *layer,
                                        struct incline_layer_io *io, int units,
                                        struct incline_tensor *gradients) INCLINE_MUST_CHECK;

#endif

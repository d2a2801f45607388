/* Turns H x W x C into a vector in the order (h, w, c), as Keras does. In this memory layout that
 * is another name for the same bytes, so there is no kernel. */
#include "layers/layer.h"

enum { ELEMS_MAX = 1 << 24 };

static enum incline_status infer(struct incline_layer *layer, struct incline_text *problem)
{
    size_t elems = incline_shape_elems(layer->in);
    if (elems > ELEMS_MAX) {
        incline_text_add(problem, "%dx%dx%d is too large to flatten: %zu numbers, at most %d",
                         layer->in.height, layer->in.width, layer->in.channels, elems,
                         (int)ELEMS_MAX);
        return INCLINE_ERROR_CONFIG;
    }
    layer->out = (struct incline_shape){1, 1, (int)elems};
    return INCLINE_OK;
}

const struct incline_layer_class incline_flatten_class = {
    .name = "flatten",
    .help = "height x width x channels into a vector, in that order",
    .about = {.equation = "y[(h W + w) C + c] = x[h][w][c]\n"
                          "weights files hold the order of PyTorch, (c H + h) W + w",
              .shapes = "HxWxC -> vector of H W C",
              .pytorch = "Flatten",
              .keras = "Flatten"},
    .infer = infer,
};

#include "layers/pool.h"

#include <stdio.h>

static enum incline_status place(const struct incline_layer *layer, struct incline_window *window,
                                 struct incline_text *problem)
{
    const struct incline_pool_options *options = layer->options;
    int stride[2];
    for (int axis = 0; axis < 2; axis++)
        stride[axis] = options->stride[axis] ? options->stride[axis] : options->size[axis];
    enum incline_status status =
        incline_window_infer(layer->in, options->size, stride, &options->padding, window, problem);
    if (status)
        incline_text_add(problem, "; use a smaller one, or fewer pools and strides before it");
    return status;
}

struct incline_window incline_pool_window(const struct incline_layer *layer)
{
    struct incline_window window = {0};
    struct incline_text unused;
    incline_text_init(&unused, NULL);
    (void)place(layer, &window, &unused);
    incline_text_finish(&unused);
    return window;
}

enum incline_status incline_pool_infer(struct incline_layer *layer, struct incline_text *problem)
{
    const struct incline_pool_options *options = layer->options;
    const int *size = options->size, *padding = options->padding.size;
    struct incline_window window;
    enum incline_status status = place(layer, &window, problem);
    if (status)
        return status;
    if (options->padding.mode == INCLINE_PADDING_EXPLICIT &&
        (padding[0] * 2 > size[0] || padding[1] * 2 > size[1])) {
        incline_text_add(problem, "padding %dx%d is more than half the window %dx%d", padding[0],
                         padding[1], size[0], size[1]);
        return INCLINE_ERROR_CONFIG;
    }
    layer->out = (struct incline_shape){window.out[0], window.out[1], layer->in.channels};
    if (size[0] == size[1])
        snprintf(layer->detail, sizeof layer->detail, "%d", size[0]);
    else
        snprintf(layer->detail, sizeof layer->detail, "%dx%d", size[0], size[1]);
    return INCLINE_OK;
}

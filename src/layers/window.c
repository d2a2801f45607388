#include "layers/window.h"

static int same_total(int in, int size, int stride)
{
    int out = (in + stride - 1) / stride;
    int total = (out - 1) * stride + size - in;
    return total > 0 ? total : 0;
}

enum incline_status incline_window_infer(struct incline_shape in, const int size[2],
                                         const int stride[2], const struct incline_padding *padding,
                                         struct incline_window *out, struct incline_text *problem)
{
    const int extent[2] = {in.height, in.width};
    for (int axis = 0; axis < 2; axis++) {
        int total = 0, before = 0;
        if (padding->mode == INCLINE_PADDING_SAME) {
            total = same_total(extent[axis], size[axis], stride[axis]);
            before = total / 2;
        } else if (padding->mode == INCLINE_PADDING_EXPLICIT) {
            before = padding->size[axis];
            total = 2 * before;
        }
        if (extent[axis] + total < size[axis]) {
            incline_text_add(problem, "window %dx%d does not fit its input %dx%dx%d", size[0],
                             size[1], in.height, in.width, in.channels);
            return INCLINE_ERROR_CONFIG;
        }
        out->size[axis] = size[axis];
        out->stride[axis] = stride[axis];
        out->before[axis] = before;
        out->out[axis] = (extent[axis] + total - size[axis]) / stride[axis] + 1;
    }
    return INCLINE_OK;
}

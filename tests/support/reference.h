/* What the layers compute, as plain loops in double precision: what kernels are held against.
 *
 * Tensors are [n][h][w][c], c innermost, n images. Weights are [KH][KW][C][K] for conv2d and
 * [in][out] for dense. Names: x in, y out, w weights, b bias; dx dy dw db their gradients.
 * Gradients are overwritten. A number that is NaN goes through every function as through the
 * equations. */
#ifndef TESTS_SUPPORT_REFERENCE_H
#define TESTS_SUPPORT_REFERENCE_H

#include "layers/layer.h"

enum { REFERENCE_SAME = -1 }; /* padding, otherwise cells at each end */

/* Windows of size KH x KW over H x W cells. Index 0 is the height, 1 the width. */
struct reference_window {
    int in[2], out[2], size[2], stride[2], before[2];
};

/* out = floor((in + 2 padding - size) / stride) + 1, or ceil(in / stride) with SAME, where the odd
 * cell of padding comes last. */
struct reference_window reference_window(struct incline_shape in, const int size[2],
                                         const int stride[2], int padding);

struct reference_conv2d {
    struct reference_window window;
    int channels, filters; /* C, K */
};

/* y[n][oh][ow][k] = b[k] + sum over kh, kw, c of
 *                   w[kh][kw][c][k] x[n][oh SH + kh - PT][ow SW + kw - PL][c];  b may be NULL. */
void reference_conv2d(const struct reference_conv2d *conv, int images, const double *x,
                      const double *w, const double *b, double *y);
/* dx[n][h][w][c] = sum of w[kh][kw][c][k] dy[n][oh][ow][k] over the windows that read the cell. */
void reference_conv2d_data(const struct reference_conv2d *conv, int images, const double *w,
                           const double *dy, double *dx);
/* dw[kh][kw][c][k] = sum over n, oh, ow of x[n][oh SH + kh - PT][ow SW + kw - PL][c]
 * dy[n][oh][ow][k] */
void reference_conv2d_weights(const struct reference_conv2d *conv, int images, const double *x,
                              const double *dy, double *dw);

/* y[n][o] = b[o] + sum over i of w[i][o] x[n][i];  b may be NULL. */
void reference_dense(int in, int out, int images, const double *x, const double *w, const double *b,
                     double *y);
/* dx[n][i] = sum over o of w[i][o] dy[n][o] */
void reference_dense_data(int in, int out, int images, const double *w, const double *dy,
                          double *dx);
/* dw[i][o] = sum over n of x[n][i] dy[n][o] */
void reference_dense_weights(int in, int out, int images, const double *x, const double *dy,
                             double *dw);

/* db[k] = sum over rows of dy[row][k] */
void reference_bias(int rows, int columns, const double *dy, double *db);

/* y[n][oh][ow][c] = max of x over the window's cells inside the image; from, of y's size, = the
 * element of x that it came from: the first of equals; NaN is the largest. */
void reference_max_pool2d(const struct reference_window *window, int channels, int images,
                          const double *x, double *y, size_t *from);
/* dx[i] = sum of dy[o] where from[o] = i */
void reference_max_pool2d_backward(size_t inputs, size_t outputs, const double *dy,
                                   const size_t *from, double *dx);

/* y = f(x), element by element; y may be x. */
void reference_activation(enum incline_activation f, size_t count, const double *x, double *y);
/* dx = f'(x) dy by y = f(x) */
void reference_activation_backward(enum incline_activation f, size_t count, const double *y,
                                   const double *dy, double *dx);

/* y[row][c] = e^(x[row][c] - m) / sum over j of e^(x[row][j] - m),  m = max over j of x[row][j] */
void reference_softmax(size_t rows, int channels, const double *x, double *y);
/* dx[row][c] = y[row][c] (dy[row][c] - sum over j of dy[row][j] y[row][j]) */
void reference_softmax_backward(size_t rows, int channels, const double *y, const double *dy,
                                double *dx);

/* The loss of each image, loss[n], and its gradient dx[n][c]; label[n] is the true class. */
typedef void (*reference_loss)(int images, int classes, const double *x, const int *label,
                               double *loss, double *dx);
/* loss = ln(sum over c of e^(x[c] - m)) - (x[label] - m);  dx[c] = softmax(x)[c] - (c == label) */
void reference_cross_entropy(int images, int classes, const double *x, const int *label,
                             double *loss, double *dx);
/* loss = (1 / classes) sum over c of (x[c] - (c == label))^2;  dx[c] = 2 (x[c] - ...) / classes */
void reference_mse(int images, int classes, const double *x, const int *label, double *loss,
                   double *dx);

/* The largest |gradient[i] - (f(v + h e_i) - f(v - h e_i)) / 2h| / max(1, |gradient[i]|) over all
 * elements, h = 1e-6. function reads values through cookie; they are put back. */
double reference_central_differences(double (*function)(void *cookie), void *cookie, double *values,
                                     size_t count, const double *gradient);

#endif

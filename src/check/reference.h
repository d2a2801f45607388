/* What the layers compute, as plain loops in double precision: what kernels are held against.
 *
 * Tensors are [n][h][w][c], c innermost, n images. Weights are [KH][KW][C / G][K] for conv2d and
 * [in][out] for dense. Names: x in, y out, w weights, b bias; dx dy dw db their gradients.
 * Gradients are overwritten. A number that is NaN goes through every function as through the
 * equations.
 *
 * A function ..._at computes one element of the result of the function of that name, by its flat
 * index, so that large tensors can be held against a sample. */
#ifndef INCLINE_CHECK_REFERENCE_H
#define INCLINE_CHECK_REFERENCE_H

#include "layers/loss.h"

enum { INCLINE_REFERENCE_SAME = -1 }; /* padding, otherwise cells at each end */

/* Windows of size KH x KW over H x W cells, DH x DW apart. Index 0 is the height, 1 the width. */
struct incline_reference_window {
    int in[2], out[2], size[2], stride[2], dilation[2], before[2];
};

/* With r = (size - 1) dilation + 1: out = floor((in + 2 padding - r) / stride) + 1, or
 * ceil(in / stride) with SAME, where the odd cell of padding comes last. */
struct incline_reference_window incline_reference_dilated(struct incline_shape in,
                                                          const int size[2], const int stride[2],
                                                          const int dilation[2], int padding);
/* The same with dilation 1. */
struct incline_reference_window incline_reference_window(struct incline_shape in, const int size[2],
                                                         const int stride[2], int padding);

struct incline_reference_conv2d {
    struct incline_reference_window window;
    int channels, filters, groups; /* C, K, G */
};

/* y[n][oh][ow][k] = b[k] + sum over kh, kw, c < C / G of
 *                   w[kh][kw][c][k] x[n][oh SH + kh DH - PT][ow SW + kw DW - PL][g C / G + c]
 * with g = floor(k / (K / G)), the group of k;  b may be NULL. */
void incline_reference_conv2d(const struct incline_reference_conv2d *conv, int images,
                              const double *x, const double *w, const double *b, double *y);
double incline_reference_conv2d_at(const struct incline_reference_conv2d *conv, const double *x,
                                   const double *w, const double *b, size_t index);
/* dx[n][h][w][c] = sum of w[kh][kw][c mod C / G][k] dy[n][oh][ow][k] over the windows that read the
 * cell and the k of the group of c. */
void incline_reference_conv2d_data(const struct incline_reference_conv2d *conv, int images,
                                   const double *w, const double *dy, double *dx);
double incline_reference_conv2d_data_at(const struct incline_reference_conv2d *conv,
                                        const double *w, const double *dy, size_t index);
/* dw[kh][kw][c][k] = sum over n, oh, ow of dy[n][oh][ow][k]
 *                    x[n][oh SH + kh DH - PT][ow SW + kw DW - PL][g C / G + c] */
void incline_reference_conv2d_weights(const struct incline_reference_conv2d *conv, int images,
                                      const double *x, const double *dy, double *dw);

double incline_reference_conv2d_weights_at(const struct incline_reference_conv2d *conv, int images,
                                           const double *x, const double *dy, size_t index);

/* A dense layer is the convolution of images of one cell. */
struct incline_reference_conv2d incline_reference_dense_conv2d(int in, int out);
/* y[n][o] = b[o] + sum over i of w[i][o] x[n][i];  b may be NULL. */
void incline_reference_dense(int in, int out, int images, const double *x, const double *w,
                             const double *b, double *y);
/* dx[n][i] = sum over o of w[i][o] dy[n][o] */
void incline_reference_dense_data(int in, int out, int images, const double *w, const double *dy,
                                  double *dx);
/* dw[i][o] = sum over n of x[n][i] dy[n][o] */
void incline_reference_dense_weights(int in, int out, int images, const double *x, const double *dy,
                                     double *dw);

/* db[k] = sum over rows of dy[row][k] */
void incline_reference_bias(int rows, int columns, const double *dy, double *db);

double incline_reference_bias_at(size_t rows, int columns, const double *dy, size_t column);

/* y[n][oh][ow][c] = max of x over the window's cells inside the image; from, of y's size, = the
 * element of x that it came from: the first of equals; NaN is the largest. */
void incline_reference_max_pool2d(const struct incline_reference_window *window, int channels,
                                  int images, const double *x, double *y, size_t *from);
/* from[index] */
size_t incline_reference_max_pool2d_at(const struct incline_reference_window *window, int channels,
                                       const double *x, size_t index);
/* dx[i] = sum of dy[o] where from[o] = i */
void incline_reference_max_pool2d_backward(size_t inputs, size_t outputs, const double *dy,
                                           const size_t *from, double *dx);

double incline_reference_max_pool2d_data_at(const struct incline_reference_window *window,
                                            int channels, const double *x, const double *dy,
                                            size_t index);

/* y[n][oh][ow][c] = the sum of x over the window's cells inside the image / cells of the window:
 * all of them where padding counts, otherwise those inside. */
double incline_reference_avg_pool2d_at(const struct incline_reference_window *window, int channels,
                                       bool padding_counts, const double *x, size_t index);
/* dx[n][h][w][c] = sum of dy / cells of the window over the windows that have the cell. */
double incline_reference_avg_pool2d_data_at(const struct incline_reference_window *window,
                                            int channels, bool padding_counts, const double *dy,
                                            size_t index);

/* y[n][h][w][c] = x[n][h - top][w - left][c] inside the image, 0 outside; sides: top, bottom, left,
 * right. dx cuts dy. */
double incline_reference_zero_pad2d_at(struct incline_shape in, const int sides[4], const double *x,
                                       size_t index);
double incline_reference_zero_pad2d_data_at(struct incline_shape in, const int sides[4],
                                            const double *dy, size_t index);

/* y[n][oh][ow][c] = x[n][floor(oh / FH)][floor(ow / FW)][c];  dx = sum of dy over the FH x FW cells
 * that are the same. factor: FH, FW. */
double incline_reference_upsample_at(struct incline_shape in, const int factor[2], const double *x,
                                     size_t index);
double incline_reference_upsample_data_at(struct incline_shape in, const int factor[2],
                                          const double *dy, size_t index);

/* y = f(x), element by element, with the alpha that f has by itself; y may be x. */
void incline_reference_activation(enum incline_activation f, size_t count, const double *x,
                                  double *y);
double incline_reference_activation_at(enum incline_activation f, double alpha, double x);
/* dx = f'(x) dy by y = f(x), or by x in its place where incline_activation_wants_x() */
void incline_reference_activation_backward(enum incline_activation f, size_t count, const double *y,
                                           const double *dy, double *dx);

double incline_reference_slope_at(enum incline_activation f, double alpha, double y, double dy);

/* y[row][c] = e^(x[row][c] - m) / sum over j of e^(x[row][j] - m),  m = max over j of x[row][j] */
void incline_reference_softmax(size_t rows, int channels, const double *x, double *y);
double incline_reference_softmax_at(int channels, const double *x, size_t index);
/* dx[row][c] = y[row][c] (dy[row][c] - sum over j of dy[row][j] y[row][j]) */
void incline_reference_softmax_backward(size_t rows, int channels, const double *y,
                                        const double *dy, double *dx);

double incline_reference_softmax_data_at(int channels, const double *y, const double *dy,
                                         size_t index);

/* y = x where x > 0, else w[k] x, k the index modulo slopes; its gradients by x and by w[index], of
 * tensors of count elements. */
double incline_reference_prelu_at(size_t slopes, const double *x, const double *w, size_t index);
double incline_reference_prelu_data_at(size_t slopes, const double *x, const double *w,
                                       const double *dy, size_t index);
double incline_reference_prelu_weights_at(size_t slopes, size_t count, const double *x,
                                          const double *dy, size_t index);

/* Batch normalization over rows (images and their positions), x [rows][channels]; w and b may be
 * NULL: 1 and 0. */
struct incline_reference_batch_norm {
    size_t rows, channels;
    double eps;
    const double *w, *b;
};
struct incline_reference_moments {
    double mean, var; /* var: the mean of the squares of x - mean */
};
struct incline_reference_moments
incline_reference_moments(const struct incline_reference_batch_norm *norm, const double *x,
                          size_t channel);
/* y = w (x - mean) / sqrt(var + eps) + b */
void incline_reference_batch_norm(const struct incline_reference_batch_norm *norm, const double *x,
                                  double *y);
double incline_reference_batch_norm_at(const struct incline_reference_batch_norm *norm,
                                       const double *x, size_t index);
/* The same with given moments. */
double incline_reference_normalized(const struct incline_reference_batch_norm *norm,
                                    struct incline_reference_moments moments, const double *x,
                                    size_t index);
/* v = 1 / sqrt(var + eps), z = (x - mean) v:
 * dx = w v (dy - mean of dy - z mean of z dy) */
void incline_reference_batch_norm_data(const struct incline_reference_batch_norm *norm,
                                       const double *x, const double *dy, double *dx);
double incline_reference_batch_norm_data_at(const struct incline_reference_batch_norm *norm,
                                            const double *x, const double *dy, size_t index);
/* dw[c] = sum over rows of z dy */
double incline_reference_batch_norm_weights_at(const struct incline_reference_batch_norm *norm,
                                               const double *x, const double *dy, size_t channel);
/* decay old + (1 - decay) of the mean, or of the variance with divisor max(rows - 1, 1) */
double incline_reference_running_mean_at(const struct incline_reference_batch_norm *norm,
                                         const double *x, double decay, double old, size_t channel);
double incline_reference_running_var_at(const struct incline_reference_batch_norm *norm,
                                        const double *x, double decay, double old, size_t channel);

/* Normalization of each image by itself over groups of its channels; w and b, NULL for 1 and 0,
 * have a number a channel, or with `each` one for each element of an image. */
struct incline_reference_image_norm {
    size_t positions, channels, groups;
    double eps;
    const double *w, *b;
    bool each;
};
/* y = w z + b,  z = (x - mean) v,  v = 1 / sqrt(var + eps), mean and var over a group's elements */
void incline_reference_image_norm(const struct incline_reference_image_norm *norm, int images,
                                  const double *x, double *y);
double incline_reference_image_norm_at(const struct incline_reference_image_norm *norm,
                                       const double *x, size_t index);
/* dx = v (w dy - mean of w dy - z mean of z w dy) */
void incline_reference_image_norm_data(const struct incline_reference_image_norm *norm, int images,
                                       const double *x, const double *dy, double *dx);
double incline_reference_image_norm_data_at(const struct incline_reference_image_norm *norm,
                                            const double *x, const double *dy, size_t index);
/* dw = sum of z dy, db = sum of dy, over images and, without `each`, positions */
double incline_reference_image_norm_weights_at(const struct incline_reference_image_norm *norm,
                                               int images, const double *x, const double *dy,
                                               size_t index);
double incline_reference_image_norm_bias_at(const struct incline_reference_image_norm *norm,
                                            int images, const double *dy, size_t index);

/* What multiplies unit u of image n in a dropout of `units` an image: 1 / (1 - p) or 0. */
struct incline_reference_dropout {
    double p;
    size_t units;
    uint64_t seed;
    uint32_t step, layer;
};
double incline_reference_dropout_at(const struct incline_reference_dropout *dropout, size_t n,
                                    size_t u);

/* What images show: label[n], the true class; or, where they may show several, targets [n][c], 1
 * for those that they show. The other is NULL. */
struct incline_reference_truth {
    const int *label;
    const unsigned char *targets;
};

/* clang-format off */
/* The loss of each image, losses[n], times what the image weighs in the mean, and its gradient
 * dx[n][c]. p = softmax(x), t[c] = (c == label) or targets[c], K classes, w[c] = class_weights:
 *   cross_entropy         sum over c of w[c] ((1 - s) t[c] + s / K) (-ln p[c]),
 *                         s = label_smoothing
 *   mse                   (1 / K) sum over c of (x[c] - t[c])^2
 *   focal                 w[label] (1 - p[label])^gamma (-ln p[label]),   w is alpha
 *   hinge                 (1 / K) sum over c other than label of max(0, margin - x[label] + x[c])
 *   binary_cross_entropy  (1 / K) sum over c of (t[c] ? w[c] : 1) ln(1 + e^z),
 *                         z = t[c] ? -x[c] : x[c],   w is pos_weight
 * With targets only mse and binary_cross_entropy have a meaning. */
/* clang-format on */
void incline_reference_loss(const struct incline_loss *loss, int images, int classes,
                            const double *x, const struct incline_reference_truth *truth,
                            double *losses, double *dx);

/* How many of an image's classes are taken wrongly for shown or not shown; score and targets
 * [classes]. Those whose score is loss->class->threshold or more count as shown; NaN is wrong. */
int incline_reference_wrong(const struct incline_loss *loss, int classes, const double *score,
                            const unsigned char *targets);

/* What their mean divides the sum by: how many images there are, or what they weigh. */
double incline_reference_loss_weight(const struct incline_loss *loss, int images, const int *label);

/* The largest |gradient[i] - (f(v + h e_i) - f(v - h e_i)) / 2h| / max(1, |gradient[i]|) over all
 * elements, h = 1e-6. function reads values through cookie; they are put back. */
double incline_reference_central_differences(double (*function)(void *cookie), void *cookie,
                                             double *values, size_t count, const double *gradient);

#endif

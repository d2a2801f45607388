#include "check/reference.h"

#include <math.h>

struct incline_reference_moments
incline_reference_moments(const struct incline_reference_batch_norm *norm, const double *x,
                          size_t channel)
{
    double rows = (double)norm->rows, sum = 0, squares = 0;
    for (size_t row = 0; row < norm->rows; row++)
        sum += x[row * norm->channels + channel];
    for (size_t row = 0; row < norm->rows; row++) {
        double apart = x[row * norm->channels + channel] - sum / rows;
        squares += apart * apart;
    }
    return (struct incline_reference_moments){sum / rows, squares / rows};
}

static double inverse_deviation(const struct incline_reference_batch_norm *norm,
                                struct incline_reference_moments moments)
{
    return 1 / sqrt(moments.var + norm->eps);
}

double incline_reference_normalized(const struct incline_reference_batch_norm *norm,
                                    struct incline_reference_moments moments, const double *x,
                                    size_t index)
{
    size_t c = index % norm->channels;
    double z = (x[index] - moments.mean) * inverse_deviation(norm, moments);
    return (norm->w ? norm->w[c] : 1) * z + (norm->b ? norm->b[c] : 0);
}

void incline_reference_batch_norm(const struct incline_reference_batch_norm *norm, const double *x,
                                  double *y)
{
    for (size_t c = 0; c < norm->channels; c++) {
        struct incline_reference_moments moments = incline_reference_moments(norm, x, c);
        for (size_t row = 0; row < norm->rows; row++)
            y[row * norm->channels + c] =
                incline_reference_normalized(norm, moments, x, row * norm->channels + c);
    }
}

double incline_reference_batch_norm_at(const struct incline_reference_batch_norm *norm,
                                       const double *x, size_t index)
{
    return incline_reference_normalized(
        norm, incline_reference_moments(norm, x, index % norm->channels), x, index);
}

/* What the gradient of a channel's numbers is made of. */
struct way_back {
    double mean, v, dw, db;
};

static struct way_back way_back_of(const struct incline_reference_batch_norm *norm, const double *x,
                                   const double *dy, size_t channel)
{
    struct incline_reference_moments moments = incline_reference_moments(norm, x, channel);
    struct way_back back = {.mean = moments.mean, .v = inverse_deviation(norm, moments)};
    for (size_t row = 0; row < norm->rows; row++) {
        size_t i = row * norm->channels + channel;
        back.dw += (x[i] - back.mean) * back.v * dy[i];
        back.db += dy[i];
    }
    return back;
}

static double gradient_at(const struct incline_reference_batch_norm *norm, struct way_back back,
                          const double *x, const double *dy, size_t index)
{
    double w = norm->w ? norm->w[index % norm->channels] : 1, rows = (double)norm->rows;
    double z = (x[index] - back.mean) * back.v;
    return w * back.v * (dy[index] - back.db / rows - z * back.dw / rows);
}

void incline_reference_batch_norm_data(const struct incline_reference_batch_norm *norm,
                                       const double *x, const double *dy, double *dx)
{
    for (size_t c = 0; c < norm->channels; c++) {
        struct way_back back = way_back_of(norm, x, dy, c);
        for (size_t i = c; i < norm->rows * norm->channels; i += norm->channels)
            dx[i] = gradient_at(norm, back, x, dy, i);
    }
}

double incline_reference_batch_norm_data_at(const struct incline_reference_batch_norm *norm,
                                            const double *x, const double *dy, size_t index)
{
    return gradient_at(norm, way_back_of(norm, x, dy, index % norm->channels), x, dy, index);
}

double incline_reference_batch_norm_weights_at(const struct incline_reference_batch_norm *norm,
                                               const double *x, const double *dy, size_t channel)
{
    return way_back_of(norm, x, dy, channel).dw;
}

double incline_reference_running_mean_at(const struct incline_reference_batch_norm *norm,
                                         const double *x, double decay, double old, size_t channel)
{
    return decay * old + (1 - decay) * incline_reference_moments(norm, x, channel).mean;
}

double incline_reference_running_var_at(const struct incline_reference_batch_norm *norm,
                                        const double *x, double decay, double old, size_t channel)
{
    double rows = (double)norm->rows, var = incline_reference_moments(norm, x, channel).var;
    return decay * old + (1 - decay) * var * rows / fmax(rows - 1, 1);
}

/* Of one group of one image. */
struct group_means {
    double mean, v;
    double g, zg; /* of w dy and z w dy */
};

static size_t group_elem(const struct incline_reference_image_norm *norm, size_t image,
                         size_t group, size_t i)
{
    size_t size = norm->channels / norm->groups;
    return (image * norm->positions + i / size) * norm->channels + group * size + i % size;
}

/* Where w and b have the number of element `index` of x. */
static size_t unit_of(const struct incline_reference_image_norm *norm, size_t index)
{
    return index % (norm->each ? norm->positions * norm->channels : norm->channels);
}

static double scaled(const struct incline_reference_image_norm *norm, const double *dy,
                     size_t index)
{
    return norm->w ? norm->w[unit_of(norm, index)] * dy[index] : dy[index];
}

/* dy NULL: only the first two. */
static struct group_means group_means_of(const struct incline_reference_image_norm *norm,
                                         const double *x, const double *dy, size_t image,
                                         size_t group)
{
    size_t count = norm->positions * (norm->channels / norm->groups);
    double sum = 0, squares = 0;
    struct group_means means = {0};
    for (size_t i = 0; i < count; i++)
        sum += x[group_elem(norm, image, group, i)];
    means.mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) {
        double apart = x[group_elem(norm, image, group, i)] - means.mean;
        squares += apart * apart;
    }
    means.v = 1 / sqrt(squares / (double)count + norm->eps);
    for (size_t i = 0; dy && i < count; i++) {
        size_t at = group_elem(norm, image, group, i);
        means.g += scaled(norm, dy, at) / (double)count;
        means.zg += (x[at] - means.mean) * means.v * scaled(norm, dy, at) / (double)count;
    }
    return means;
}

static struct group_means means_at(const struct incline_reference_image_norm *norm, const double *x,
                                   const double *dy, size_t index)
{
    size_t elems = norm->positions * norm->channels;
    size_t group = index % norm->channels / (norm->channels / norm->groups);
    return group_means_of(norm, x, dy, index / elems, group);
}

static double normalized_at(const struct incline_reference_image_norm *norm,
                            struct group_means means, const double *x, size_t index)
{
    double z = (x[index] - means.mean) * means.v;
    return norm->w ? norm->w[unit_of(norm, index)] * z + norm->b[unit_of(norm, index)] : z;
}

static double image_gradient_at(const struct incline_reference_image_norm *norm,
                                struct group_means means, const double *x, const double *dy,
                                size_t index)
{
    double z = (x[index] - means.mean) * means.v;
    return means.v * (scaled(norm, dy, index) - means.g - z * means.zg);
}

double incline_reference_image_norm_at(const struct incline_reference_image_norm *norm,
                                       const double *x, size_t index)
{
    return normalized_at(norm, means_at(norm, x, NULL, index), x, index);
}

double incline_reference_image_norm_data_at(const struct incline_reference_image_norm *norm,
                                            const double *x, const double *dy, size_t index)
{
    return image_gradient_at(norm, means_at(norm, x, dy, index), x, dy, index);
}

void incline_reference_image_norm(const struct incline_reference_image_norm *norm, int images,
                                  const double *x, double *y)
{
    size_t count = norm->positions * (norm->channels / norm->groups);
    for (size_t n = 0; n < (size_t)images; n++)
        for (size_t group = 0; group < norm->groups; group++) {
            struct group_means means = group_means_of(norm, x, NULL, n, group);
            for (size_t i = 0; i < count; i++) {
                size_t at = group_elem(norm, n, group, i);
                y[at] = normalized_at(norm, means, x, at);
            }
        }
}

void incline_reference_image_norm_data(const struct incline_reference_image_norm *norm, int images,
                                       const double *x, const double *dy, double *dx)
{
    size_t count = norm->positions * (norm->channels / norm->groups);
    for (size_t n = 0; n < (size_t)images; n++)
        for (size_t group = 0; group < norm->groups; group++) {
            struct group_means means = group_means_of(norm, x, dy, n, group);
            for (size_t i = 0; i < count; i++) {
                size_t at = group_elem(norm, n, group, i);
                dx[at] = image_gradient_at(norm, means, x, dy, at);
            }
        }
}

double incline_reference_image_norm_weights_at(const struct incline_reference_image_norm *norm,
                                               int images, const double *x, const double *dy,
                                               size_t index)
{
    size_t elems = norm->positions * norm->channels;
    size_t step = norm->each ? elems : norm->channels;
    double sum = 0;
    for (size_t n = 0; n < (size_t)images; n++) {
        struct group_means means = means_at(norm, x, NULL, n * elems + index);
        for (size_t at = n * elems + index; at < (n + 1) * elems; at += step)
            sum += (x[at] - means.mean) * means.v * dy[at];
    }
    return sum;
}

double incline_reference_image_norm_bias_at(const struct incline_reference_image_norm *norm,
                                            int images, const double *dy, size_t index)
{
    size_t elems = norm->positions * norm->channels;
    size_t step = norm->each ? elems : norm->channels;
    double sum = 0;
    for (size_t at = index; at < (size_t)images * elems; at += step)
        sum += dy[at];
    return sum;
}

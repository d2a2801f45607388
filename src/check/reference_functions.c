#include "check/reference.h"

#include <math.h>

/* selu's scale, and that times its alpha. */
static const double selu_scale = 1.0507009873554805, selu_scale_alpha = 1.7580993408473766;
static const double pi = 3.141592653589793;

/* (1 + erf(x / sqrt(2))) / 2 */
static double normal(double x)
{
    return erfc(-x / sqrt(2)) / 2;
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* (1 + tanh u) / 2 */
static double gelu_gate(double x)
{
    return sigmoid(2 * sqrt(2 / pi) * (x + 0.044715 * x * x * x));
}

double incline_reference_activation_at(enum incline_activation f, double alpha, double x)
{
    switch (f) {
    case INCLINE_ACTIVATION_NONE:
        break;
    case INCLINE_ACTIVATION_RELU:
        return x <= 0 ? 0 : x;
    case INCLINE_ACTIVATION_SIGMOID:
        return sigmoid(x);
    case INCLINE_ACTIVATION_TANH:
        return tanh(x);
    case INCLINE_ACTIVATION_LEAKY_RELU:
        return x <= 0 ? alpha * x : x;
    case INCLINE_ACTIVATION_RELU6:
        return x <= 0 ? 0 : x >= 6 ? 6 : x;
    case INCLINE_ACTIVATION_ELU:
        return x <= 0 ? alpha * expm1(x) : x;
    case INCLINE_ACTIVATION_SELU:
        return x <= 0 ? selu_scale_alpha * expm1(x) : selu_scale * x;
    case INCLINE_ACTIVATION_SOFTPLUS:
        return x > 20 ? x : log1p(exp(x));
    case INCLINE_ACTIVATION_GELU:
        return x * normal(x);
    case INCLINE_ACTIVATION_GELU_TANH:
        return x * gelu_gate(x);
    case INCLINE_ACTIVATION_SILU:
        return x * sigmoid(x);
    case INCLINE_ACTIVATION_HARD_SWISH:
        return x <= -3 ? 0 * x : x >= 3 ? x : x * (x + 3) / 6;
    }
    return x;
}

static double gelu_tanh_slope(double x)
{
    double gate = gelu_gate(x);
    return gate + x * gate * (1 - gate) * 2 * sqrt(2 / pi) * (1 + 3 * 0.044715 * x * x);
}

double incline_reference_slope_at(enum incline_activation f, double alpha, double y, double dy)
{
    switch (f) {
    case INCLINE_ACTIVATION_NONE:
        break;
    case INCLINE_ACTIVATION_RELU:
        return y <= 0 ? 0 : dy;
    case INCLINE_ACTIVATION_SIGMOID:
        return dy * y * (1 - y);
    case INCLINE_ACTIVATION_TANH:
        return dy * (1 - y * y);
    case INCLINE_ACTIVATION_LEAKY_RELU:
        return y <= 0 ? alpha * dy : dy;
    case INCLINE_ACTIVATION_RELU6:
        return y <= 0 || y >= 6 ? 0 : dy;
    case INCLINE_ACTIVATION_ELU:
        return y <= 0 ? (y + alpha) * dy : dy;
    case INCLINE_ACTIVATION_SELU:
        return y <= 0 ? (y + selu_scale_alpha) * dy : selu_scale * dy;
    case INCLINE_ACTIVATION_SOFTPLUS:
        return -expm1(-y) * dy;
    case INCLINE_ACTIVATION_GELU:
        return (normal(y) + y * exp(-y * y / 2) / sqrt(2 * pi)) * dy;
    case INCLINE_ACTIVATION_GELU_TANH:
        return gelu_tanh_slope(y) * dy;
    case INCLINE_ACTIVATION_SILU:
        return sigmoid(y) * (1 + y * (1 - sigmoid(y))) * dy;
    case INCLINE_ACTIVATION_HARD_SWISH:
        return y <= -3 ? 0 : y >= 3 ? dy : (y / 3 + 0.5) * dy;
    }
    return dy;
}

void incline_reference_activation(enum incline_activation f, size_t count, const double *x,
                                  double *y)
{
    double alpha = (double)incline_activation_alpha(f);
    for (size_t i = 0; i < count; i++)
        y[i] = incline_reference_activation_at(f, alpha, x[i]);
}

void incline_reference_activation_backward(enum incline_activation f, size_t count, const double *y,
                                           const double *dy, double *dx)
{
    double alpha = (double)incline_activation_alpha(f);
    for (size_t i = 0; i < count; i++)
        dx[i] = incline_reference_slope_at(f, alpha, y[i], dy[i]);
}

static double largest(int count, const double *x)
{
    double most = x[0];
    for (int i = 1; i < count; i++)
        most = x[i] > most ? x[i] : most;
    return most;
}

double incline_reference_softmax_at(int channels, const double *x, size_t index)
{
    const double *row = x + index / (size_t)channels * (size_t)channels;
    double most = largest(channels, row), sum = 0;
    for (int c = 0; c < channels; c++)
        sum += exp(row[c] - most);
    return exp(x[index] - most) / sum;
}

double incline_reference_softmax_data_at(int channels, const double *y, const double *dy,
                                         size_t index)
{
    size_t first = index / (size_t)channels * (size_t)channels;
    double sum = 0;
    for (size_t i = first; i < first + (size_t)channels; i++)
        sum += dy[i] * y[i];
    return y[index] * (dy[index] - sum);
}

void incline_reference_softmax(size_t rows, int channels, const double *x, double *y)
{
    for (size_t i = 0; i < rows * (size_t)channels; i++)
        y[i] = incline_reference_softmax_at(channels, x, i);
}

void incline_reference_softmax_backward(size_t rows, int channels, const double *y,
                                        const double *dy, double *dx)
{
    for (size_t i = 0; i < rows * (size_t)channels; i++)
        dx[i] = incline_reference_softmax_data_at(channels, y, dy, i);
}

double incline_reference_prelu_at(size_t slopes, const double *x, const double *w, size_t index)
{
    return x[index] > 0 ? x[index] : w[index % slopes] * x[index];
}

double incline_reference_prelu_data_at(size_t slopes, const double *x, const double *w,
                                       const double *dy, size_t index)
{
    return x[index] > 0 ? dy[index] : w[index % slopes] * dy[index];
}

double incline_reference_prelu_weights_at(size_t slopes, size_t count, const double *x,
                                          const double *dy, size_t index)
{
    double sum = 0;
    for (size_t i = index; i < count; i += slopes)
        sum += x[i] > 0 ? 0 : x[i] * dy[i];
    return sum;
}

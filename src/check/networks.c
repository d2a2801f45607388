/* Networks that have every layer, activation and loss between them, at sizes that fill no tile. */
#include "incline/check.h"

static const char convolutions[] =
    "incline: 1\n"
    "model:\n"
    "  name: convolutions\n"
    "  input: [11, 9, 3]\n"
    "  layers:\n"
    "    - conv2d: {filters: 5, kernel: 3, padding: same, activation: relu}\n"
    "    - max_pool2d: 2\n"
    "    - conv2d: {filters: 17, kernel: [3, 2], stride: [1, 2], padding: 1, activation: tanh}\n"
    "    - max_pool2d: {size: 3, stride: 2, padding: same}\n"
    "    - conv2d: {filters: 33, kernel: 1, bias: false}\n"
    "    - relu\n"
    "    - conv2d: {filters: 16, kernel: 2, activation: sigmoid}\n"
    "    - flatten\n"
    "    - dense: {units: 19, activation: sigmoid}\n"
    "    - dense: 10\n"
    "    - softmax\n"
    "data: {root: none, normalize: {mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6]}}\n"
    "train: {batch_size: 33, loss: cross_entropy,\n"
    "  optimizer: {rmsprop: {momentum: 0.5, centered: true}}}\n";

static const char layers[] = "incline: 1\n"
                             "model:\n"
                             "  name: single-layers\n"
                             "  input: [7, 10, 1]\n"
                             "  layers:\n"
                             "    - conv2d: {filters: 20, kernel: 3}\n"
                             "    - sigmoid\n"
                             "    - conv2d: {filters: 3, kernel: [1, 5], stride: 2}\n"
                             "    - tanh\n"
                             "    - max_pool2d: [3, 1]\n"
                             "    - flatten\n"
                             "    - dense: {units: 33, activation: tanh}\n"
                             "    - dense: {units: 17, bias: false, activation: relu}\n"
                             "    - dense: 3\n"
                             "    - softmax\n"
                             "data: {root: none, scale: 1, normalize: {mean: 128, std: 64}}\n"
                             "train: {batch_size: 17, loss: mse}\n";

static const char grouped[] =
    "incline: 1\n"
    "model:\n"
    "  name: grouped\n"
    "  input: [9, 8, 6]\n"
    "  layers:\n"
    "    - conv2d: {filters: 9, kernel: 3, padding: same, dilation: 2, groups: 3, activation: "
    "relu}\n"
    "    - max_pool2d: 2\n"
    "    - conv2d: {filters: 18, kernel: [2, 3], stride: 2, padding: 1, groups: 9}\n"
    "    - conv2d: {filters: 5, kernel: 2, dilation: [1, 2], padding: 1, activation: tanh}\n"
    "    - flatten\n"
    "    - dense: 3\n"
    "data: {root: none}\n"
    "train: {batch_size: 17, loss: cross_entropy}\n";

static const char wide[] = "incline: 1\n"
                           "model:\n"
                           "  name: wide-sums\n"
                           "  input: [28, 29, 1]\n"
                           "  layers:\n"
                           "    - flatten\n"
                           "    - dense: {units: 129, activation: relu}\n"
                           "    - dense: {units: 64, activation: relu}\n"
                           "    - dense: 100\n"
                           "data: {root: none}\n"
                           "train: {batch_size: 128, loss: binary_cross_entropy}\n";

static const char one[] =
    "incline: 1\n"
    "model:\n"
    "  name: one-of-each\n"
    "  input: [1, 1, 1]\n"
    "  layers: [{conv2d: {filters: 1, kernel: 1}}, {max_pool2d: 1}, flatten,\n"
    "           {dense: 2}]\n"
    "data: {root: none}\n"
    "train: {batch_size: 1, loss: {hinge: {margin: 0.5}}}\n";

static const char joins_and_pools[] =
    "incline: 1\n"
    "model:\n"
    "  name: joins-and-pools\n"
    "  input: [6, 5, 3]\n"
    "  layers:\n"
    "    - residual: {main: [{conv2d: {filters: 7, kernel: 3, padding: same}}],\n"
    "                 shortcut: [{conv2d: {filters: 7, kernel: 1, name: a}}]}\n"
    "    - relu: {name: b}\n"
    "    - global_max_pool: {name: c}\n"
    "    - multiply: {from: [b, c], name: d}\n"
    "    - multiply: {from: [d, a]}\n"
    "    - sigmoid: {name: e}\n"
    "    - concat: {from: [e, input, b]}\n"
    "    - identity\n"
    "    - zero_pad2d: [1, 2, 0, 3]\n"
    "    - avg_pool2d: {size: 3, stride: 2, padding: same}\n"
    "    - upsample: [2, 3]\n"
    "    - avg_pool2d: {size: [3, 2], stride: 1, padding: 1}\n"
    "    - global_avg_pool\n"
    "    - dense: 4\n"
    "data: {root: none}\n"
    "train: {batch_size: 18, loss: {focal: {gamma: 1.5, alpha: [1, 0.5, 2, 0.25]}}}\n";

static const char weighted[] =
    "incline: 1\n"
    "model:\n"
    "  name: weighted-classes\n"
    "  input: [3, 4, 2]\n"
    "  layers: [flatten, {dense: 5}, softmax]\n"
    "data: {root: none}\n"
    "train: {batch_size: 21, accumulate: 2, ema: {decay: 0.75}, metrics: [accuracy, {top_k: 2}],\n"
    "  loss: {cross_entropy:\n"
    "    {label_smoothing: 0.1, class_weights: [0.5, 2, 0, 1, 3]}}}\n";

static const char several[] = "incline: 1\n"
                              "model:\n"
                              "  name: several-classes\n"
                              "  input: [3, 4, 2]\n"
                              "  layers: [flatten, {dense: 5}, sigmoid]\n"
                              "data: {root: none, multi_label: true}\n"
                              "train: {batch_size: 21, loss: {binary_cross_entropy:\n"
                              "    {pos_weight: [0.5, 2, 1, 0, 3]}}}\n";

static const char norms[] =
    "incline: 1\n"
    "model:\n"
    "  name: norms\n"
    "  input: [9, 8, 9]\n"
    "  layers:\n"
    "    - batch_norm: {affine: false}\n"
    "    - group_norm: {groups: 3, affine: false}\n"
    "    - group_norm: 9\n"
    "    - layer_norm\n"
    "    - spatial_dropout: 0.25\n"
    "    - flatten\n"
    "    - batch_norm: {eps: 0.001, decay: 0.75}\n"
    "    - relu\n"
    "    - residual: {main: [batch_norm]}\n"
    "    - relu\n"
    "    - layer_norm: {affine: false}\n"
    "    - dropout: 0.4\n"
    "    - dropout: 0\n"
    "    - dense: 5\n"
    "data: {root: none}\n"
    "train: {batch_size: 18, loss: cross_entropy, optimizer: {sgd: {momentum: "
    "0.5}}}\n";

static const char activations[] = "incline: 1\n"
                                  "model:\n"
                                  "  name: activations\n"
                                  "  input: [5, 4, 3]\n"
                                  "  layers:\n"
                                  "    - conv2d: {filters: 6, kernel: 2, activation: leaky_relu}\n"
                                  "    - prelu: {per_channel: true}\n"
                                  "    - hard_swish\n"
                                  "    - flatten\n"
                                  "    - gelu\n"
                                  "    - dense: {units: 18, activation: elu}\n"
                                  "    - silu\n"
                                  "    - gelu: tanh\n"
                                  "    - prelu\n"
                                  "    - dense: 17\n"
                                  "    - selu\n"
                                  "    - leaky_relu: 0.3\n"
                                  "    - relu6\n"
                                  "    - softplus\n"
                                  "    - elu: 0.5\n"
                                  "    - dense: 4\n"
                                  "data: {root: none}\n"
                                  "train: {batch_size: 17, loss: cross_entropy}\n";

const char *const *incline_check_networks(void)
{
    static const char *const networks[] = {convolutions, layers,          grouped,     wide,
                                           one,          joins_and_pools, activations, norms,
                                           weighted,     several,         NULL};
    return networks;
}

/* The model section: forms of layers, defaults, blocks, names, shapes, messages. */
#include "support/scratch.h"

#include "network/graph.h"
#include "network/model.h"

static enum incline_status parse(struct scratch *s, const char *text, struct incline_model *model)
{
    struct incline_document *doc = NULL;
    enum incline_status status = incline_document_parse(s->ctx, "m.yaml", text, strlen(text), &doc);
    if (status == INCLINE_OK)
        status = incline_model_parse(s->ctx, incline_document_root(doc), model);
    incline_document_destroy(&doc); /* a model must not need it */
    return status;
}

/* The layers as "type:name HxWxC", separated by commas. */
static void assert_layers(const struct incline_model *model, const char *expected)
{
    char text[1024] = "";
    for (size_t i = 0; i < model->layer_count; i++) {
        const struct incline_layer *layer = &model->layers[i];
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s%s:%s %dx%dx%d", i ? ", " : "", layer->class->name,
                 layer->name, layer->out.height, layer->out.width, layer->out.channels);
    }
    assert_string_equal(text, expected);
}

static void test_chain(void **state)
{
    struct scratch *s = *state;
    struct incline_model model;
    assert_ok(s->ctx, parse(s,
                            "name: mnist-cnn\n"
                            "input: [28, 28, 1]\n"
                            "layers:\n"
                            "  - conv2d: {filters: 32, kernel: 3, activation: relu}\n"
                            "  - max_pool2d: 2\n"
                            "  - flatten\n"
                            "  - dense: {units: 128, activation: relu}\n"
                            "  - dense: 10\n"
                            "  - softmax:\n",
                            &model));
    assert_string_equal(model.name, "mnist-cnn");
    assert_layers(&model, "conv2d:conv2d_1 26x26x32, max_pool2d:max_pool2d_1 13x13x32, "
                          "flatten:flatten_1 1x1x5408, dense:dense_1 1x1x128, "
                          "dense:dense_2 1x1x10, softmax:softmax_1 1x1x10");
    size_t parameters = 0;
    for (size_t i = 0; i < model.layer_count; i++)
        for (int p = 0; p < model.layers[i].parameter_count; p++)
            parameters += model.layers[i].parameters[p].elems;
    assert_int_equal(parameters, 693962);
    incline_model_finish(&model);
    assert_null(model.layers);
    incline_model_finish(&model);
}

/* "type inputs": the numbers of the layers that each reads. */
static void assert_inputs(const struct incline_model *model, const char *expected)
{
    char text[1024] = "";
    for (size_t i = 0; i < model->layer_count; i++) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s%s", i ? ", " : "", model->layers[i].class->name);
        for (int k = 0; k < incline_layer_input_count(&model->layers[i]); k++) {
            at = strlen(text);
            snprintf(text + at, sizeof text - at, " %d", incline_graph_input(model->layers, i, k));
        }
    }
    assert_string_equal(text, expected);
}

static void test_graph(void **state)
{
    struct scratch *s = *state;
    struct incline_model model;
    assert_ok(s->ctx, parse(s,
                            "input: [4, 4, 3]\n"
                            "blocks:\n"
                            "  unit: {args: [n], layers: [residual: {main: [relu, conv2d: "
                            "{filters: $n, kernel: 1}], shortcut: [conv2d: {filters: $n, kernel: "
                            "1}]}]}\n"
                            "layers:\n"
                            "  - residual: {main: [tanh, residual: {main: [relu]}]}\n"
                            "  - unit: {n: 5}\n"
                            "  - relu: {name: a}\n"
                            "  - sigmoid: {from: a, name: b}\n"
                            "  - add: {from: [b, a, b]}\n"
                            "  - flatten\n"
                            "  - dense: 2\n",
                            &model));
    assert_inputs(&model, "tanh -1, relu 0, add 1 0, add 2 -1, relu 3, conv2d 4, conv2d 3, "
                          "add 5 6, relu 7, sigmoid 8, add 9 8 9, flatten 10, dense 11");
    assert_int_equal(model.layers[7].out.channels, 5);

    /* What is written reads back as the same. */
    struct incline_text text;
    struct incline_document *doc = NULL;
    struct incline_model again;
    incline_text_init(&text, s->ctx);
    incline_model_write(&model, &text);
    assert_ok(s->ctx, incline_document_parse(s->ctx, "w.yaml", incline_text_get(&text),
                                             strlen(incline_text_get(&text)), &doc));
    assert_ok(s->ctx, incline_model_parse(
                          s->ctx, incline_node_get(incline_document_root(doc), "model"), &again));
    assert_inputs(&again, "tanh -1, relu 0, add 1 0, add 2 -1, relu 3, conv2d 4, conv2d 3, "
                          "add 5 6, relu 7, sigmoid 8, add 9 8 9, flatten 10, dense 11");
    incline_document_destroy(&doc);
    incline_text_finish(&text);
    incline_model_finish(&again);
    incline_model_finish(&model);
}

static void test_closing_softmax(void **state)
{
    static const struct {
        const char *text;
        int softmax; /* -1: none */
    } cases[] = {
        {"{input: [1, 1, 4], layers: [dense: 3, softmax]}", 1},
        {"{input: [1, 1, 4], layers: [dense: 3, softmax, identity, flatten]}", 1},
        {"{input: [1, 1, 4], layers: [dense: 3, identity]}", -1},
        {"{input: [1, 1, 4], layers: [softmax, dense: 3]}", -1},
        {"{input: [2, 1, 4], layers: [softmax, flatten]}", -1}, /* one at each position */
        {"{input: [1, 1, 4], layers: [identity]}", -1},
    };
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct incline_model model;
        assert_ok(s->ctx, parse(s, cases[i].text, &model));
        struct incline_layer *softmax =
            incline_graph_closing(model.layers, model.layer_count, "softmax");
        assert_ptr_equal(softmax, cases[i].softmax < 0 ? NULL : &model.layers[cases[i].softmax]);
        incline_model_finish(&model);
    }
}

static void test_pools(void **state)
{
    struct scratch *s = *state;
    struct incline_model model;
    struct incline_text text;
    assert_ok(s->ctx,
              parse(s,
                    "input: [9, 8, 3]\n"
                    "layers:\n"
                    "  - identity\n"
                    "  - zero_pad2d: [1, 2, 0, 3]\n"
                    "  - avg_pool2d: 3\n"
                    "  - avg_pool2d: {size: 3, stride: 2, padding: same, count_padding: true}\n"
                    "  - upsample: [2, 3]\n"
                    "  - zero_pad2d: 1\n"
                    "  - global_avg_pool\n"
                    "  - dense: 5\n"
                    "  - upsample: 2\n"
                    "  - global_max_pool\n",
                    &model));
    assert_layers(&model, "identity:identity_1 9x8x3, zero_pad2d:zero_pad2d_1 12x11x3, "
                          "avg_pool2d:avg_pool2d_1 4x3x3, avg_pool2d:avg_pool2d_2 2x2x3, "
                          "upsample:upsample_1 4x6x3, zero_pad2d:zero_pad2d_2 6x8x3, "
                          "global_avg_pool:global_avg_pool_1 1x1x3, dense:dense_1 1x1x5, "
                          "upsample:upsample_2 2x2x5, global_max_pool:global_max_pool_1 1x1x5");
    incline_text_init(&text, s->ctx);
    incline_model_write(&model, &text);
    assert_non_null(strstr(incline_text_get(&text), "padding: [1, 2, 0, 3]}"));
    assert_non_null(strstr(incline_text_get(&text), "padding: same, count_padding: true}"));
    assert_non_null(strstr(incline_text_get(&text), "padding: valid, count_padding: auto}"));
    incline_text_finish(&text);
    incline_model_finish(&model);
}

static void test_names(void **state)
{
    struct scratch *s = *state;
    struct incline_model model;
    assert_ok(s->ctx, parse(s,
                            "{input: [1, 1, 4], layers: [dense: 3, dense: {units: 3, name: "
                            "dense_1}, relu, relu: {name: layer1.0.act-2}, dense: 3, relu]}",
                            &model));
    assert_string_equal(model.name, "model");
    assert_layers(&model, "dense:dense_2 1x1x3, dense:dense_1 1x1x3, relu:relu_1 1x1x3, "
                          "relu:layer1.0.act-2 1x1x3, dense:dense_3 1x1x3, relu:relu_2 1x1x3");
    incline_model_finish(&model);
}

static void test_defaults(void **state)
{
    struct scratch *s = *state;
    struct incline_model model;
    assert_ok(s->ctx, parse(s,
                            "input: [8, 8, 1]\n"
                            "defaults:\n"
                            "  conv2d: {kernel: 3, bias: false}\n"
                            "layers:\n"
                            "  - conv2d: 2\n"
                            "  - conv2d: {filters: 4, kernel: 1, bias: yes}\n"
                            "  - flatten\n",
                            &model));
    assert_layers(&model, "conv2d:conv2d_1 6x6x2, conv2d:conv2d_2 6x6x4, flatten:flatten_1 "
                          "1x1x144");
    assert_int_equal(model.layers[0].parameter_count, 1);
    assert_int_equal(model.layers[1].parameter_count, 2);
    incline_model_finish(&model);
}

static void test_blocks(void **state)
{
    struct scratch *s = *state;
    struct incline_model model;
    assert_ok(s->ctx, parse(s,
                            "input: [16, 16, 1]\n"
                            "blocks:\n"
                            "  unit:\n"
                            "    args: [f, k, act]\n"
                            "    layers:\n"
                            "      - conv2d: {filters: $f, kernel: [$k, 1], activation: $act}\n"
                            "  stage:\n"
                            "    args: [f, n]\n"
                            "    layers:\n"
                            "      - repeat:\n"
                            "          times: $n\n"
                            "          layers:\n"
                            "            - unit: {f: $f, k: 3, act: relu}\n"
                            "      - max_pool2d: 2\n"
                            "  end: {layers: [flatten, dense: 2]}\n"
                            "layers:\n"
                            "  - stage: {f: 4, n: 2}\n"
                            "  - stage: {f: 8, n: 1}\n"
                            "  - end\n",
                            &model));
    assert_layers(&model, "conv2d:conv2d_1 14x16x4, conv2d:conv2d_2 12x16x4, "
                          "max_pool2d:max_pool2d_1 6x8x4, conv2d:conv2d_3 4x8x8, "
                          "max_pool2d:max_pool2d_2 2x4x8, flatten:flatten_1 1x1x64, "
                          "dense:dense_1 1x1x2");
    assert_int_equal(model.layers[3].activation, INCLINE_ACTIVATION_RELU);
    incline_model_finish(&model);
}

/* Squeeze-and-excitation, three times over: in each turn `from` finds the layers of that turn. */
static void test_names_that_come_again(void **state)
{
    struct scratch *s = *state;
    struct incline_model model;
    assert_ok(s->ctx, parse(s,
                            "input: [4, 4, 2]\n"
                            "blocks:\n"
                            "  squeeze:\n"
                            "    layers:\n"
                            "      - relu: {name: x}\n"
                            "      - global_avg_pool\n"
                            "      - dense: {units: 2, activation: sigmoid, name: gate}\n"
                            "      - multiply: {from: [x, gate], name: m}\n"
                            "layers:\n"
                            "  - relu: {name: x_2}\n"
                            "  - repeat: {times: 2, layers: [squeeze]}\n"
                            "  - squeeze\n"
                            "  - add: {from: [m, x_3]}\n"
                            "  - flatten\n"
                            "  - dense: 2\n",
                            &model));
    assert_layers(&model, "relu:x_2 4x4x2, relu:x 4x4x2, "
                          "global_avg_pool:global_avg_pool_1 1x1x2, dense:gate 1x1x2, "
                          "multiply:m 4x4x2, relu:x_3 4x4x2, "
                          "global_avg_pool:global_avg_pool_2 1x1x2, dense:gate_2 1x1x2, "
                          "multiply:m_2 4x4x2, relu:x_4 4x4x2, "
                          "global_avg_pool:global_avg_pool_3 1x1x2, dense:gate_3 1x1x2, "
                          "multiply:m_3 4x4x2, add:add_1 4x4x2, "
                          "flatten:flatten_1 1x1x32, dense:dense_1 1x1x2");
    const int read[][3] = {{4, 1, 3}, {8, 5, 7}, {12, 9, 11}, {13, 12, 5}};
    for (size_t i = 0; i < sizeof read / sizeof *read; i++)
        for (int k = 0; k < 2; k++)
            assert_int_equal(model.layers[read[i][0]].inputs[k], read[i][1 + k]);
    incline_model_finish(&model);
    assert_ok(s->ctx, parse(s,
                            "input: [1, 1, 2]\n"
                            "blocks: {b: {args: [n], layers: [dense: {units: 2, name: $n}]}}\n"
                            "layers: [b: {n: p}, b: {n: q}, b: {n: p}]\n",
                            &model));
    assert_layers(&model, "dense:p 1x1x2, dense:q 1x1x2, dense:p_2 1x1x2");
    incline_model_finish(&model);
}

static void test_written_model_reads_back(void **state)
{
    struct scratch *s = *state;
    struct incline_model model, again;
    struct incline_text first, second;
    incline_text_init(&first, s->ctx);
    incline_text_init(&second, s->ctx);
    assert_ok(s->ctx, parse(s,
                            "{name: net.1, input: [9, 7, 3], layers: [{repeat: {times: 2, layers: "
                            "[conv2d: {filters: 4, kernel: [3, 1], padding: same}]}}, {max_pool2d: "
                            "{size: [2, 1], stride: 2, name: p}}, {leaky_relu: 0.2}, {elu: {alpha: "
                            "1.5}}, gelu, {gelu: tanh}, {prelu: {per_channel: true, init: -0.5}}, "
                            "flatten, {dense: {units: 5, activation: softplus}}]}",
                            &model));
    incline_model_write(&model, &first);
    struct incline_document *doc = NULL;
    assert_ok(s->ctx, incline_document_parse(s->ctx, "written", incline_text_get(&first),
                                             first.length, &doc));
    assert_ok(s->ctx, incline_model_parse(
                          s->ctx, incline_node_get(incline_document_root(doc), "model"), &again));
    incline_document_destroy(&doc);
    incline_model_write(&again, &second);
    assert_string_equal(incline_text_get(&first), incline_text_get(&second));
    static const char *const written[] = {
        "- max_pool2d: {name: p, size: [2, 1], ",
        "- leaky_relu: {name: leaky_relu_1, alpha: 0.2}\n",
        "- elu: {name: elu_1, alpha: 1.5}\n",
        "- gelu: {name: gelu_1, approximate: none}\n",
        "- gelu: {name: gelu_2, approximate: tanh}\n",
        "- prelu: {name: prelu_1, per_channel: true, init: -0.5}\n",
        ", activation: softplus}\n",
    };
    for (size_t i = 0; i < sizeof written / sizeof *written; i++)
        assert_non_null(strstr(incline_text_get(&first), written[i]));
    incline_model_finish(&model);
    incline_model_finish(&again);
    incline_text_finish(&first);
    incline_text_finish(&second);
}

/* What groups and dilation change, as PyTorch and Keras have it. */
static void test_groups(void **state)
{
    struct scratch *s = *state;
    struct incline_model model;
    assert_ok(s->ctx,
              parse(s,
                    "input: [9, 7, 4]\n"
                    "layers:\n"
                    "  - conv2d: {filters: 8, kernel: [3, 2], stride: [2, 1], padding: same, "
                    "dilation: [2, 3], groups: 4}\n"
                    "  - flatten\n"
                    "  - dense: 2\n",
                    &model));
    const struct incline_layer *layer = &model.layers[0];
    const struct incline_parameter *weight = &layer->parameters[0];
    assert_layers(&model, "conv2d:conv2d_1 5x7x8, flatten:flatten_1 1x1x280, dense:dense_1 1x1x2");
    assert_int_equal(weight->dims[2], 1);
    assert_int_equal(weight->dims[3], 8);
    assert_int_equal(weight->elems, 48);
    assert_true(weight->fan_in == 6 && weight->fan_out == 48);
    assert_true(layer->multiply_adds == 48 * 35);
    assert_string_equal(layer->detail, "3x2, dilation 2x3, 4 groups");
    incline_model_finish(&model);
}

#define IN "input: [3, 3, 8]\n"

static void test_messages(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {IN "layers:\n  - flaten\n", "m.yaml:3:5: error: unknown layer 'flaten' (did you mean "
                                     "'flatten'?)\n  - flaten\n    ^~~~~~"},
        {IN "layers:\n  - conv2d: {filter: 32}\n",
         "m.yaml:3:14: error: conv2d: unknown key 'filter' (did you mean 'filters'?)\n"
         "  - conv2d: {filter: 32}\n             ^~~~~~"},
        {"input: [300, 300, 1]\nlayers:\n  - max_pool2d: [256, 257]\n",
         "m.yaml:3:5: error: max_pool2d: window 256x257 has more than 65536 cells\n"},
        {IN "layers:\n  - max_pool2d: 4\n",
         "m.yaml:3:5: error: max_pool2d: window 4x4 does not fit its input 3x3x8; use a "
         "smaller one, or fewer pools and strides before it\n"
         "  - max_pool2d: 4\n    ^~~~~~~~~~"},
        {IN "layers:\n  - avg_pool2d: {size: [4, 1]}\n",
         "m.yaml:3:5: error: avg_pool2d: window 4x1 does not fit its input 3x3x8; use a "
         "smaller one, or fewer pools and strides before it\n"},
        {IN "layers:\n  - conv2d: {filters: 9, kernel: 4}\n",
         "m.yaml:3:5: error: conv2d: window 4x4 does not fit its input 3x3x8; use a smaller "
         "kernel, or more padding\n"},
        {IN "layers:\n  - global_avg_pool: {name: g}\n  - multiply: {from: [g, input]}\n",
         "m.yaml:4:5: error: multiply: its inputs are 1x1x8 and 3x3x8: the scale comes second\n"},
        {IN "layers:\n  - global_avg_pool\n  - dense: {units: 4, name: g}\n"
            "  - multiply: {from: [input, g]}\n",
         "m.yaml:5:5: error: multiply: its scale has 4 channels, not 8 as what it scales\n"},
        {IN "layers:\n  - residual: {main: [conv2d: {filters: 8, kernel: 3}]}\n",
         "m.yaml:3:5: error: add: its inputs differ in shape: 1x1x8 and 3x3x8: a stride, a pool or "
         "too little padding on one way makes it smaller\n"},
        {IN "layers:\n  - avg_pool2d: {size: 3, padding: 2}\n",
         "m.yaml:3:5: error: avg_pool2d: padding 2x2 is more than half the window 3x3\n"},
        {IN "layers:\n  - avg_pool2d: {size: 3, count_padding: maybe}\n",
         "m.yaml:3:42: error: avg_pool2d: count_padding must be auto, true or false, not 'maybe'"},
        {IN "layers:\n  - avg_pool2d: {size: 3, count_pading: true}\n",
         "m.yaml:3:27: error: avg_pool2d: unknown key 'count_pading' (did you mean "
         "'count_padding'?)\n"},
        {IN "layers:\n  - zero_pad2d: [1, 2]\n",
         "m.yaml:3:17: error: zero_pad2d: padding must be one number or [top, bottom, left, "
         "right], not a list of 2\n"},
        {IN "layers:\n  - zero_pad2d\n", "m.yaml:3:5: error: zero_pad2d: 'padding' is missing: "},
        {IN "layers:\n  - upsample: 0\n",
         "m.yaml:3:15: error: upsample: factor must be between 1 and 4096, not 0\n"},
        {IN "layers:\n  - upsample: 4096\n  - upsample: 4096\n",
         "m.yaml:3:5: error: upsample: its output 12288x12288x8 or its weights are too large\n"},
        {IN "layers:\n  - global_avg_pool: 2\n",
         "m.yaml:3:22: error: global_avg_pool: takes no value\n"},
        {IN "layers:\n  - conv2d: {filters: 9, kernel: 1, groups: 3}\n",
         "m.yaml:3:5: error: conv2d: groups 3 does not divide its 8 input channels; it must "
         "divide input channels and filters\n"},
        {IN "layers:\n  - conv2d: {filters: 9, kernel: 1, groups: 4}\n",
         "m.yaml:3:5: error: conv2d: groups 4 does not divide its 9 filters; it must divide "
         "input channels and filters\n"},
        {IN "layers:\n  - conv2d: {filters: 9, kernel: 2, dilation: [2, 5], padding: 1}\n",
         "m.yaml:3:5: error: conv2d: window 3x6 does not fit its input 3x3x8: kernel 2x2 with "
         "dilation 2x5; use less, or more padding\n"},
        {IN "layers:\n  - conv2d: {filters: 9, kernel: 2, dilation: 0}\n",
         "m.yaml:3:47: error: conv2d: dilation must be between 1 and 1024, not 0\n"},
        {IN "layers:\n  - relu\n",
         "m.yaml:3:5: error: the model ends with 3x3x8: add flatten and a dense layer\n"
         "  - relu\n    ^~~~"},
        {IN "layers:\n  - identity: 0.5\n", "m.yaml:3:15: error: identity: takes no value\n"},
        {IN "layers:\n  - batch_norm: {momentum: 0.1}\n",
         "m.yaml:3:18: error: batch_norm: 'momentum' is not taken: its meaning differs between "
         "frameworks; write decay, the share of the old value (Keras' momentum, 1 - PyTorch's "
         "momentum)\n"},
        {IN "layers:\n  - batch_norm: {decay: 1.5}\n",
         "m.yaml:3:25: error: batch_norm: decay must be between 0 and 1, not 1.5\n"},
        {IN "layers:\n  - batch_norm: {eps: 0}\n",
         "m.yaml:3:23: error: batch_norm: eps must be between 1e-12 and 1, not 0\n"},
        {IN "layers:\n  - elu: -1\n",
         "m.yaml:3:10: error: elu: alpha must be between 0 and 1000, not -1\n"},
        {IN "layers:\n  - gelu: tan\n",
         "m.yaml:3:11: error: gelu: approximate must be none or tanh, not 'tan' (did you mean "
         "'tanh'?)\n"},
        {IN "layers:\n  - relu: 6\n", "m.yaml:3:11: error: relu: takes no value\n"},
        {IN "layers:\n  - prelu: {per_chanel: true}\n",
         "m.yaml:3:13: error: prelu: unknown key 'per_chanel' (did you mean 'per_channel'?)\n"},
        {IN "layers:\n  - residual: [relu]\n",
         "m.yaml:3:5: error: residual: must be {main: [...], shortcut: [...]}\n"},
        {IN "layers:\n  - residual: {shortcut: [relu]}\n",
         "m.yaml:3:5: error: residual: 'main' is missing: "},
        {IN "layers:\n  - residual: {main: [conv2d: {filters: 5, kernel: 1}]}\n",
         "m.yaml:3:5: error: add: its inputs differ in shape: 3x3x5 and 3x3x8: `conv2d: {filters: "
         "5, kernel: 1}` behind the second, which is the shortcut of a residual, makes them one\n"},
        {IN "layers:\n  - relu: {from: x}\n",
         "m.yaml:3:18: error: relu: from: no layer before this one has the name 'x'; "
         "a layer gets one by `name:`\n"
         "  - relu: {from: x}\n                 ^"},
        {IN "layers:\n  - relu: {name: first}\n  - relu: {from: frist}\n",
         "m.yaml:4:18: error: relu: from: no layer before this one has the name 'frist' (did you "
         "mean 'first'?); a layer gets one by `name:`\n"},
        {IN "layers:\n  - relu: {from: [input]}\n",
         "m.yaml:3:18: error: relu: from must be one name; add, concat and multiply read several "
         "layers\n"},
        {IN "layers:\n  - multiply: {from: [input, input, input]}\n",
         "m.yaml:3:22: error: multiply: from must be a list of 2 names of layers\n"},
        {IN "layers:\n  - add\n", "m.yaml:3:5: error: add: say which layers: {from: [a, b]}"},
        {IN "layers:\n  - add: {from: [input]}\n",
         "m.yaml:3:17: error: add: from must be a list of 2 to 8 names of layers\n"},
        {IN "layers:\n  - relu\n  - flatten: {from: input}\n  - dense: 2\n",
         "m.yaml:3:5: error: relu: no layer reads what this one puts out: name it in a `from`, or "
         "leave it out\n"},
        {IN "layers:\n  - flatten: 3\n",
         "m.yaml:3:14: error: flatten: takes no value\n  - flatten: 3\n             ^"},
        {IN "layers:\n  - dense: ten\n",
         "m.yaml:3:12: error: dense: units must be a whole number, not 'ten'\n"
         "  - dense: ten\n           ^~~"},
        {IN "layers:\n  - dense: {name: a}\n", "m.yaml:3:5: error: dense: 'units' is missing: "},
        {IN "layers:\n  - flatten\n  - dense: 2\n    name: a\n",
         "m.yaml:5:5: error: a layer has one key, its type; write dense: {key: value, ...}\n"
         "    name: a\n    ^~~~"},
        {IN "layers:\n  - [relu]\n",
         "m.yaml:3:5: error: a layer must be `type` or `type: options`\n  - [relu]\n    ^"},
        {IN "layers: []\n",
         "m.yaml:2:9: error: layers must be a list of at least one layer\nlayers: []\n        ^"},
        {IN "layers: [flatten: {name: a}, dense: {units: 2, name: a}]\n",
         "m.yaml:2:54: error: dense: the name 'a' is already taken: give another\n"},
        {IN "blocks: {b: {layers: [relu: {name: a}, relu: {name: a}]}}\nlayers: [b]\n",
         "m.yaml:2:53: error: relu: the name 'a' is already taken: give another\n"},
        {IN "blocks: {b: {args: [n], layers: [relu: {name: $n}, tanh: {name: $n}]}}\n"
            "layers: [b: {n: foo}]\n",
         "m.yaml:3:17: error: tanh: the name 'foo' is already taken: give another\n"},
        {IN "layers: [relu: {name: input}]\n",
         "m.yaml:2:23: error: relu: 'input' is the name of the images: choose another\n"},
        {IN "layers: [flatten: {name: a.}]\n", "m.yaml:2:26: error: flatten: name must be made of "
                                               "letters, digits, '_', '-' and '.', and neither "
                                               "begin nor end with '.'\n"},
        {IN "layers: [flatten: {name: a b}]\n", "m.yaml:2:26: error: flatten: name must be made"},
        {IN "layers: [flatten: {name: ''}]\n", "m.yaml:2:26: error: flatten: name must be made"},
        {IN, "m.yaml:1:1: error: model: 'layers' is missing: "},
        {"layers: [relu]\n", "m.yaml:1:1: error: model: 'input' is missing: "},
        {"input: [28, 28]\nlayers: [relu]\n",
         "m.yaml:1:8: error: model: input must be [height, width, channels]\n"
         "input: [28, 28]\n       ^"},
        {"input: 28\nlayers: [relu]\n",
         "m.yaml:1:8: error: model: input must be [height, width, channels]\ninput: 28\n"
         "       ^~"},
        {"input: [28, 0, 1]\nlayers: [relu]\n",
         "m.yaml:1:13: error: model: input width must be between 1 and 65536, not 0\n"
         "input: [28, 0, 1]\n            ^"},
        {"input: [28, 28, 1.5]\nlayers: [relu]\n",
         "m.yaml:1:17: error: model: input channels must be a whole number, not '1.5'\n"
         "input: [28, 28, 1.5]\n                ^~~"},
        {"input: [65536, 65536, 65536]\nlayers: [relu]\n",
         "m.yaml:2:10: error: relu: its output 65536x65536x65536 or its weights are too large\n"},
        {"input: [1, 1, 65536]\nlayers: [dense: 65536]\n", "m.yaml:2:10: error: dense: "},
        {IN "layer: [relu]\n",
         "m.yaml:2:1: error: model: unknown key 'layer' (did you mean 'layers'?)\n"},
        {"name: a/b\n" IN "layers: [relu]\n", "m.yaml:1:7: error: model: name must be made of "},
        {"[1]\n", "m.yaml:1:1: error: model: must be a mapping of name, input and layers\n"},
        {IN "defaults: {conv2: {}}\nlayers: [relu]\n",
         "m.yaml:2:12: error: defaults: unknown layer 'conv2'\n"},
        {IN "defaults: {dense: {unit: 1}}\nlayers: [relu]\n",
         "m.yaml:2:20: error: dense: unknown key 'unit' (did you mean 'units'?)\n"},
        {IN "defaults: {dense: 3}\nlayers: [relu]\n",
         "m.yaml:2:19: error: defaults: dense must be a mapping of options\n"},
        {IN "blocks: {b: {layers: [relu]}}\nlayers: [bb]\n",
         "m.yaml:3:10: error: unknown layer 'bb'"},
        {IN "blocks: {relu: {layers: [relu]}}\nlayers: [relu]\n",
         "m.yaml:2:10: error: blocks: 'relu' is the name of a layer\n"},
        {IN "blocks: {b: {args: [f], layers: [dense: $g]}}\nlayers: [b: {f: 1}]\n",
         "m.yaml:2:41: error: '$g' is no argument of this block\n"},
        {IN "layers: [dense: $f]\n",
         "m.yaml:2:17: error: '$f' is no argument of a block around it\n"},
        {IN "blocks: {b: {args: [f], layers: [dense: $f]}}\nlayers: [b: {g: 1}]\n",
         "m.yaml:3:10: error: b: argument 'f' is missing\n"},
        {IN "blocks: {b: {args: [f], layers: [dense: $f]}}\nlayers: [b]\n",
         "m.yaml:3:10: error: b: argument 'f' is missing\n"},
        {IN "blocks: {b: {layers: [relu]}}\nlayers: [b: {g: 1}]\n",
         "m.yaml:3:14: error: b: unknown argument 'g'\n"},
        {IN "blocks: {b: {layers: [relu]}}\nlayers: [b: 7]\n",
         "m.yaml:3:13: error: b: must be a mapping of arguments: {name: value}\n"},
        {IN "blocks: {b: {args: [f], layers: [dense: $f]}}\nlayers: [flatten, b: {f: x}]\n",
         "m.yaml:3:26: error: dense: units must be a whole number, not 'x'\n"},
        {IN "blocks: {b: {args: [f]}}\nlayers: [relu]\n",
         "m.yaml:2:10: error: blocks: 'layers' is missing: "},
        {IN "blocks: {b: {args: [f], layers: [dense: {units: 2, name: f}]}}\nlayers: [flatten, b: "
            "{f: 1}]\n",
         "m.yaml:2:21: error: the layers of this block do not use the argument 'f'; there it is "
         "written $f\n"},
        {IN "blocks: {b: {layers: [relu]}, c: {layers: [relu]}}\nlayers: [b]\n",
         "m.yaml:2:31: error: blocks: no layer is 'c': use it or leave it out\n"},
        {IN "blocks: {b: {layers: [b]}}\nlayers: [b]\n",
         "m.yaml:2:23: error: b: blocks nested more than 32 deep: does it use itself?\n"},
        {IN "layers: [repeat: {times: 0, layers: [relu]}]\n",
         "m.yaml:2:26: error: repeat: times must be between 1 and 1000, not 0\n"},
        {IN "layers: [repeat: {times: 2}]\n", "m.yaml:2:10: error: repeat: 'layers' is missing: "},
        {IN "layers: [flatten, dense: {units: 3, activation: softmax}]\n",
         "m.yaml:2:49: error: dense: softmax is a layer of its own: put `- softmax` behind this "
         "one\n"},
        {IN "layers: [repeat]\n", "m.yaml:2:10: error: repeat: must be {times: N, layers: [...]}"},
        {IN "layers: [repeat: {times: 1000, layers: [repeat: {times: 1000, layers: [relu]}]}]\n",
         "m.yaml:2:72: error: more than 4096 layers\n"},
    };
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct incline_model model;
        enum incline_status status = parse(s, cases[i].text, &model);
        const char *got = incline_error_text(s->ctx);
        if (strncmp(got, cases[i].error, strlen(cases[i].error)) != 0)
            fail_msg("case %zu\nwanted: %s\ngot:    %s", i, cases[i].error, got);
        assert_int_equal(status, INCLINE_ERROR_CONFIG);
        assert_null(model.layers);
        incline_error_clear(s->ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_chain),
        scratch_test(test_graph),
        scratch_test(test_names),
        scratch_test(test_defaults),
        scratch_test(test_blocks),
        scratch_test(test_names_that_come_again),
        scratch_test(test_written_model_reads_back),
        scratch_test(test_messages),
        scratch_test(test_closing_softmax),
        scratch_test(test_pools),
        scratch_test(test_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

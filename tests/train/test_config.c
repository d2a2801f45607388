/* Whole configurations: sections, settings, references, built-in ones, the written text, help. */
#include "support/scratch.h"

#include "base/embedded.h"
#include "layers/layer.h"
#include "train/config.h"

#define MODEL "model: {input: [2, 2, 3], layers: [flatten, dense: 4]}\n"
#define DATA "data: {root: x}\n"

static enum incline_status parse(struct scratch *s, const char *text,
                                 const struct incline_setting *settings, size_t count,
                                 struct incline_config **config)
{
    return incline_config_parse(s->ctx, "c.yaml", text, settings, count, config);
}

static struct incline_config *parsed(struct scratch *s, const char *text)
{
    struct incline_config *config = NULL;
    assert_ok(s->ctx, parse(s, text, NULL, 0, &config));
    return config;
}

static void test_defaults(void **state)
{
    struct scratch *s = *state;
    struct incline_config *config = parsed(s, "incline: 1\n" MODEL DATA);
    assert_string_equal(incline_config_model_name(config), "model");
    assert_string_equal(incline_config_data_root(config), "x");
    assert_int_equal(incline_config_epochs(config), 10);
    assert_int_equal(incline_config_batch_size(config), 128);
    assert_int_equal(incline_config_seed(config), 1);
    assert_int_equal(incline_loss_number(&config->train.loss), INCLINE_LOSS_CROSS_ENTROPY);
    assert_int_equal(config->train.top_k, 5);
    assert_int_equal(config->train.val_every, 1);
    assert_true(config->train.optimizer.options.lr == 0.01);
    assert_int_equal(config->data.format, INCLINE_DATA_IDX);
    assert_int_equal(config->data.val, INCLINE_VAL_NONE);
    assert_true(config->data.scale == 255);
    assert_true(config->data.shuffle);
    assert_int_equal(config->data.mean.count, 0);
    assert_int_equal(config->data.classes.count, 0);
    incline_config_destroy(&config);
    assert_null(config);
    incline_config_destroy(&config);
}

static const char full[] = "incline: 1\n" MODEL "data:\n"
                           "  format: idx\n"
                           "  root: \"a folder\"\n"
                           "  val: {split: 0.25}\n"
                           "  scale: 128\n"
                           "  normalize: {mean: 0.5, std: [0.1, 0.2, 3E-1]}\n"
                           "  classes: [no, \"T-shirt/top\", c, 4]\n"
                           "  shuffle: false\n"
                           "train:\n"
                           "  epochs: 3\n"
                           "  batch_size: 65536\n"
                           "  loss: mse\n"
                           "  optimizer: {sgd: {lr: 1e-4}}\n"
                           "  metrics: [accuracy]\n"
                           "  seed: 18446744073709551615\n"
                           "  val_every: 2\n";

static void test_all_keys(void **state)
{
    struct scratch *s = *state;
    struct incline_config *config = parsed(s, full);
    assert_string_equal(config->data.root, "a folder");
    assert_int_equal(config->data.val, INCLINE_VAL_SPLIT);
    assert_true(config->data.split == 0.25);
    assert_true(config->data.scale == 128);
    assert_int_equal(config->data.mean.count, 3); /* one number is copied to all channels */
    assert_true(config->data.mean.values[2] == 0.5);
    assert_true(config->data.std.values[2] == 0.3);
    assert_int_equal(config->data.classes.count, 4);
    assert_string_equal(config->data.classes.values[0], "no");
    assert_string_equal(config->data.classes.values[3], "4");
    assert_false(config->data.shuffle);
    assert_int_equal(config->train.epochs, 3);
    assert_int_equal(config->train.batch_size, 65536);
    assert_int_equal(incline_loss_number(&config->train.loss), INCLINE_LOSS_MSE);
    assert_true(config->train.optimizer.options.lr == 0.0001);
    assert_true(config->train.seed == UINT64_MAX);
    assert_int_equal(config->train.val_every, 2);

    struct incline_config *again = parsed(s, incline_config_text(config));
    assert_string_equal(incline_config_text(again), incline_config_text(config));
    assert_true(again->data.std.values[1] == 0.2);
    assert_string_equal(again->data.classes.values[1], "T-shirt/top");
    assert_int_equal(again->data.val, INCLINE_VAL_SPLIT);
    incline_config_destroy(&again);
    incline_config_destroy(&config);
}

static void test_written_text(void **state)
{
    struct scratch *s = *state;
    struct incline_config *config =
        parsed(s, "incline: 1\nmodel: {input: [1, 1, 3], layers: [relu, softmax]}\n"
                  "data: {root: x, val: test, scale: 1}\ntrain:\n");
    assert_string_equal(incline_config_text(config), "incline: 1\n"
                                                     "\n"
                                                     "model:\n"
                                                     "  name: model\n"
                                                     "  input: [1, 1, 3]\n"
                                                     "  layers:\n"
                                                     "    - relu: {name: relu_1}\n"
                                                     "    - softmax: {name: softmax_1}\n"
                                                     "\n"
                                                     "data:\n"
                                                     "  format: idx\n"
                                                     "  root: x\n"
                                                     "  scale: 1\n"
                                                     "  classes: []\n"
                                                     "  multi_label: false\n"
                                                     "  shuffle: true\n"
                                                     "  val: test\n"
                                                     "\n"
                                                     "train:\n"
                                                     "  epochs: 10\n"
                                                     "  batch_size: 128\n"
                                                     "  accumulate: 1\n"
                                                     "  seed: 1\n"
                                                     "  val_every: 1\n"
                                                     "  clip_norm: 0\n"
                                                     "  clip_value: 0\n"
                                                     "  loss: {cross_entropy: {label_smoothing: "
                                                     "0, class_weights: []}}\n"
                                                     "  optimizer: {sgd: {lr: 0.01, momentum: 0, "
                                                     "dampening: 0, nesterov: false, "
                                                     "weight_decay: 0, decay_bias_norm: true}}\n"
                                                     "  metrics: [accuracy]\n");
    incline_config_destroy(&config);
}

static void test_losses(void **state)
{
    static const struct {
        const char *given, *written;
        double number, last_weight;
        int top_k;
    } cases[] = {
        {"loss: {cross_entropy: {label_smoothing: 0.1, class_weights: [1, 0, 2.5]}}",
         "  loss: {cross_entropy: {label_smoothing: 0.1, class_weights: [1, 0, 2.5]}}\n", 0.1, 2.5,
         5},
        {"loss: focal, metrics: [accuracy, {top_k: 2}]", "  loss: {focal: {gamma: 2, alpha: []}}\n",
         2, 1, 2},
        {"loss: {focal: {alpha: 0.25}}, metrics: {top_k: 1}",
         "  loss: {focal: {gamma: 2, alpha: [0.25]}}\n", 2, 0.25, 1},
        {"loss: {focal: 3}", "  loss: {focal: {gamma: 3, alpha: []}}\n", 3, 1, 5},
        {"loss: {hinge: {}}, metrics: accuracy", "  loss: {hinge: {margin: 1}}\n", 1, 1, 5},
        {"loss: binary_cross_entropy", "  loss: {binary_cross_entropy: {pos_weight: []}}\n", 0, 1,
         5},
        {"loss: {binary_cross_entropy: {pos_weight: [1, 2, 3]}}",
         "  loss: {binary_cross_entropy: {pos_weight: [1, 2, 3]}}\n", 0, 3, 5},
        {"loss: {binary_cross_entropy: {pos_weight: 0.5}}",
         "  loss: {binary_cross_entropy: {pos_weight: [0.5]}}\n", 0, 0.5, 5},
    };
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300];
        snprintf(text, sizeof text,
                 "incline: 1\nmodel: {input: [1, 1, 3], layers: [relu]}\ndata: {root: x}\n"
                 "train: {%s}\n",
                 cases[i].given);
        struct incline_config *config = parsed(s, text);
        assert_non_null(strstr(incline_config_text(config), cases[i].written));
        struct incline_config *again = parsed(s, incline_config_text(config));
        assert_string_equal(incline_config_text(again), incline_config_text(config));
        assert_true(again->train.loss.options.number == cases[i].number);
        assert_true(incline_loss_class_weight(&again->train.loss, 2) == cases[i].last_weight);
        assert_int_equal(again->train.top_k, cases[i].top_k);
        incline_config_destroy(&again);
        incline_config_destroy(&config);
    }
}

#define SEVERAL                                                                                    \
    "incline: 1\nmodel: {input: [1, 1, 3], layers: [relu]}\ndata: {root: x, multi_label: yes}\n"

static void test_several_classes(void **state)
{
    static const struct {
        const char *train, *error;
    } cases[] = {
        {"", "c.yaml:3:30: error: train: loss cross_entropy is for one class an image; with "
             "data.multi_label take binary_cross_entropy, or mse\n"},
        {"train:\n", "c.yaml:3:30: error: train: loss cross_entropy is for one class an image; "},
        {"train: {loss: hinge}\n", "c.yaml:4:15: error: train: loss hinge is for one class an "},
        {"train: {loss: {focal: 2}}\n", "c.yaml:4:15: error: train: loss focal is for one class "},
        {"train: {loss: mse, metrics: [accuracy, {top_k: 2}]}\n",
         "c.yaml:4:40: error: train: top_k means nothing with data.multi_label, where an image "
         "shows several classes: leave it out\n"},
        {"train: {loss: binary_cross_entropy, metrics: {top_k: 1}}\n",
         "c.yaml:4:46: error: train: top_k means nothing "},
        {"train: {loss: {binary_cross_entropy: {pos_weight: [1, 2]}}}\n",
         "c.yaml:4:51: error: binary_cross_entropy: one number for each class is needed: the model "
         "has 3 outputs, not 2\n"},
        {"train: {loss: mse, metrics: [accuracy]}\n", ""},
        {"train: {loss: binary_cross_entropy, metrics: accuracy}\n", ""},
    };
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct incline_config *config = NULL;
        char text[300];
        snprintf(text, sizeof text, SEVERAL "%s", cases[i].train);
        enum incline_status status = parse(s, text, NULL, 0, &config);
        assert_int_equal(status, *cases[i].error ? INCLINE_ERROR_CONFIG : INCLINE_OK);
        if (strncmp(incline_error_text(s->ctx), cases[i].error, strlen(cases[i].error)) != 0)
            fail_msg("'%s' does not begin with '%s'", incline_error_text(s->ctx), cases[i].error);
        assert_true(!config || config->train.loss.multi_label);
        incline_config_destroy(&config);
        incline_error_clear(s->ctx);
    }
    struct incline_config *config = parsed(s, SEVERAL "train: {loss: mse}\n");
    struct incline_config *again = parsed(s, incline_config_text(config));
    assert_true(again->train.loss.multi_label && incline_config_multi_label(again));
    incline_config_destroy(&again);
    incline_config_destroy(&config);
}

#define ENDS_IN(layer)                                                                             \
    "incline: 1\nmodel: {input: [1, 1, 3], layers: [relu, " layer "]}\ndata: {root: x}\n"

static void test_closing_layers(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {ENDS_IN("softmax") "train: {loss: hinge}\n",
         "c.yaml:4:15: error: hinge takes scores, not probabilities: leave out the closing "
         "softmax\n"},
        {ENDS_IN("sigmoid") "train: {loss: {hinge: {margin: 2}}}\n",
         "c.yaml:4:16: error: hinge takes scores, not probabilities: leave out the closing "
         "sigmoid\n"},
        {ENDS_IN("softmax") "train: {loss: binary_cross_entropy}\n",
         "c.yaml:4:15: error: binary_cross_entropy takes scores, not probabilities: leave out the "
         "closing softmax\n"},
        {ENDS_IN(
             "{dense: {units: 2, activation: sigmoid}}") "train: {loss: binary_cross_entropy}\n",
         "c.yaml:4:15: error: binary_cross_entropy takes scores, not probabilities: leave out the "
         "closing activation: sigmoid\n"},
        {ENDS_IN("sigmoid") "train: {loss: binary_cross_entropy}\n", ""},
        {ENDS_IN("softmax") "train: {loss: focal}\n", ""},
        {ENDS_IN("softmax") "train: {loss: mse}\n", ""},
        {ENDS_IN("tanh") "train: {loss: hinge}\n", ""},
    };
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct incline_config *config = NULL;
        enum incline_status status =
            incline_config_parse(s->ctx, "c.yaml", cases[i].text, NULL, 0, &config);
        assert_int_equal(status, *cases[i].error ? INCLINE_ERROR_CONFIG : INCLINE_OK);
        assert_int_equal(
            strncmp(incline_error_text(s->ctx), cases[i].error, strlen(cases[i].error)), 0);
        incline_config_destroy(&config);
        incline_error_clear(s->ctx);
    }
}

static void test_json(void **state)
{
    struct scratch *s = *state;
    struct incline_config *config = NULL;
    static const char text[] =
        "{\"incline\": 1, \"model\": {\"input\": [2, 2, 1], \"layers\": [\"flatten\",\n"
        "\t{\"dense\": {\"units\": 3, \"bias\": false}}]},\n"
        "\t\"data\": {\"root\": \"x\"}, \"train\": {\"optimizer\": \"sgd\", \"seed\": 7}}";
    const char *path = scratch_write(s, "c.json", text, sizeof text - 1);
    assert_ok(s->ctx, incline_config_load(s->ctx, path, NULL, 0, &config));
    assert_int_equal(incline_config_seed(config), 7);
    assert_int_equal(incline_config_summary(config)->parameters, 12);
    incline_config_destroy(&config);
}

static void test_settings(void **state)
{
    struct scratch *s = *state;
    static const struct incline_setting settings[] = {{"train.epochs", "3"},
                                                      {"train.optimizer.*.lr", "1e-3"},
                                                      {"data.val", "{split: 0.5}"},
                                                      {"model.layers.1.dense", "{units: 6}"},
                                                      {"model.layers.1.*.bias", "no"},
                                                      {"model.name", "other"},
                                                      {"train.epochs", "4"}};
    struct incline_config *config = NULL;
    assert_ok(s->ctx, parse(s, "incline: 1\n" MODEL DATA, settings, 4, &config));
    assert_int_equal(incline_config_epochs(config), 3);
    assert_true(config->train.optimizer.options.lr == 1e-3);
    assert_true(config->data.split == 0.5);
    incline_config_destroy(&config);
    assert_ok(s->ctx,
              parse(s, "incline: 1\ntrain: {optimizer: sgd}\n" MODEL DATA, settings, 7, &config));
    assert_int_equal(incline_config_epochs(config), 4); /* the last one holds */
    assert_true(config->train.optimizer.options.lr == 1e-3);
    assert_string_equal(incline_config_model_name(config), "other");
    assert_int_equal(incline_config_summary(config)->parameters, 72);
    incline_config_destroy(&config);
    assert_ok(s->ctx, parse(s, "incline: 1\ntrain:\n" MODEL DATA, settings, 2, &config));
    assert_int_equal(incline_config_epochs(config), 3);
    incline_config_destroy(&config);
}

static void test_wrong_settings(void **state)
{
    static const struct {
        const char *path, *value;
        enum incline_status status;
        const char *error;
    } cases[] = {
        {"train.epochs", "abc", INCLINE_ERROR_ARGUMENT,
         "--set train.epochs=abc: error: train: epochs must be a whole number or until_converged, "
         "not 'abc'"},
        {"train.epoch", "3", INCLINE_ERROR_ARGUMENT,
         "--set train.epoch=3: error: train: unknown key 'epoch' (did you mean 'epochs'?)"},
        {"train.optimizer.*.lr", "0", INCLINE_ERROR_ARGUMENT,
         "--set train.optimizer.*.lr=0: error: sgd: lr must be above 0 and at most 1e+30, not 0"},
        {"data.val", "{split: 2}", INCLINE_ERROR_ARGUMENT,
         "--set data.val={split: 2}: error: val: split must be above 0 and at most 0.9, not 2\n"
         "{split: 2}\n        ^"},
        {"model.layers.7.relu", "x", INCLINE_ERROR_ARGUMENT,
         "--set model.layers.7.relu=x: error: there is no item 7: the list has 2, counted from 0"},
        {"model.layers.0", "relu", INCLINE_ERROR_CONFIG,
         "c.yaml:2:45: error: dense: "}, /* what no longer fits is in the file */
    };
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct incline_setting setting = {cases[i].path, cases[i].value};
        struct incline_config *config = NULL;
        assert_int_equal(parse(s, "incline: 1\n" MODEL DATA, &setting, 1, &config),
                         cases[i].status);
        if (cases[i].status == INCLINE_ERROR_ARGUMENT)
            assert_string_equal(incline_error_text(s->ctx), cases[i].error);
        else
            assert_memory_equal(incline_error_text(s->ctx), cases[i].error, strlen(cases[i].error));
        assert_null(config);
        incline_error_clear(s->ctx);
    }
}

#define HEAD "incline: 1\n" MODEL

static void test_messages(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "c.yaml: error: the file is empty"},
        {"# nothing\n", "c.yaml: error: the file is empty"},
        {"- a\n", "c.yaml:1:1: error: must be a mapping: incline, model, data, train\n- a\n^"},
        {MODEL DATA, "c.yaml:1:1: error: the format version is missing: begin with `incline: 1`\n"},
        {"incline: 2\n" MODEL DATA, "c.yaml:1:10: error: format version 2 is newer than this "
                                    "incline reads (1): update it\nincline: 2\n         ^"},
        {"incline: one\n" MODEL DATA,
         "c.yaml:1:10: error: incline must be the format version: 1\n"},
        {"incline: 0\n" MODEL DATA, "c.yaml:1:10: error: incline must be the format version: 1\n"},
        {HEAD DATA "modle: x\n", "c.yaml:4:1: error: configuration: unknown key 'modle' (did you "
                                 "mean 'model'?)\nmodle: x\n^~~~~"},
        {"incline: 1\n" DATA,
         "c.yaml:1:1: error: configuration: 'model' is missing: the network\n"},
        {HEAD, "c.yaml:1:1: error: configuration: 'data' is missing: the images: at least {root: "
               "folder}\n"},
        {HEAD "data:\n", "c.yaml:3:5: error: data: 'root' is missing: folder of the data, also "
                         "looked up in INCLINE_DATA_PATH\n"},
        {HEAD "data: {root: }\n", "c.yaml:3:12: error: data: root must be the folder of the data, "
                                  "not empty\n"},
        {HEAD "data: {root: x, format: png}\n",
         "c.yaml:3:25: error: data: format must be idx, not 'png'\n"},
        {HEAD "data: {root: x, scale: 0}\n",
         "c.yaml:3:24: error: data: scale must be above 0 and at most 1e+30, not 0\n"},
        {HEAD "data: {root: x, val: some}\n",
         "c.yaml:3:22: error: data: val must be none, test or {split: 0.1}\n"},
        {HEAD "data: {root: x, val: {splt: 1}}\n",
         "c.yaml:3:23: error: val: unknown key 'splt' (did you mean 'split'?)\n"},
        {HEAD "data: {root: x, val: {}}\n", "c.yaml:3:22: error: val: 'split' is missing: "},
        {HEAD "data: {root: x, normalize: {mean: [1, 2], std: 1}}\n",
         "c.yaml:3:35: error: normalize: mean must have 1 number or 3, one for each channel of "
         "model.input, not 2\n"},
        {HEAD "data: {root: x, normalize: {mean: 1, std: [1, 0, 1]}}\n",
         "c.yaml:3:43: error: normalize: std must be above 0 and at most 1e+30, not 0\n"},
        {HEAD "data: {root: x, normalize: {mean: 1, std: []}}\n",
         "c.yaml:3:43: error: normalize: std must have 1 number or 3"},
        {HEAD "data: {root: x, normalize: {mean: 1}}\n",
         "c.yaml:3:28: error: normalize: 'std' is missing"},
        {HEAD "data: {root: x, normalize: auto}\n",
         "c.yaml:3:28: error: data: 'normalize: auto' is not supported yet; give mean and std\n"},
        {HEAD "data: {root: x, classes: [a, b]}\n",
         "c.yaml:3:26: error: data: classes has 2 names, but the model has 4 outputs\n"},
        {HEAD "data: {root: x, classes: [a, b, c, \"d\\e[31m\"]}\n",
         "c.yaml:3:36: error: data: the name of a class must have no control characters\n"
         "data: {root: x, classes: [a, b, c, \"d\\e[31m\"]}\n"
         "                                   ^~~~~~~~"},
        {HEAD "data: {root: x, classes: [a, \"b\\tb\", c, d]}\n",
         "c.yaml:3:30: error: data: the name of a class must"},
        {HEAD "data: {root: x, classes: [a, b, \"c\\n\", d]}\n",
         "c.yaml:3:33: error: data: the name of a class must"},
        {HEAD "data: {root: x, classes: [a, \"\\u009b31m\", c, d]}\n",
         "c.yaml:3:30: error: data: the name of a class must"},
        {HEAD "data: {root: x, classes: [a, \xff, c, d]}\n",
         "c.yaml:3:30: error: byte 0xff is not UTF-8 text\n"},
        {HEAD "data: {root: x, augment: [flip]}\n",
         "c.yaml:3:17: error: data: 'augment' is not supported yet\n"},
        {HEAD DATA "train: {epochs: 0}\n", "c.yaml:4:17: error: train: epochs must be between 1 "
                                           "and 1000000 or until_converged, not 0\n"},
        {HEAD DATA "train: {batch_size: 65537}\n",
         "c.yaml:4:21: error: train: batch_size must be between 1 and 65536, not 65537\n"},
        {HEAD DATA "train: {loss: mes}\n",
         "c.yaml:4:15: error: train: loss must be cross_entropy, mse, focal, hinge or "
         "binary_cross_entropy, not 'mes' (did you mean 'mse'?)\n"},
        {HEAD DATA "train: {loss: {mes: {}}}\n", "c.yaml:4:16: error: train: loss must be"},
        {HEAD DATA "train: {loss: [mse]}\n",
         "c.yaml:4:15: error: train: loss must be one name, or {name: {...}}\n"},
        {HEAD DATA "train: {loss: {mse: 1}}\n", "c.yaml:4:21: error: mse: takes no value\n"},
        {HEAD DATA "train: {loss: {focal: {gama: 2}}}\n",
         "c.yaml:4:24: error: focal: unknown key 'gama' (did you mean 'gamma'?)\n"},
        {HEAD DATA "train: {loss: {focal: {gamma: -1}}}\n",
         "c.yaml:4:31: error: focal: gamma must be between 0 and 100, not -1\n"},
        {HEAD DATA "train: {loss: {cross_entropy: {label_smoothing: 1.5}}}\n",
         "c.yaml:4:49: error: cross_entropy: label_smoothing must be between 0 and 1, not 1.5\n"},
        {HEAD DATA "train: {loss: {cross_entropy: {class_weights: [1, 2, 3]}}}\n",
         "c.yaml:4:47: error: cross_entropy: one number for each class is needed: the model has 4 "
         "outputs, not 3\n"},
        {HEAD DATA "train: {loss: {cross_entropy: {class_weights: 2}}}\n",
         "c.yaml:4:47: error: cross_entropy: one number for each class is needed"},
        {HEAD DATA "train: {loss: {cross_entropy: {class_weights: [0, 0, 0, 0]}}}\n",
         "c.yaml:4:47: error: cross_entropy: at least one number must be above 0\n"},
        {HEAD DATA "train: {loss: {focal: {alpha: [1, 2]}}}\n",
         "c.yaml:4:31: error: focal: one number for each class is needed"},
        {HEAD DATA "train: {seed: -1}\n", "c.yaml:4:15: error: train: seed must be a whole number "
                                          "from 0 to 18446744073709551615, not '-1'\n"},
        {HEAD DATA "train: {seed: 18446744073709551616}\n", "c.yaml:4:15: error: train: seed must"},
        {HEAD DATA "train: {metrics: [f1]}\n",
         "c.yaml:4:19: error: train: metrics must be [accuracy] or [accuracy, {top_k: 3}]\n"},
        {HEAD DATA "train: {metrics: [accuracy, {top_k: 0}]}\n",
         "c.yaml:4:37: error: metrics: top_k must be at least 1, not 0\n"},
        {HEAD DATA "train: {metrics: [accuracy, {top_k: 5}]}\n",
         "c.yaml:4:37: error: train: top_k must be between 1 and 4, the number of classes, not 5"},
        {HEAD DATA "train: {metrics: [accuracy, {top: 3}]}\n",
         "c.yaml:4:30: error: metrics: unknown key 'top' (did you mean 'top_k'?)\n"},
        {HEAD DATA "train: {metrics: [{top_k: 2}, {top_k: 3}]}\n",
         "c.yaml:4:31: error: train: metrics has room for one top_k\n"},
        {HEAD DATA "train: {checkpoint: {}}\n", "c.yaml:4:9: error: train: 'checkpoint' is not"},
        {HEAD DATA "train: {label_smoothing: 0.1}\n",
         "c.yaml:4:9: error: train: 'label_smoothing' belongs to the loss: loss: {NAME: "
         "{label_smoothing: ...}}\n"},
        {HEAD DATA "train: {lr: 0.1}\n",
         "c.yaml:4:9: error: train: 'lr' belongs to the optimizer: optimizer: {NAME: {lr: ...}}\n"},
        {HEAD DATA "train: {optimizer: {lr: 0.1}}\n",
         "c.yaml:4:21: error: train: optimizer: 'lr' is an option, which stands below an "
         "optimizer's "
         "name: {NAME: {lr: ...}}\n"},
        {HEAD DATA "train: {optimizer: {sgd: {beta1: 0.9}}}\n",
         "c.yaml:4:27: error: sgd has no 'beta1': it is an option of adam, adamw, lion, lamb\n"},
        {HEAD DATA "train: {optimizer: {adam: {momentum: 0.9}}}\n",
         "c.yaml:4:28: error: adam has no 'momentum': it is an option of sgd, rmsprop\n"},
        {HEAD DATA "train: {optimizer: {adam: {clip_norm: 1}}}\n",
         "c.yaml:4:28: error: adam: 'clip_norm' belongs in `train:`, beside `optimizer:`\n"},
        {HEAD DATA "train: {loss: {hinge: {gamma: 1}}}\n",
         "c.yaml:4:24: error: hinge has no 'gamma': it is an option of focal\n"},
        {HEAD DATA "train: {loss: {hinge: {seed: 1}}}\n",
         "c.yaml:4:24: error: hinge: 'seed' belongs in `train:`, beside `loss:`\n"},
        {HEAD DATA "train: {optimizer: {lion: {weight_decy: 1}}}\n",
         "c.yaml:4:28: error: lion: unknown key 'weight_decy' (did you mean 'weight_decay'?)\n"},
        {HEAD DATA "train: {optimizer: {sgd: {momentum: 1.5}}}\n",
         "c.yaml:4:37: error: sgd: momentum must be between 0 and 1, not 1.5\n"},
        {HEAD DATA "train: {optimizer: {adam: {beta2: 1}}}\n",
         "c.yaml:4:35: error: adam: beta2 must be between 0 and 0.9999999, not 1\n"},
        {HEAD DATA "train: {optimizer: {sgd: {nesterov: true}}}\n",
         "c.yaml:4:26: error: sgd: nesterov needs a momentum above 0 and a dampening of 0\n"},
        {HEAD DATA "train: {clip_norm: -1}\n", "c.yaml:4:20: error: train: clip_norm must be "},
        {HEAD DATA "train: {optimizer: {sgd: {lr: 1e999}}}\n",
         "c.yaml:4:31: error: sgd: lr must be a finite number, not '1e999'\n"},
        {HEAD DATA "train: {optimizer: {sgd: {lr: -1}}}\n", "c.yaml:4:31: error: sgd: lr must be "
                                                            "above 0 and at most 1e+30, not -1\n"},
        {HEAD DATA "train: {optimizer: {sgd: 0.1}}\n",
         "c.yaml:4:26: error: sgd: must be a mapping of options: {key: value}\n"},
        {HEAD DATA "train: {optimizer: sdg}\n",
         "c.yaml:4:20: error: unknown optimizer 'sdg': "
         "there is sgd, rmsprop, adagrad, adadelta, adam, adamw, "
         "lion, lamb (did you mean 'sgd'?)\n"},
        {HEAD DATA "train: {optimizer: [sgd]}\n",
         "c.yaml:4:20: error: train: optimizer must be one name, or {name: {...}}\n"},
        {HEAD DATA "train: [1]\n",
         "c.yaml:4:8: error: train: must be a mapping of options: {key: value}\n"},
        {HEAD DATA "train: {epochs: 1, epochs: 2}\n",
         "c.yaml:4:20: error: double key 'epochs': it was given in line 4\n"},
    };
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct incline_config *config = NULL;
        enum incline_status status = parse(s, cases[i].text, NULL, 0, &config);
        const char *got = incline_error_text(s->ctx);
        if (strncmp(got, cases[i].error, strlen(cases[i].error)) != 0)
            fail_msg("case %zu\nwanted: %s\ngot:    %s", i, cases[i].error, got);
        assert_int_equal(status, INCLINE_ERROR_CONFIG);
        assert_null(config);
        incline_error_clear(s->ctx);
    }
}

static void test_model_elsewhere(void **state)
{
    struct scratch *s = *state;
    struct incline_config *config = NULL;
    static const char other[] =
        "incline: 1\nmodel: {name: net, input: [1, 1, 2], layers: [relu]}\n";
    static const char bad[] = "incline: 1\nmodel: net.yaml\n";
    static const char by_path[] = "incline: 1\nmodel: net.yaml\ndata: {root: x}\n";
    static const char twice[] = "incline: 1\nmodel: bad.yaml\ndata: {root: x}\n";
    static const char missing[] = "incline: 1\nmodel: mnist-cn\ndata: {root: x}\n";
    scratch_write(s, "net.yaml", other, sizeof other - 1);
    scratch_write(s, "bad.yaml", bad, sizeof bad - 1);
    const char *path = scratch_write(s, "c.yaml", by_path, sizeof by_path - 1);
    assert_ok(s->ctx, incline_config_load(s->ctx, path, NULL, 0, &config));
    assert_string_equal(incline_config_model_name(config), "net"); /* beside the file */
    incline_config_destroy(&config);
    path = scratch_write(s, "c.yaml", twice, sizeof twice - 1);
    assert_fails(s->ctx, INCLINE_ERROR_CONFIG, incline_config_load(s->ctx, path, NULL, 0, &config),
                 "c.yaml:2:8: error: model: the file has no mapping under `model:`");
    assert_fails(s->ctx, INCLINE_ERROR_CONFIG, parse(s, missing, NULL, 0, &config),
                 "c.yaml:2:8: error: model: there is no file and no built-in model 'mnist-cn' (did "
                 "you mean 'mnist-cnn'?); built in: mnist-cnn, lenet5, resnet20, vgg-cifar\nmodel: "
                 "mnist-cn\n       ^~~~~~~~");
    assert_ok(s->ctx,
              parse(s, "incline: 1\nmodel: mnist-cnn\ndata: {root: x}\n", NULL, 0, &config));
    assert_string_equal(incline_config_model_name(config), "mnist-cnn");
    assert_string_equal(incline_config_data_root(config), "x"); /* only its model is taken */
    incline_config_destroy(&config);
}

static void test_builtin(void **state)
{
    struct scratch *s = *state;
    struct incline_config *config = NULL;
    const char *const *names = incline_builtin_names();
    size_t count = 0;
    for (; names[count]; count++) {
        assert_non_null(incline_builtin_text(names[count]));
        assert_ok(s->ctx, incline_config_load(s->ctx, names[count], NULL, 0, &config));
        assert_string_equal(incline_config_model_name(config), names[count]);
        incline_config_destroy(&config);
    }
    size_t files = 0;
    while (incline_model_files[files].name)
        files++;
    assert_int_equal(count, files);
    assert_null(incline_builtin_text("mnist"));
    assert_null(incline_builtin_text(""));
    assert_null(incline_builtin_text(NULL));
    assert_int_equal(incline_config_load(s->ctx, "mnist-cn", NULL, 0, &config),
                     INCLINE_ERROR_CONFIG);
    assert_string_equal(incline_error_text(s->ctx),
                        "there is no file and no built-in model 'mnist-cn' (did you mean "
                        "'mnist-cnn'?); built in: mnist-cnn, lenet5, resnet20, vgg-cifar ('incline "
                        "init NAME' writes one to a "
                        "file, to start from)");
    incline_error_clear(s->ctx);
}

static void test_builtin_mistake_names_it(void **state)
{
    struct scratch *s = *state;
    struct incline_config *config = NULL;
    struct incline_setting setting = {"model.layers.0.conv2d.kernel", "29"};
    assert_fails(s->ctx, INCLINE_ERROR_CONFIG,
                 incline_config_load(s->ctx, "mnist-cnn", &setting, 1, &config),
                 "built-in mnist-cnn:9:7: error: conv2d: window 29x29 does not fit its input "
                 "28x28x1");
}

static void test_summary(void **state)
{
    struct scratch *s = *state;
    struct incline_config *config = NULL;
    assert_ok(s->ctx, incline_config_load(s->ctx, "mnist-cnn", NULL, 0, &config));
    const struct incline_model_summary *summary = incline_config_summary(config);
    assert_string_equal(summary->name, "mnist-cnn");
    assert_int_equal(summary->height, 28);
    assert_int_equal(summary->channels, 1);
    assert_int_equal(summary->layer_count, 6);
    assert_int_equal(summary->parameters, 693962);
    assert_true(summary->multiply_adds == 194688.0 + 5408 * 128 + 1280);
    const struct incline_layer_summary *row = &summary->layers[0];
    assert_string_equal(row->name, "conv2d_1");
    assert_string_equal(row->type, "conv2d");
    assert_string_equal(row->detail, "3x3 + relu");
    assert_int_equal(row->height, 26);
    assert_int_equal(row->channels, 32);
    assert_int_equal(row->parameters, 320);
    assert_false(row->flat);
    assert_true(summary->layers[2].flat);
    incline_config_destroy(&config);
}

static void test_help(void **state)
{
    struct scratch *s = *state;
    char *text = NULL;
    assert_ok(s->ctx, incline_config_help(s->ctx, NULL, &text));
    assert_non_null(strstr(text, "\n  train "));
    assert_non_null(strstr(text, "\n  max_pool2d "));
    incline_text_free(&text);
    static const char *const topics[] = {"model", "data",     "train",  "sgd",
                                         "lamb",  "schedule", "warmup", "early_stop",
                                         "ema",   "conv2d",   "flatten"};
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        assert_ok(s->ctx, incline_config_help(s->ctx, topics[i], &text));
        assert_memory_equal(text, topics[i], strlen(topics[i]));
        incline_text_free(&text);
    }
    assert_ok(s->ctx, incline_config_help(s->ctx, "dense", &text));
    assert_non_null(strstr(text, "\nPyTorch: Linear\n"));
    assert_non_null(strstr(text, "`dense: VALUE` is short for `dense: {units: VALUE}`."));
    incline_text_free(&text);
    assert_ok(s->ctx, incline_config_help(s->ctx, "reference", &text));
    for (size_t i = 0; i < incline_layer_class_count; i++) {
        assert_non_null(incline_layer_classes[i]->about.equation);
        assert_non_null(incline_layer_classes[i]->about.shapes);
        assert_non_null(strstr(text, incline_layer_classes[i]->about.shapes));
    }
    incline_text_free(&text);
    assert_fails(s->ctx, INCLINE_ERROR_ARGUMENT, incline_config_help(s->ctx, "conv", &text),
                 "there is no help on 'conv' (did you mean 'conv2d'?)");
    assert_null(text);
}

static void test_arguments(void **state)
{
    struct scratch *s = *state;
    struct incline_config *config = NULL;
    struct incline_setting hole = {"train.epochs", NULL};
    assert_fails(s->ctx, INCLINE_ERROR_ARGUMENT,
                 incline_config_load(s->ctx, NULL, NULL, 0, &config), "incline_config_load");
    assert_fails(s->ctx, INCLINE_ERROR_ARGUMENT, parse(s, "", &hole, 1, &config),
                 "incline_config_parse");
    assert_fails(s->ctx, INCLINE_ERROR_ARGUMENT, parse(s, "", NULL, 1, &config),
                 "incline_config_parse");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_defaults),
        scratch_test(test_all_keys),
        scratch_test(test_written_text),
        scratch_test(test_json),
        scratch_test(test_settings),
        scratch_test(test_wrong_settings),
        scratch_test(test_losses),
        scratch_test(test_several_classes),
        scratch_test(test_closing_layers),
        scratch_test(test_messages),
        scratch_test(test_model_elsewhere),
        scratch_test(test_builtin),
        scratch_test(test_builtin_mistake_names_it),
        scratch_test(test_summary),
        scratch_test(test_help),
        scratch_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

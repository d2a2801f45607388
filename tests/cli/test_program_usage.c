#include "support/program.h"

/* Wrong arguments and wrong configurations. None of this comes as far as a device or data. */

struct wrong_usage {
    const char *arguments[6];
    const char *first; /* how the message begins, behind "incline: " */
};

static void usage_errors_exit_2(void **state)
{
    static const struct wrong_usage cases[] = {
        {{NULL}, "expected a verb\nSee 'incline help'.\n"},
        {{"trian"}, "unknown verb 'trian' (did you mean 'train'?)\nSee 'incline help'.\n"},
        {{"xyzzy"}, "unknown verb 'xyzzy'\nSee 'incline help'.\n"},
        {{"-v", "devices"}, "the verb comes first, then '-v'\n"},
        {{"train"}, "train: expected CONFIG\nSee 'incline train --help'.\n"},
        {{"train", "c.yaml", "d.yaml"}, "train: unexpected argument 'd.yaml'\n"},
        {{"train", "c.yaml", "--epoch", "3"},
         "train: unknown option '--epoch' (did you mean '--epochs'?)\n"},
        {{"train", "c.yaml", "--xyzzy"}, "train: unknown option '--xyzzy'\n"},
        {{"train", "c.yaml", "-z"}, "train: unknown option '-z'\n"},
        {{"train", "c.yaml", "-e"}, "train: option '-e' needs an argument\n"},
        {{"train", "c.yaml", "--dry-run=x"}, "train: option '--dry-run=x' takes no argument\n"},
        {{"train", "c.yaml", "-s", "epochs"}, "train: --set: 'epochs' is not PATH=VALUE\n"},
        {{"train", "c.yaml", "-s", "=3"}, "train: --set: '=3' is not PATH=VALUE\n"},
        {{"train", "c.yaml", "--max-time", "soon"},
         "train: --max-time: 'soon' is not a time such as 30s, 10m or 1h\n"},
        {{"train", "c.yaml", "--limit-train", "0"},
         "train: --limit-train: '0' is not a whole number above 0\n"},
        {{"train", "c.yaml", "--limit-val", "-3"},
         "train: --limit-val: '-3' is not a whole number above 0\n"},
        {{"train", "c.yaml", "--progress", "bra"},
         "train: --progress: unknown 'bra' (did you mean 'bar'?); it takes: auto, bar, line, "
         "none\n"},
        {{"train", "c.yaml", "--color", "x"}, "train: --color: unknown 'x'; it takes: auto, "},
        {{"train", "c.yaml", "--out", "a", "--name=b"}, "train: --out is the whole folder"},
        {{"train", "c.yaml", "--out="}, "train: --out needs the name of a folder\n"},
        {{"train", "c.yaml", "--name", "a/b"}, "train: --name takes a name without '/'"},
        {{"train", "c.yaml", "--no-fuse", "foo"},
         "train: --no-fuse: there is no fusion 'foo'; there are: all, activation, "},
        {{"devices", "--format", "jso"},
         "devices: --format: unknown 'jso' (did you mean 'json'?); it takes: text, json\n"},
        {{"devices", "x"}, "devices: unexpected argument 'x'\n"},
        {{"eval"}, "eval: expected RUN|WEIGHTS [CONFIG]\n"},
        {{"predict", "x"}, "predict: expected RUN|WEIGHTS PATH...\n"},
        {{"predict", "x", "y", "--top", "0"}, "predict: --top: '0' is not a whole number above 0"},
        {{"summary"}, "summary: expected CONFIG\n"},
        {{"init", "mnist-cn"},
         "init: no built-in configuration 'mnist-cn' (did you mean 'mnist-cnn'?)\n'incline init' "
         "lists them.\n"},
        {{"bench", "--mode", "train,infr"},
         "bench: --mode: unknown 'infr' (did you mean 'infer'?); it takes: train, infer\n"},
        {{"bench", "--mode", ""}, "bench: --mode: unknown ''; it takes: train, infer\n"},
        {{"bench", "--ops", "peak,conf"},
         "bench: --ops: unknown 'conf' (did you mean 'conv'?); it takes: peak, "},
        {{"bench", "-b", "8-4"}, "bench: --batch-size: '8-4': a range goes down\n"},
        {{"bench", "-b", "x"},
         "bench: --batch-size: 'x': not a list of numbers such as 32,64, 32-128+32 or 32-256*2\n"},
        {{"bench", "-b", "0"}, "bench: --batch-size: '0': 0 is not between 1 and 65536\n"},
        {{"bench", "-r", "99999999999"},
         "bench: --repeat: 99999999999 is too large: at most 2147483647\n"},
        {{"bench", "--warmup", "-1"}, "bench: --warmup: '-1' is not a whole number\n"},
        {{"bench", "-r", "0"}, "bench: --repeat: '0' is not a whole number above 0\n"},
        {{"bench", "--min-time", "0"}, "bench: --min-time: '0' is not a time such as"},
        {{"bench", "--fail-below", "0.9"},
         "bench: --fail-below needs --compare FILE.json to compare with\n"},
        {{"bench", "--fail-below", "-1"},
         "bench: --fail-below: '-1' is not a number above 0, such as 0.95\n"},
        {{"bench", "--export", "a.txt"},
         "bench: --export: 'a.txt' does not end in .md, .csv, .json or .jsonl\n"},
        {{"bench", "--warmup=1", "--no-warmup"},
         "bench: --warmup and --no-warmup exclude each other\n"},
        {{"bench", "--per-layer", "--ops", "conv"},
         "bench: --per-layer needs a MODEL when --ops is given\n"},
        {{"bench", "--format", "xml"},
         "bench: --format: unknown 'xml'; it takes: md, csv, json, jsonl\n"},
        {{"help", "conv"}, "there is no help on 'conv' (did you mean 'conv2d'?)"},
        {{"help", "xyzzy"}, "there is no help on 'xyzzy'\n'incline help' lists the verbs, "},
        {{"help", "trian"}, "unknown verb 'trian' (did you mean 'train'?)"},
    };
    struct program *p = *state;
    program_write(p, "c.yaml", "incline: 1\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        program_run(p, cases[i].arguments);
        refused(p, 2, cases[i].first, "");
    }
    assert_int_equal(program_count_entries(p, "."), 1);
}

static void wrong_log_level_is_refused(void **state)
{
    struct program *p = *state;
    p->environment[0] = "INCLINE_LOG=loud";
    run(p, "summary", "mnist-cnn");
    refused(p, 2, "INCLINE_LOG is 'loud'; it takes error, warn, info or debug\n", "");
}

static void wrong_settings_exit_2(void **state)
{
    static const char *const cases[][2] = {
        {"foo=1", "configuration: unknown key 'foo'"},
        {"train.epoch=3", "train: unknown key 'epoch' (did you mean 'epochs'?)"},
        {"train.epochs=0", "train: epochs must be between 1 and 1000000 or until_converged, not 0"},
        {"train.epochs=two", "train: epochs must be a whole number or until_converged, not 'two'"},
        {"train.epochs=1.5", "train: epochs must be a whole number or until_converged, not '1.5'"},
        {"train.batch_size=65537", "train: batch_size must be between 1 and 65536, not 65537"},
        {"train.seed=-1", "train: seed must be a whole number from 0"},
        {"train.optimizer.sgd.lr=0", "sgd: lr must be above 0"},
        {"train.optimizer.*.lr=nan", "sgd: lr must be a finite number, not 'nan'"},
        {"train.optimizer=adan", "unknown optimizer 'adan': there is sgd, "},
        {"train.optimizer.sgd.beta1=0", "sgd has no 'beta1': it is an option of adam, "},
        {"data.val={split: 2}", "split must be"},
    };
    struct program *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char first[256];
        snprintf(first, sizeof first, "-s %s: error: ", cases[i][0]);
        run(p, "summary", "mnist-cnn", "-s", cases[i][0]);
        refused(p, 2, first, cases[i][1], "\nSee 'incline summary --help'.\n");
    }
}

/* An option that changes the configuration is called what the user called it. */
static void options_are_told_as_typed(void **state)
{
    static const struct wrong_usage cases[] = {
        {{"-e", "0"},
         "-e 0: error: train: epochs must be between 1 and 1000000 or until_converged, not 0\n"},
        {{"-e0"}, "-e 0: error: train: epochs "},
        {{"--epochs", "0"}, "--epochs 0: error: train: epochs "},
        {{"--epochs=0"}, "--epochs 0: error: train: epochs "},
        {{"--lr", "x"}, "--lr x: error: sgd: lr must be a finite number, not 'x'\n"},
        {{"--seed", "-1"}, "--seed -1: error: train: seed must be"},
        {{"--data", ""}, "--data : error: data: root must be the folder of the data, not empty\n"},
        {{"--set", "train.epochs=0"}, "--set train.epochs=0: error: train: epochs "},
        {{"-strain.epochs=0"}, "-s train.epochs=0: error: train: epochs "},
    };
    struct program *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const *words = cases[i].arguments;
        run(p, "train", "mnist-cnn", words[0], words[1]);
        refused(p, 2, cases[i].first, "\nSee 'incline train --help'.\n");
    }
}

static void misplaced_settings_are_helped(void **state)
{
    static const char *const cases[][2] = {
        {"epochs=1", "there is no 'epochs' (did you mean 'train.epochs'?)\n"},
        {"lr=1", "there is no 'lr' (did you mean 'train.optimizer.sgd.lr'?)\n"},
        {"train.lr=1", "there is no 'train.lr' (did you mean 'train.optimizer.sgd.lr'?)\n"},
        {"root=x", "there is no 'root' (did you mean 'data.root'?)\n"},
        {"train.shuffle=false", "(did you mean 'data.shuffle'?)\n"},
        {"model.layers.0.filters=9", "(did you mean 'model.layers.0.conv2d.filters'?)\n"},
        {"model.layers.1.stride=9", "(did you mean 'model.layers.1.max_pool2d.stride'?)\n"},
    };
    struct program *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run(p, "summary", "mnist-cnn", "-s", cases[i][0]);
        refused(p, 2, "-s ", cases[i][0], cases[i][1]);
    }
}

/* A configuration whose line `line` is wrong at `column`. */
struct wrong_config {
    const char *layers, *data, *train;
    const char *place; /* "line:column" */
    const char *text;
};

static void write_config(struct program *p, const struct wrong_config *wrong)
{
    char text[1024];
    snprintf(text, sizeof text,
             "incline: 1\n"
             "model:\n"
             "  input: [6, 6, 1]\n"
             "  layers: [%s]\n"
             "data: {%s}\n"
             "train: {%s}\n",
             wrong->layers ? wrong->layers : "flatten, {dense: 3}",
             wrong->data ? wrong->data : "root: d", wrong->train ? wrong->train : "epochs: 1");
    program_write(p, "c.yaml", text);
}

static void config_errors_point_at_the_place(void **state)
{
    static const struct wrong_config cases[] = {
        {"{conv2d: {filter: 3}}", NULL, NULL, "4:22",
         "conv2d: unknown key 'filter' (did you mean 'filters'?)"},
        {"flaten", NULL, NULL, "4:12", "'flaten' (did you mean 'flatten'?)"},
        {"{conv2d: {filters: 3, filters: 4}}", NULL, NULL, "4:", "double key"},
        {"{conv2d: {kernel: 3}}", NULL, NULL, "4:", "filters"},
        {"flatten, {dense: many}", NULL, NULL, "4:29", "'many'"},
        {"flatten, {dense: 0}", NULL, NULL, "4:29", "units must be"},
        {"{conv2d: {filters: 3, kernel: 7}}, flatten, {dense: 3}", NULL, NULL, "4:", "6x6"},
        {"{max_pool2d: 9}, flatten, {dense: 3}", NULL, NULL, "4:", "9"},
        {"{conv2d: {filters: 3}}", NULL, NULL, "4:", ""},
        {"", NULL, NULL, "4:", "layer"},
        {NULL, "rot: d", NULL, "5:8", "data: unknown key 'rot' (did you mean 'root'?)"},
        {NULL, "", NULL, "5:7", "root"},
        {NULL, "root: d, val: tset", NULL, "5:22", "val must be none, test or {split: 0.1}"},
        {NULL, "root: d, format: png", NULL, "5:25", "png"},
        {NULL, "root: d, shuffle: maybe", NULL, "5:26", "maybe"},
        {"flatten, {dense: 1}", "root: d, classes: [a, b]", NULL, "5:26",
         "2 names, but the model has 1 output\n"},
        {NULL, "root: d, classes: [a, b]", NULL, "5:26", "2 names, but the model has 3 outputs"},
        {NULL, "root: d, normalize: {mean: [1, 2], std: [1]}", NULL, "5:35", "mean"},
        {NULL, NULL, "epochs: 1, epochs: 2", "6:", "double key"},
        {NULL, NULL, "loss: cross_entrop", "6:15", "(did you mean 'cross_entropy'?)"},
        {NULL, NULL, "optimizer: sdg", "6:20", "(did you mean 'sgd'?)"},
        {NULL, NULL, "optimizer: {sgd: {eps: 0.9}}", "6:27", "it is an option of rmsprop, adagrad"},
        {NULL, NULL, "metrics: [f1]", "6:19", "metrics must be [accuracy]"},
        {NULL, NULL, "epochs: [1]", "6:17", "epochs must be"},
    };
    struct program *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char first[64];
        write_config(p, &cases[i]);
        snprintf(first, sizeof first, "c.yaml:%s", cases[i].place);
        run(p, "summary", "c.yaml");
        refused(p, 3, first, ": error: ", cases[i].text, "^");
    }
}

static void files_that_are_no_configuration(void **state)
{
    struct program *p = *state;
    program_folder(p, "folder");
    run(p, "train", "folder");
    refused(p, 3, "folder is a folder; a configuration is a file", "config.yaml");
    run(p, "train", "nope.yaml");
    refused(p, 3, "there is no file and no built-in model 'nope.yaml'",
            "built in: mnist-cnn, lenet5, resnet20, vgg-cifar ('incline init NAME' writes one to a "
            "file, to start from)\n");
    run(p, "train", "mnist-cn");
    refused(p, 3, "there is no file and no built-in model 'mnist-cn' (did you mean 'mnist-cnn'?)",
            "");
    program_write(p, "empty.yaml", "");
    run(p, "train", "empty.yaml");
    refused(p, 3, "empty.yaml: error: the file is empty", "");
    program_write(p, "text.yaml", "hello\n");
    run(p, "train", "text.yaml");
    refused(p, 3, "text.yaml:1:1: error: ", "must be a mapping");
    program_write(p, "broken.yaml", "incline: 1\nmodel: {input: [1, 2\n");
    run(p, "train", "broken.yaml");
    refused(p, 3, "broken.yaml:", "error");
    program_write(p, "new.yaml", "incline: 2\n");
    run(p, "train", "new.yaml");
    refused(p, 3, "new.yaml:1:10: error: format version 2 is newer", "^");
    scratch_write(p->scratch, "bytes.yaml", "\0\xff\x01", 3);
    run(p, "train", "bytes.yaml");
    refused(p, 3, "bytes.yaml", "error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        program_test(usage_errors_exit_2),
        program_test(wrong_log_level_is_refused),
        program_test(wrong_settings_exit_2),
        program_test(options_are_told_as_typed),
        program_test(misplaced_settings_are_helped),
        program_test(config_errors_point_at_the_place),
        program_test(files_that_are_no_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

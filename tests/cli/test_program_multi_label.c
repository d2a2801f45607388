#include "support/small_data.h"

#include <jansson.h>
#include <math.h>
#include <zlib.h>

/* Images that show several classes or none, from training to answers. All tests share the run r, of
 * classes a, b and c, whose network is right about everything. */

#define LABELS "d/train-labels-idx2-ubyte"
#define IMAGES "d/t10k-images-idx3-ubyte"

static const struct small_data several = {60, 20, 6, 6, 1, 3, false, true};

static const char several_config[] =
    "incline: 1\n"
    "model: {name: several, input: [6, 6, 1], layers: [flatten, {dense: 3}]}\n"
    "data: {root: d, val: test, multi_label: true, classes: [a, b, c]}\n"
    "train:\n"
    "  epochs: 30\n"
    "  batch_size: 16\n"
    "  loss: binary_cross_entropy\n"
    "  optimizer: {sgd: {lr: 0.5}}\n";

static struct program *shared;

static int setup(void **state)
{
    if (program_setup(state))
        return 1;
    shared = *state;
    small_data_write(shared, "d", &several);
    program_write(shared, "t.yaml", several_config);
    run(shared, "train", "t.yaml", "--out", "r", "-q");
    assert_exit(shared, 0);
    return 0;
}

static int teardown(void **state)
{
    *state = shared;
    return program_teardown(state);
}

static json_t *parse(const char *text, size_t length)
{
    json_error_t error;
    json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        fail_msg("not JSON: %s\n%.*s", error.text, (int)length, text);
    return value;
}

static double figure(json_t *object, const char *key)
{
    assert_true(json_is_number(json_object_get(object, key)));
    return json_number_value(json_object_get(object, key));
}

/* ---- train ---- */

static void the_run_tells_what_it_was(void **state)
{
    size_t length;
    (void)state;
    char *config = program_read(shared, "r/config.yaml", &length);
    assert_non_null(strstr(config, "\n  multi_label: true\n"));
    free(config);
    char *log = program_read(shared, "r/log.csv", &length);
    assert_non_null(strstr(log, ",1.000000,")); /* accuracies */
    free(log);
    char *text = program_read(shared, "r/environment.json", &length);
    json_t *environment = parse(text, length);
    json_t *train = json_object_get(json_object_get(environment, "contents"), "train");
    char *labels = program_read(shared, LABELS, &length), sum[12];
    assert_int_equal(length, 12 + 60 * 3);
    snprintf(sum, sizeof sum, "%08lx", crc32(0, (unsigned char *)labels + 12, 60 * 3));
    assert_string_equal(json_string_value(json_object_get(train, "labels_crc32")), sum);
    json_decref(environment);
    free(labels);
    free(text);
}

/* With the head fused or not, from packed files, and with a part of the training images aside. */
static void training_has_the_same_bits(void **state)
{
    static const struct small_data packed = {60, 20, 6, 6, 1, 3, true, true};
    (void)state;
    run(shared, "train", "t.yaml", "--out", "plain", "-q", "--no-fuse", "all");
    assert_exit(shared, 0);
    assert_true(
        program_same_bytes(shared, "r/weights/last.safetensors", "plain/weights/last.safetensors"));
    small_data_write(shared, "z", &packed);
    run(shared, "train", "t.yaml", "--out", "packed", "-q", "--data", "z", "-s",
        "data.val={split: 0.25}", "-e", "2");
    assert_exit(shared, 0);
    run(shared, "eval", "packed", "--data", "d");
    assert_exit(shared, 0);
    size_t length;
    char *text = program_read(shared, "packed/environment.json", &length);
    json_t *environment = parse(text, length);
    assert_int_equal(figure(json_object_get(environment, "data"), "val"), 15);
    json_decref(environment);
    free(text);
}

static void wrong_data_is_refused(void **state)
{
    (void)state;
    small_data_write(shared, "one", &small_data);
    run(shared, "train", "t.yaml", "--data", "one");
    refused(shared, 4,
            "one: no train-labels-idx2-ubyte (or .gz) there, but one/train-labels-idx1-ubyte: set "
            "data.multi_label to false\n",
            "");
    run(shared, "train", "t.yaml", "-s", "data.multi_label=false");
    refused(shared, 4,
            "d: no train-labels-idx1-ubyte (or .gz) there, but " LABELS ": set data.multi_label to "
            "true\n",
            "");
    run(shared, "train", "t.yaml", "-s", "model.layers.1.dense=2", "-s", "data.classes=[]");
    refused(shared, 4, LABELS ": labels of 3 classes, but the model has 2 outputs: ", "");
    run(shared, "train", "t.yaml", "-s", "train.loss=cross_entropy");
    refused(shared, 2,
            "-s train.loss=cross_entropy: error: train: loss cross_entropy is for one class an "
            "image; with data.multi_label take binary_cross_entropy, or mse\n",
            "");
    small_data_write(shared, "bad", &several);
    size_t length;
    char *labels = program_read(shared, "bad/train-labels-idx2-ubyte", &length);
    labels[12 + 41 * 3 + 1] = 7;
    scratch_write(shared->scratch, "bad/train-labels-idx2-ubyte", labels, length);
    free(labels);
    run(shared, "train", "t.yaml", "--data", "bad");
    refused(shared, 4,
            "bad/train-labels-idx2-ubyte: image 41 (counted from 0) has 7 for class 1: it must be "
            "1 for a class that the image shows, else 0\n",
            "");
}

/* ---- eval ---- */

static void eval_prints_decisions(void **state)
{
    (void)state;
    run(shared, "eval", "r");
    assert_exit(shared, 0);
    assert_silent_err(shared);
    assert_int_equal(strncmp(shared->out, "test  20 images    loss ", 24), 0);
    assert_out(shared, "    accuracy 1.0000    exact match 1.0000    ");
    assert_out(shared, "\nclass          precision  recall     f1  TP  FP  FN  TN\n"
                       "a                  1.000   1.000  1.000  10   0   0  10\n"
                       "b                  1.000   1.000  1.000  10   0   0  10\n"
                       "c                  1.000   1.000  1.000   8   0   0  12\n"
                       "macro average      1.000   1.000  1.000   -   -   -   -\n"
                       "micro average      1.000   1.000  1.000  28   0   0  32\n");
    assert_int_equal(count_lines(shared->out), 8);
}

/* The data set `odd`: all test images show a, but none shows c. */
static void write_odd_data(void)
{
    size_t length;
    small_data_write(shared, "odd", &several);
    char *labels = program_read(shared, "odd/t10k-labels-idx2-ubyte", &length);
    for (int i = 0; i < several.test; i++) {
        labels[12 + 3 * i] = 1;
        labels[12 + 3 * i + 2] = 0;
    }
    scratch_write(shared->scratch, "odd/t10k-labels-idx2-ubyte", labels, length);
    free(labels);
}

/* Of a half is missed, of c 8 are seen that are not there: 18 of 60 decisions are wrong, and right
 * in all are the images 1, 3, 9, 11, 17 and 19. */
static void eval_counts_mistakes(void **state)
{
    (void)state;
    write_odd_data();
    run(shared, "eval", "r", "--data", "odd", "--format", "csv");
    assert_exit(shared, 0);
    assert_string_equal(shared->out,
                        "class,precision,recall,f1,true_positives,false_positives,false_negatives,"
                        "true_negatives\n"
                        "a,1.000000,0.500000,0.666667,10,0,10,0\n"
                        "b,1.000000,1.000000,1.000000,10,0,0,10\n"
                        "c,0.000000,0.000000,0.000000,0,8,0,12\n");
    run(shared, "eval", "r", "--data", "odd", "--format", "json", "-b", "7");
    assert_exit(shared, 0);
    json_t *report = parse(shared->out, shared->out_length);
    json_t *macro = json_object_get(report, "macro"), *micro = json_object_get(report, "micro");
    assert_true(fabs(figure(report, "accuracy") - 0.7) < 1e-8);
    assert_true(fabs(figure(report, "exact_match") - 0.3) < 1e-8);
    assert_true(fabs(figure(macro, "precision") - 2 / 3.0) < 1e-8);
    assert_true(fabs(figure(macro, "recall") - 0.5) < 1e-8);
    assert_true(fabs(figure(macro, "f1") - 5 / 9.0) < 1e-8);
    assert_true(fabs(figure(micro, "precision") - 20 / 28.0) < 1e-8);
    assert_true(fabs(figure(micro, "recall") - 20 / 30.0) < 1e-8);
    assert_true(fabs(figure(micro, "f1") - 40 / 58.0) < 1e-8);
    json_t *classes = json_object_get(report, "classes");
    assert_int_equal(json_array_size(classes), 3);
    assert_int_equal(figure(json_array_get(classes, 2), "false_positives"), 8);
    assert_null(json_object_get(report, "confusion"));
    assert_null(json_object_get(report, "top_k"));
    json_decref(report);
}

static void eval_refuses_what_has_no_meaning(void **state)
{
    (void)state;
    run(shared, "eval", "r", "--confusion", "c.csv");
    refused(shared, 2, "eval: --confusion is for one class an image, and this network was trained ",
            "");
    assert_false(program_exists(shared, "c.csv"));
    run(shared, "eval", "r", "--top-k", "2");
    refused(shared, 2, "--top-k 2: error: train: top_k means nothing with data.multi_label", "");
    small_data_write(shared, "train-only", &(struct small_data){9, 0, 6, 6, 1, 3, false, true});
    program_write(shared, "none.yaml",
                  "incline: 1\n"
                  "model: {input: [6, 6, 1], layers: [flatten, {dense: 3}]}\n"
                  "data: {root: train-only, multi_label: true}\n"
                  "train: {loss: binary_cross_entropy}\n");
    run(shared, "eval", "r", "none.yaml");
    refused(shared, 4, "train-only: no test images there, ", "t10k-labels-idx2-ubyte: --data DIR");
}

/* ---- predict ---- */

/* The classes of each image of IMAGES, from the most probable down, must be those that it shows. */
static void check_lines(int images)
{
    bool seen[20 * 3] = {false};
    int lines = 0, last = -1;
    double before = 0;
    for (const char *line = shared->out; *line; line = strchr(line, '\n') + 1, lines++) {
        int image, rank;
        char class;
        double probability;
        assert_int_equal(
            sscanf(line, IMAGES "#%d\t%d\t%c\t%lf\n", &image, &rank, &class, &probability), 4);
        int c = class - 'a';
        assert_true(image >= last && image < images && c >= 0 && c < 3 && !seen[image * 3 + c]);
        assert_true(image >> c & 1);
        assert_true(probability >= 0.5 && probability <= 1);
        assert_true(image > last ? rank == 1 : rank > 1 && probability <= before);
        seen[image * 3 + c] = true;
        before = probability;
        last = image;
    }
    assert_int_equal(lines, 28);
}

static void predict_prints_all_that_is_shown(void **state)
{
    static const char *const runs[] = {"r", "r/weights/best.safetensors"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        run(shared, "predict", runs[i], IMAGES);
        assert_exit(shared, 0);
        check_lines(20);
        assert_err(shared, "3 images without a class of probability 0.5 or more; --top 1 shows");
        assert_int_equal(count_lines(shared->err), 1);
    }
    run(shared, "predict", "r", IMAGES, "-q", "-b", "3", "--format", "jsonl");
    assert_exit(shared, 0);
    assert_silent_err(shared);
    assert_int_equal(count_lines(shared->out), 28);
    json_t *answer = parse(shared->out, strcspn(shared->out, "\n"));
    assert_string_equal(json_string_value(json_object_get(answer, "path")), IMAGES "#1");
    assert_string_equal(json_string_value(json_object_get(answer, "class")), "a");
    json_decref(answer);
}

/* --top N asks for so many, probable or not. */
static void predict_gives_the_top(void **state)
{
    (void)state;
    run(shared, "predict", "r", IMAGES, "--top", "2", "--format", "csv");
    assert_exit(shared, 0);
    assert_silent_err(shared);
    assert_int_equal(count_lines(shared->out), 41);
    assert_out(shared, "\n" IMAGES "#0,1,");
}

/* Mean squared error takes several classes as well; probabilities are what the network puts out. */
static void mse_takes_several_classes(void **state)
{
    (void)state;
    run(shared, "train", "t.yaml", "--out", "mse", "-q", "-s", "train.loss=mse", "-s",
        "model.layers=[flatten, {dense: 3}, sigmoid]", "--lr", "5");
    assert_exit(shared, 0);
    run(shared, "eval", "mse");
    assert_exit(shared, 0);
    assert_out(shared, "    accuracy 1.0000    exact match 1.0000    ");
    run(shared, "predict", "mse", IMAGES);
    assert_exit(shared, 0);
    check_lines(20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_run_tells_what_it_was),
        cmocka_unit_test(training_has_the_same_bits),
        cmocka_unit_test(wrong_data_is_refused),
        cmocka_unit_test(eval_prints_decisions),
        cmocka_unit_test(eval_counts_mistakes),
        cmocka_unit_test(eval_refuses_what_has_no_meaning),
        cmocka_unit_test(predict_prints_all_that_is_shown),
        cmocka_unit_test(predict_gives_the_top),
        cmocka_unit_test(mse_takes_several_classes),
    };
    int code = program_need_device();
    return code ? code : cmocka_run_group_tests(tests, setup, teardown);
}

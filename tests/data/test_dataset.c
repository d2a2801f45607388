/* Data sets: finding them, fitting them to a model, dividing them. */
#include "support/idx_files.h"

#include "data/dataset.h"

static char *const three_names[] = {"ant", "bee", "cat"};

static struct incline_data_options options_for(const char *root, enum incline_val_mode val)
{
    return (struct incline_data_options){
        .root = (char *)root, .val = (int)val, .split = 0.2, .scale = 255.0};
}

static const struct incline_shape small = {2, 3, 1};

/* Ten training and four test images of 2 x 3, three classes. */
static void write_set(struct scratch *s, const char *folder)
{
    char name[128];
    mkdir(scratch_path(s, folder), 0777);
    snprintf(name, sizeof name, "%s/train-images-idx3-ubyte.gz", folder);
    idx_write_images(s, name, 10, 2, 3);
    snprintf(name, sizeof name, "%s/train-labels.idx1-ubyte", folder);
    idx_write_labels(s, name, 10, 3);
    snprintf(name, sizeof name, "%s/t10k-images-idx3-ubyte", folder);
    idx_write_images(s, name, 4, 2, 3);
    snprintf(name, sizeof name, "%s/t10k-labels-idx1-ubyte.gz", folder);
    idx_write_labels(s, name, 4, 3);
}

/* Only the test's own folders are searched. */
static int setup(void **state)
{
    scratch_setup(state);
    struct scratch *s = *state;
    setenv("INCLINE_DATA_PATH", s->folder, 1);
    setenv("XDG_DATA_HOME", scratch_path(s, "xdg"), 1);
    return 0;
}

static struct incline_dataset *read_set(struct scratch *s, const char *root,
                                        enum incline_val_mode val)
{
    struct incline_dataset *set = NULL;
    struct incline_data_options options = options_for(root, val);
    assert_ok(s->ctx, incline_dataset_read(s->ctx, &options, small, 3, NULL, &set));
    return set;
}

static void check_fails(struct scratch *s, const struct incline_data_options *options,
                        struct incline_shape input, int outputs, enum incline_status status,
                        const char *part)
{
    struct incline_dataset *set = NULL;
    assert_fails(s->ctx, status, incline_dataset_read(s->ctx, options, input, outputs, NULL, &set),
                 part);
    assert_null(set);
}

static void test_reads_all_parts(void **state)
{
    struct scratch *s = *state;
    write_set(s, "tiny");
    struct incline_dataset *set = read_set(s, "tiny", INCLINE_VAL_NONE);
    assert_string_equal(set->name, "tiny");
    assert_string_equal(set->folder, scratch_path(s, "tiny"));
    assert_int_equal(set->classes, 3);
    assert_int_equal(set->train.count, 10);
    assert_int_equal(set->val.count, 0);
    assert_int_equal(set->test.count, 4);
    assert_false(set->val_is_test);
    assert_int_equal(set->train.pixels[59], 59 * 7 % 256);
    assert_int_equal(set->train.labels[9], 0);
    assert_int_equal(set->test.labels[2], 2);
    incline_dataset_destroy(&set);
    assert_null(set);
    incline_dataset_destroy(&set);
}

static void test_split_is_the_last_part(void **state)
{
    struct scratch *s = *state;
    write_set(s, "tiny");
    struct incline_dataset *set = read_set(s, "tiny", INCLINE_VAL_SPLIT);
    assert_int_equal(set->train.count, 8);
    assert_int_equal(set->val.count, 2);
    assert_int_equal(set->val.height, 2);
    assert_int_equal(set->val.width, 3);
    assert_int_equal(set->val.channels, 1);
    for (int i = 0; i < 12; i++)
        assert_int_equal(set->val.pixels[i], (48 + i) * 7 % 256);
    assert_int_equal(set->val.labels[0], 8 % 3);
    incline_dataset_destroy(&set);
}

/* floor(10 * (1 - split)), as Keras computes it in double. */
static void test_split_rounds_as_keras(void **state)
{
    struct scratch *s = *state;
    const double splits[] = {0.25, 0.1, 0.99, 0.01};
    const size_t train[] = {7, 9, 0, 9};
    write_set(s, "tiny");
    for (int i = 0; i < 4; i++) {
        struct incline_dataset *set = NULL;
        struct incline_data_options options = options_for("tiny", INCLINE_VAL_SPLIT);
        options.split = splits[i];
        if (train[i] == 0) {
            check_fails(s, &options, small, 3, INCLINE_ERROR_CONFIG,
                        "data.val.split 0.99 divides 10 training images into 0 to train on and 10 "
                        "to validate on: neither may be empty");
            continue;
        }
        assert_ok(s->ctx, incline_dataset_read(s->ctx, &options, small, 3, NULL, &set));
        assert_int_equal(set->train.count, train[i]);
        assert_int_equal(set->val.count, 10 - train[i]);
        incline_dataset_destroy(&set);
    }
}

static void test_limits_come_after_the_split(void **state)
{
    struct scratch *s = *state;
    struct incline_dataset *set = NULL;
    struct incline_dataset_limits limits = {5, 1};
    struct incline_data_options options = options_for("tiny", INCLINE_VAL_SPLIT);
    write_set(s, "tiny");
    assert_ok(s->ctx, incline_dataset_read(s->ctx, &options, small, 3, &limits, &set));
    assert_int_equal(set->train.count, 5);
    assert_int_equal(set->val.count, 1);
    assert_int_equal(set->val.labels[0], 8 % 3);
    assert_int_equal(set->test.count, 4);
    incline_dataset_destroy(&set);
    options.val = INCLINE_VAL_TEST;
    limits.val = 3;
    assert_ok(s->ctx, incline_dataset_read(s->ctx, &options, small, 3, &limits, &set));
    assert_true(set->val_is_test);
    assert_int_equal(set->val.count, 0);
    assert_int_equal(set->test.count, 3);
    incline_dataset_destroy(&set);
}

static void test_test_part_may_be_absent(void **state)
{
    struct scratch *s = *state;
    struct incline_data_options options = options_for("tiny", INCLINE_VAL_TEST);
    write_set(s, "tiny");
    unlink(scratch_path(s, "tiny/t10k-images-idx3-ubyte"));
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA,
                "tiny: no t10k-images-idx3-ubyte (or .gz) there; data.val: test needs it");
    options.val = INCLINE_VAL_NONE;
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA,
                "tiny: no t10k-images-idx3-ubyte (or .gz) there; its labels are");
    unlink(scratch_path(s, "tiny/t10k-labels-idx1-ubyte.gz"));
    struct incline_dataset *set = read_set(s, "tiny", INCLINE_VAL_NONE);
    assert_int_equal(set->test.count, 0);
    incline_dataset_destroy(&set);
}

/* For evaluation the training files need not be there, nor be sound. */
static void test_test_part_is_enough_to_evaluate(void **state)
{
    static const enum incline_val_mode modes[] = {INCLINE_VAL_NONE, INCLINE_VAL_TEST,
                                                  INCLINE_VAL_SPLIT};
    struct scratch *s = *state;
    struct incline_dataset_limits limits = {.held_out_only = true};
    struct incline_dataset *set = NULL;
    write_set(s, "tiny");
    scratch_write(s, "tiny/train-labels.idx1-ubyte", "damaged", 7);
    for (int i = 0; i < 6; i++) {
        struct incline_data_options options = options_for("tiny", modes[i / 2]);
        if (i == 1)
            unlink(scratch_path(s, "tiny/train-images-idx3-ubyte.gz"));
        if (i == 2)
            unlink(scratch_path(s, "tiny/train-labels.idx1-ubyte"));
        assert_ok(s->ctx, incline_dataset_read(s->ctx, &options, small, 3, &limits, &set));
        assert_int_equal(set->train.count, 0);
        assert_int_equal(set->val.count, 0);
        assert_int_equal(set->test.count, 4);
        incline_dataset_destroy(&set);
    }
    /* without test images, the validation part is cut from the training images */
    struct incline_data_options options = options_for("whole", INCLINE_VAL_SPLIT);
    write_set(s, "whole");
    unlink(scratch_path(s, "whole/t10k-images-idx3-ubyte"));
    unlink(scratch_path(s, "whole/t10k-labels-idx1-ubyte.gz"));
    assert_ok(s->ctx, incline_dataset_read(s->ctx, &options, small, 3, &limits, &set));
    assert_int_equal(set->val.count, 2);
    incline_dataset_destroy(&set);
    options.root = (char *)"absent";
    assert_fails(s->ctx, INCLINE_ERROR_DATA,
                 incline_dataset_read(s->ctx, &options, small, 3, &limits, &set),
                 "data set 'absent': no t10k-images-idx3-ubyte (or .gz) in");
}

static void test_labels_may_not_be_absent(void **state)
{
    struct scratch *s = *state;
    struct incline_data_options options = options_for("tiny", INCLINE_VAL_NONE);
    write_set(s, "tiny");
    unlink(scratch_path(s, "tiny/train-labels.idx1-ubyte"));
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA,
                "tiny: no train-labels-idx1-ubyte (or .gz) there; its images are");
}

static void test_many_classes(void **state)
{
    struct scratch *s = *state;
    struct idx_bytes idx;
    struct incline_dataset *set = NULL;
    struct incline_data_options options = options_for("tiny", INCLINE_VAL_NONE);
    write_set(s, "tiny");
    unlink(scratch_path(s, "tiny/train-labels.idx1-ubyte"));
    idx_begin(&idx, 0x0b, 1, (const uint32_t[]){10});
    for (unsigned i = 0; i < 10; i++) {
        idx_add(&idx, i);
        idx_add(&idx, 255);
    }
    idx_write(s, "tiny/train-labels-idx1-short.gz", &idx);
    assert_ok(s->ctx, incline_dataset_read(s->ctx, &options, small, 2560, NULL, &set));
    assert_int_equal(set->train.labels[9], 2559);
    incline_dataset_destroy(&set);
    check_fails(s, &options, small, 2559, INCLINE_ERROR_DATA,
                "either its last layer needs more (at least 2560, as the largest label is 2559)");
}

/* What root finds under the folder of the test; NULL: nothing. */
static void check_found(struct scratch *s, const char *root, const char *folder, const char *name)
{
    struct incline_dataset *set = read_set(s, root, INCLINE_VAL_NONE);
    assert_string_equal(set->folder, scratch_path(s, folder));
    assert_string_equal(set->name, name);
    incline_dataset_destroy(&set);
}

static void test_places(void **state)
{
    struct scratch *s = *state;
    char path[3 * SCRATCH_PATH_BYTES], root[SCRATCH_PATH_BYTES];
    mkdir(scratch_path(s, "xdg"), 0777);
    mkdir(scratch_path(s, "xdg/incline"), 0777);
    mkdir(scratch_path(s, "upper"), 0777);
    write_set(s, "xdg/incline/user-set");
    write_set(s, "upper/listed");
    mkdir(scratch_path(s, "MNIST"), 0777);
    write_set(s, "MNIST/raw");
    check_found(s, "user-set", "xdg/incline/user-set", "user-set");
    check_found(s, "MNIST", "MNIST/raw", "MNIST");
    snprintf(path, sizeof path, "/nowhere:%s/upper:%s", s->folder, s->folder);
    setenv("INCLINE_DATA_PATH", path, 1);
    check_found(s, "listed", "upper/listed", "listed");
    snprintf(path, sizeof path, "%s/upper/listed", s->folder);
    setenv("INCLINE_DATA_PATH", path, 1);
    check_found(s, "listed", "upper/listed", "listed");
    snprintf(root, sizeof root, "%s", scratch_path(s, "upper/listed"));
    check_found(s, root, "upper/listed", "listed");
}

static void test_not_found_names_every_place(void **state)
{
    struct scratch *s = *state;
    char part[3 * SCRATCH_PATH_BYTES];
    struct incline_data_options options = options_for("absent", INCLINE_VAL_NONE);
    snprintf(
        part, sizeof part,
        "data set 'absent': no train-images-idx3-ubyte (or .gz) in\n  absent (no such folder)\n"
        "  %s/absent (no such folder)\n  %s/xdg/incline/absent (no such folder)\n"
        "  /usr/local/share/datasets/absent (no such folder)\n"
        "  /usr/share/datasets/absent (no such folder)\nSet data.root (--data) to",
        s->folder, s->folder);
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA, part);
    mkdir(scratch_path(s, "absent"), 0777);
    options.root = (char *)scratch_path(s, "absent");
    snprintf(part, sizeof part, "(or .gz) in\n  %s/absent\nSet data.root", s->folder);
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA, part);
}

static void test_must_fit_the_model(void **state)
{
    struct scratch *s = *state;
    struct incline_data_options options = options_for("tiny", INCLINE_VAL_NONE);
    write_set(s, "tiny");
    check_fails(s, &options, (struct incline_shape){32, 32, 3}, 3, INCLINE_ERROR_CONFIG,
                "train-images-idx3-ubyte.gz: images of 2 x 3 x 1 (height, width, channels), but "
                "the model takes 32 x 32 x 3: set model.input to [2, 3, 1]");
    check_fails(
        s, &options, small, 2, INCLINE_ERROR_DATA,
        "train-labels.idx1-ubyte: image 2 (counted from 0) has label 2, but the model has "
        "2 outputs: either its last layer needs more (at least 3, as the largest label is 2)");
    idx_write_labels(s, "tiny/train-labels.idx1-ubyte", 9, 3);
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA,
                "train-images-idx3-ubyte.gz has 10 images, but ");
}

static void test_class_names(void **state)
{
    struct scratch *s = *state;
    struct incline_data_options options = options_for("tiny", INCLINE_VAL_NONE);
    write_set(s, "tiny");
    struct incline_dataset *set = read_set(s, "tiny", INCLINE_VAL_NONE);
    assert_string_equal(set->class_names[2], "2");
    incline_dataset_destroy(&set);
    scratch_write(s, "tiny/classes.txt", "red\r\ngreen\nlight blue", 21);
    set = read_set(s, "tiny", INCLINE_VAL_NONE);
    assert_string_equal(set->class_names[0], "red");
    assert_string_equal(set->class_names[2], "light blue");
    incline_dataset_destroy(&set);
    options.classes = (struct incline_texts){(char **)three_names, 3};
    assert_ok(s->ctx, incline_dataset_read(s->ctx, &options, small, 3, NULL, &set));
    assert_string_equal(set->class_names[1], "bee");
    incline_dataset_destroy(&set);
    check_fails(s, &options, small, 4, INCLINE_ERROR_CONFIG,
                "data.classes has 3 class names, but the model has 4 outputs");
    options.classes.count = 0;
    check_fails(s, &options, small, 4, INCLINE_ERROR_CONFIG,
                "classes.txt has 3 class names, but the model has 4 outputs");
    scratch_write(s, "tiny/classes.txt", "red\ngr\xfcn\nblue", 13);
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA,
                "classes.txt:2: byte 0xfc is not UTF-8 text");
    scratch_write(s, "tiny/classes.txt", "red\0green\nblue", 14);
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA,
                "classes.txt:1: U+0000 is a control character: the file must be text");
    scratch_write(s, "tiny/classes.txt", "red\nlight\x1b[31m blue\ngreen", 26);
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA,
                "classes.txt:2: U+001B is a control character: the file must be text");
    scratch_write(s, "tiny/classes.txt", "red\ngreen\nlight\tblue", 20);
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA,
                "classes.txt:3: U+0009 is a control character: the file must be text");
}

static struct incline_data_options multi_options(enum incline_val_mode val)
{
    struct incline_data_options options = options_for("several", val);
    options.multi_label = true;
    return options;
}

/* The set of write_set(), of which an image may show several classes. */
static void write_multi_set(struct scratch *s)
{
    write_set(s, "several");
    assert_int_equal(unlink(scratch_path(s, "several/train-labels.idx1-ubyte")), 0);
    assert_int_equal(unlink(scratch_path(s, "several/t10k-labels-idx1-ubyte.gz")), 0);
    idx_write_targets(s, "several/train-labels-idx2-ubyte.gz", 10, 3);
    idx_write_targets(s, "several/t10k-labels.idx2-ubyte", 4, 3);
}

static void test_several_classes(void **state)
{
    struct scratch *s = *state;
    struct incline_data_options options = multi_options(INCLINE_VAL_SPLIT);
    struct incline_dataset *set = NULL;
    write_multi_set(s);
    assert_ok(s->ctx, incline_dataset_read(s->ctx, &options, small, 3, NULL, &set));
    assert_int_equal(set->train.count, 8);
    assert_int_equal(set->val.count, 2);
    assert_int_equal(set->test.count, 4);
    assert_null(set->train.labels);
    assert_null(set->val.labels);
    assert_null(set->test.labels);
    for (int c = 0; c < 3; c++) {
        assert_int_equal(set->train.targets[7 * 3 + c], 7 >> c & 1);
        assert_int_equal(set->val.targets[1 * 3 + c], 9 >> c & 1);
        assert_int_equal(set->test.targets[2 * 3 + c], 2 >> c & 1);
    }
    assert_int_equal(set->val.pixels[0], 48 * 7 % 256);
    incline_dataset_destroy(&set);
}

static void test_several_classes_must_fit(void **state)
{
    struct scratch *s = *state;
    struct incline_data_options options = multi_options(INCLINE_VAL_NONE);
    write_multi_set(s);
    check_fails(s, &options, small, 4, INCLINE_ERROR_DATA,
                "train-labels-idx2-ubyte.gz: labels of 3 classes, but the model has 4 outputs: its "
                "last layer needs 3, or this file is of another data set");
    options.multi_label = false;
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA,
                "several: no train-labels-idx1-ubyte (or .gz) there, but ");
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA,
                "several/train-labels-idx2-ubyte.gz: set data.multi_label to true");
    options.multi_label = true;
    idx_write_targets(s, "several/train-labels-idx2-ubyte.gz", 11, 3);
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA, "has 10 images, but ");
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA, "idx2-ubyte.gz 11 labels");
    assert_int_equal(unlink(scratch_path(s, "several/train-labels-idx2-ubyte.gz")), 0);
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA,
                "several: no train-labels-idx2-ubyte (or .gz) there; its images are");
    idx_write_labels(s, "several/train-labels-idx1-ubyte", 10, 3);
    check_fails(s, &options, small, 3, INCLINE_ERROR_DATA,
                "several/train-labels-idx1-ubyte: set data.multi_label to false");
}

static void check_first_name(struct scratch *s, const char *folder, int outputs, const char *name)
{
    struct incline_dataset *set = NULL;
    struct incline_data_options options = options_for(folder, INCLINE_VAL_NONE);
    write_set(s, folder);
    assert_ok(s->ctx, incline_dataset_read(s->ctx, &options, small, outputs, NULL, &set));
    assert_string_equal(set->class_names[0], name);
    incline_dataset_destroy(&set);
}

static void test_fashion_names(void **state)
{
    struct scratch *s = *state;
    check_first_name(s, "fashion-mnist", 10, "T-shirt/top");
    check_first_name(s, "fashion-mnist", 11, "0");
    mkdir(scratch_path(s, "FashionMNIST"), 0777);
    check_first_name(s, "FashionMNIST/raw", 10, "T-shirt/top");
    check_first_name(s, "fashion-mnist-2", 10, "0");
}

#define dataset_test(function) cmocka_unit_test_setup_teardown(function, setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        dataset_test(test_reads_all_parts),
        dataset_test(test_split_is_the_last_part),
        dataset_test(test_split_rounds_as_keras),
        dataset_test(test_limits_come_after_the_split),
        dataset_test(test_test_part_may_be_absent),
        dataset_test(test_test_part_is_enough_to_evaluate),
        dataset_test(test_labels_may_not_be_absent),
        dataset_test(test_many_classes),
        dataset_test(test_places),
        dataset_test(test_not_found_names_every_place),
        dataset_test(test_must_fit_the_model),
        dataset_test(test_several_classes),
        dataset_test(test_several_classes_must_fit),
        dataset_test(test_class_names),
        dataset_test(test_fashion_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

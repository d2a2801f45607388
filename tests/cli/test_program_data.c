#include "support/small_data.h"

/* Data sets that are not there, damaged, or not for the network. Nothing may be left behind. */

#define IMAGES "d/train-images-idx3-ubyte"
#define LABELS "d/train-labels-idx1-ubyte"

static int setup(void **state)
{
    int code = program_setup(state);
    if (code == 0)
        small_setup(*state);
    return code;
}

#define data_test(function) cmocka_unit_test_setup_teardown(function, setup, program_teardown)

/* Changes a byte of the file, or cuts it (length below its own), or makes it longer. */
static void change(struct program *p, const char *name, size_t at, int byte, long length)
{
    size_t whole;
    char *bytes = program_read(p, name, &whole);
    if (byte >= 0)
        bytes[at] = (char)byte;
    if (length < 0)
        length = (long)whole;
    bytes = realloc(bytes, (size_t)length + whole);
    assert_non_null(bytes);
    scratch_write(p->scratch, name, bytes, (size_t)length);
    free(bytes);
}

/* Training fails as said, and leaves neither a run folder nor any other file. */
#define train_refused(p, code, first, ...)                                                         \
    do {                                                                                           \
        size_t entries = program_count_entries(p, ".");                                            \
        run(p, "train", "t.yaml", "--out", "r");                                                   \
        refused(p, code, first, __VA_ARGS__);                                                      \
        assert_int_equal(program_count_entries(p, "."), entries);                                  \
    } while (0)

static void missing_data_says_where_it_was_sought(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--data", "nowhere");
    refused(p, 4, "data set 'nowhere': no train-images-idx3-ubyte (or .gz) in\n  nowhere (no such",
            "/usr/share/datasets/nowhere", "Set data.root (--data) to the folder");
    run(p, "train", "mnist-cnn", "--data", "fashion-mnist", "-s",
        "data.root=nowhere/fashion-mnist");
    refused(p, 4, "data set 'nowhere/fashion-mnist': ", "dataset-fashion-mnist");
    assert_int_equal(unlink(program_path(p, LABELS)), 0);
    train_refused(p, 4, "", "train-labels-idx1-ubyte");
}

/* A file where a folder is due, and the other way round. */
static void files_and_folders_are_told_apart(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--data", IMAGES);
    refused(p, 4, "data set '" IMAGES "': no train-images-idx3-ubyte",
            "\n  " IMAGES " (a file, not a folder)\n");
    assert_int_equal(unlink(program_path(p, LABELS)), 0);
    program_folder(p, LABELS);
    train_refused(p, 4, LABELS " is a folder, where a file of this name is needed\n", "");
    assert_int_equal(unlink(program_path(p, IMAGES)), 0);
    program_folder(p, IMAGES);
    train_refused(p, 4, IMAGES " is a folder, where a file of this name is needed\n", "");
}

static void missing_test_files_are_told(void **state)
{
    struct program *p = *state;
    assert_int_equal(unlink(program_path(p, "d/t10k-images-idx3-ubyte")), 0);
    train_refused(p, 4, "", "t10k-images-idx3-ubyte");
}

static void cut_files_are_told(void **state)
{
    struct program *p = *state;
    change(p, IMAGES, 0, -1, 1000);
    train_refused(p, 4, IMAGES ": ends after 1000 of 2176 bytes", "download it again");
    change(p, IMAGES, 0, -1, 7);
    train_refused(p, 4, IMAGES ": ", "");
    change(p, IMAGES, 0, -1, 0);
    train_refused(p, 4, IMAGES ": not an IDX file: it has only 0 bytes", "");
}

static void longer_files_are_told(void **state)
{
    struct program *p = *state;
    change(p, LABELS, 0, -1, 80);
    train_refused(p, 4, LABELS ": goes on after the 68 bytes that its header describes", "");
}

static void damaged_packed_files_are_told(void **state)
{
    static const struct small_data packed = {60, 20, 6, 6, 1, 3, true};
    struct program *p = *state;
    small_data_write(p, "z", &packed);
    change(p, "z/train-images-idx3-ubyte.gz", 300, 0x55, -1);
    run(p, "train", "t.yaml", "--data", "z", "--out", "r");
    refused(p, 4, "z/train-images-idx3-ubyte.gz: ", "download it again");
    change(p, "z/train-images-idx3-ubyte.gz", 0, -1, 200);
    run(p, "train", "t.yaml", "--data", "z", "--out", "r");
    refused(p, 4, "z/train-images-idx3-ubyte.gz: ends after ", "(unpacked)");
    assert_false(program_exists(p, "r"));
}

static void files_of_another_kind_are_told(void **state)
{
    struct program *p = *state;
    program_write(p, IMAGES, "<html>404 Not Found</html>");
    train_refused(p, 4, IMAGES ": not an IDX file: it begins with 3c 68 74 6d", "");
    small_images_write(p, IMAGES, 60, 6, 6, 1);
    change(p, IMAGES, 2, 0x0d, -1);
    train_refused(p, 4, IMAGES ": holds values of type 0d (float)", "unsigned bytes");
    small_images_write(p, LABELS, 60, 6, 6, 1);
    small_images_write(p, IMAGES, 60, 6, 6, 1);
    train_refused(p, 4, LABELS ": has 3 dimensions; labels need 1", "");
}

static void counts_must_agree(void **state)
{
    struct program *p = *state;
    small_images_write(p, IMAGES, 59, 6, 6, 1);
    train_refused(p, 4, "", "59", "60", IMAGES, LABELS);
}

static void absurd_dimensions_are_refused(void **state)
{
    struct program *p = *state;
    change(p, IMAGES, 4, 0xff, -1);
    train_refused(p, 4, IMAGES ": its header says 4278190140 images; the limit is", "");
    small_images_write(p, IMAGES, 60, 6, 6, 1);
    change(p, IMAGES, 8, 0x7f, -1);
    train_refused(p, 4, IMAGES ": its header says height 2130706438", "");
    small_images_write(p, IMAGES, 60, 6, 6, 1);
    change(p, IMAGES, 11, 0, -1);
    train_refused(p, 4, IMAGES ": its header says height 0; it must be", "");
    small_images_write(p, IMAGES, 60, 6, 6, 1);
    change(p, IMAGES, 6, 0x7f, -1); /* 8 million images: far more than the file has */
    train_refused(p, 4, IMAGES ": ", "");
    change(p, IMAGES, 4, 0, 16);
    change(p, IMAGES, 6, 0, -1);
    change(p, IMAGES, 7, 0, -1);
    train_refused(p, 4, IMAGES ": holds no images", "");
}

static void labels_must_be_classes(void **state)
{
    struct program *p = *state;
    change(p, LABELS, 8 + 41, 3, -1);
    train_refused(p, 4,
                  LABELS ": image 41 (counted from 0) has label 3, but the model has 3 outputs",
                  "either its last layer needs more (at least 4, as the largest label is 3)",
                  "or this file is damaged or of another data set");
    change(p, LABELS, 8 + 41, 2, -1);
    change(p, "d/t10k-labels-idx1-ubyte", 8, 255, -1);
    train_refused(p, 4, "d/t10k-labels-idx1-ubyte: image 0 (counted from 0) has label 255", "256");
}

static void images_must_fit_the_model(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "r", "-s", "model.input=[7, 6, 1]");
    refused(p, 3, "", IMAGES, "6 x 6 x 1", "7 x 6 x 1", "set model.input to [6, 6, 1]");
    run(p, "train", "t.yaml", "--out", "r", "-s", "model.input=[6, 6, 3]");
    refused(p, 3, "", IMAGES, "6 x 6 x 3");
    small_images_write(p, "d/t10k-images-idx3-ubyte", 20, 6, 5, 1);
    train_refused(
        p, 4,
        "d/t10k-images-idx3-ubyte: the test images differ from the training images: 6 x 5 "
        "x 1 (height, width, channels), not 6 x 6 x 1",
        "");
    assert_no_err(p, "model.input");
    assert_false(program_exists(p, "r"));
}

static void a_dry_run_finds_it_too(void **state)
{
    struct program *p = *state;
    change(p, IMAGES, 0, -1, 1000);
    run(p, "train", "t.yaml", "--dry-run");
    refused(p, 4, IMAGES ": ends after 1000 of 2176 bytes", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(missing_data_says_where_it_was_sought),
        data_test(files_and_folders_are_told_apart),
        data_test(missing_test_files_are_told),
        data_test(cut_files_are_told),
        data_test(longer_files_are_told),
        data_test(damaged_packed_files_are_told),
        data_test(files_of_another_kind_are_told),
        data_test(counts_must_agree),
        data_test(absurd_dimensions_are_refused),
        data_test(labels_must_be_classes),
        data_test(images_must_fit_the_model),
        data_test(a_dry_run_finds_it_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

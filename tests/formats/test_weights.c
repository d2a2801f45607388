/* Orders of axes in memory and in files, and the metadata of weights files. */
#include "support/scratch.h"

#include "formats/safetensors.h"
#include "formats/weights.h"
#include "incline/network.h"

enum { ELEMS_MAX = 512 };

static const struct incline_parameter filter = {
    .layout = INCLINE_LAYOUT_HWIO, .dims = {2, 3, 4, 5}, .rank = 4, .elems = 120};
static const struct incline_parameter matrix = {
    .layout = INCLINE_LAYOUT_IO, .dims = {24, 7, 1, 1}, .rank = 2, .elems = 168};
static const struct incline_parameter bias = {
    .layout = INCLINE_LAYOUT_VECTOR, .dims = {9, 1, 1, 1}, .rank = 1, .elems = 9};
static const struct incline_parameter features = {
    .layout = INCLINE_LAYOUT_FEATURES, .dims = {24, 1, 1, 1}, .rank = 1, .elems = 24};
static const struct incline_parameter image_features = {
    .layout = INCLINE_LAYOUT_FEATURES, .dims = {2, 3, 4, 1}, .rank = 3, .elems = 24};
static const struct incline_parameter channels = {
    .layout = INCLINE_LAYOUT_FEATURES, .dims = {4, 1, 1, 1}, .rank = 1, .elems = 4};
static const struct incline_parameter one_count = {
    .layout = INCLINE_LAYOUT_COUNT, .dims = {1, 1, 1, 1}, .elems = 1};
static const struct incline_shape no_flatten = {1, 1, 24};

/* Numbers memory from 0 up, converts it, and checks that the way back restores it. */
static void convert(const struct incline_parameter *parameter, struct incline_shape flattened,
                    float *file)
{
    float memory[ELEMS_MAX], again[ELEMS_MAX];
    for (size_t i = 0; i < parameter->elems; i++)
        memory[i] = (float)i;
    incline_weights_to_file_order(parameter, flattened, memory, file);
    incline_weights_from_file_order(parameter, flattened, file, again);
    assert_memory_equal(memory, again, parameter->elems * sizeof *memory);
}

static void test_filters(void **state)
{
    (void)state;
    float file[ELEMS_MAX];
    convert(&filter, (struct incline_shape){0, 0, 0}, file);
    const float *got = file;
    for (int co = 0; co < 5; co++)
        for (int ci = 0; ci < 4; ci++)
            for (int kh = 0; kh < 2; kh++)
                for (int kw = 0; kw < 3; kw++)
                    assert_true(*got++ == (float)(((kh * 3 + kw) * 4 + ci) * 5 + co));
}

static void test_dense(void **state)
{
    (void)state;
    float file[ELEMS_MAX];
    convert(&matrix, no_flatten, file);
    for (int out = 0; out < 7; out++)
        for (int in = 0; in < 24; in++)
            assert_true(file[out * 24 + in] == (float)(in * 7 + out));
}

static void test_dense_after_flatten(void **state)
{
    (void)state;
    float file[ELEMS_MAX];
    convert(&matrix, (struct incline_shape){2, 3, 4}, file);
    const float *got = file;
    for (int out = 0; out < 7; out++)
        for (int c = 0; c < 4; c++)
            for (int h = 0; h < 2; h++)
                for (int w = 0; w < 3; w++)
                    assert_true(*got++ == (float)(((h * 3 + w) * 4 + c) * 7 + out));
}

static void test_vector(void **state)
{
    (void)state;
    float file[ELEMS_MAX];
    convert(&bias, no_flatten, file);
    for (int i = 0; i < 9; i++)
        assert_true(file[i] == (float)i);
}

/* One number a feature follows the features; one a channel stays. */
static void test_features(void **state)
{
    (void)state;
    float file[ELEMS_MAX];
    const struct incline_parameter *both[] = {&features, &image_features};
    for (int i = 0; i < 2; i++) {
        const float *got = file;
        convert(both[i], (struct incline_shape){2, 3, 4}, file);
        for (int c = 0; c < 4; c++)
            for (int h = 0; h < 2; h++)
                for (int w = 0; w < 3; w++)
                    assert_true(*got++ == (float)((h * 3 + w) * 4 + c));
    }
    convert(&features, no_flatten, file);
    for (int i = 0; i < 24; i++)
        assert_true(file[i] == (float)i);
    convert(&channels, (struct incline_shape){2, 3, 4}, file);
    for (int i = 0; i < 4; i++)
        assert_true(file[i] == (float)i);
}

static void check_shape(const struct incline_parameter *parameter, int rank, const size_t *want)
{
    size_t dims[4];
    int got_rank;
    incline_weights_file_shape(parameter, &got_rank, dims);
    assert_int_equal(got_rank, rank);
    assert_memory_equal(dims, want, sizeof dims);
}

static void test_file_shapes(void **state)
{
    (void)state;
    check_shape(&filter, 4, (const size_t[]){5, 4, 2, 3});
    check_shape(&matrix, 2, (const size_t[]){7, 24, 1, 1});
    check_shape(&bias, 1, (const size_t[]){9, 1, 1, 1});
    check_shape(&features, 1, (const size_t[]){24, 1, 1, 1});
    check_shape(&image_features, 3, (const size_t[]){4, 2, 3, 1});
    check_shape(&one_count, 0, (const size_t[]){1, 1, 1, 1});
}

static const char *write_weights(struct scratch *s, const struct incline_safetensor_pair *pairs,
                                 size_t count)
{
    const char *path = scratch_path(s, "weights.safetensors");
    assert_ok(s->ctx, incline_safetensors_write(s->ctx, path, NULL, 0, pairs, count));
    return path;
}

static void test_describe(void **state)
{
    struct scratch *s = *state;
    char *const names[] = {"T-shirt/top", "\"quoted\"", "gr\xc3\xbcn"};
    char *config = NULL, *classes = NULL, **got = NULL;
    size_t count = 0;
    assert_ok(s->ctx, incline_weights_classes_text(s->ctx, names, 3, &classes));
    const struct incline_safetensor_pair pairs[] = {
        {INCLINE_WEIGHTS_CONFIG, "incline: 1\nmodel: {}\n"}, {INCLINE_WEIGHTS_CLASSES, classes}};
    const char *path = write_weights(s, pairs, 2);
    assert_ok(s->ctx, incline_weights_describe(s->ctx, path, &config, &got, &count));
    assert_string_equal(config, "incline: 1\nmodel: {}\n");
    assert_int_equal(count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(got[i], names[i]);
    incline_names_free(&got, count);
    incline_text_free(&config);
    incline_text_free(&classes);
}

static void test_describe_a_foreign_file(void **state)
{
    struct scratch *s = *state;
    char *config = NULL, **names = NULL;
    size_t count = 9;
    const char *path = write_weights(s, NULL, 0);
    assert_ok(s->ctx, incline_weights_describe(s->ctx, path, &config, &names, &count));
    assert_null(config);
    assert_null(names);
    assert_int_equal(count, 0);
}

static void test_describe_failures(void **state)
{
    struct scratch *s = *state;
    const char *bad[] = {"{}", "[1]", "[\"a\",null]", "no JSON", "[\"\\u001b\"]"};
    char *config = NULL, **names = NULL;
    size_t count;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct incline_safetensor_pair pairs[] = {{INCLINE_WEIGHTS_CONFIG, "x"},
                                                        {INCLINE_WEIGHTS_CLASSES, bad[i]}};
        const char *path = write_weights(s, pairs, 2);
        assert_fails(s->ctx, INCLINE_ERROR_DATA,
                     incline_weights_describe(s->ctx, path, &config, &names, &count),
                     "weights.safetensors: its class names (metadata incline_classes) are not a "
                     "JSON list of texts without control characters");
        assert_null(config);
        assert_null(names);
    }
    assert_fails(s->ctx, INCLINE_ERROR_DATA,
                 incline_weights_describe(s->ctx, s->folder, &config, &names, &count),
                 "cannot read it");
    assert_fails(s->ctx, INCLINE_ERROR_ARGUMENT,
                 incline_weights_describe(s->ctx, NULL, &config, &names, &count),
                 "incline_weights_describe: needs ");
    assert_fails(s->ctx, INCLINE_ERROR_ARGUMENT,
                 incline_weights_classes_text(s->ctx, (char *const[]){"\xff"}, 1, &config),
                 "class name 0 cannot be written");
}

static void test_describe_refuses_too_many_classes(void **state)
{
    struct scratch *s = *state;
    enum { NAMES = 65537 };
    char *text = calloc(NAMES + 1, 3), *config = NULL, **names = NULL;
    size_t count;
    assert_non_null(text);
    for (size_t i = 0; i < NAMES; i++)
        memcpy(text + 3 * i, i ? ",\"\"" : "[\"\"", 3);
    text[3 * (size_t)NAMES] = ']';
    const struct incline_safetensor_pair pair = {INCLINE_WEIGHTS_CLASSES, text};
    const char *path = write_weights(s, &pair, 1);
    assert_fails(s->ctx, INCLINE_ERROR_DATA,
                 incline_weights_describe(s->ctx, path, &config, &names, &count),
                 "its class names");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_filters),
        scratch_test(test_dense),
        scratch_test(test_dense_after_flatten),
        scratch_test(test_vector),
        scratch_test(test_features),
        scratch_test(test_file_shapes),
        scratch_test(test_describe),
        scratch_test(test_describe_a_foreign_file),
        scratch_test(test_describe_failures),
        scratch_test(test_describe_refuses_too_many_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

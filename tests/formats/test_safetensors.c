/* safetensors: what is written comes back; Python's file is read; every rule of the reader refuses.
 */
#include "support/scratch.h"

#include "base/file.h"
#include "base/memory.h"
#include "formats/safetensors.h"

static const float matrix[6] = {0.0f, 0.25f, 0.5f, 0.75f, 1.0f, -1.25f};
static const float vector[2] = {-0.0f, 3.0e-39f};

static const struct incline_safetensor_source two_tensors[] = {
    {.name = "b.weight", .rank = 2, .dims = {2, 3}, .values = matrix},
    {.name = "a.bias", .rank = 1, .dims = {2}, .values = vector},
};
static const struct incline_safetensor_pair pairs[] = {{"format", "pt"},
                                                       {"text", "line\n\"gr\xc3\xb6\xc3\x9f"
                                                                "e\""}};

static void check_values(struct scratch *s, const struct incline_safetensors *file,
                         const char *name, const float *want, size_t count)
{
    float got[16];
    const struct incline_safetensor *tensor = incline_safetensors_find(file, name);
    assert_non_null(tensor);
    assert_int_equal(tensor->elems, count);
    assert_ok(s->ctx, incline_safetensors_get_f32(s->ctx, file, tensor, got));
    assert_memory_equal(got, want, count * sizeof *want);
}

static void test_round_trip(void **state)
{
    struct scratch *s = *state;
    struct incline_safetensors *file = NULL;
    const char *path = scratch_path(s, "two.safetensors");
    assert_ok(s->ctx, incline_safetensors_write(s->ctx, path, two_tensors, 2, pairs, 2));
    assert_ok(s->ctx, incline_safetensors_read(s->ctx, path, &file));
    assert_int_equal(incline_safetensors_count(file), 2);
    assert_string_equal(incline_safetensors_item(file, 0)->name, "a.bias");
    const struct incline_safetensor *weight = incline_safetensors_find(file, "b.weight");
    assert_string_equal(weight->dtype, "F32");
    assert_int_equal(weight->rank, 2);
    assert_int_equal(weight->dims[0], 2);
    assert_int_equal(weight->dims[1], 3);
    check_values(s, file, "b.weight", matrix, 6);
    check_values(s, file, "a.bias", vector, 2);
    assert_null(incline_safetensors_find(file, "c"));
    assert_string_equal(incline_safetensors_metadata(file, "text"), pairs[1].value);
    assert_null(incline_safetensors_metadata(file, "other"));
    incline_safetensors_destroy(&file);
    assert_null(file);
}

static void test_whole_numbers(void **state)
{
    struct scratch *s = *state;
    const float values[2] = {16777216.0f, -3.0f};
    const struct incline_safetensor_source source = {
        .name = "steps", .rank = 1, .dims = {2}, .values = values, .is_whole = true};
    const unsigned char bytes[16] = {0,    0,   0,   1,   0,   0,   0,   0,
                                     0xfd, 255, 255, 255, 255, 255, 255, 255};
    struct incline_safetensors *file = NULL;
    float got[2];
    const char *path = scratch_path(s, "whole.safetensors");
    assert_ok(s->ctx, incline_safetensors_write(s->ctx, path, &source, 1, NULL, 0));
    assert_ok(s->ctx, incline_safetensors_read(s->ctx, path, &file));
    const struct incline_safetensor *steps = incline_safetensors_find(file, "steps");
    assert_string_equal(steps->dtype, "I64");
    assert_int_equal(steps->bytes, sizeof bytes);
    assert_memory_equal(steps->data, bytes, sizeof bytes);
    assert_ok(s->ctx, incline_safetensors_get_whole(s->ctx, file, steps, got));
    assert_memory_equal(got, values, sizeof values);
    incline_safetensors_destroy(&file);
    assert_ok(s->ctx, incline_safetensors_write(s->ctx, path, two_tensors, 2, NULL, 0));
    assert_ok(s->ctx, incline_safetensors_read(s->ctx, path, &file));
    assert_fails(
        s->ctx, INCLINE_ERROR_DATA,
        incline_safetensors_get_whole(s->ctx, file, incline_safetensors_item(file, 0), got),
        "tensor 'a.bias' has type F32; only I64 (64-bit whole number) can be read");
    incline_safetensors_destroy(&file);
}

/* Sorted, compact, padded with spaces so that the data start at a multiple of 8. */
static void test_bytes_of_a_file(void **state)
{
    struct scratch *s = *state;
    static const char header[] =
        "{\"a.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
        "\"b.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],"
        "\"data_offsets\":[8,32]}}";
    char *bytes = NULL;
    size_t length, padded = (sizeof header - 1 + 7) / 8 * 8;
    const char *path = scratch_path(s, "two.safetensors");
    assert_ok(s->ctx, incline_safetensors_write(s->ctx, path, two_tensors, 2, NULL, 0));
    assert_ok(s->ctx, incline_file_read(s->ctx, path, 10000, &bytes, &length));
    assert_int_equal(length, 8 + padded + 32);
    assert_int_equal((unsigned char)bytes[0], padded);
    assert_memory_equal(bytes + 1, "\0\0\0\0\0\0\0", 7);
    assert_memory_equal(bytes + 8, header, sizeof header - 1);
    for (size_t i = sizeof header - 1; i < padded; i++)
        assert_int_equal(bytes[8 + i], ' ');
    assert_memory_equal(bytes + 8 + padded + 8 + 4, "\0\0\x80\x3e", 4);
    incline_free(&bytes);
}

static void test_writer_refuses(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "none");
    struct incline_safetensor_source twice[] = {two_tensors[0], two_tensors[0]};
    struct incline_safetensor_pair broken = {"key", "\xff"};
    assert_fails(s->ctx, INCLINE_ERROR_ARGUMENT,
                 incline_safetensors_write(s->ctx, path, twice, 2, NULL, 0),
                 "safetensors: two tensors have the name 'b.weight'");
    twice[1].name = "__metadata__";
    assert_fails(s->ctx, INCLINE_ERROR_ARGUMENT,
                 incline_safetensors_write(s->ctx, path, twice, 2, NULL, 0),
                 "safetensors: '__metadata__' is no name for a tensor");
    twice[1].name = "\xff";
    assert_fails(s->ctx, INCLINE_ERROR_ARGUMENT,
                 incline_safetensors_write(s->ctx, path, twice, 2, NULL, 0), "not UTF-8");
    twice[1].name = "large";
    twice[1].dims[0] = SIZE_MAX / 8;
    assert_fails(s->ctx, INCLINE_ERROR_ARGUMENT,
                 incline_safetensors_write(s->ctx, path, twice, 2, NULL, 0),
                 "safetensors: tensor 'large' is too large");
    assert_fails(s->ctx, INCLINE_ERROR_ARGUMENT,
                 incline_safetensors_write(s->ctx, path, two_tensors, 2, &broken, 1),
                 "safetensors: 'key' cannot be written");
    assert_false(incline_file_exists(path));
}

/* The file comes from Python's safetensors package; see tests/fixtures. */
static void test_reads_a_file_from_python(void **state)
{
    struct scratch *s = *state;
    struct incline_safetensors *file = NULL;
    const char *fixtures = getenv("INCLINE_TEST_FIXTURES");
    char path[SCRATCH_PATH_BYTES];
    float got;
    snprintf(path, sizeof path, "%s/python.safetensors", fixtures ? fixtures : "tests/fixtures");
    assert_ok(s->ctx, incline_safetensors_read(s->ctx, path, &file));
    assert_int_equal(incline_safetensors_count(file), 5);
    check_values(s, file, "dense_1.weight", (const float[]){0.0f, 0.25f, 0.5f, 0.75f, 1.0f, 1.25f},
                 6);
    check_values(s, file, "dense_1.bias", (const float[]){-1.5f, 2.25f}, 2);
    assert_string_equal(incline_safetensors_metadata(file, "note"), "gr\xc3\xb6\xc3\x9f"
                                                                    "e");
    assert_int_equal(incline_safetensors_find(file, "nothing")->elems, 0);
    const struct incline_safetensor *steps = incline_safetensors_find(file, "steps");
    assert_int_equal(steps->rank, 0);
    assert_int_equal(steps->data[0], 7);
    assert_fails(s->ctx, INCLINE_ERROR_DATA, incline_safetensors_get_f32(s->ctx, file, steps, &got),
                 "tensor 'steps' has type I64; only F32 (32-bit float) can be read");
    incline_safetensors_destroy(&file);
}

static const char *write_raw(struct scratch *s, uint64_t length, const char *header,
                             size_t header_bytes, size_t data_bytes)
{
    unsigned char bytes[4096] = {0};
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(length >> (8 * i));
    memcpy(bytes + 8, header, header_bytes);
    return scratch_write(s, "bad.safetensors", bytes, 8 + header_bytes + data_bytes);
}

static void check_path_fails(struct scratch *s, const char *path, const char *part)
{
    struct incline_safetensors *file = NULL;
    assert_fails(s->ctx, INCLINE_ERROR_DATA, incline_safetensors_read(s->ctx, path, &file), part);
    assert_null(file);
}

/* A file with that header and data_bytes of data must be refused so. */
static void check_fails(struct scratch *s, const char *header, size_t data_bytes, const char *part)
{
    char text[256];
    size_t length = strlen(header);
    snprintf(text, sizeof text, "bad.safetensors: not a sound safetensors file: %s", part);
    check_path_fails(s, write_raw(s, length, header, length, data_bytes), text);
}

static void test_bad_lengths(void **state)
{
    struct scratch *s = *state;
    check_path_fails(s, scratch_path(s, "absent"), "absent: cannot read it: No such file");
    assert_int_equal(mkfifo(scratch_path(s, "pipe"), 0600), 0);
    check_path_fails(s, s->path, "pipe: cannot read it: a pipe, socket or device");
    check_path_fails(s, scratch_write(s, "short", "1234567", 7),
                     "short: not a sound safetensors file: it has only 7 bytes");
    check_path_fails(s, write_raw(s, 3, "{}", 2, 0), "a header of 3 bytes in a file of 10");
    check_path_fails(s, write_raw(s, 16777217, "{}", 2, 0),
                     "a header of 16777217 bytes; the limit is 16777216");
    check_path_fails(s, write_raw(s, UINT64_MAX, "{}", 2, 0),
                     "a header of 18446744073709551615 bytes; the limit is 16777216");
}

static void test_bad_headers(void **state)
{
    struct scratch *s = *state;
    check_fails(s, "", 0, "its header does not begin with '{'");
    check_fails(s, " {}", 0, "its header does not begin with '{'");
    check_fails(s, "[]", 0, "its header does not begin with '{'");
    check_fails(s, "{} x", 0, "its header is not valid JSON: ");
    check_fails(s, "{\"a\":", 0, "its header is not valid JSON: ");
    check_fails(s, "{\"a\xff\":1}", 0, "its header is not valid JSON: ");
    check_fails(s, "{\"a\":1,\"a\":1}", 0, "its header is not valid JSON: duplicate object key");
    check_fails(s, "{\"__metadata__\":[]}", 0, "__metadata__ is not an object");
    check_fails(s, "{\"__metadata__\":{\"a\":1}}", 0,
                "__metadata__ holds a value that is not text");
    check_fails(s, "{}", 4, "4 bytes after the last tensor");
    check_fails(s, "{\"\":{}}", 0, "a tensor's name is empty or longer than 512 bytes");
    check_fails(s, "{\"\\u001b[2J\":{}}", 0, "a tensor's name holds control characters");
    check_fails(s, "{\"a\":1}", 0, "tensor 'a': its entry is not an object");
}

#define ENTRY(dtype, shape, range)                                                                 \
    "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" range "}"

static void test_bad_tensors(void **state)
{
    struct scratch *s = *state;
    check_fails(s, "{\"a\":{}}", 0, "tensor 'a': its dtype is missing or unknown");
    check_fails(s, "{\"a\":" ENTRY("F31", "[1]", "[0,4]") "}", 4,
                "tensor 'a': its dtype is missing or unknown");
    check_fails(s, "{\"a\":" ENTRY("F32", "1", "[0,4]") "}", 4, "tensor 'a': it has no shape");
    check_fails(s, "{\"a\":" ENTRY("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4,
                "tensor 'a': it has more than 8 dimensions");
    check_fails(s, "{\"a\":" ENTRY("F32", "[-1]", "[0,4]") "}", 4,
                "tensor 'a': a dimension is not a whole number of 0 or more");
    check_fails(s, "{\"a\":" ENTRY("F32", "[1.5]", "[0,4]") "}", 4,
                "tensor 'a': a dimension is not a whole number of 0 or more");
    check_fails(s, "{\"a\":" ENTRY("F32", "[4294967296,4294967296]", "[0,0]") "}", 0,
                "tensor 'a': the product of its dimensions is too large");
    check_fails(s, "{\"a\":" ENTRY("F32", "[4611686018427387904]", "[0,0]") "}", 0,
                "tensor 'a': the product of its dimensions is too large");
    check_fails(s, "{\"a\":" ENTRY("F32", "[1]", "[0]") "}", 4,
                "tensor 'a': data_offsets is not a pair of whole numbers");
    check_fails(s, "{\"a\":" ENTRY("F32", "[1]", "[-4,0]") "}", 4,
                "tensor 'a': data_offsets is not a pair of whole numbers");
}

static void test_bad_ranges(void **state)
{
    struct scratch *s = *state;
    check_fails(s, "{\"a\":" ENTRY("F32", "[1]", "[0,4]") "}", 3,
                "tensor 'a': its range 0 to 4 is not inside the 3 bytes of data");
    check_fails(s, "{\"a\":" ENTRY("F32", "[1]", "[4,0]") "}", 4,
                "tensor 'a': its range 4 to 0 is not inside the 4 bytes of data");
    check_fails(s, "{\"a\":" ENTRY("F32", "[2]", "[0,4]") "}", 4,
                "tensor 'a': its shape and type need 8 bytes, its range has 4");
    check_fails(s,
                "{\"a\":" ENTRY("F32", "[1]", "[0,4]") ",\"b\":" ENTRY("F32", "[1]", "[0,4]") "}",
                4, "tensor 'b': its data overlap those of another tensor");
    check_fails(s,
                "{\"a\":" ENTRY("F32", "[1]", "[0,4]") ",\"b\":" ENTRY("F32", "[1]", "[5,9]") "}",
                9, "tensor 'b': there is a gap before its data");
    check_fails(s, "{\"a\":" ENTRY("F32", "[1]", "[1,5]") "}", 5,
                "tensor 'a': there is a gap before its data");
    check_fails(s, "{\"a\":" ENTRY("F32", "[1]", "[0,4]") "}", 5, "1 bytes after the last tensor");
}

static void test_too_many_tensors(void **state)
{
    struct scratch *s = *state;
    enum { TENSORS = 65537, ROOM = 80 };
    char *text = calloc(TENSORS + 1, ROOM);
    size_t length = 8;
    assert_non_null(text);
    text[length++] = '{';
    for (int i = 0; i < TENSORS; i++)
        length += (size_t)sprintf(text + length, "%s\"%d\":" ENTRY("U8", "[0]", "[0,0]"),
                                  i ? "," : "", i);
    text[length++] = '}';
    for (int i = 0; i < 8; i++)
        text[i] = (char)((uint64_t)(length - 8) >> (8 * i));
    check_path_fails(s, scratch_write(s, "many", text, length),
                     "many: not a sound safetensors file: it has more than 65536 tensors");
    free(text);
}

/* An unaligned header is legal, and so are spaces after it. */
static void test_unaligned_data(void **state)
{
    struct scratch *s = *state;
    struct incline_safetensors *file = NULL;
    const char *header =
        "{\"a\":" ENTRY("U8", "[1]", "[0,1]") ",\"b\":" ENTRY("F32", "[]", "[1,5]") "}";
    char padded[200];
    for (int spaces = 0; spaces < 8; spaces++) {
        int length = snprintf(padded, sizeof padded, "%s%*s", header, spaces, "");
        const char *path = write_raw(s, (uint64_t)length, padded, (size_t)length, 5);
        assert_ok(s->ctx, incline_safetensors_read(s->ctx, path, &file));
        check_values(s, file, "b", (const float[]){0.0f}, 1);
        incline_safetensors_destroy(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_round_trip),
        scratch_test(test_whole_numbers),
        scratch_test(test_bytes_of_a_file),
        scratch_test(test_writer_refuses),
        scratch_test(test_reads_a_file_from_python),
        scratch_test(test_bad_lengths),
        scratch_test(test_bad_headers),
        scratch_test(test_bad_tensors),
        scratch_test(test_bad_ranges),
        scratch_test(test_too_many_tensors),
        scratch_test(test_unaligned_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

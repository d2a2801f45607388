/* IDX files: what is read, and one message for every way in which they can be wrong. */
#include "support/idx_files.h"

#include "base/memory.h"
#include "data/idx.h"

static void check_pixels(struct scratch *s, const char *path)
{
    struct incline_images images;
    assert_ok(s->ctx, incline_idx_read_images(s->ctx, path, &images));
    assert_int_equal(images.count, 5);
    assert_int_equal(images.height, 3);
    assert_int_equal(images.width, 4);
    assert_int_equal(images.channels, 1);
    assert_null(images.labels);
    for (int i = 0; i < 60; i++)
        assert_int_equal(images.pixels[i], i * 7 % 256);
    incline_images_finish(&images);
    assert_null(images.pixels);
}

static void test_plain_and_packed(void **state)
{
    struct scratch *s = *state;
    check_pixels(s, idx_write_images(s, "plain", 5, 3, 4));
    check_pixels(s, idx_write_images(s, "packed.gz", 5, 3, 4));
}

static void test_four_dimensions(void **state)
{
    struct scratch *s = *state;
    struct idx_bytes idx;
    struct incline_images images;
    idx_begin(&idx, 0x08, 4, (const uint32_t[]){2, 1, 2, 3});
    for (unsigned i = 0; i < 12; i++)
        idx_add(&idx, i);
    assert_ok(s->ctx, incline_idx_read_images(s->ctx, idx_write(s, "rgb", &idx), &images));
    assert_int_equal(images.count, 2);
    assert_int_equal(images.height, 1);
    assert_int_equal(images.width, 2);
    assert_int_equal(images.channels, 3);
    assert_int_equal(images.pixels[11], 11);
    incline_images_finish(&images);
}

static void test_labels(void **state)
{
    struct scratch *s = *state;
    int *labels = NULL;
    size_t count = 0;
    assert_ok(s->ctx, incline_idx_read_labels(s->ctx, idx_write_labels(s, "labels.gz", 7, 3),
                                              &labels, &count));
    assert_int_equal(count, 7);
    for (int i = 0; i < 7; i++)
        assert_int_equal(labels[i], i % 3);
    incline_free(&labels);
}

/* More than 256 classes need larger numbers. */
static void test_wide_labels(void **state)
{
    static const struct {
        int type;
        unsigned char bytes[8];
        int labels[2];
    } cases[] = {{0x0b, {0x01, 0x02, 0x7f, 0xff}, {0x102, 0x7fff}},
                 {0x0c, {0, 0x01, 0x02, 0x03, 0x7f, 0xff, 0xff, 0xff}, {0x10203, 0x7fffffff}},
                 {0x0b, {0, 3, 0x80, 1}, {3, -1}},
                 {0x0c, {0, 0, 0, 4, 0xff, 0, 0, 0}, {4, -1}}};
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct idx_bytes idx;
        int *labels = NULL;
        size_t count = 0;
        idx_begin(&idx, cases[i].type, 1, (const uint32_t[]){2});
        for (int byte = 0; byte < (cases[i].type == 0x0b ? 4 : 8); byte++)
            idx_add(&idx, cases[i].bytes[byte]);
        enum incline_status status = incline_idx_read_labels(
            s->ctx, idx_write(s, i % 2 ? "wide" : "wide.gz", &idx), &labels, &count);
        if (cases[i].labels[1] < 0) {
            assert_fails(s->ctx, INCLINE_ERROR_DATA, status,
                         ": label 1 (counted from 0) is below 0");
            assert_null(labels);
            continue;
        }
        assert_ok(s->ctx, status);
        assert_int_equal(count, 2);
        assert_int_equal(labels[0], cases[i].labels[0]);
        assert_int_equal(labels[1], cases[i].labels[1]);
        incline_free(&labels);
    }
    struct idx_bytes cut;
    int *labels = NULL;
    size_t count = 0;
    idx_begin(&cut, 0x0c, 1, (const uint32_t[]){2});
    for (int byte = 0; byte < 7; byte++)
        idx_add(&cut, 0);
    assert_fails(s->ctx, INCLINE_ERROR_DATA,
                 incline_idx_read_labels(s->ctx, idx_write(s, "cut", &cut), &labels, &count),
                 "cut: ends after 15 of 16 bytes");
    idx_begin(&cut, 0x0d, 1, (const uint32_t[]){1});
    assert_fails(s->ctx, INCLINE_ERROR_DATA,
                 incline_idx_read_labels(s->ctx, idx_write(s, "float", &cut), &labels, &count),
                 "holds values of type 0d (float); only whole numbers (types 08, 0b and 0c)");
}

static void test_targets(void **state)
{
    struct scratch *s = *state;
    unsigned char *targets = NULL;
    size_t count = 0, classes = 0;
    for (int packed = 0; packed < 2; packed++) {
        assert_ok(s->ctx, incline_idx_read_targets(
                              s->ctx, idx_write_targets(s, packed ? "t.gz" : "t", 9, 4), &targets,
                              &count, &classes));
        assert_int_equal(count, 9);
        assert_int_equal(classes, 4);
        for (int i = 0; i < 36; i++)
            assert_int_equal(targets[i], i / 4 >> i % 4 & 1);
        incline_free(&targets);
    }
}

static void check_targets_fail(struct scratch *s, const struct idx_bytes *idx, const char *part)
{
    unsigned char *targets = (unsigned char *)s;
    size_t count = 1, classes = 1;
    assert_fails(
        s->ctx, INCLINE_ERROR_DATA,
        incline_idx_read_targets(s->ctx, idx_write(s, "t", idx), &targets, &count, &classes), part);
    assert_null(targets);
    assert_int_equal(count + classes, 0);
}

static void test_wrong_targets(void **state)
{
    struct scratch *s = *state;
    struct idx_bytes idx;
    int *labels = NULL;
    size_t count;
    idx_begin(&idx, 0x08, 2, (const uint32_t[]){2, 2});
    for (unsigned i = 0; i < 4; i++)
        idx_add(&idx, i == 2 ? 2 : 1);
    check_targets_fail(s, &idx,
                       "image 1 (counted from 0) has 2 for class 0: it must be 1 for a class that "
                       "the image shows, else 0");
    idx.length--;
    check_targets_fail(s, &idx, "t: ends after 15 of 16 bytes");
    idx_begin(&idx, 0x08, 2, (const uint32_t[]){2, 0});
    check_targets_fail(s, &idx, "its header says classes 0; it must be 1 to 65536");
    idx_begin(&idx, 0x08, 2, (const uint32_t[]){0x7fffffff, 65536});
    check_targets_fail(s, &idx, "its header says more than the limit of 34359738368 bytes");
    idx_begin(&idx, 0x0b, 2, (const uint32_t[]){1, 1});
    check_targets_fail(s, &idx, "only unsigned bytes (type 08) can be read");
    idx_begin(&idx, 0x08, 1, (const uint32_t[]){1});
    check_targets_fail(s, &idx, "has 1 dimension; labels need 2 with data.multi_label: true");
    assert_fails(s->ctx, INCLINE_ERROR_DATA,
                 incline_idx_read_labels(s->ctx, idx_write_targets(s, "t", 3, 2), &labels, &count),
                 "has 2 dimensions; labels need 1 ([count]), or 2 with data.multi_label: true");
}

/* Reading the bytes as images must fail with that text, and leave nothing behind. */
static void check_fails(struct scratch *s, const char *name, const struct idx_bytes *idx,
                        const char *part)
{
    struct incline_images images;
    const char *path = idx_write(s, name, idx);
    assert_fails(s->ctx, INCLINE_ERROR_DATA, incline_idx_read_images(s->ctx, path, &images), part);
    assert_null(images.pixels);
    assert_int_equal(images.count, 0);
}

static void check_header_fails(struct scratch *s, int type, int rank, const uint32_t *dims,
                               const char *part)
{
    struct idx_bytes idx;
    idx_begin(&idx, type, rank, dims);
    check_fails(s, "header", &idx, part);
    check_fails(s, "header.gz", &idx, part);
}

static void test_no_such_file(void **state)
{
    struct scratch *s = *state;
    struct incline_images images;
    assert_fails(s->ctx, INCLINE_ERROR_DATA,
                 incline_idx_read_images(s->ctx, scratch_path(s, "absent"), &images),
                 "absent: cannot read it: No such file or directory");
    assert_fails(s->ctx, INCLINE_ERROR_DATA, incline_idx_read_images(s->ctx, s->folder, &images),
                 "cannot read it: Is a directory");
    assert_int_equal(mkfifo(scratch_path(s, "pipe"), 0600), 0);
    assert_fails(s->ctx, INCLINE_ERROR_DATA, incline_idx_read_images(s->ctx, s->path, &images),
                 "pipe: cannot read it: a pipe, socket or device; copy it into a file");
}

static void test_not_idx(void **state)
{
    struct scratch *s = *state;
    struct idx_bytes idx = {"\x89PNG\r\n", 6};
    check_fails(s, "image", &idx,
                "image: not an IDX file: it begins with 89 50 4e 47, not with 00 00 08 03");
    check_fails(s, "image.gz", &idx, "it begins with 89 50 4e 47");
    memcpy(idx.bytes, "\0\0\x42\x03", 4);
    check_fails(s, "type", &idx, "not an IDX file: it begins with 00 00 42 03");
    idx.length = 3;
    check_fails(s, "short", &idx, "short: not an IDX file: it has only 3 bytes");
    idx.length = 0;
    check_fails(s, "empty", &idx, "empty: not an IDX file: it has only 0 bytes");
}

static void test_wrong_type_and_rank(void **state)
{
    struct scratch *s = *state;
    const uint32_t dims[] = {2, 2, 2, 2, 2};
    int *labels = NULL;
    size_t count;
    check_header_fails(
        s, 0x0d, 3, dims,
        "holds values of type 0d (float); only unsigned bytes (type 08) can be read");
    check_header_fails(s, 0x08, 1, dims,
                       "has 1 dimension; images need 3 ([count][height][width]) or 4");
    check_header_fails(s, 0x08, 5, dims, "has 5 dimensions; images need 3");
    assert_fails(
        s->ctx, INCLINE_ERROR_DATA,
        incline_idx_read_labels(s->ctx, idx_write_images(s, "images", 1, 2, 2), &labels, &count),
        "images: has 3 dimensions; labels need 1 ([count])");
    assert_null(labels);
}

static void test_absurd_dimensions(void **state)
{
    struct scratch *s = *state;
    check_header_fails(s, 0x08, 3, (const uint32_t[]){0, 28, 28}, "holds no images");
    check_header_fails(s, 0x08, 3, (const uint32_t[]){0x80000000, 28, 28},
                       "its header says 2147483648 images; the limit is 2147483647");
    check_header_fails(s, 0x08, 3, (const uint32_t[]){1, 0, 28},
                       "its header says height 0; it must be 1 to 65536");
    check_header_fails(s, 0x08, 3, (const uint32_t[]){1, 28, 65537},
                       "its header says width 65537; it must be 1 to 65536");
    check_header_fails(s, 0x08, 4, (const uint32_t[]){1, 28, 28, 0xffffffff},
                       "its header says channels 4294967295; it must be 1 to 65536");
    check_header_fails(s, 0x08, 3, (const uint32_t[]){1, 65536, 65536},
                       "its header says images of 65536 x 65536 pixels; the limit is 64 Mi pixels");
    check_header_fails(s, 0x08, 4, (const uint32_t[]){0x7fffffff, 1024, 65536, 65536},
                       "its header says more than the limit of 34359738368 bytes");
}

static void test_cut_files(void **state)
{
    struct scratch *s = *state;
    struct idx_bytes idx;
    idx_begin(&idx, 0x08, 3, (const uint32_t[]){5, 3, 4});
    for (int i = 0; i < 30; i++)
        idx_add(&idx, 1);
    check_fails(s, "cut", &idx, "cut: ends after 46 of 76 bytes: copy or download it again");
    check_fails(s, "cut.gz", &idx, "cut.gz: ends after 46 of 76 bytes (unpacked): copy");
    idx.length = 10;
    check_fails(s, "cut", &idx, "cut: ends after 10 of 16 bytes");
    check_fails(s, "cut.gz", &idx, "cut.gz: ends after 10 of 16 bytes (unpacked)");
}

/* 16 bytes that promise 16 GiB: must fail at once, without room for them. */
static void test_lying_header(void **state)
{
    struct scratch *s = *state;
    check_header_fails(s, 0x08, 3, (const uint32_t[]){0x4000, 1024, 1024},
                       "ends after 16 of 17179869200 bytes");
}

static void test_trailing_bytes(void **state)
{
    struct scratch *s = *state;
    struct idx_bytes idx;
    idx_begin(&idx, 0x08, 3, (const uint32_t[]){1, 1, 2});
    for (int i = 0; i < 3; i++)
        idx_add(&idx, 1);
    check_fails(s, "long", &idx, "long: goes on after the 18 bytes that its header describes");
    check_fails(s, "long.gz", &idx, "long.gz: goes on after the 18 bytes");
}

/* Reads a packed file into bytes, so that it can be damaged. */
static size_t read_packed(struct scratch *s, unsigned char *bytes, size_t room)
{
    FILE *file = fopen(idx_write_images(s, "good.gz", 5, 3, 4), "rb");
    assert_non_null(file);
    size_t length = fread(bytes, 1, room, file);
    fclose(file);
    return length;
}

static void check_packed_fails(struct scratch *s, const unsigned char *bytes, size_t length,
                               const char *part)
{
    struct incline_images images;
    const char *path = scratch_write(s, "bad.gz", bytes, length);
    assert_fails(s->ctx, INCLINE_ERROR_DATA, incline_idx_read_images(s->ctx, path, &images), part);
}

static void test_damaged_gzip(void **state)
{
    struct scratch *s = *state;
    unsigned char bytes[512];
    size_t length = read_packed(s, bytes, sizeof bytes);
    check_packed_fails(s, bytes, length - 20, "bad.gz: ends after ");
    check_packed_fails(s, bytes, length - 3, "(unexpected end of file)");
    check_packed_fails(s, bytes, 14, "bad.gz: the gzip data is damaged (unexpected end of file)");
    bytes[length - 8] ^= 1;
    check_packed_fails(s, bytes, length,
                       "bad.gz: the gzip data is damaged (incorrect data check): copy");
    bytes[length - 8] ^= 1;
    bytes[10] = 0xff;
    check_packed_fails(s, bytes, length, "bad.gz: the gzip data is damaged (invalid ");
}

/* A gzip file of nothing, as it ends files of several members. */
#define EMPTY_GZIP "\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0"

/* A packed file with something behind its data. */
static const char *write_packed_and(struct scratch *s, const char *more, size_t length)
{
    struct idx_bytes idx;
    uint32_t count = 5;
    idx_begin(&idx, 0x08, 1, &count);
    for (unsigned i = 0; i < count; i++)
        idx_add(&idx, i);
    const char *path = idx_write(s, "end.gz", &idx);
    FILE *file = fopen(path, "ab");
    assert_non_null(file);
    assert_int_equal(fwrite(more, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void test_behind_packed_data(void **state)
{
    static const struct {
        const char *more;
        size_t length;
        bool clean;
    } cases[] = {
        {"", 0, true},
        {"\0\0\0", 3, true},
        {"\n", 1, false},
        {"junk junk", 9, false},
        {"\0\0x", 3, false},
        {EMPTY_GZIP, sizeof EMPTY_GZIP - 1, true},
        {EMPTY_GZIP "x", sizeof EMPTY_GZIP, false},
    };
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int *labels = NULL;
        size_t count;
        const char *path = write_packed_and(s, cases[i].more, cases[i].length);
        enum incline_status status = incline_idx_read_labels(s->ctx, path, &labels, &count);
        if (cases[i].clean)
            assert_ok(s->ctx, status);
        else
            assert_fails(s->ctx, INCLINE_ERROR_DATA, status, "goes on after its gzip data");
        incline_free(&labels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_plain_and_packed),
        scratch_test(test_four_dimensions),
        scratch_test(test_labels),
        scratch_test(test_no_such_file),
        scratch_test(test_not_idx),
        scratch_test(test_wide_labels),
        scratch_test(test_targets),
        scratch_test(test_wrong_targets),
        scratch_test(test_wrong_type_and_rank),
        scratch_test(test_absurd_dimensions),
        scratch_test(test_cut_files),
        scratch_test(test_lying_header),
        scratch_test(test_trailing_bytes),
        scratch_test(test_damaged_gzip),
        scratch_test(test_behind_packed_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

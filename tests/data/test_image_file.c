/* Images to classify: PNG of every kind (made and read back with Pillow), IDX, and what is refused.
 */
#include "support/idx_files.h"

#include "build_config.h"
#include "incline/data.h"

static const unsigned char grey8[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44,
    0x52, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x02, 0x08, 0x00, 0x00, 0x00, 0x00, 0xb8,
    0x1f, 0x39, 0xc6, 0x00, 0x00, 0x00, 0x10, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x64,
    0x30, 0x32, 0x62, 0x98, 0x76, 0xe2, 0x3f, 0x00, 0x06, 0x87, 0x02, 0xc3, 0x05, 0xb5, 0xbc,
    0x23, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
static const unsigned char rgb8[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x08, 0x02, 0x00, 0x00, 0x00, 0xfd, 0xd4, 0x9a,
    0x73, 0x00, 0x00, 0x00, 0x16, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0xf8, 0xcf, 0xc0, 0xc0,
    0xf0, 0x9f, 0x81, 0x81, 0x81, 0xe1, 0x3f, 0x97, 0x88, 0x1c, 0x00, 0x1a, 0x58, 0x03, 0x3a, 0x80,
    0x3c, 0xe3, 0x64, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
static const unsigned char rgba8[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x08, 0x06, 0x00, 0x00,
    0x00, 0x72, 0xb6, 0x0d, 0x24, 0x00, 0x00, 0x00, 0x1a, 0x49, 0x44, 0x41, 0x54, 0x78,
    0xda, 0x63, 0xf8, 0xcf, 0xc0, 0xf0, 0x9f, 0xe1, 0x3f, 0x03, 0x03, 0x03, 0x03, 0xc3,
    0xff, 0x06, 0x2e, 0x11, 0x39, 0x07, 0x00, 0x34, 0x41, 0x04, 0xf9, 0x12, 0xea, 0x6b,
    0x1d, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
static const unsigned char grey16[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44,
    0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x10, 0x00, 0x00, 0x00, 0x00, 0x07,
    0x4d, 0x8e, 0xbb, 0x00, 0x00, 0x00, 0x12, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x60,
    0x60, 0x68, 0x60, 0x60, 0x10, 0x32, 0xf9, 0xff, 0x1f, 0x00, 0x07, 0x6b, 0x02, 0xc5, 0x84,
    0xad, 0xde, 0x9b, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
static const unsigned char palette[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x02, 0x03, 0x00, 0x00, 0x00, 0x0f, 0xd8, 0xe5,
    0xb7, 0x00, 0x00, 0x00, 0x0c, 0x50, 0x4c, 0x54, 0x45, 0x00, 0xff, 0x00, 0x0a, 0x14, 0x1e, 0xff,
    0x00, 0x00, 0x00, 0x00, 0xff, 0xbc, 0x2a, 0xb2, 0xa1, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41,
    0x54, 0x78, 0xda, 0x63, 0x68, 0x60, 0xb8, 0x00, 0x00, 0x02, 0x54, 0x01, 0x51, 0x5f, 0xdb, 0x82,
    0x4d, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
static const unsigned char bits1[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x01, 0x00, 0x00, 0x00,
    0x00, 0x5a, 0xcd, 0x30, 0x89, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x78,
    0xda, 0x63, 0x68, 0x60, 0x66, 0x00, 0x00, 0x01, 0x8a, 0x00, 0x84, 0xde, 0x27, 0x5a,
    0x9b, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

static void check_png(struct scratch *s, const unsigned char *bytes, size_t length, int height,
                      int width, int channels, const int *want)
{
    struct incline_images images;
    const char *path = scratch_write(s, "image.png", bytes, length);
    if (!INCLINE_HAVE_PNG) {
        assert_fails(s->ctx, INCLINE_ERROR_UNSUPPORTED,
                     incline_images_read(s->ctx, path, height, width, channels, &images),
                     "image.png: this build of incline was made without libpng");
        return;
    }
    assert_ok(s->ctx, incline_images_read(s->ctx, path, height, width, channels, &images));
    assert_int_equal(images.count, 1);
    assert_int_equal(images.height, height);
    assert_int_equal(images.width, width);
    assert_int_equal(images.channels, channels);
    assert_null(images.labels);
    for (int i = 0; i < height * width * channels; i++)
        if (abs(images.pixels[i] - want[i]) > 1)
            fail_msg("value %d is %d, Pillow has %d", i, images.pixels[i], want[i]);
    incline_images_finish(&images);
}

static void test_grey(void **state)
{
    struct scratch *s = *state;
    check_png(s, grey8, sizeof grey8, 2, 3, 1, (const int[]){0, 50, 100, 150, 200, 255});
    check_png(s, grey8, sizeof grey8, 2, 3, 3,
              (const int[]){0, 0, 0, 50, 50, 50, 100, 100, 100, 150, 150, 150, 200, 200, 200, 255,
                            255, 255});
    check_png(s, bits1, sizeof bits1, 2, 2, 1, (const int[]){255, 0, 0, 255});
}

/* The high byte: 16-bit values are not taken for linear light. */
static void test_grey_of_16_bits(void **state)
{
    check_png(*state, grey16, sizeof grey16, 2, 2, 1, (const int[]){0, 0x80, 0x12, 0xff});
}

static void test_colour(void **state)
{
    struct scratch *s = *state;
    const int rgb[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30};
    const int luma[] = {76, 150, 29, 18};
    check_png(s, rgb8, sizeof rgb8, 2, 2, 3, rgb);
    check_png(s, palette, sizeof palette, 2, 2, 3, rgb);
    check_png(s, rgb8, sizeof rgb8, 2, 2, 1, luma);
    check_png(s, palette, sizeof palette, 2, 2, 1, luma);
}

static void test_alpha_is_over_white(void **state)
{
    check_png(*state, rgba8, sizeof rgba8, 2, 2, 3,
              (const int[]){255, 0, 0, 255, 255, 255, 127, 127, 255, 194, 196, 199});
}

static void test_png_is_resized(void **state)
{
    check_png(*state, grey8, sizeof grey8, 1, 1, 1, (const int[]){126});
}

static void check_fails(struct scratch *s, const char *path, int side, int channels,
                        enum incline_status status, const char *part)
{
    struct incline_images images;
    assert_fails(s->ctx, status, incline_images_read(s->ctx, path, side, side, channels, &images),
                 part);
    assert_null(images.pixels);
}

static void test_damaged_png(void **state)
{
    struct scratch *s = *state;
    unsigned char bytes[sizeof grey8];
    if (!INCLINE_HAVE_PNG)
        skip();
    memcpy(bytes, grey8, sizeof grey8);
    check_fails(s, scratch_write(s, "cut.png", bytes, 50), 2, 1, INCLINE_ERROR_DATA,
                "cut.png: damaged PNG: ");
    bytes[20] ^= 1;
    check_fails(s, scratch_write(s, "bad.png", bytes, sizeof bytes), 2, 1, INCLINE_ERROR_DATA,
                "bad.png: damaged PNG: IHDR: CRC error");
    check_fails(s, scratch_write(s, "ok.png", grey8, sizeof grey8), 2, 4, INCLINE_ERROR_DATA,
                "ok.png: PNG images have 1 (grey) or 3 (RGB) channels, but the model takes 4");
}

/* The header alone promises too much; its checksum is right. */
static void test_huge_png(void **state)
{
    struct scratch *s = *state;
    unsigned char bytes[sizeof grey8];
    if (!INCLINE_HAVE_PNG)
        skip();
    memcpy(bytes, grey8, sizeof grey8);
    memcpy(bytes + 16, "\0\0\x40\0\0\0\x40\0", 8);
    uLong sum = crc32(0, bytes + 12, 17);
    for (int i = 0; i < 4; i++)
        bytes[29 + i] = (unsigned char)(sum >> (24 - 8 * i));
    check_fails(s, scratch_write(s, "huge.png", bytes, sizeof bytes), 2, 1, INCLINE_ERROR_DATA,
                "huge.png: an image of 16384 x 16384 pixels; the limits are 65536 on a side and 64 "
                "Mi pixels");
}

static void test_idx(void **state)
{
    struct scratch *s = *state;
    struct incline_images images;
    const char *names[] = {"some.idx", "some.idx.gz"};
    for (int i = 0; i < 2; i++) {
        const char *path = idx_write_images(s, names[i], 5, 2, 2);
        assert_ok(s->ctx, incline_images_read(s->ctx, path, 2, 2, 1, &images));
        assert_int_equal(images.count, 5);
        assert_int_equal(images.pixels[19], 19 * 7);
        incline_images_finish(&images);
        check_fails(s, path, 3, 1, INCLINE_ERROR_DATA,
                    "images of 2 x 2 x 1 (height, width, channels), but the model takes 3 x 3 x 1; "
                    "IDX images are not resized");
    }
}

static void test_unknown_files(void **state)
{
    struct scratch *s = *state;
    check_fails(s, scratch_write(s, "a.jpg", "\xff\xd8\xff\xe0", 4), 2, 1, INCLINE_ERROR_DATA,
                "a.jpg: JPEG images cannot be read; incline reads PNG images and IDX files");
    check_fails(s, scratch_write(s, "a.txt", "hello", 5), 2, 1, INCLINE_ERROR_DATA,
                "a.txt: not an image file that incline knows; incline reads PNG images and IDX");
    check_fails(s, scratch_write(s, "empty", "", 0), 2, 1, INCLINE_ERROR_DATA,
                "empty: not an image file that incline knows");
    check_fails(s, scratch_path(s, "absent"), 2, 1, INCLINE_ERROR_DATA,
                "absent: cannot read it: No such file or directory");
    check_fails(s, s->folder, 2, 1, INCLINE_ERROR_DATA, "cannot read it: Is a directory");
    assert_int_equal(mkfifo(scratch_path(s, "pipe"), 0600), 0);
    check_fails(s, s->path, 2, 1, INCLINE_ERROR_DATA, "cannot read it: a pipe, socket or device");
}

static void test_arguments(void **state)
{
    struct scratch *s = *state;
    struct incline_images images;
    assert_fails(s->ctx, INCLINE_ERROR_ARGUMENT, incline_images_read(s->ctx, "x", 0, 2, 1, &images),
                 "incline_images_read: ");
    assert_fails(s->ctx, INCLINE_ERROR_ARGUMENT,
                 incline_images_read(s->ctx, NULL, 2, 2, 1, &images), "incline_images_read: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_grey),           scratch_test(test_grey_of_16_bits),
        scratch_test(test_colour),         scratch_test(test_alpha_is_over_white),
        scratch_test(test_png_is_resized), scratch_test(test_damaged_png),
        scratch_test(test_huge_png),       scratch_test(test_idx),
        scratch_test(test_unknown_files),  scratch_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

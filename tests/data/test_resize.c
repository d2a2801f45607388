/* Resizing against values that Pillow's Image.resize(BILINEAR) gave. */
#include "support/scratch.h"

#include "data/resize.h"

enum { PIXELS_MAX = 2000 };

static void fill(unsigned char *pixels, struct incline_shape shape)
{
    for (int y = 0; y < shape.height; y++)
        for (int x = 0; x < shape.width; x++)
            for (int c = 0; c < shape.channels; c++)
                *pixels++ = (unsigned char)(y * 37 + x * 11 + c * 53 + x * y % 7 * 9);
}

static void check(struct scratch *s, struct incline_shape from, struct incline_shape to,
                  const int *want)
{
    unsigned char in[PIXELS_MAX], out[PIXELS_MAX];
    fill(in, from);
    assert_ok(s->ctx, incline_resize(s->ctx, from, in, to, out));
    for (size_t i = 0; i < incline_shape_elems(to); i++)
        if (abs(out[i] - want[i]) > 1)
            fail_msg("value %zu is %d, Pillow has %d", i, out[i], want[i]);
}

static void test_shrinking(void **state)
{
    check(*state, (struct incline_shape){12, 9, 1}, (struct incline_shape){5, 4, 1},
          (const int[]){50, 85, 114, 123, 142, 171, 152, 165, 139, 111,
                        52, 70, 64,  90,  117, 127, 144, 178, 166, 181});
    check(*state, (struct incline_shape){7, 40, 1}, (struct incline_shape){2, 3, 1},
          (const int[]){131, 120, 140, 111, 127, 114});
}

static void test_growing(void **state)
{
    check(*state, (struct incline_shape){3, 2, 3}, (struct incline_shape){4, 3, 3},
          (const int[]){0,  53,  106, 6,  59,  112, 11, 64,  117, 23,  76,  129,
                        32, 85,  138, 40, 93,  146, 51, 104, 157, 63,  116, 169,
                        74, 127, 180, 74, 127, 180, 89, 142, 195, 103, 156, 209});
}

static void test_same_size_changes_nothing(void **state)
{
    struct scratch *s = *state;
    struct incline_shape shape = {9, 13, 3};
    unsigned char in[PIXELS_MAX], out[PIXELS_MAX];
    fill(in, shape);
    assert_ok(s->ctx, incline_resize(s->ctx, shape, in, shape, out));
    assert_memory_equal(in, out, incline_shape_elems(shape));
}

static void test_flat_stays_flat(void **state)
{
    struct scratch *s = *state;
    unsigned char in[PIXELS_MAX], out[PIXELS_MAX];
    for (int value = 0; value <= 255; value += 51) {
        memset(in, value, sizeof in);
        assert_ok(s->ctx, incline_resize(s->ctx, (struct incline_shape){31, 29, 1}, in,
                                         (struct incline_shape){7, 17, 1}, out));
        for (int i = 0; i < 7 * 17; i++)
            assert_int_equal(out[i], value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_shrinking),
        scratch_test(test_growing),
        scratch_test(test_same_size_changes_nothing),
        scratch_test(test_flat_stays_flat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

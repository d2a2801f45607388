/* Philox4x32-10 against the known answers that its authors published with it (Random123). */
#include "support/scratch.h"

#include "base/philox.h"

static void check(const uint32_t key[2], const uint32_t counter[4], const uint32_t answer[4])
{
    struct incline_philox got =
        incline_philox(key[0], key[1], counter[0], counter[1], counter[2], counter[3]);
    for (int i = 0; i < 4; i++)
        assert_int_equal(got.word[i], answer[i]);
}

static void test_known_answers(void **state)
{
    (void)state;
    check((const uint32_t[]){0, 0}, (const uint32_t[]){0, 0, 0, 0},
          (const uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    check((const uint32_t[]){0xffffffff, 0xffffffff},
          (const uint32_t[]){0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
          (const uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    check((const uint32_t[]){0xa4093822, 0x299f31d0},
          (const uint32_t[]){0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
          (const uint32_t[]){0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

static void test_draw_places_its_arguments(void **state)
{
    (void)state;
    struct incline_philox want = incline_philox(2, 1, 4, 3, INCLINE_STREAM_WEIGHTS, 5);
    struct incline_philox got = incline_philox_draw(
        UINT64_C(0x0000000100000002), INCLINE_STREAM_WEIGHTS, 5, UINT64_C(0x0000000300000004));
    assert_memory_equal(&got, &want, sizeof got);
}

static void test_uniform(void **state)
{
    (void)state;
    assert_true(incline_philox_uniform(0) == 0.0f);
    assert_true(incline_philox_uniform(0xff) == 0.0f);
    assert_true(incline_philox_uniform(0x80000000) == 0.5f);
    assert_true(incline_philox_uniform(0xffffffff) == 1.0f - 0x1p-24f);
    double sum = 0.0;
    for (uint32_t i = 0; i < 4096; i++)
        sum += (double)incline_philox_uniform(
            incline_philox_draw(1, INCLINE_STREAM_SHUFFLE, 0, i).word[0]);
    assert_true(sum / 4096 > 0.48 && sum / 4096 < 0.52);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_draw_places_its_arguments),
        cmocka_unit_test(test_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The hash against the vectors of its specification. */
#include "base/hash.h"

#include "support/scratch.h"

static void assert_hash(const char *text, size_t length, const char *expected)
{
    struct incline_hash hash;
    char written[INCLINE_HASH_TEXT];
    incline_hash_init(&hash);
    incline_hash_add(&hash, text, length);
    incline_hash_write(&hash, written);
    assert_string_equal(written, expected);
}

static void test_vectors(void **state)
{
    (void)state;
    assert_hash("", 0, "6c62272e07bb014262b821756295c58d");
    assert_hash("a", 1, "d228cb696f1a8caf78912b704e4a8964");
    assert_hash("foobar", 6, "343e1662793c64bf6f0d3597ba446f18");
}

static void test_borders(void **state)
{
    struct incline_hash one, other;
    (void)state;
    incline_hash_init(&one);
    incline_hash_add_text(&one, "ab");
    incline_hash_add_text(&one, "c");
    incline_hash_init(&other);
    incline_hash_add_text(&other, "a");
    incline_hash_add_text(&other, "bc");
    assert_memory_not_equal(&one, &other, sizeof one);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors),
                                          cmocka_unit_test(test_borders)};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}

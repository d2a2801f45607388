/* Allocation: zeroed, checked for overflow, growing keeps what was there. */
#include "support/scratch.h"

#include "base/memory.h"
#include "incline/config.h"
#include "incline/network.h"

static void test_alloc_is_zeroed(void **state)
{
    struct scratch *s = *state;
    int *numbers = NULL;
    assert_ok(s->ctx, incline_alloc(s->ctx, 1000, sizeof *numbers, &numbers));
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], 0);
    incline_free(&numbers);
    assert_null(numbers);
    incline_free(&numbers);
}

static void test_alloc_of_nothing(void **state)
{
    struct scratch *s = *state;
    char *a = NULL, *b = NULL;
    assert_ok(s->ctx, incline_alloc(s->ctx, 0, 8, &a));
    assert_ok(s->ctx, incline_alloc(s->ctx, 0, 8, &b));
    assert_non_null(a);
    assert_ptr_not_equal(a, b);
    incline_free(&a);
    incline_free(&b);
}

static void test_overflow_is_refused(void **state)
{
    struct scratch *s = *state;
    char *room = (char *)s;
    size_t capacity = 0;
    assert_fails(s->ctx, INCLINE_ERROR_MEMORY, incline_alloc(s->ctx, SIZE_MAX / 2, 4, &room),
                 "out of memory");
    assert_null(room);
    assert_fails(s->ctx, INCLINE_ERROR_MEMORY,
                 incline_grow(s->ctx, &room, &capacity, SIZE_MAX / 2, 4), "out of memory");
    assert_null(room);
    assert_int_equal(capacity, 0);
}

static void test_grow(void **state)
{
    struct scratch *s = *state;
    int *numbers = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 100; i++) {
        assert_ok(s->ctx,
                  incline_grow(s->ctx, &numbers, &capacity, (size_t)i + 1, sizeof *numbers));
        assert_true(capacity > (size_t)i);
        assert_int_equal(numbers[i], 0);
        numbers[i] = i;
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(numbers[i], i);
    assert_true(capacity < 256);
    incline_free(&numbers);
}

static void test_overflow_checks(void **state)
{
    (void)state;
    size_t result;
    assert_false(incline_mul_overflows(SIZE_MAX / 2, 2, &result));
    assert_int_equal(result, SIZE_MAX - 1);
    assert_true(incline_mul_overflows(SIZE_MAX / 2 + 1, 2, &result));
    assert_false(incline_add_overflows(SIZE_MAX - 1, 1, &result));
    assert_true(incline_add_overflows(SIZE_MAX, 1, &result));
}

static void test_text_and_names(void **state)
{
    struct scratch *s = *state;
    char *text = NULL, **names = NULL;
    assert_ok(s->ctx, incline_strdup(s->ctx, "word", &text));
    assert_string_equal(text, "word");
    incline_text_free(&text);
    assert_null(text);
    incline_text_free(NULL);
    assert_ok(s->ctx, incline_alloc(s->ctx, 2, sizeof *names, &names));
    assert_ok(s->ctx, incline_strdup(s->ctx, "one", &names[0]));
    incline_names_free(&names, 2);
    assert_null(names);
    incline_names_free(&names, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_alloc_is_zeroed),     scratch_test(test_alloc_of_nothing),
        scratch_test(test_overflow_is_refused), scratch_test(test_grow),
        scratch_test(test_overflow_checks),     scratch_test(test_text_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

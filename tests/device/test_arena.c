/* Placing tensors by lifetime: no two that are alive at once share a byte, places are aligned, and
 * memory is reused. */
#include "support/scratch.h"

#include "device/arena.h"

#include <stdbool.h>

enum { ITEMS_MAX = 60 };

static bool share_time(const struct incline_arena_item *a, const struct incline_arena_item *b)
{
    for (size_t launch = a->first; launch <= a->last; launch++)
        if (launch >= b->first && launch <= b->last)
            return true;
    return false;
}

static bool share_bytes(const struct incline_arena_item *a, const struct incline_arena_item *b)
{
    size_t begin = a->offset > b->offset ? a->offset : b->offset;
    size_t a_end = a->offset + a->bytes, b_end = b->offset + b->bytes;
    return begin < (a_end < b_end ? a_end : b_end);
}

static void check_placement(const struct incline_arena_item *items, size_t count, size_t align,
                            size_t total)
{
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(items[i].offset % align, 0);
        end = items[i].offset + items[i].bytes > end ? items[i].offset + items[i].bytes : end;
        for (size_t j = 0; j < i; j++)
            assert_false(share_time(&items[i], &items[j]) && share_bytes(&items[i], &items[j]));
    }
    assert_int_equal(end, total);
}

/* The most bytes that are alive at one launch: no arena can be smaller. */
static size_t lower_bound(const struct incline_arena_item *items, size_t count, size_t launches)
{
    size_t most = 0;
    for (size_t launch = 0; launch < launches; launch++) {
        size_t alive = 0;
        for (size_t i = 0; i < count; i++)
            if (items[i].first <= launch && launch <= items[i].last)
                alive += items[i].bytes;
        most = alive > most ? alive : most;
    }
    return most;
}

static unsigned draw(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void test_random(void **state)
{
    enum { LAUNCHES = 25, CASES = 3000 };
    size_t reused = 0;
    unsigned random = 1;
    (void)state;
    for (int n = 0; n < CASES; n++) {
        struct incline_arena_item items[ITEMS_MAX];
        size_t order[ITEMS_MAX], count = draw(&random) % ITEMS_MAX + 1, sum = 0;
        size_t align = (size_t)1 << draw(&random) % 10;
        for (size_t i = 0; i < count; i++) {
            size_t first = draw(&random) % LAUNCHES;
            items[i] = (struct incline_arena_item){
                .bytes = draw(&random) % 5000 + 1,
                .first = first,
                .last = first + draw(&random) % (LAUNCHES - first),
                .offset = draw(&random), /* must not matter */
            };
            sum += items[i].bytes;
        }
        size_t total = incline_arena_place(items, count, align, order);
        check_placement(items, count, align, total);
        assert_true(total >= lower_bound(items, count, LAUNCHES));
        reused += total < sum;
    }
    assert_true(reused > CASES / 2);
}

/* A chain, in which each tensor is made by one launch and read by the next, needs room for two. */
static void test_chain(void **state)
{
    enum { LENGTH = 40, BYTES = 1000, ALIGN = 128 };
    struct incline_arena_item items[LENGTH];
    size_t order[LENGTH];
    (void)state;
    for (size_t i = 0; i < LENGTH; i++)
        items[i] = (struct incline_arena_item){.bytes = BYTES, .first = i, .last = i + 1};
    assert_int_equal(incline_arena_place(items, LENGTH, ALIGN, order), 1024 + BYTES);
    check_placement(items, LENGTH, ALIGN, 1024 + BYTES);
}

static void test_apart_or_together(void **state)
{
    struct incline_arena_item apart[] = {{.bytes = 300, .first = 0, .last = 3},
                                         {.bytes = 200, .first = 4, .last = 4}};
    struct incline_arena_item touching[] = {{.bytes = 300, .first = 0, .last = 4},
                                            {.bytes = 200, .first = 4, .last = 4}};
    size_t order[2];
    (void)state;
    assert_int_equal(incline_arena_place(apart, 2, 128, order), 300);
    assert_int_equal(incline_arena_place(touching, 2, 128, order), 384 + 200);
    assert_int_equal(incline_arena_place(NULL, 0, 128, order), 0);
}

/* Equal tensors keep their order, so that a plan lies the same way each time. */
static void test_reproducible(void **state)
{
    struct incline_arena_item items[3] = {
        {.bytes = 128, .last = 9}, {.bytes = 128, .last = 9}, {.bytes = 256, .last = 9}};
    size_t order[3];
    (void)state;
    assert_int_equal(incline_arena_place(items, 3, 128, order), 512);
    assert_int_equal(items[2].offset, 0);
    assert_int_equal(items[0].offset, 256);
    assert_int_equal(items[1].offset, 384);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random), cmocka_unit_test(test_chain),
                                       cmocka_unit_test(test_apart_or_together),
                                       cmocka_unit_test(test_reproducible)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/number_list.h"

struct list {
    const char *text;
    size_t count;
    size_t numbers[8];
};

static void lists_and_ranges_are_read(void **state)
{
    static const struct list lists[] = {
        {"7", 1, {7}},
        {"32,64,128", 3, {32, 64, 128}},
        {"128,32", 2, {128, 32}},
        {"5,5", 1, {5}},
        {"8,4-8*2,4", 2, {8, 4}},
        {"16-20", 5, {16, 17, 18, 19, 20}},
        {"4-4", 1, {4}},
        {"32-128+32", 4, {32, 64, 96, 128}},
        {"32-127+32", 3, {32, 64, 96}},
        {"1-100*3", 5, {1, 3, 9, 27, 81}},
        {"32-256*2", 4, {32, 64, 128, 256}},
        {"1,8-16*2,100", 4, {1, 8, 16, 100}},
        {"1-4+2,65536", 3, {1, 3, 65536}},
        {"65535-65536*2", 1, {65535}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct cli_numbers numbers;
        if (!cli_parse_numbers(lists[i].text, 65536, &numbers))
            fail_msg("'%s' was refused", lists[i].text);
        assert_int_equal(numbers.count, lists[i].count);
        for (size_t k = 0; k < lists[i].count; k++)
            assert_int_equal(numbers.items[k], lists[i].numbers[k]);
    }
}

static void wrong_lists_are_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        ",",
                                        "1,",
                                        ",1",
                                        "1,,2",
                                        "0",
                                        "65537",
                                        "-1",
                                        "1-",
                                        "5-3",
                                        "1-8+0",
                                        "1-8*1",
                                        "1-8*0",
                                        "1-8+",
                                        "1-8*",
                                        "1-8/2",
                                        "1+2",
                                        "2*4",
                                        "1 ,2",
                                        " 1",
                                        "+1",
                                        "1.5",
                                        "1e2",
                                        "0x10",
                                        "a",
                                        "1-2-3",
                                        "1;2",
                                        "1-1000",
                                        "99999999999999999999999",
                                        "1-8+2+2"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct cli_numbers numbers = {.count = 3};
        if (cli_parse_numbers(wrong[i], 65536, &numbers))
            fail_msg("'%s' was taken", wrong[i]);
        assert_int_equal(numbers.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_and_ranges_are_read),
        cmocka_unit_test(wrong_lists_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

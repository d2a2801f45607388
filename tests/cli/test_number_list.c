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
        char problem[CLI_NUMBERS_PROBLEM];
        if (!cli_parse_numbers(lists[i].text, 65536, &numbers, problem))
            fail_msg("'%s' was refused", lists[i].text);
        assert_int_equal(numbers.count, lists[i].count);
        for (size_t k = 0; k < lists[i].count; k++)
            assert_int_equal(numbers.items[k], lists[i].numbers[k]);
    }
}

static void wrong_lists_are_refused(void **state)
{
    static const char *const forms[] = {"1-8/2", "1+2", "2*4",   "1 ,2", " 1",      "+1", "1.5",
                                        "1e2",   "a",   "1-2-3", "1;2",  "1-8+2+2", "-"};
    static const char form[] = "not a list of numbers such as 32,64, 32-128+32 or 32-256*2";
    static const char *const wrong[][2] = {
        {"", "a number is missing"},
        {",", "a number is missing"},
        {"1,", "a number is missing"},
        {",1", "a number is missing"},
        {"1,,2", "a number is missing"},
        {"1-", "a number is missing"},
        {"1-8+", "a number is missing"},
        {"1-8*", "a number is missing"},
        {"0", "0 is not between 1 and 65536"},
        {"-1", "-1 is not between 1 and 65536"},
        {"65537", "65537 is not between 1 and 65536"},
        {"1-1000000+1", "1000000 is not between 1 and 65536"},
        {"1-8+0", "0 is not between 1 and 65536"},
        {"1-8*0", "0 is not between 1 and 65536"},
        {"5-3", "a range goes down"},
        {"1-8*1", "a factor is at least 2"},
        {"1-1000", "more than 256 numbers"},
    };
    struct cli_numbers numbers;
    char problem[CLI_NUMBERS_PROBLEM];
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        assert_false(cli_parse_numbers(forms[i], 65536, &numbers, problem));
        assert_string_equal(problem, form);
        assert_int_equal(numbers.count, 0);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(cli_parse_numbers(wrong[i][0], 65536, &numbers, problem));
        assert_string_equal(problem, wrong[i][1]);
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

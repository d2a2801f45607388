#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void assert_duration(const char *text, double wanted)
{
    double seconds = -1;
    assert_true(cli_parse_duration(text, &seconds));
    assert_true(fabs(seconds - wanted) < 1e-9);
}

static void durations_are_read(void **state)
{
    (void)state;
    assert_duration("30s", 30);
    assert_duration("10m", 600);
    assert_duration("1h", 3600);
    assert_duration("45", 45);
    assert_duration("0.5", 0.5);
    assert_duration(".5m", 30);
    assert_duration("1h30m", 5400);
    assert_duration("1h2m3.5s", 3723.5);
}

static void wrong_durations_are_refused(void **state)
{
    static const char *const wrong[] = {"",    "s",   "0",    "0s",  "-5",   "+5",   " 5",
                                        "5 s", "5x",  "1d",   "inf", "nan",  "0x10", "1e3",
                                        "5s5", "5,5", "1..2", ".",   "10ms", "1h30"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        double seconds = -1;
        if (cli_parse_duration(wrong[i], &seconds))
            fail_msg("'%s' was taken as %g s", wrong[i], seconds);
        assert_true(seconds == -1);
    }
}

static void ratios_are_read(void **state)
{
    static const char *const wrong[] = {"",    "0",   "-1", "+1", " 1",    "1 ",   "0x10",
                                        "inf", "nan", "1e", "e5", "1e999", "1..2", "1e-5x"};
    double ratio = 7;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(cli_parse_ratio(wrong[i], &ratio));
    assert_true(ratio == 7);
    assert_true(cli_parse_ratio("0.95", &ratio) && ratio == 0.95);
    assert_true(cli_parse_ratio("1e-5", &ratio) && ratio == 1e-5);
    assert_true(cli_parse_ratio(".5E+3", &ratio) && ratio == 500);
}

static void numbers_are_checked(void **state)
{
    static const char *const wrong[] = {
        "", "0", "-1", "+1", "1.0", "1e3", " 1", "1 ", "0x1", "101", "99999999999999999999999999"};
    size_t number = 7;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(cli_parse_number(wrong[i], 100, &number));
    assert_int_equal(number, 7);
    assert_true(cli_parse_number("100", 100, &number));
    assert_int_equal(number, 100);
    assert_true(cli_parse_number("007", 100, &number));
    assert_int_equal(number, 7);
}

static void counts_have_thousands_separators(void **state)
{
    struct cli_figure figure;
    (void)state;
    assert_string_equal(cli_format_count(&figure, 0), "0");
    assert_string_equal(cli_format_count(&figure, 999), "999");
    assert_string_equal(cli_format_count(&figure, 1000), "1,000");
    assert_string_equal(cli_format_count(&figure, 54000), "54,000");
    assert_string_equal(cli_format_count(&figure, 1234567), "1,234,567");
    assert_string_equal(cli_format_count(&figure, UINT64_MAX), "18,446,744,073,709,551,615");
}

static void sizes_have_binary_units(void **state)
{
    struct cli_figure figure;
    (void)state;
    assert_string_equal(cli_format_bytes(&figure, 0), "0 B");
    assert_string_equal(cli_format_bytes(&figure, 1023), "1023 B");
    assert_string_equal(cli_format_bytes(&figure, 1024), "1.0 KiB");
    assert_string_equal(cli_format_bytes(&figure, 139304), "136 KiB");
    assert_string_equal(cli_format_bytes(&figure, 8.0 * 1024 * 1024 * 1024), "8.0 GiB");
    assert_string_equal(cli_format_bytes(&figure, 1024.0 * 1024 - 1), "1.0 MiB");
    assert_string_equal(cli_format_bytes(&figure, 99.96 * 1024), "100 KiB");
    assert_string_equal(cli_format_bytes(&figure, 5e15), "4547 TiB");
}

static void short_numbers_have_three_digits(void **state)
{
    struct cli_figure figure;
    (void)state;
    assert_string_equal(cli_format_short(&figure, 0), "0");
    assert_string_equal(cli_format_short(&figure, 999), "999");
    assert_string_equal(cli_format_short(&figure, 34826), "34.8 k");
    assert_string_equal(cli_format_short(&figure, 2440960), "2.44 M");
    assert_string_equal(cli_format_short(&figure, 999999), "1.00 M");
    assert_string_equal(cli_format_short(&figure, 313e9), "313 G");
}

static void times_are_shown(void **state)
{
    struct cli_figure figure;
    (void)state;
    assert_string_equal(cli_format_clock(&figure, 4.2), "4s");
    assert_string_equal(cli_format_clock(&figure, 59.6), "1m00s");
    assert_string_equal(cli_format_clock(&figure, 62), "1m02s");
    assert_string_equal(cli_format_clock(&figure, 11100), "3h05m");
    assert_string_equal(cli_format_clock(&figure, -1), "0s");
    assert_string_equal(cli_format_clock(&figure, (double)INFINITY), "277777h46m");
    assert_string_equal(cli_format_time(&figure, 0.417), "0.42 s");
    assert_string_equal(cli_format_time(&figure, 3.14), "3.1 s");
    assert_string_equal(cli_format_time(&figure, 62.3), "62 s");
    assert_string_equal(cli_format_time(&figure, 312), "5 min 12 s");
    assert_string_equal(cli_format_time(&figure, 7320), "2 h 02 min");
    assert_string_equal(cli_format_step(&figure, 0.0097), "9.7ms/step");
    assert_string_equal(cli_format_step(&figure, 0.00042), "420us/step");
    assert_string_equal(cli_format_step(&figure, 2.5), "2.5s/step");
}

static void metrics_never_vanish(void **state)
{
    struct cli_figure figure;
    (void)state;
    assert_string_equal(cli_format_epoch(&figure, 3, 10), "3/10");
    assert_string_equal(cli_format_epoch(&figure, 3, 0), "3");
    assert_string_equal(cli_format_metric(&figure, 0.87124), "0.8712");
    assert_string_equal(cli_format_metric(&figure, 0), "0.0000");
    assert_string_equal(cli_format_metric(&figure, 0.00012), "1.2000e-04");
    assert_string_equal(cli_format_metric(&figure, 12345678.0), "1.2346e+07");
    assert_string_equal(cli_format_metric(&figure, (double)INFINITY), "inf");
}

static void greatest_values_are_found(void **state)
{
    static const float scores[] = {-3, -0.5f, -2, -0.5f}, odd[] = {1, NAN, 2, NAN, INFINITY};
    static const int score_order[] = {1, 3, 2, 0, -1}, odd_order[] = {1, 3, 4, 2, 0, -1};
    bool used[5] = {false};
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        int found = cli_find_greatest(scores, used, 4);
        assert_int_equal(found, score_order[i]);
        used[i < 4 ? found : 4] = true;
    }
    memset(used, 0, sizeof used);
    for (size_t i = 0; i < 6; i++) {
        int found = cli_find_greatest(odd, used, 5);
        assert_int_equal(found, odd_order[i]);
        if (found >= 0)
            used[found] = true;
    }
}

static void near_words_are_suggested(void **state)
{
    static const char *const words[] = {"epochs", "batch-size", "lr", "seed", "set"};
    (void)state;
    assert_string_equal(cli_suggest("epoch", words, 5), "epochs");
    assert_string_equal(cli_suggest("batchsize", words, 5), "batch-size");
    assert_string_equal(cli_suggest("batch_sise", words, 5), "batch-size");
    assert_string_equal(cli_suggest("seet", words, 5), "seed");
    assert_string_equal(cli_suggest("set", words, 5), "set");
    assert_string_equal(cli_suggest("sede", words, 5), "seed");
    assert_string_equal(cli_suggest("rl", words, 5), "lr");
    assert_null(cli_suggest("momentum", words, 5));
    assert_null(cli_suggest("", words, 5));
    assert_null(cli_suggest("x", words, 0));
    assert_null(cli_suggest(
        "0123456789012345678901234567890123456789012345678901234567890123456789", words, 5));
}

static void text_is_measured_and_cut_by_characters(void **state)
{
    char out[40];
    (void)state;
    assert_int_equal(cli_text_width("abc"), 3);
    assert_int_equal(cli_text_width("\u00e9\u2501x"), 3);
    cli_clip(out, sizeof out, "short", 5);
    assert_string_equal(out, "short");
    cli_clip(out, sizeof out, "Accelerated", 8);
    assert_string_equal(out, "Accel...");
    cli_clip(out, sizeof out, "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", 5);
    assert_string_equal(out, "\u00e9\u00e9...");
}

static void control_characters_are_replaced(void **state)
{
    char text[] = "a\033[31mb\r\n\tc\x7f\u00e9";
    (void)state;
    cli_make_printable(text);
    assert_string_equal(text, "a?[31mb?\n\tc?\u00e9");
}

static void places_are_recognised(void **state)
{
    (void)state;
    assert_true(cli_has_place("mnist.yaml:4:24: error: unknown key"));
    assert_true(cli_has_place("C:/a:b.yaml:4:24: error: x"));
    assert_false(cli_has_place("mnist.yaml:4: error"));
    assert_false(cli_has_place("no device\nfile:1:2: x"));
    assert_false(cli_has_place(":1:2: x"));
    assert_false(cli_has_place("device 1:0: lost"));
    assert_false(cli_has_place(""));
}

static void assert_protected(char *(*protect)(const char *text), const char *text,
                             const char *wanted)
{
    char *copy = protect(text);
    assert_non_null(copy);
    assert_string_equal(copy, wanted);
    free(copy);
}

static void texts_are_protected(void **state)
{
    (void)state;
    assert_protected(cli_quote_csv, "T-shirt/top", "T-shirt/top");
    assert_protected(cli_quote_csv, "a,b", "\"a,b\"");
    assert_protected(cli_quote_csv, "say \"x\"", "\"say \"\"x\"\"\"");
    assert_protected(cli_quote_csv, "", "");
    assert_protected(cli_quote_shell, "runs/a-1.b", "runs/a-1.b");
    assert_protected(cli_quote_shell, "my run", "'my run'");
    assert_protected(cli_quote_shell, "it's", "'it'\\''s'");
    assert_protected(cli_quote_shell, "", "''");
    assert_protected(cli_escape_tabs, "a\tb\\c\nd", "a\\tb\\\\c\\nd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(wrong_durations_are_refused),
        cmocka_unit_test(ratios_are_read),
        cmocka_unit_test(numbers_are_checked),
        cmocka_unit_test(counts_have_thousands_separators),
        cmocka_unit_test(sizes_have_binary_units),
        cmocka_unit_test(short_numbers_have_three_digits),
        cmocka_unit_test(times_are_shown),
        cmocka_unit_test(metrics_never_vanish),
        cmocka_unit_test(greatest_values_are_found),
        cmocka_unit_test(near_words_are_suggested),
        cmocka_unit_test(text_is_measured_and_cut_by_characters),
        cmocka_unit_test(control_characters_are_replaced),
        cmocka_unit_test(places_are_recognised),
        cmocka_unit_test(texts_are_protected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Growing text, numbers in every locale, did-you-mean. */
#include "support/scratch.h"

#include "base/memory.h"
#include "base/text.h"

#include <locale.h>
#include <math.h>

static void test_grows(void **state)
{
    struct scratch *s = *state;
    struct incline_text text;
    incline_text_init(&text, s->ctx);
    assert_string_equal(incline_text_get(&text), "");
    for (int i = 0; i < 1000; i++)
        incline_text_add(&text, "%03d,", i);
    assert_int_equal(text.length, 4000);
    assert_memory_equal(incline_text_get(&text), "000,001,", 8);
    assert_string_equal(incline_text_get(&text) + 3996, "999,");
    incline_text_add_bytes(&text, "a\0b", 3);
    assert_int_equal(text.length, 4003);
    assert_ok(s->ctx, incline_text_status(&text));
    incline_text_finish(&text);
    assert_string_equal(incline_text_get(&text), "");
}

static void test_take(void **state)
{
    struct scratch *s = *state;
    struct incline_text text;
    char *taken = NULL;
    incline_text_init(&text, s->ctx);
    assert_ok(s->ctx, incline_text_take(&text, &taken));
    assert_string_equal(taken, "");
    incline_free(&taken);
    incline_text_add(&text, "%s", "word");
    assert_ok(s->ctx, incline_text_take(&text, &taken));
    assert_string_equal(taken, "word");
    assert_string_equal(incline_text_get(&text), "");
    incline_free(&taken);
    incline_text_finish(&text);
}

static void test_failure_is_remembered(void **state)
{
    struct scratch *s = *state;
    struct incline_text text;
    char *taken = NULL;
    incline_text_init(&text, s->ctx);
    volatile size_t most = SIZE_MAX;
    incline_text_add(&text, "x");
    incline_text_add_bytes(&text, "x", most);
    incline_text_add(&text, "more");
    assert_fails(s->ctx, INCLINE_ERROR_MEMORY, incline_text_status(&text), "out of memory");
    assert_fails(s->ctx, INCLINE_ERROR_MEMORY, incline_text_take(&text, &taken), "out of memory");
    assert_null(taken);
    incline_text_finish(&text);
}

static void test_quoted(void **state)
{
    struct scratch *s = *state;
    struct incline_text text;
    char longer[200] = {0};
    incline_text_init(&text, s->ctx);
    incline_text_add_quoted(&text, "word");
    assert_string_equal(incline_text_get(&text), "'word'");
    incline_text_finish(&text);
    memset(longer, 'a', 59);
    strcpy(longer + 59, "\xc3\xa4 and more");
    incline_text_add_quoted(&text, longer);
    assert_int_equal(text.length, 1 + 59 + 4); /* the character is not cut in two */
    assert_string_equal(incline_text_get(&text) + 60, "...'");
    incline_text_finish(&text);
}

static void test_parse_double(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"1", 1},       {"-0.5", -0.5},   {"+2.", 2},       {".25", 0.25},       {"1e-4", 1e-4},
        {"1E-4", 1e-4}, {"0.0001", 1e-4}, {"12e+3", 12000}, {"1e999", INFINITY}, {"1e-999", 0}};
    static const char *const bad[] = {"",    "-",   ".",    "1e",  "e5",   "1e+", " 1",    "1 ",
                                      "inf", "nan", "0x10", "1,5", "1e5x", "--1", "1.2.3", "1_000"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double value = -1;
        assert_true(incline_parse_double(good[i].text, &value));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double value = -1;
        if (incline_parse_double(bad[i], &value))
            fail_msg("'%s' was taken as a number", bad[i]);
    }
}

static void test_double_survives(void **state)
{
    struct scratch *s = *state;
    static const double values[] = {0, -0.0, 0.1, 1e-4, 255, 1.0 / 3, 1e300, 5e-324, 0.01, -2.5};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct incline_text text;
        double back = 7;
        incline_text_init(&text, s->ctx);
        incline_text_add_double(&text, values[i]);
        assert_true(incline_parse_double(incline_text_get(&text), &back));
        assert_memory_equal(&back, &values[i], sizeof back);
        incline_text_finish(&text);
    }
}

static void test_whole_numbers_are_written_out(void **state)
{
    struct scratch *s = *state;
    struct incline_text text;
    incline_text_init(&text, s->ctx);
    incline_text_add_double(&text, 1000);
    incline_text_add(&text, " ");
    incline_text_add_double(&text, 1e30);
    assert_string_equal(incline_text_get(&text), "1000 1e+30");
    incline_text_finish(&text);
}

/* Skips where no locale with a decimal comma is installed. */
static void test_decimal_comma(void **state)
{
    struct scratch *s = *state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    size_t i = 0;
    while (i < sizeof names / sizeof *names && !setlocale(LC_NUMERIC, names[i]))
        i++;
    if (i == sizeof names / sizeof *names)
        skip();
    struct incline_text text;
    double value = 0;
    incline_text_init(&text, s->ctx);
    bool read = incline_parse_double("0.5", &value);
    incline_text_add_double(&text, 0.25);
    setlocale(LC_NUMERIC, "C");
    assert_true(read);
    assert_true(value == 0.5);
    assert_string_equal(incline_text_get(&text), "0.25");
    incline_text_finish(&text);
}

static void test_utf8(void **state)
{
    struct scratch *s = *state;
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {{"a", 1},
                 {"\n", 1},
                 {"\xc3\xa4", 2},
                 {"\xe2\x82\xac", 3},
                 {"\xf0\x9f\x98\x80", 4},
                 {"\x80", 0},
                 {"\xff", 0},
                 {"\xc3", 0},
                 {"\xc3"
                  "a",
                  0},
                 {"\xc0\xaf", 0},
                 {"\xe0\x80\xaf", 0},
                 {"\xed\xa0\x80", 0},
                 {"\xf4\x90\x80\x80", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(incline_utf8_length(cases[i].bytes, strlen(cases[i].bytes)),
                         cases[i].length);
    assert_int_equal(incline_utf8_length("\xc3\xa4", 1), 0);
    assert_int_equal(incline_utf8_length("a", 0), 0);
    struct incline_text text;
    incline_text_init(&text, s->ctx);
    incline_text_add_utf8(&text, "a\xff\xc3\xa4\xc3");
    assert_string_equal(incline_text_get(&text), "a?\xc3\xa4?");
    incline_text_finish(&text);
}

static void test_names_hold_no_control_characters(void **state)
{
    (void)state;
    const char *good[] = {"", "T-shirt/top", "\xc3\xa4", "\xc2\xa0"};
    const char *bad[] = {"a\tb", "a\n", "\x1b[31m", "\x7f", "\xc2\x9b", "a\xff"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(incline_is_line(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(incline_is_line(bad[i]));
    assert_int_equal(incline_control_at("\xc2\x9b", 2), 0x9b);
    assert_int_equal(incline_control_at("\xc2", 1), -1);
}

static void test_did_you_mean(void **state)
{
    (void)state;
    static const char *const words[] = {"conv2d", "max_pool2d", "flatten", "dense", "relu", "tanh"};
    static const struct {
        const char *word, *expected;
    } cases[] = {{"flaten", "flatten"},
                 {"flattne", "flatten"},
                 {"Conv2D", "conv2d"},
                 {"MaxPool2D", "max_pool2d"},
                 {"ReLU", "relu"},
                 {"rleu", "relu"},
                 {"conv", "conv2d"},
                 {"dens", "dense"},
                 {"xyz", NULL},
                 {"fxxxten", NULL},
                 {"x", NULL},
                 {"", NULL},
                 {"ta", NULL},
                 {"de", NULL},
                 {"a word that is much too long to be compared with anything", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *near = incline_did_you_mean(cases[i].word, words, 6);
        if (!cases[i].expected)
            assert_null(near);
        else if (!near || strcmp(near, cases[i].expected) != 0)
            fail_msg("%s: got %s", cases[i].word, near ? near : "nothing");
    }
    assert_null(incline_did_you_mean("conv", words, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_grows),
        scratch_test(test_take),
        scratch_test(test_failure_is_remembered),
        scratch_test(test_quoted),
        scratch_test(test_parse_double),
        scratch_test(test_double_survives),
        scratch_test(test_whole_numbers_are_written_out),
        scratch_test(test_decimal_comma),
        scratch_test(test_utf8),
        cmocka_unit_test(test_names_hold_no_control_characters),
        scratch_test(test_did_you_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

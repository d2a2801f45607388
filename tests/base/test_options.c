/* Option tables: types, ranges, messages, writing back. */
#include "support/scratch.h"

#include "base/options.h"

#include <float.h>
#include <limits.h>

struct values {
    int count, choice, pair[2];
    uint64_t seed;
    double rate, any;
    bool flag;
    char *name;
    struct incline_padding padding;
    int sides[4];
    struct incline_doubles numbers;
    struct incline_texts words;
};

static const char *const choices[] = {"none", "relu", "tanh", NULL};

#define PLACE(member) offsetof(struct values, member)

enum { COUNT, CHOICE, PAIR, SEED, RATE, ANY, FLAG, NAME, PADDING, SIDES, NUMBERS, WORDS };

static const struct incline_option options[] = {
    {"count", INCLINE_OPTION_INT, PLACE(count), NULL, 1, 1024, NULL, "how many"},
    {"choice", INCLINE_OPTION_CHOICE, PLACE(choice), "none", 0, 0, choices, "which"},
    {"pair", INCLINE_OPTION_PAIR, PLACE(pair), "[2, 3]", 1, INT_MAX, NULL, "size in cells"},
    {"seed", INCLINE_OPTION_UINT64, PLACE(seed), "1", 0, 0, NULL, "start"},
    {"rate", INCLINE_OPTION_DOUBLE, PLACE(rate), "0.01", DBL_MIN, DBL_MAX, NULL, "speed"},
    {"any", INCLINE_OPTION_DOUBLE, PLACE(any), "0", 0, 0, NULL, "a number"},
    {"flag", INCLINE_OPTION_BOOL, PLACE(flag), "true", 0, 0, NULL, "yes or no"},
    {"name", INCLINE_OPTION_TEXT, PLACE(name), "", 0, 0, NULL, "a name"},
    {"padding", INCLINE_OPTION_PADDING, PLACE(padding), "valid", 0, 9, NULL, "cells"},
    {"sides", INCLINE_OPTION_SIDES, PLACE(sides), "[1, 2, 3, 4]", 0, 9, NULL, "cells"},
    {"numbers", INCLINE_OPTION_DOUBLES, PLACE(numbers), "[]", -1, 1, NULL, "numbers"},
    {"words", INCLINE_OPTION_TEXTS, PLACE(words), "[]", 0, 0, NULL, "words"},
};

static const struct incline_option_table table = {options, sizeof options / sizeof *options,
                                                  "count", sizeof(struct values)};

static void test_defaults(void **state)
{
    struct scratch *s = *state;
    struct values v = {0};
    assert_ok(s->ctx, incline_options_default(s->ctx, &table, &v));
    assert_int_equal(v.count, 0);
    assert_int_equal(v.choice, 0);
    assert_int_equal(v.pair[0], 2);
    assert_int_equal(v.pair[1], 3);
    assert_int_equal(v.seed, 1);
    assert_true(v.rate == 0.01);
    assert_true(v.flag);
    assert_string_equal(v.name, "");
    assert_int_equal(v.padding.mode, INCLINE_PADDING_VALID);
    for (int i = 0; i < 4; i++)
        assert_int_equal(v.sides[i], i + 1);
    assert_int_equal(v.numbers.count, 0);
    assert_int_equal(v.words.count, 0);
    incline_options_finish(&table, &v);
    assert_null(v.name);
}

static void test_values(void **state)
{
    static const struct {
        int option;
        const char *text, *written;
    } cases[] = {
        {COUNT, "1", "1"},
        {COUNT, "+1024", "1024"},
        {CHOICE, "tanh", "tanh"},
        {PAIR, "5", "5"},
        {PAIR, "[5, 5]", "5"},
        {PAIR, "[1,7]", "[1, 7]"},
        {SEED, "18446744073709551615", "18446744073709551615"},
        {SEED, "0", "0"},
        {RATE, "1e-4", "0.0001"},
        {RATE, "1E-4", "0.0001"},
        {RATE, "0.0001", "0.0001"},
        {ANY, "-3", "-3"},
        {FLAG, "no", "false"},
        {FLAG, "on", "true"},
        {NAME, "no", "\"no\""},
        {NAME, "a: b", "\"a: b\""},
        {NAME, "[x]", "\"[x]\""},
        {NAME, "/data/x-1.y", "/data/x-1.y"},
        {PADDING, "same", "same"},
        {PADDING, "valid", "valid"},
        {PADDING, "2", "2"},
        {PADDING, "[1, 0]", "[1, 0]"},
        {SIDES, "3", "3"},
        {SIDES, "[2, 2, 2, 2]", "2"},
        {SIDES, "[2, 2, 2, 1]", "[2, 2, 2, 1]"},
        {NUMBERS, "0.5", "[0.5]"},
        {NUMBERS, "[0.5, -1]", "[0.5, -1]"},
        {WORDS, "[a, b c]", "[a, \"b c\"]"},
        {WORDS, "one", "[one]"},
    };
    struct scratch *s = *state;
    struct values v = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct incline_text problem, written;
        incline_text_init(&problem, s->ctx);
        incline_text_init(&written, s->ctx);
        assert_ok(s->ctx, incline_option_parse(s->ctx, &options[cases[i].option], cases[i].text, &v,
                                               &problem));
        incline_option_write(&options[cases[i].option], &v, &written);
        assert_string_equal(incline_text_get(&written), cases[i].written);
        assert_string_equal(incline_text_get(&problem), "");
        incline_text_finish(&written);
        incline_text_finish(&problem);
    }
    incline_options_finish(&table, &v);
}

static void test_problems(void **state)
{
    static const struct {
        int option;
        const char *text, *problem;
    } cases[] = {
        {COUNT, "0", "must be between 1 and 1024, not 0"},
        {COUNT, "-5", "must be between 1 and 1024, not -5"},
        {COUNT, "99999999999999999999", "must be between 1 and 1024, not 99999999999999999999"},
        {COUNT, "3.0", "must be a whole number, not '3.0'"},
        {COUNT, "", "must be a whole number, not ''"},
        {COUNT, "-", "must be a whole number, not '-'"},
        {COUNT, "0x10", "must be a whole number, not '0x10'"},
        {CHOICE, "rleu", "must be none, relu or tanh, not 'rleu' (did you mean 'relu'?)"},
        {CHOICE, "quite different", "must be none, relu or tanh, not 'quite different'"},
        {PAIR, "0", "must be at least 1, not 0"},
        {PAIR, "3000000000", "must be a whole number up to 2147483647, not '3000000000'"},
        {PAIR, "[1]", "must be one number or [height, width], not a list of 1"},
        {PAIR, "[1, 2, 3]", "must be one number or [height, width], not a list of 3"},
        {PAIR, "[]", "must be one number or [height, width], not a list of 0"},
        {SEED, "-1", "must be a whole number from 0 to 18446744073709551615, not '-1'"},
        {SEED, "18446744073709551616",
         "must be a whole number from 0 to 18446744073709551615, not '18446744073709551616'"},
        {RATE, "0", "must be above 0, not 0"},
        {RATE, "1e999", "must be a finite number, not '1e999'"},
        {RATE, "nan", "must be a finite number, not 'nan'"},
        {RATE, "fast", "must be a finite number, not 'fast'"},
        {FLAG, "True", "must be true or false, not 'True'"},
        {PADDING, "sane", "must be valid, same, a number or [height, width], not 'sane'"},
        {PADDING, "10", "must be between 0 and 9, not 10"},
        {SIDES, "[1, 2]", "must be one number or [top, bottom, left, right], not a list of 2"},
        {SIDES, "[1, 2, 3, 10]", "must be between 0 and 9, not 10"},
        {NUMBERS, "[0, 2]", "must be between -1 and 1, not 2"},
        {NUMBERS, "[0, x]", "must be a finite number, not 'x'"},
    };
    struct scratch *s = *state;
    struct values v = {.count = 77};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct incline_text problem;
        incline_text_init(&problem, s->ctx);
        assert_int_equal(
            incline_option_parse(s->ctx, &options[cases[i].option], cases[i].text, &v, &problem),
            INCLINE_ERROR_CONFIG);
        assert_string_equal(incline_text_get(&problem), cases[i].problem);
        assert_string_equal(incline_error_text(s->ctx), ""); /* the caller adds the place */
        incline_text_finish(&problem);
    }
    assert_int_equal(v.count, 77);
    incline_options_finish(&table, &v);
}

/* Reads text as options of "thing". */
static enum incline_status read_thing(struct scratch *s, const char *text, struct values *v,
                                      uint64_t *given)
{
    static const char *const others[] = {"extra", NULL};
    struct incline_document *doc = NULL;
    enum incline_status status = incline_document_parse(s->ctx, "o.yaml", text, strlen(text), &doc);
    if (status == INCLINE_OK)
        status = incline_options_read(s->ctx, incline_document_root(doc), "thing", &table, others,
                                      NULL, v, given);
    if (status == INCLINE_OK)
        status =
            incline_options_require(s->ctx, incline_document_root(doc), "thing", &table, *given);
    incline_document_destroy(&doc);
    return status;
}

static void test_read(void **state)
{
    struct scratch *s = *state;
    struct values v = {0};
    uint64_t given = 0;
    assert_ok(s->ctx, incline_options_default(s->ctx, &table, &v));
    assert_ok(s->ctx,
              read_thing(s, "{count: '3', pair: [4, 5], words: [x, \"y, z\"], extra: {a: b}}", &v,
                         &given));
    assert_int_equal(v.count, 3);
    assert_int_equal(v.pair[1], 5);
    assert_int_equal(v.words.count, 2);
    assert_string_equal(v.words.values[1], "y, z");
    assert_int_equal(given, 1 << COUNT | 1 << PAIR | 1 << WORDS);
    given = 0;
    assert_ok(s->ctx, read_thing(s, "12", &v, &given)); /* a bare value is the main option */
    assert_int_equal(v.count, 12);
    incline_options_finish(&table, &v);
}

static void test_read_fails_at_its_place(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"count: 1\nrat: 2\n",
         "o.yaml:2:1: error: thing: unknown key 'rat' (did you mean 'rate'?)\nrat: 2\n^~~"},
        {"{count: 1, extr: 2}",
         "o.yaml:1:12: error: thing: unknown key 'extr' (did you mean 'extra'?)\n"
         "{count: 1, extr: 2}\n           ^~~~"},
        {"{count: 1, rate:2}",
         "o.yaml:1:12: error: thing: unknown key 'rate:2' (a blank is needed behind the colon)\n"
         "{count: 1, rate:2}\n           ^~~~~~"},
        {"count: 1\nrate:   fast\n",
         "o.yaml:2:9: error: thing: rate must be a finite number, not 'fast'\n"
         "rate:   fast\n        ^~~~"},
        {"count: [1]\n",
         "o.yaml:1:8: error: thing: count must be one value, not a list\ncount: [1]\n       ^"},
        {"count: {a: 1}\n", "o.yaml:1:8: error: thing: count must be a value, not a mapping\n"
                            "count: {a: 1}\n       ^"},
        {"pair: [1, [2]]\n", "o.yaml:1:11: error: a list or mapping is not allowed here\n"
                             "pair: [1, [2]]\n          ^"},
        {"count:\n",
         "o.yaml:1:6: error: thing: count must be a whole number, not ''\ncount:\n     ^"},
        {"rate: 1\n", "o.yaml:1:1: error: thing: 'count' is missing: how many\nrate: 1\n^"},
    };
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct values v = {0};
        uint64_t given = 0;
        assert_int_equal(read_thing(s, cases[i].text, &v, &given), INCLINE_ERROR_CONFIG);
        assert_string_equal(incline_error_text(s->ctx), cases[i].error);
        incline_error_clear(s->ctx);
        incline_options_finish(&table, &v);
    }
}

static void test_wrong_default_is_a_bug(void **state)
{
    static const struct incline_option wrong = {
        "count", INCLINE_OPTION_INT, PLACE(count), "0", 1, 9, NULL, ""};
    static const struct incline_option_table wrong_table = {&wrong, 1, NULL, sizeof(struct values)};
    struct scratch *s = *state;
    struct values v = {0};
    assert_fails(s->ctx, INCLINE_ERROR_BUG, incline_options_default(s->ctx, &wrong_table, &v),
                 "default of option 'count' must be between 1 and 9, not 0");
}

static void test_help(void **state)
{
    struct scratch *s = *state;
    struct incline_text text;
    static const struct incline_option_table two = {options, 2, NULL, sizeof(struct values)};
    incline_text_init(&text, s->ctx);
    incline_options_help(&two, &text);
    assert_string_equal(incline_text_get(&text),
                        "  count          how many\n"
                        "                 whole number, between 1 and 1024; must be given\n"
                        "  choice         which\n"
                        "                 none, relu or tanh; default none\n");
    incline_text_finish(&text);
}

/* A word that stands in the place of a number is kept as 0. */
static void test_word_for_a_number(void **state)
{
    static const char *const word[] = {"forever"};
    static const struct incline_option numbers[] = {
        {"count", INCLINE_OPTION_INT, PLACE(count), "forever", 1, 9, word, "how long"},
        {"rate", INCLINE_OPTION_DOUBLE, PLACE(rate), "2.5", DBL_MIN, DBL_MAX, word, "how fast"},
    };
    static const struct incline_option_table both = {numbers, 2, NULL, sizeof(struct values)};
    static const struct {
        int option;
        const char *text, *written, *problem;
    } cases[] = {
        {0, "3", "3", ""},
        {0, "forever", "forever", ""},
        {1, "0.5", "0.5", ""},
        {1, "forever", "forever", ""},
        {0, "0", "forever", "must be between 1 and 9 or forever, not 0"},
        {0, "forver", "forever",
         "must be a whole number or forever, not 'forver' (did you mean 'forever'?)"},
        {1, "-1", "forever", "must be above 0 or forever, not -1"},
        {1, "x", "forever", "must be a finite number or forever, not 'x'"},
    };
    struct scratch *s = *state;
    struct values v = {.count = 7};
    struct incline_text problem, text;
    assert_ok(s->ctx, incline_options_default(s->ctx, &both, &v));
    assert_int_equal(v.count, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        incline_text_init(&problem, s->ctx);
        incline_text_init(&text, s->ctx);
        enum incline_status status =
            incline_option_parse(s->ctx, &numbers[cases[i].option], cases[i].text, &v, &problem);
        assert_int_equal(status, *cases[i].problem ? INCLINE_ERROR_CONFIG : INCLINE_OK);
        assert_string_equal(incline_text_get(&problem), cases[i].problem);
        incline_option_write(&numbers[cases[i].option], &v, &text);
        assert_string_equal(incline_text_get(&text), cases[i].written);
        incline_text_finish(&text);
        incline_text_finish(&problem);
    }
    incline_text_init(&text, s->ctx);
    incline_options_help(&both, &text);
    assert_non_null(strstr(incline_text_get(&text),
                           " whole number or forever, between 1 and 9; default forever\n"));
    assert_non_null(strstr(incline_text_get(&text), " number or forever, above 0; default 2.5\n"));
    incline_text_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_defaults),
        scratch_test(test_values),
        scratch_test(test_problems),
        scratch_test(test_read),
        scratch_test(test_read_fails_at_its_place),
        scratch_test(test_wrong_default_is_a_bug),
        scratch_test(test_help),
        scratch_test(test_word_for_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The context: first error wins, long texts survive, log levels arrive. */
#include "support/scratch.h"

#include "base/error.h"
#include "incline/version.h"

struct heard {
    enum incline_log_level level;
    char text[64];
};

static void listen(void *cookie, enum incline_log_level level, const char *text)
{
    struct heard *heard = cookie;
    heard->level = level;
    snprintf(heard->text, sizeof heard->text, "%s", text);
}

static void test_first_error_wins(void **state)
{
    struct scratch *s = *state;
    assert_string_equal(incline_error_text(s->ctx), "");
    assert_int_equal(incline_fail(s->ctx, INCLINE_ERROR_DATA, "first %d", 1), INCLINE_ERROR_DATA);
    assert_int_equal(incline_fail(s->ctx, INCLINE_ERROR_IO, "second"), INCLINE_ERROR_IO);
    assert_string_equal(incline_error_text(s->ctx), "first 1");
    incline_error_clear(s->ctx);
    assert_string_equal(incline_error_text(s->ctx), "");
    assert_int_equal(incline_fail(s->ctx, INCLINE_ERROR_IO, "third"), INCLINE_ERROR_IO);
    assert_string_equal(incline_error_text(s->ctx), "third");
}

static void test_long_text_is_whole(void **state)
{
    struct scratch *s = *state;
    static char log[100000];
    memset(log, 'x', sizeof log - 1);
    incline_fail(s->ctx, INCLINE_ERROR_BUILD, "%s!", log);
    assert_int_equal(strlen(incline_error_text(s->ctx)), sizeof log);
    assert_int_equal(incline_error_text(s->ctx)[sizeof log - 1], '!');
    incline_error_clear(s->ctx);
    incline_fail(s->ctx, INCLINE_ERROR_BUILD, "short");
    assert_string_equal(incline_error_text(s->ctx), "short");
}

static void test_control_characters_are_replaced(void **state)
{
    struct scratch *s = *state;
    incline_fail(s->ctx, INCLINE_ERROR_DATA, "a\x1b[31mb\r\tc\nd\x7f");
    assert_string_equal(incline_error_text(s->ctx), "a?[31mb?\tc\nd?");
}

static void test_log(void **state)
{
    (void)state;
    struct heard heard = {INCLINE_LOG_ERROR, ""};
    struct incline_context *ctx = incline_context_create(listen, &heard);
    incline_log(ctx, INCLINE_LOG_DEBUG, "%s %d", "step", 3);
    assert_int_equal(heard.level, INCLINE_LOG_DEBUG);
    assert_string_equal(heard.text, "step 3");
    incline_context_destroy(&ctx);
    assert_null(ctx);
    incline_context_destroy(&ctx);
}

static void test_no_context(void **state)
{
    (void)state;
    incline_log(NULL, INCLINE_LOG_INFO, "nobody hears");
    assert_int_equal(incline_fail(NULL, INCLINE_ERROR_IO, "x"), INCLINE_ERROR_IO);
    assert_string_equal(incline_error_text(NULL), "");
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(incline_status_name(INCLINE_OK), "ok");
    assert_string_equal(incline_status_name(INCLINE_ERROR_UNSUPPORTED), "unsupported");
    assert_string_equal(incline_status_name(INCLINE_ERROR_BUG), "bug");
    assert_string_equal(incline_status_name((enum incline_status)99), "unknown");
    assert_string_equal(incline_version(), INCLINE_VERSION);
}

static void test_warnings_are_kept_in_order(void **state)
{
    struct scratch *s = *state;
    incline_log(s->ctx, INCLINE_LOG_INFO, "no warning");
    for (int i = 0; i < 100; i++)
        incline_log(s->ctx, INCLINE_LOG_WARN, "warning %d", i);
    for (int i = 0; i < 32; i++) {
        char wanted[16], *text = incline_warning_take(s->ctx);
        snprintf(wanted, sizeof wanted, "warning %d", i);
        assert_non_null(text);
        assert_string_equal(text, wanted);
        incline_text_free(&text);
    }
    assert_null(incline_warning_take(s->ctx));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_first_error_wins),
        scratch_test(test_long_text_is_whole),
        scratch_test(test_control_characters_are_replaced),
        scratch_test(test_warnings_are_kept_in_order),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_no_context),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a device chooses: the first candidate, or what was stored for it; and that a file which is
 * damaged, edited or out of reach costs one line and nothing else. */
#include "support/device.h"
#include "support/scratch.h"

#include "base/embedded.h"
#include "device/tuning.h"
#include "device/tuning_record.h"

static const struct incline_tile candidates[] = {{{16}}, {{8, 2}}, {{4, 4}}};

/* What the log was told, level before each line. */
struct heard {
    char text[4096];
};

static void hear(void *cookie, enum incline_log_level level, const char *text)
{
    struct heard *heard = cookie;
    size_t used = strlen(heard->text);
    if (strncmp(text, "using device ", 13) == 0) /* which every device says */
        return;
    snprintf(heard->text + used, sizeof heard->text - used, "%d %s\n", (int)level, text);
}

/* An open device whose lanes need no probe. */
struct bench {
    struct incline_context *ctx;
    struct incline_device *device;
    struct heard heard;
};

static void open_bench(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    bench->ctx = incline_context_create(hear, &bench->heard);
    assert_non_null(bench->ctx);
    assert_ok(bench->ctx,
              incline_device_open(bench->ctx, getenv("INCLINE_DEVICE"), &bench->device));
}

static void close_bench(struct bench *bench)
{
    incline_device_close(&bench->device);
    incline_context_destroy(&bench->ctx);
}

static int choose(const struct bench *bench, const char *op)
{
    const struct incline_tile *tile =
        incline_tuning_choose(bench->device, op, "n=3", candidates, 3);
    return tile->values[0];
}

static void store(struct bench *bench, size_t question, size_t best)
{
    struct incline_tuning_result result = {question, best, 0, 1e-6, 2e-6};
    assert_ok(bench->ctx, incline_tuning_store(bench->ctx, bench->device, &result, 1));
}

/* The line that the device would store for `op`, with another tile. */
static void write_record_of(struct scratch *s, const struct bench *bench, const char *op,
                            const char *build, const char *tile)
{
    const struct incline_device_info *info = incline_device_get_info(bench->device);
    char line[1024];
    snprintf(line, sizeof line, "1\t*\t%s\t*\t*\t%d\t%s\tn=3\t%s\t%s\t1\t-\t0\t-\n", info->name,
             incline_device_lanes(bench->device), op, build, tile);
    scratch_write(s, "tuning", line, strlen(line));
    chmod(scratch_path(s, "tuning"), 0600);
}

static void write_record(struct scratch *s, const struct bench *bench, const char *op,
                         const char *tile)
{
    write_record_of(s, bench, op, "*", tile);
}

static void the_first_candidate_is_the_guess(void **state)
{
    struct bench bench;
    (void)state;
    open_bench(&bench);
    assert_int_equal(choose(&bench, "a"), 16);
    assert_int_equal(incline_tuning_count(bench.device), 1);
    const struct incline_tuning_question *question = incline_tuning_get(bench.device, 0);
    assert_string_equal(question->op, "a");
    assert_string_equal(question->shape, "n=3");
    assert_int_equal(question->count, 3);
    assert_int_equal(question->source, INCLINE_TUNING_GUESS);
    assert_true(question->asked);
    assert_int_equal(choose(&bench, "a"), 16);
    assert_int_equal(incline_tuning_count(bench.device), 1);
    assert_int_equal(choose(&bench, "b"), 16);
    assert_int_equal(incline_tuning_count(bench.device), 2);
    incline_tuning_forget_asked(bench.device);
    choose(&bench, "b");
    assert_false(incline_tuning_get(bench.device, 0)->asked);
    assert_true(incline_tuning_get(bench.device, 1)->asked);
    close_bench(&bench);
}

static void what_is_stored_is_used_later(void **state)
{
    struct bench bench;
    (void)state;
    open_bench(&bench);
    choose(&bench, "a");
    choose(&bench, "b");
    incline_tuning_set(bench.device, 0, 2, INCLINE_TUNING_MEASURED);
    assert_int_equal(choose(&bench, "a"), 4);
    store(&bench, 0, 2);
    store(&bench, 1, 1);
    close_bench(&bench);
    open_bench(&bench);
    assert_int_equal(choose(&bench, "a"), 4);
    assert_int_equal(choose(&bench, "b"), 8);
    assert_int_equal(choose(&bench, "c"), 16);
    assert_int_equal(incline_tuning_get(bench.device, 0)->source, INCLINE_TUNING_STORED);
    assert_string_equal(bench.heard.text, "");
    close_bench(&bench);
}

static void what_is_no_candidate_is_ignored_with_a_word(void **state)
{
    struct scratch *s = *state;
    struct bench bench;
    open_bench(&bench);
    write_record(s, &bench, "a", "8,3,0,0");
    close_bench(&bench);
    open_bench(&bench);
    assert_int_equal(choose(&bench, "a"), 16);
    incline_tuning_log(bench.ctx, bench.device);
    incline_tuning_log(bench.ctx, bench.device);
    assert_string_equal(bench.heard.text,
                        "3 tuning: the record for a, n=3 holds no tile of this version; it is "
                        "ignored\n");
    close_bench(&bench);
}

/* As all that is shipped is, once a kernel has changed. */
static void what_other_kernels_gave_is_ignored_silently(void **state)
{
    struct scratch *s = *state;
    struct bench bench;
    open_bench(&bench);
    write_record_of(s, &bench, "a", "0123456789abcdef", "4,4,0,0");
    close_bench(&bench);
    open_bench(&bench);
    assert_int_equal(choose(&bench, "a"), 16);
    assert_int_equal(incline_tuning_get(bench.device, 0)->source, INCLINE_TUNING_GUESS);
    incline_tuning_log(bench.ctx, bench.device);
    assert_string_equal(bench.heard.text, "");
    close_bench(&bench);
}

/* Each of its lines is a record; a user's machine would only skip what is none. */
static void what_is_shipped_can_be_read(void **state)
{
    struct heard heard = {""};
    struct incline_context *ctx = incline_context_create(hear, &heard);
    (void)state;
    for (const struct incline_embedded_file *file = incline_tuning_files; file->name; file++) {
        struct incline_tuning_table table = {0};
        assert_ok(ctx, incline_tuning_table_read(ctx, &table, file->name, file->text));
        for (size_t i = 0; i < table.count; i++) {
            assert_string_equal(table.records[i].key.driver, "*");
            assert_int_equal(table.records[i].key.units, INCLINE_TUNING_ANY);
            assert_string_not_equal(table.records[i].key.build, "*");
        }
        incline_tuning_table_finish(&table);
    }
    assert_string_equal(heard.text, "");
    incline_context_destroy(&ctx);
}

static void an_edited_record_is_used(void **state)
{
    struct scratch *s = *state;
    struct bench bench;
    open_bench(&bench);
    write_record(s, &bench, "a", "4,4,0,0");
    close_bench(&bench);
    open_bench(&bench);
    assert_int_equal(choose(&bench, "a"), 4);
    close_bench(&bench);
}

/* A cut line is skipped; storing writes the file anew, with what could be read. */
static void a_cut_file_costs_its_last_line(void **state)
{
    struct scratch *s = *state;
    struct bench bench;
    struct stat info;
    open_bench(&bench);
    choose(&bench, "a");
    choose(&bench, "b");
    store(&bench, 0, 1);
    store(&bench, 1, 1);
    close_bench(&bench);
    assert_int_equal(stat(scratch_path(s, "tuning"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(truncate(scratch_path(s, "tuning"), info.st_size - 14), 0);
    open_bench(&bench);
    assert_int_equal(choose(&bench, "a"), 8);
    assert_int_equal(choose(&bench, "b"), 16);
    assert_non_null(strstr(bench.heard.text, "3 tuning:4: no record of this version"));
    store(&bench, 1, 2);
    close_bench(&bench);
    open_bench(&bench);
    assert_int_equal(choose(&bench, "a"), 8);
    assert_int_equal(choose(&bench, "b"), 4);
    assert_string_equal(bench.heard.text, "");
    close_bench(&bench);
}

/* The folder cannot be used: one warning that says why, and the first candidates. */
static void assert_without_cache(const char *why)
{
    struct bench bench;
    char line[1024];
    open_bench(&bench);
    assert_int_equal(choose(&bench, "a"), 16);
    snprintf(line, sizeof line, "%s; nothing is kept\n", why);
    if (strncmp(bench.heard.text, "1 cache ", 8) != 0 || !strstr(bench.heard.text, line) ||
        strchr(bench.heard.text, '\n')[1] != '\0')
        fail_msg("said '%s'", bench.heard.text);
    struct incline_tuning_result result = {0, 1, 0, 1e-6, 2e-6};
    assert_fails(bench.ctx, INCLINE_ERROR_IO,
                 incline_tuning_store(bench.ctx, bench.device, &result, 1), why);
    close_bench(&bench);
}

static void a_folder_of_others_is_not_used(void **state)
{
    struct scratch *s = *state;
    assert_int_equal(chmod(s->folder, 0777), 0);
    assert_without_cache("others can write to it (chmod go-w)");
    assert_int_equal(chmod(s->folder, 0700), 0);
    if (geteuid() == 0 && chown(s->folder, 12345, 12345) == 0) {
        assert_without_cache("belongs to another user");
        assert_int_equal(chown(s->folder, 0, 0), 0);
    }
}

static void a_link_is_not_followed(void **state)
{
    struct scratch *s = *state;
    assert_int_equal(symlink(s->folder, scratch_path(s, "link")), 0);
    setenv("INCLINE_CACHE_DIR", scratch_path(s, "link"), 1);
    assert_without_cache("not a folder, or a link to one");
}

/* A file that cannot be trusted is not read, and not written over. */
static void a_strange_file_is_left_alone(void **state)
{
    struct scratch *s = *state;
    struct bench bench;
    open_bench(&bench);
    write_record(s, &bench, "a", "4,4,0,0");
    close_bench(&bench);
    assert_int_equal(chmod(scratch_path(s, "tuning"), 0666), 0);
    open_bench(&bench);
    assert_int_equal(choose(&bench, "a"), 16);
    assert_non_null(strstr(bench.heard.text, "others can write to it (chmod go-w); what was "
                                             "measured before is not used\n"));
    struct incline_tuning_result result = {0, 1, 0, 1e-6, 2e-6};
    assert_fails(bench.ctx, INCLINE_ERROR_IO,
                 incline_tuning_store(bench.ctx, bench.device, &result, 1), "others can write");
    close_bench(&bench);
}

static void a_cache_can_be_switched_off(void **state)
{
    struct scratch *s = *state;
    struct bench bench;
    setenv("INCLINE_CACHE", "off", 1);
    open_bench(&bench);
    write_record(s, &bench, "a", "4,4,0,0");
    close_bench(&bench);
    open_bench(&bench);
    assert_int_equal(choose(&bench, "a"), 16);
    struct incline_tuning_result result = {0, 1, 0, 1e-6, 2e-6};
    assert_fails(bench.ctx, INCLINE_ERROR_IO,
                 incline_tuning_store(bench.ctx, bench.device, &result, 1), "INCLINE_CACHE=off");
    assert_string_equal(bench.heard.text, "");
    close_bench(&bench);
    unsetenv("INCLINE_CACHE");
}

static int setup(void **state)
{
    int code = scratch_setup(state);
    const struct scratch *s = *state;
    setenv("INCLINE_CACHE_DIR", s->folder, 1);
    return code;
}

#define tuning_test(function) cmocka_unit_test_setup_teardown(function, setup, scratch_teardown)

static const struct CMUnitTest tests[] = {
    tuning_test(the_first_candidate_is_the_guess),
    tuning_test(what_is_stored_is_used_later),
    tuning_test(what_is_no_candidate_is_ignored_with_a_word),
    tuning_test(what_other_kernels_gave_is_ignored_silently),
    tuning_test(what_is_shipped_can_be_read),
    tuning_test(an_edited_record_is_used),
    tuning_test(a_cut_file_costs_its_last_line),
    tuning_test(a_folder_of_others_is_not_used),
    tuning_test(a_link_is_not_followed),
    tuning_test(a_strange_file_is_left_alone),
    tuning_test(a_cache_can_be_switched_off),
};

int main(void)
{
    struct test_device device;
    setenv("INCLINE_LANES", "4", 1);
    int code = test_device_open(&device);
    if (code)
        return code;
    test_device_close(&device);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

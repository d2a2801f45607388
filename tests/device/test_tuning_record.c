/* The tuning database as text: what it takes, what it skips, how records replace each other. */
#include "support/scratch.h"

#include "base/memory.h"
#include "device/tuning_record.h"

#define LINE(op, tile)                                                                             \
    "1\tP\tthe device\tD\t2\t16\t" op "\tn=3\tB\t" tile "\t12.5\t-\t0\t2026-01-31\n"

static const struct incline_tuning_key key = {
    .platform = "P",
    .device = "the device",
    .driver = "D",
    .units = 2,
    .lanes = 16,
    .op = "op",
    .shape = "n=3",
    .build = "B",
};

/* What the log was told. */
struct heard {
    char text[2048];
};

static void hear(void *cookie, enum incline_log_level level, const char *text)
{
    struct heard *heard = cookie;
    size_t used = strlen(heard->text);
    assert_int_equal(level, INCLINE_LOG_DEBUG);
    snprintf(heard->text + used, sizeof heard->text - used, "%s\n", text);
}

static void read_table(struct incline_tuning_table *table, const char *text, struct heard *heard)
{
    struct incline_context *ctx = incline_context_create(hear, heard);
    memset(heard, 0, sizeof *heard);
    assert_ok(ctx, incline_tuning_table_read(ctx, table, "tuning", text));
    incline_context_destroy(&ctx);
}

/* The tile's first number for the key, 0 for none. */
static int first_of(const char *text, const struct incline_tuning_key *wanted)
{
    struct incline_tuning_table table = {0};
    struct heard heard;
    read_table(&table, text, &heard);
    const struct incline_tuning_record *record = incline_tuning_table_find(&table, wanted);
    int first = record ? record->tile.values[0] : 0;
    incline_tuning_table_finish(&table);
    return first;
}

static void a_record_is_found_by_its_whole_key(void **state)
{
    const char *text = LINE("op", "8,2,0,0");
    struct incline_tuning_key other;
    (void)state;
    assert_int_equal(first_of(text, &key), 8);
#define CHANGED(member, value)                                                                     \
    other = key;                                                                                   \
    other.member = value;                                                                          \
    assert_int_equal(first_of(text, &other), 0)
    CHANGED(platform, "Q");
    CHANGED(device, "device");
    CHANGED(driver, "D2");
    CHANGED(units, 3);
    CHANGED(lanes, 8);
    CHANGED(op, "op2");
    CHANGED(shape, "n=4");
    CHANGED(build, "C");
}

static void a_star_stands_for_any(void **state)
{
    struct incline_tuning_key other = key;
    const char *text = "1\t*\tthe device\t*\t*\t16\top\tn=3\t*\t8,2,0,0\t1\t-\t0\t-\n";
    (void)state;
    other.platform = "Q";
    other.driver = "another";
    other.units = 64;
    other.build = "another";
    assert_int_equal(first_of(text, &other), 8);
    other.shape = "*";
    assert_int_equal(first_of(text, &other), 0);
}

static void the_latest_counts(void **state)
{
    (void)state;
    assert_int_equal(first_of(LINE("op", "8,0,0,0") LINE("op", "9,0,0,0"), &key), 9);
}

static void damaged_lines_are_skipped_with_a_word(void **state)
{
    static const char *const damaged[] = {
        "1\tP\tthe device\tD\t2\t16\top\tn=3\tB\t8,2,0,0\t12.5\t-\t0", /* cut */
        "2\tP\tthe device\tD\t2\t16\top\tn=3\tB\t8,2,0,0\t12.5\t-\t0\t-",
        "x\tP\tthe device\tD\t2\t16\top\tn=3\tB\t8,2,0,0\t12.5\t-\t0\t-",
        "1\tP\tthe device\tD\t-2\t16\top\tn=3\tB\t8,2,0,0\t12.5\t-\t0\t-",
        "1\tP\tthe device\tD\t2\t16x\top\tn=3\tB\t8,2,0,0\t12.5\t-\t0\t-",
        "1\tP\tthe device\tD\t2\t16\top\tn=3\tB\t8,2,0\t12.5\t-\t0\t-",
        "1\tP\tthe device\tD\t2\t16\top\tn=3\tB\t8,2,0,0,0\t12.5\t-\t0\t-",
        "1\tP\tthe device\tD\t2\t16\top\tn=3\tB\t8,2,,0\t12.5\t-\t0\t-",
        "1\tP\tthe device\tD\t2\t16\top\tn=3\tB\t8,2,0,99999999999\t12.5\t-\t0\t-",
        "1\tP\tthe device\tD\t2\t16\top\tn=3\tB\t8,2,0,0\tfast\t-\t0\t-",
        "1\tP\tthe device\tD\t2\t16\top\tn=3\tB\t8,2,0,0\t1e999\t-\t0\t-",
        "1\tP\tthe device\tD\t2\t16\top\tn=3\tB\t8,2,0,0\t12.5\t7\t0\t-",
        "1\tP\tthe device\tD\t2\t16\top\t\tB\t8,2,0,0\t12.5\t-\t0\t-",
        "1\tP\tthe device\tD\t2\t16\top\tn=3\tB\t8,2,0,0\t12.5\t-\t0\t-\tmore",
        "\377\376\001",
        "hello",
    };
    (void)state;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        struct incline_tuning_table table = {0};
        struct heard heard;
        char text[512];
        snprintf(text, sizeof text, "# comment\n\n%s\r\n%s", damaged[i], LINE("op", "8,0,0,0"));
        read_table(&table, text, &heard);
        if (table.count != 1 || strcmp(heard.text, "tuning:3: no record of this version; it is "
                                                   "skipped\n") != 0)
            fail_msg("case %zu: %zu records, said '%s'", i, table.count, heard.text);
        incline_tuning_table_finish(&table);
    }
}

/* Wherever a file ends, the lines before are read, and of a last one without its end at most the
 * date is another. */
static void a_file_may_be_cut_anywhere(void **state)
{
    static const char text[] = "# head\n" LINE("op", "8,2,0,0") LINE("other", "4,4,0,0");
    struct incline_tuning_key other = key;
    const char *second = strchr(text + 7, '\n') + 1;
    (void)state;
    other.op = "other";
    for (size_t length = 0; length < sizeof text; length++) {
        char cut[sizeof text] = "";
        memcpy(cut, text, length);
        int first = first_of(cut, &key), last = first_of(cut, &other);
        assert_true(first == 8 || (first == 0 && text + length < second));
        assert_true(last == 4 || (last == 0 && length < sizeof text - 1));
    }
}

static void what_is_written_is_read(void **state)
{
    struct scratch *s = *state;
    struct incline_tuning_table table = {0}, again = {0};
    struct incline_tuning_record record = {
        .key = key,
        .tile = {{1, 2, 3, 4}},
        .second = {{5, 6, 7, 8}},
        .has_second = true,
        .us = 10.04,
        .second_us = 1e6,
        .date = "2026-01-31",
    };
    struct incline_text text;
    struct heard heard;
    assert_ok(s->ctx, incline_tuning_table_put(s->ctx, &table, &record));
    incline_text_init(&text, s->ctx);
    incline_tuning_table_write(&table, &text);
    read_table(&again, incline_text_get(&text), &heard);
    assert_string_equal(heard.text, "");
    const struct incline_tuning_record *found = incline_tuning_table_find(&again, &key);
    assert_non_null(found);
    assert_memory_equal(&found->tile, &record.tile, sizeof record.tile);
    assert_memory_equal(&found->second, &record.second, sizeof record.second);
    assert_true(found->has_second && found->us == 10 && found->second_us == 1e6);
    assert_string_equal(found->date, record.date);
    incline_text_finish(&text);
    incline_tuning_table_finish(&again);
    incline_tuning_table_finish(&table);
}

static void a_record_replaces_those_of_other_builds(void **state)
{
    struct scratch *s = *state;
    struct incline_tuning_table table = {0};
    struct incline_tuning_record record = {.key = key, .tile = {{3}}, .date = "-"};
    struct heard heard;
    read_table(&table, LINE("op", "8,0,0,0") LINE("other", "9,0,0,0"), &heard);
    record.key.build = "C";
    assert_ok(s->ctx, incline_tuning_table_put(s->ctx, &table, &record));
    assert_int_equal(table.count, 2);
    assert_null(incline_tuning_table_find(&table, &key));
    assert_int_equal(incline_tuning_table_find(&table, &record.key)->tile.values[0], 3);
    incline_tuning_table_finish(&table);
}

/* The text after one record was put into the table that was read from `text`. */
static char *written(struct scratch *s, const char *text)
{
    const struct incline_tuning_record record = {.key = key, .tile = {{3}}, .date = "-"};
    struct incline_tuning_table table = {0};
    struct incline_text out;
    struct heard heard;
    char *bytes;
    read_table(&table, text, &heard);
    assert_ok(s->ctx, incline_tuning_table_put(s->ctx, &table, &record));
    incline_text_init(&out, s->ctx);
    incline_tuning_table_write(&table, &out);
    assert_ok(s->ctx, incline_text_take(&out, &bytes));
    incline_tuning_table_finish(&table);
    return bytes;
}

static size_t count_text(const char *all, const char *text)
{
    size_t count = 0;
    for (const char *found = strstr(all, text); found; found = strstr(found + 1, text))
        count++;
    return count;
}

static void comments_and_other_schemas_stay(void **state)
{
    static const char comment[] = "\n# from the other machine\n", damaged[] = "hello";
    static const char other[] = "\n2\twhat\tis\tto\tcome\n";
    char text[512];
    snprintf(text, sizeof text, "%s%s\n%s%s", comment + 1, damaged, LINE("old", "8,0,0,0"),
             other + 1);
    char *once = written(*state, text), *twice = written(*state, once);
    assert_string_equal(twice, once);
    assert_int_equal(count_text(once, comment), 1);
    assert_int_equal(count_text(once, other), 1);
    assert_int_equal(count_text(once, damaged), 0);
    assert_int_equal(count_text(once, "# schema"), 1);
    incline_free(&once);
    incline_free(&twice);
}

static void of_other_lines_there_is_a_limit(void **state)
{
    enum { LINES = INCLINE_TUNING_OTHERS_BYTES_MAX / 8 + 100 };
    char *text = malloc(8 * LINES + 1);
    assert_non_null(text);
    for (size_t i = 0; i < LINES; i++)
        strcpy(text + 8 * i, "# noise\n");
    char *out = written(*state, text);
    assert_int_equal(count_text(out, "# noise\n"), INCLINE_TUNING_OTHERS_BYTES_MAX / 8);
    assert_non_null(strstr(out, "\top\tn=3\t"));
    incline_free(&out);
    free(text);
}

static const struct CMUnitTest tests[] = {
    scratch_test(a_record_is_found_by_its_whole_key),
    scratch_test(a_star_stands_for_any),
    scratch_test(the_latest_counts),
    scratch_test(damaged_lines_are_skipped_with_a_word),
    scratch_test(a_file_may_be_cut_anywhere),
    scratch_test(what_is_written_is_read),
    scratch_test(a_record_replaces_those_of_other_builds),
    scratch_test(comments_and_other_schemas_stay),
    scratch_test(of_other_lines_there_is_a_limit),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Documents: the tree, what is refused and where, settings laid over it. */
#include "support/scratch.h"

#include "base/document.h"

static enum incline_status parse_as(struct scratch *s, const char *name, const char *text,
                                    struct incline_document **doc)
{
    return incline_document_parse(s->ctx, name, text, strlen(text), doc);
}

static struct incline_document *parsed(struct scratch *s, const char *text)
{
    struct incline_document *doc = NULL;
    assert_ok(s->ctx, parse_as(s, "d.yaml", text, &doc));
    return doc;
}

static void test_tree(void **state)
{
    struct scratch *s = *state;
    struct incline_document *doc =
        parsed(s, "a: {b: 1e-4, 'c d': [x, \"y\\n\", no]}\ne:\nf: |\n  two\n  lines\n");
    struct incline_node *root = incline_document_root(doc);
    assert_int_equal(incline_node_kind(root), INCLINE_NODE_MAPPING);
    assert_int_equal(incline_node_count(root), 3);
    assert_string_equal(incline_node_text(incline_node_key(root, 0)), "a");
    assert_null(incline_node_text(root));
    struct incline_node *a = incline_node_value(root, 0);
    assert_string_equal(incline_node_text(incline_node_get(a, "b")), "1e-4");
    struct incline_node *list = incline_node_get(a, "c d");
    assert_int_equal(incline_node_kind(list), INCLINE_NODE_SEQUENCE);
    assert_int_equal(incline_node_count(list), 3);
    assert_string_equal(incline_node_text(incline_node_item(list, 1)), "y\n");
    assert_string_equal(incline_node_text(incline_node_item(list, 2)), "no");
    assert_string_equal(incline_node_text(incline_node_get(root, "e")), "");
    assert_string_equal(incline_node_text(incline_node_get(root, "f")), "two\nlines\n");
    assert_null(incline_node_get(root, "g"));
    assert_null(incline_node_get(list, "g"));
    assert_string_equal(incline_document_name(doc), "d.yaml");
    incline_document_destroy(&doc);
    assert_null(doc);
}

static void test_empty(void **state)
{
    struct scratch *s = *state;
    static const char *const texts[] = {"", "\n\n", "# only a comment\n", "---\n"};
    for (size_t i = 0; i < 3; i++) {
        struct incline_document *doc = parsed(s, texts[i]);
        assert_null(incline_document_root(doc));
        incline_document_destroy(&doc);
    }
    struct incline_document *doc = parsed(s, texts[3]);
    assert_string_equal(incline_node_text(incline_document_root(doc)), "");
    incline_document_destroy(&doc);
}

static void test_json(void **state)
{
    struct scratch *s = *state;
    struct incline_document *doc = NULL;
    const char *text = "{\"a\": [1, 2.5, true, null],\n\t\"b\": \"x\\ty\"}\n";
    assert_ok(s->ctx, parse_as(s, "d.json", text, &doc));
    struct incline_node *root = incline_document_root(doc);
    assert_int_equal(incline_node_count(incline_node_get(root, "a")), 4);
    assert_string_equal(incline_node_text(incline_node_get(root, "b")), "x\ty");
    incline_document_destroy(&doc);
    assert_fails(s->ctx, INCLINE_ERROR_CONFIG, parse_as(s, "d.json", "{\"a\": 01}", &doc),
                 "d.json:1:7: error: ");
    assert_null(doc);
    assert_fails(s->ctx, INCLINE_ERROR_CONFIG,
                 parse_as(s, "d.json", "{\"a\": 1,\n \"a\": 2}", &doc),
                 "d.json:2:2: error: double key 'a': it was given in line 1");
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"a: 1\nbc: 2\na: 3\n",
         "d.yaml:3:1: error: double key 'a': it was given in line 1\na: 3\n^"},
        {"x: {long: 1, b: 2, long: 3}\n",
         "d.yaml:1:20: error: double key 'long': it was given in line 1\n"
         "x: {long: 1, b: 2, long: 3}\n                   ^~~~"},
        {"a: &x 3\n", "d.yaml:1:4: error: anchors (&name) are not allowed: write the value out\n"
                      "a: &x 3\n   ^"},
        {"a: 1\nb: *a\n", "d.yaml:2:4: error: aliases (*name) are not allowed: write the value "
                          "out\nb: *a\n   ^"},
        {"a: !!int 3\n", "d.yaml:1:4: error: tags (!name) are not allowed: types are known by the "
                         "key\na: !!int 3\n   ^"},
        {"a: !x {b: 1}\n", "d.yaml:1:4: error: tags (!name) are not allowed: types are known by "
                           "the key\na: !x {b: 1}\n   ^"},
        {"a: 1\n---\nb: 2\n", "d.yaml:2:1: error: a second document: only one is allowed in a "
                              "file\n---\n^~~"},
        {"? [a, b]\n: c\n", "d.yaml:1:3: error: a key must be plain text\n? [a, b]\n  ^"},
        {"a: b: c\n", "d.yaml:1:5: error: invalid nested block mapping on the same line\n"
                      "a: b: c\n    ^"},
        {"a:\n  - b\n c: d\n", "d.yaml:3:2: error: invalid indentation in mapping\n c: d\n ^"},
        {"a: \"x\n", "d.yaml:1:5: error: double-quoted scalar without closing quote\n"
                     "a: \"x\n    ^"},
        {"a: \xff\n", "d.yaml:1:4: error: byte 0xff is not UTF-8 text\na: ?\n   ^"},
        {"a: \xc0\xaf\n", "d.yaml:1:4: error: byte 0xc0 is not UTF-8 text\na: ??\n   ^"},
        {"a: \xed\xa0\x80\n", "d.yaml:1:4: error: byte 0xed is not UTF-8 text\na: ???\n   ^"},
        {"a: \x1b[31m\n", "d.yaml:1:4: error: byte 0x1b is not UTF-8 text\na: ?[31m\n   ^"},
        {"a: \"b\\0c\"\n", "d.yaml:1:5: error: a zero byte is not allowed in text\n"
                           "a: \"b\\0c\"\n    ^"},
    };
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct incline_document *doc = NULL;
        assert_int_equal(parse_as(s, "d.yaml", cases[i].text, &doc), INCLINE_ERROR_CONFIG);
        assert_string_equal(incline_error_text(s->ctx), cases[i].error);
        assert_null(doc);
        incline_error_clear(s->ctx);
    }
}

static void test_depth(void **state)
{
    struct scratch *s = *state;
    struct incline_document *doc = NULL;
    char text[300] = {0};
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    assert_ok(s->ctx, parse_as(s, "d.yaml", text, &doc));
    incline_document_destroy(&doc);
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    assert_fails(s->ctx, INCLINE_ERROR_CONFIG, parse_as(s, "d.yaml", text, &doc),
                 "d.yaml:1:65: error: nested more than 64 deep");
}

/* A hostile file of open brackets must end quickly and with an error. */
static void test_bomb(void **state)
{
    struct scratch *s = *state;
    struct incline_document *doc = NULL;
    size_t length = 1 << 20;
    char *text = malloc(length + 1);
    assert_non_null(text);
    memset(text, '[', length);
    text[length] = '\0';
    assert_fails(s->ctx, INCLINE_ERROR_CONFIG, parse_as(s, "d.yaml", text, &doc),
                 "nested more than 64 deep");
    free(text);
    static const char small[] = "a";
    assert_fails(s->ctx, INCLINE_ERROR_CONFIG,
                 incline_document_parse(s->ctx, "d.yaml", small, (16 << 20) + 1, &doc),
                 "larger than the limit of 16777216 bytes");
}

static void test_wide_and_marked(void **state)
{
    struct scratch *s = *state;
    struct incline_document *doc = parsed(s, "\xef\xbb\xbf\xc3\xa4: {\xc3\xbc: x}\r\nb: 3\r\n");
    struct incline_node *root = incline_document_root(doc);
    struct incline_node *x = incline_node_get(incline_node_get(root, "\xc3\xa4"), "\xc3\xbc");
    assert_int_equal(incline_fail_at(s->ctx, x, "wrong %s", "\x1b[0m\xc3\xb6"),
                     INCLINE_ERROR_CONFIG);
    assert_string_equal(incline_error_text(s->ctx),
                        "d.yaml:1:8: error: wrong ?[0m\xc3\xb6\n\xc3\xa4: {\xc3\xbc: x}\n"
                        "       ^");
    incline_error_clear(s->ctx);
    incline_document_destroy(&doc);
}

static void test_read_file(void **state)
{
    struct scratch *s = *state;
    struct incline_document *doc = NULL;
    char expected[600];
    const char *path = scratch_write(s, "bad.yaml", "a: 1\na: 2\n", 10);
    snprintf(expected, sizeof expected,
             "%s:2:1: error: double key 'a': it was given in line 1\na: 2\n^", path);
    assert_int_equal(incline_document_read(s->ctx, path, &doc), INCLINE_ERROR_CONFIG);
    assert_string_equal(incline_error_text(s->ctx), expected);
    incline_error_clear(s->ctx);
    assert_fails(s->ctx, INCLINE_ERROR_CONFIG,
                 incline_document_read(s->ctx, scratch_path(s, "none.yaml"), &doc),
                 "none.yaml: cannot read it");
    assert_null(doc);
}

static const char *text_at(struct incline_document *doc, const char *a, const char *b,
                           const char *c)
{
    struct incline_node *node = incline_node_get(incline_document_root(doc), a);
    node = node && b ? incline_node_get(node, b) : node;
    node = node && c ? incline_node_get(node, c) : node;
    return node ? incline_node_text(node) : NULL;
}

static void test_set(void **state)
{
    struct scratch *s = *state;
    struct incline_document *doc = parsed(
        s, "t: {opt: {sgd: {lr: 1}}, bare: sgd, list: [a, {k: v}], none: none, nothing: }\n");
    assert_ok(s->ctx, incline_document_set(s->ctx, doc, "t.opt.sgd.lr", "1e-4"));
    assert_string_equal(
        incline_node_text(incline_node_get(
            incline_node_get(
                incline_node_get(incline_node_get(incline_document_root(doc), "t"), "opt"), "sgd"),
            "lr")),
        "1e-4");
    assert_ok(s->ctx, incline_document_set(s->ctx, doc, "t.opt.*", "{m: 2}"));
    assert_string_equal(
        incline_node_text(incline_node_get(
            incline_node_get(
                incline_node_get(incline_node_get(incline_document_root(doc), "t"), "opt"), "sgd"),
            "m")),
        "2");
    assert_ok(s->ctx, incline_document_set(s->ctx, doc, "t.bare.*.lr", "3"));
    struct incline_node *t = incline_node_get(incline_document_root(doc), "t");
    assert_string_equal(incline_node_text(incline_node_get(
                            incline_node_get(incline_node_get(t, "bare"), "sgd"), "lr")),
                        "3");
    assert_ok(s->ctx, incline_document_set(s->ctx, doc, "t.list.1.k", "w"));
    assert_string_equal(
        incline_node_text(incline_node_get(incline_node_item(incline_node_get(t, "list"), 1), "k")),
        "w");
    assert_ok(s->ctx, incline_document_set(s->ctx, doc, "t.nothing.x", "y"));
    assert_string_equal(text_at(doc, "t", "nothing", "x"), "y");
    assert_ok(s->ctx, incline_document_set(s->ctx, doc, "t.none.x", "y"));
    assert_string_equal(text_at(doc, "t", "none", "x"), "y");
    assert_ok(s->ctx, incline_document_set(s->ctx, doc, "new.a.b", ""));
    assert_string_equal(text_at(doc, "new", "a", "b"), "");
    incline_document_destroy(&doc);
    doc = parsed(s, "");
    assert_ok(s->ctx, incline_document_set(s->ctx, doc, "a.b", "c"));
    assert_string_equal(text_at(doc, "a", "b", NULL), "c");
    incline_document_destroy(&doc);
}

static void test_set_fails(void **state)
{
    static const struct {
        const char *path, *value, *error;
    } cases[] = {
        {"a.x", "1", "--set a.x=1: error: 'x' is not there: the path ends at the value 'text'"},
        {"l.2", "1", "--set l.2=1: error: there is no item 2: the list has 2, counted from 0"},
        {"l.x", "1", "--set l.x=1: error: 'x' must be a number: it picks an item of a list"},
        {"l.-1", "1", "--set l.-1=1: error: '-1' must be a number: it picks an item of a list"},
        {"m.*", "1", "--set m.*=1: error: '*' stands for the only key of a mapping; here are 2"},
        {"m..q", "1", "--set m..q=1: error: the path has an empty part"},
        {"", "1", "--set =1: error: the path has an empty part"},
        {"m", "[1", "--set m=[1: error: flow sequence without a closing bracket\n[1\n  ^"},
        {"m", "*x", "--set m=*x: error: aliases (*name) are not allowed: write the value out"},
        {"m", "{a: 1, a: 2}",
         "--set m={a: 1, a: 2}: error: double key 'a': it was given in line 1\n"
         "{a: 1, a: 2}\n       ^"},
    };
    struct scratch *s = *state;
    struct incline_document *doc = parsed(s, "a: text\nl: [1, 2]\nm: {p: 1, q: 2}\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(incline_document_set(s->ctx, doc, cases[i].path, cases[i].value),
                         INCLINE_ERROR_ARGUMENT);
        assert_string_equal(incline_error_text(s->ctx), cases[i].error);
        incline_error_clear(s->ctx);
    }
    incline_document_destroy(&doc);
}

static void test_setting_names_itself(void **state)
{
    struct scratch *s = *state;
    struct incline_document *doc = parsed(s, "a: 1\n");
    assert_ok(s->ctx, incline_document_set(s->ctx, doc, "a", "abc"));
    struct incline_node *a = incline_node_get(incline_document_root(doc), "a");
    assert_true(incline_node_is_setting(a));
    assert_false(incline_node_is_setting(incline_document_root(doc)));
    assert_int_equal(incline_fail_at(s->ctx, a, "no"), INCLINE_ERROR_ARGUMENT);
    assert_string_equal(incline_error_text(s->ctx), "--set a=abc: error: no");
    incline_error_clear(s->ctx);
    incline_document_destroy(&doc);
}

static void test_scalars_survive(void **state)
{
    static const char *const values[] = {"word",
                                         "two words",
                                         "",
                                         "no",
                                         "null",
                                         "1",
                                         "-",
                                         "- x",
                                         "a: b",
                                         "a #b",
                                         "\"q\"",
                                         "it's",
                                         "back\\slash",
                                         "line\nbreak",
                                         "tab\there",
                                         "\x1b[0m",
                                         "\x7f",
                                         "\xc3\xa4\xe2\x82\xac",
                                         "\xc2\x85next",
                                         "\xe2\x80\xa8sep",
                                         "[x",
                                         "{",
                                         "*a",
                                         "&a",
                                         "!t",
                                         "%x",
                                         "@y",
                                         "`z",
                                         "$f",
                                         "---",
                                         "...",
                                         "? q",
                                         " lead",
                                         "trail ",
                                         "/a/b-c_d.e+f",
                                         "\xef\xbb\xbfmark"};
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct incline_text text;
        incline_text_init(&text, s->ctx);
        incline_text_add(&text, "k: [");
        incline_text_add_scalar(&text, values[i]);
        incline_text_add(&text, "]\n");
        struct incline_document *doc = parsed(s, incline_text_get(&text));
        struct incline_node *list = incline_node_get(incline_document_root(doc), "k");
        assert_int_equal(incline_node_count(list), 1);
        assert_string_equal(incline_node_text(incline_node_item(list, 0)), values[i]);
        incline_document_destroy(&doc);
        incline_text_finish(&text);
    }
}

/* Other readers take these for a truth value or nothing, so they are written in quotes. */
static void test_words_of_yaml_are_quoted(void **state)
{
    static const char *const words[] = {"true", "True", "FALSE", "yes", "No", "NO", "on", "Off",
                                        "null", "Null", "NULL",  "y",   "Y",  "n",  "N"};
    static const char *const plain[] = {"truest", "nothing", "x", "nullable-1"};
    struct scratch *s = *state;
    struct incline_text text;
    incline_text_init(&text, s->ctx);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char quoted[16];
        snprintf(quoted, sizeof quoted, "\"%s\"", words[i]);
        incline_text_finish(&text);
        incline_text_add_scalar(&text, words[i]);
        assert_string_equal(incline_text_get(&text), quoted);
    }
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        incline_text_finish(&text);
        incline_text_add_scalar(&text, plain[i]);
        assert_string_equal(incline_text_get(&text), plain[i]);
    }
    incline_text_finish(&text);
}

static void check_excerpt(struct scratch *s, const char *text, const char *excerpt)
{
    struct incline_document *doc = NULL;
    enum incline_status status = incline_document_parse(s->ctx, "d.yaml", text, strlen(text), &doc);
    assert_int_equal(status, INCLINE_ERROR_CONFIG);
    const char *shown = strchr(incline_error_text(s->ctx), '\n');
    assert_non_null(shown);
    assert_string_equal(shown + 1, excerpt);
    incline_error_clear(s->ctx);
}

/* Of a long line, some 80 columns around the place. */
static void test_long_lines(void **state)
{
    struct scratch *s = *state;
    check_excerpt(s,
                  "{a: 012345678901234567890123456789012345678901234567890123456789, a: 1"
                  ", and: some, more: of it}"
                  "\n",
                  "...234567890123456789012345678901234567890123456789, a: 1, and: some, "
                  "more: o..."
                  "\n"
                  "                                                     ^");
    check_excerpt(s,
                  "a: &x "
                  "0123456789012345678901234567890123456789012345678901234567890123456789012345\n",
                  "a: &x 01234567890123456789012345678901234567890123456789012345678901234567...\n"
                  "   ^");
    /* columns are characters, not bytes */
    check_excerpt(s, "{\xc3\xa9\xc3\xa9\xc3\xa9: 1, \xc3\xa9\xc3\xa9\xc3\xa9: 2}\n",
                  "{\xc3\xa9\xc3\xa9\xc3\xa9: 1, \xc3\xa9\xc3\xa9\xc3\xa9: 2}\n"
                  "         ^~~");
}

/* Bytes that are no text, controls, and what turns the direction of writing. */
static void test_hidden_characters(void **state)
{
    struct scratch *s = *state;
    check_excerpt(s, "a: \xff\xfe\x80z\n", "a: ???z\n   ^");
    check_excerpt(s, "a: \x1b[31m\n", "a: ?[31m\n   ^");
    check_excerpt(s, "\"\xe2\x80\xae\xc2\x9bq\": &x y\n", "\"??q\": &x y\n       ^");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_tree),
        scratch_test(test_empty),
        scratch_test(test_json),
        scratch_test(test_refused),
        scratch_test(test_depth),
        scratch_test(test_bomb),
        scratch_test(test_wide_and_marked),
        scratch_test(test_read_file),
        scratch_test(test_set),
        scratch_test(test_set_fails),
        scratch_test(test_setting_names_itself),
        scratch_test(test_scalars_survive),
        scratch_test(test_words_of_yaml_are_quoted),
        scratch_test(test_long_lines),
        scratch_test(test_hidden_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

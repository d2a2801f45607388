#include "support/small_data.h"

#include "build_config.h"

#include <fcntl.h>
#include <jansson.h>
#include <math.h>

#if INCLINE_HAVE_PNG
#include <png.h>
#endif

/* `eval` and `predict`, on one network that all tests share: run folder r, of classes a, b and c.
 */

static struct program *shared;

static json_t *parse(const char *text, size_t length)
{
    json_error_t error;
    json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        fail_msg("not JSON: %s\n%.*s", error.text, (int)length, text);
    return value;
}

/* Bright rows 2 class and 2 class + 1 of 6: what the data set's images look like. */
static void write_png(const char *name, int size, int class)
{
#if INCLINE_HAVE_PNG
    unsigned char pixels[24 * 24 * 3];
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (unsigned)size,
                       .height = (unsigned)size,
                       .format = PNG_FORMAT_RGB};
    for (int i = 0; i < size * size * 3; i++)
        pixels[i] = i / (size * 3) * 3 / size == class ? 210 : 30;
    assert_true(png_image_write_to_file(&image, program_path(shared, name), 0, pixels, 0, NULL));
#else
    (void)name, (void)size, (void)class;
#endif
}

static int setup(void **state)
{
    if (program_setup(state))
        return 1;
    shared = *state;
    small_setup(shared);
    run(shared, "train", "t.yaml", "--out", "r", "-e", "30", "-q", "-s",
        "data.classes=[a, 'b,\"c', c]");
    assert_exit(shared, 0);
    program_folder(shared, "photos");
    program_folder(shared, "photos/more");
    program_folder(shared, "none");
    write_png("photos/2.png", 6, 2);
    write_png("photos/more/0.PNG", 24, 0);
    program_write(shared, "photos/notes.txt", "not an image");
    small_images_write(shared, "seven.idx", 7, 6, 6, 1);
    small_images_write(shared, "seven.gz", 7, 6, 6, 1);
    return 0;
}

static int teardown(void **state)
{
    *state = shared;
    return program_teardown(state);
}

/* ---- eval ---- */

static void eval_prints_a_table(void **state)
{
    (void)state;
    run(shared, "eval", "r");
    assert_exit(shared, 0);
    assert_silent_err(shared);
    assert_int_equal(strncmp(shared->out, "test  20 images    loss ", 24), 0);
    assert_out(shared, "    accuracy 1.0000    top-5 1.0000    ");
    assert_out(shared, "class          precision  recall     f1  images  most confused with\n");
    assert_out(shared, "\nb,\"c ");
    assert_out(shared, "\nmacro average      1.000   1.000  1.000      20  -\n");
    assert_int_equal(count_lines(shared->out), 7);
}

/* The data set `odd`: labels 0, 1, 2, 0, ... of the test images become 0, 0, 1, 0, ... */
static void write_odd_data(void)
{
    small_data_write(shared, "odd", &small_data);
    FILE *file = fopen(program_path(shared, "odd/t10k-labels-idx1-ubyte"), "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 8, SEEK_SET), 0);
    for (int i = 0; i < small_data.test; i++)
        assert_int_not_equal(fputc(i % 3 == 2, file), EOF);
    assert_int_equal(fclose(file), 0);
}

static double figure(json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* Of class a half is found, as a; the rest is found as another class, and c is never there. */
static void eval_counts_mistakes(void **state)
{
    (void)state;
    write_odd_data();
    run(shared, "eval", "r", "--data", "odd", "--confusion", "-", "--top-k", "1");
    assert_exit(shared, 0);
    assert_out(shared, "    accuracy 0.3500    top-1 0.3500    ");
    assert_out(shared, "\na                  1.000   0.500  0.667      14  b,\"c (7)\n");
    assert_out(shared, "\nmacro average      0.333   0.167  0.222      20  -\n\n"
                       "true \\ predicted  a  b,\"c  c\n"
                       "a                 7     7  0\n"
                       "b,\"c              0     0  6\n"
                       "c                 0     0  0\n");
    run(shared, "eval", "r", "--data", "odd", "--format", "json", "--top-k", "3");
    assert_exit(shared, 0);
    json_t *report = parse(shared->out, shared->out_length);
    json_t *macro = json_object_get(report, "macro");
    assert_true(figure(report, "top_k") == 3 && figure(report, "top_k_accuracy") == 1);
    assert_true(fabs(figure(macro, "precision") - 1 / 3.0) < 1e-8);
    assert_true(fabs(figure(macro, "recall") - 1 / 6.0) < 1e-8);
    assert_true(fabs(figure(macro, "f1") - 2 / 9.0) < 1e-8);
    json_decref(report);
    run(shared, "eval", "r", "--top-k", "0");
    refused(shared, 2, "eval: --top-k: '0' is not a whole number above 0", "");
    run(shared, "eval", "r", "--format", "csv", "--confusion", "-");
    refused(shared, 2, "eval: --confusion - is for --format text", "");
}

static void eval_is_json_and_csv(void **state)
{
    (void)state;
    run(shared, "eval", "r", "--format", "json");
    assert_exit(shared, 0);
    assert_silent_err(shared);
    json_t *report = parse(shared->out, shared->out_length);
    assert_string_equal(json_string_value(json_object_get(report, "part")), "test");
    assert_int_equal(json_integer_value(json_object_get(report, "images")), 20);
    assert_true(json_real_value(json_object_get(report, "accuracy")) == 1);
    json_t *confusion = json_object_get(report, "confusion");
    assert_int_equal(json_array_size(confusion), 3);
    assert_int_equal(json_integer_value(json_array_get(json_array_get(confusion, 2), 2)), 6);
    json_decref(report);
    run(shared, "val", "r", "--format", "csv");
    assert_exit(shared, 0);
    assert_string_equal(shared->out, "class,precision,recall,f1,images,confused_with,confused\n"
                                     "a,1.000000,1.000000,1.000000,7,,0\n"
                                     "\"b,\"\"c\",1.000000,1.000000,1.000000,7,,0\n"
                                     "c,1.000000,1.000000,1.000000,6,,0\n");
}

static void eval_writes_the_confusion_matrix(void **state)
{
    size_t length;
    (void)state;
    run(shared, "test", "r", "--confusion", "c.csv", "--limit-val", "4", "-b", "3");
    assert_exit(shared, 0);
    assert_int_equal(strncmp(shared->out, "test  4 images", 14), 0);
    char *matrix = program_read(shared, "c.csv", &length);
    assert_string_equal(matrix,
                        "true\\predicted,a,\"b,\"\"c\",c\na,2,0,0\n\"b,\"\"c\",0,1,0\nc,0,0,1\n");
    run(shared, "eval", "r", "--confusion", "c.csv");
    refused(shared, 1, "c.csv exists; choose another file for --confusion", "");
    char *kept = program_read(shared, "c.csv", &length);
    assert_string_equal(kept, matrix);
    free(kept);
    free(matrix);
    run(shared, "eval", "r", "--confusion", "d");
    refused(shared, 1, "d exists; ", "");
    run(shared, "eval", "r", "--confusion", "/dev/full");
    assert_exit(shared, 1);
    assert_err(shared, "incline: cannot write /dev/full: No space left on device\n");
    run(shared, "eval", "r", "--confusion", "t.yaml/c.csv");
    assert_exit(shared, 1);
    assert_err(shared, "incline: cannot write t.yaml/c.csv: Not a directory\n");
    run(shared, "eval", "r", "--confusion", "");
    assert_exit(shared, 1);
    assert_err(shared, "incline: cannot write '': No such file or directory\n");
    assert_string_equal(shared->out, ""); /* not only after the work is done */
}

/* A name that promises a picture. */
static void the_confusion_matrix_is_csv(void **state)
{
    static const char *const names[] = {"m.png", "a.csv/m.SVG", "m.csv.gz"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        run(shared, "eval", "r", "--confusion", names[i]);
        refused(shared, 2, "eval: --confusion writes CSV: '", names[i],
                "' must end in .csv\nSee 'incline eval --help'.\n");
        assert_false(program_exists(shared, names[i]));
    }
    run(shared, "eval", "r", "-q", "--confusion", "M.CSV");
    assert_exit(shared, 0);
    run(shared, "eval", "r", "-q", "--confusion", "./matrix");
    assert_exit(shared, 0);
}

static void eval_takes_weights_alone(void **state)
{
    (void)state;
    run(shared, "eval", "r", "--format", "csv");
    char *wanted = strdup(shared->out);
    run(shared, "eval", "r/weights/best.safetensors", "--format", "csv");
    assert_exit(shared, 0);
    assert_string_equal(shared->out, wanted);
    run(shared, "eval", "r/weights/last.safetensors", "t.yaml", "--format", "csv");
    assert_exit(shared, 0);
    assert_out(shared, "\n2,1.000000"); /* that file names no classes */
    free(wanted);
    small_data_write(shared, "other", &(struct small_data){9, 12, 6, 6, 1, 3, false});
    run(shared, "eval", "r", "--data", "other");
    assert_exit(shared, 0);
    assert_int_equal(strncmp(shared->out, "test  12 images", 15), 0);
    /* the training images are not looked at */
    assert_int_equal(unlink(program_path(shared, "other/train-images-idx3-ubyte")), 0);
    program_write(shared, "other/train-labels-idx1-ubyte", "damaged");
    run(shared, "eval", "r", "--data", "other");
    assert_exit(shared, 0);
    /* no test images: the validation part */
    small_data_write(shared, "train-only", &(struct small_data){40, 0, 6, 6, 1, 3, false});
    run(shared, "train", "t.yaml", "--data", "train-only", "-s", "data.val={split: 0.25}", "--out",
        "v", "-q", "-e", "1");
    assert_exit(shared, 0);
    run(shared, "eval", "v");
    assert_exit(shared, 0);
    assert_int_equal(strncmp(shared->out, "val  10 images", 14), 0);
}

/* ---- predict ---- */

/* The line's class must be as wanted. */
static void assert_class(const char *line, const char *path, const char *class)
{
    char start[256];
    snprintf(start, sizeof start, "%s\t1\t%s\t0.", path, class);
    if (strncmp(line, start, strlen(start)) != 0)
        fail_msg("'%s' does not begin with '%s'", line, start);
}

static const char *line_after(const char *line)
{
    const char *end = strchr(line, '\n');
    assert_non_null(end);
    return end + 1;
}

static void predict_reads_idx(void **state)
{
    static const char *const classes[] = {"a", "b,\"c", "c"};
    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        const char *name = packed ? "seven.gz" : "seven.idx";
        run(shared, "predict", "r", name);
        assert_exit(shared, 0);
        assert_silent_err(shared);
        assert_int_equal(count_lines(shared->out), 7);
        const char *line = shared->out;
        for (int i = 0; i < 7; i++, line = line_after(line)) {
            char path[32];
            snprintf(path, sizeof path, "%s#%d", name, i);
            assert_class(line, path, classes[i % 3]);
        }
    }
}

static void predict_finds_pngs(void **state)
{
    (void)state;
#if INCLINE_HAVE_PNG
    run(shared, "predict", "r/weights/best.safetensors", "photos");
    assert_exit(shared, 0);
    assert_silent_err(shared);
    assert_int_equal(count_lines(shared->out), 2);
    assert_class(shared->out, "photos/2.png", "c");
    assert_class(line_after(shared->out), "photos/more/0.PNG", "a");
    run(shared, "predict", "r", "photos/2.png", "photos/more/0.PNG", "photos/2.png");
    assert_exit(shared, 0);
    assert_int_equal(count_lines(shared->out), 3);
#else
    skip();
#endif
}

static void predict_reads_a_list(void **state)
{
    (void)state;
    shared->input = "seven.idx\n\nseven.gz"; /* an empty line; no newline at the end */
    run(shared, "predict", "r", "-", "seven.idx");
    assert_exit(shared, 0);
    assert_int_equal(count_lines(shared->out), 21);
    assert_class(shared->out, "seven.idx#0", "a");
    shared->input = "seven.idx\r\n  \r\n\t\nseven.gz\r\n"; /* from another system */
    run(shared, "predict", "r", "-");
    assert_exit(shared, 0);
    assert_silent_err(shared);
    assert_int_equal(count_lines(shared->out), 14);
    shared->input = "seven.idx\0seven.gz\0"; /* of find -print0 */
    shared->input_length = 19;
    run(shared, "predict", "r", "-");
    assert_exit(shared, 0);
    assert_int_equal(count_lines(shared->out), 14);
    static const char *const empty[] = {"", "\n", " \r\n\n"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        shared->input = empty[i];
        run(shared, "predict", "r", "-");
        refused(shared, 4, "-: no paths in the list on standard input\n", "");
    }
}

static void predict_gives_the_top(void **state)
{
    double probability[3];
    (void)state;
    run(shared, "predict", "r", "seven.idx", "--top", "9", "--format", "jsonl");
    assert_exit(shared, 0);
    assert_int_equal(count_lines(shared->out), 21); /* of 3 classes, 3 */
    const char *line = shared->out;
    for (int i = 0; i < 3; i++, line = line_after(line)) {
        json_t *answer = parse(line, strcspn(line, "\n"));
        assert_string_equal(json_string_value(json_object_get(answer, "path")), "seven.idx#0");
        assert_int_equal(json_integer_value(json_object_get(answer, "rank")), i + 1);
        probability[i] = json_real_value(json_object_get(answer, "probability"));
        json_decref(answer);
    }
    assert_true(probability[0] > probability[1] && probability[1] >= probability[2]);
    double sum = probability[0] + probability[1] + probability[2];
    assert_true(sum > 0.9999 && sum < 1.0001);
    run(shared, "predict", "r", "seven.idx", "--format", "csv");
    assert_exit(shared, 0);
    assert_int_equal(count_lines(shared->out), 8);
    assert_int_equal(strncmp(shared->out, "path,rank,class,probability\nseven.idx#0,1,a,0.", 46),
                     0);
    assert_out(shared, "\nseven.idx#1,1,\"b,\"\"c\",0.");
}

/* Without a softmax the figures are scores, most of them negative here: each class comes once, the
 * greatest first. */
static void predict_ranks_scores(void **state)
{
    (void)state;
    run(shared, "train", "t.yaml", "--out", "scores", "-q", "-e", "1", "-s", "train.loss=mse", "-s",
        "model.layers=[flatten, {dense: 3}]", "--lr", "1e-9", "-s",
        "data.normalize={mean: [1], std: [0.05]}");
    assert_exit(shared, 0);
    run(shared, "predict", "scores", "seven.idx", "--top", "3");
    assert_exit(shared, 0);
    assert_int_equal(count_lines(shared->out), 21);
    bool negative = false;
    const char *line = shared->out;
    for (int i = 0; i < 7; i++) {
        bool seen[3] = {false};
        double before = INFINITY;
        for (int rank = 1; rank <= 3; rank++, line = line_after(line)) {
            int said, class;
            double score;
            assert_int_equal(sscanf(line, "%*s\t%d\t%d\t%lf", &said, &class, &score), 3);
            assert_int_equal(said, rank);
            assert_true(score <= before && class >= 0 && class < 3 && !seen[class]);
            seen[class] = true;
            negative = negative || score < -1;
            before = score;
        }
    }
    assert_true(negative);
}

/* Each class is a question of its own: the answers have any sum, here one of three halves. */
static void predict_answers_questions(void **state)
{
    (void)state;
    run(shared, "train", "t.yaml", "--out", "questions", "-q", "-e", "1", "-s",
        "train.loss=binary_cross_entropy", "-s",
        "model.layers=[flatten, {dense: {units: 3, init: zeros}}]", "--lr", "1e-9");
    assert_exit(shared, 0);
    run(shared, "predict", "questions", "seven.idx", "--top", "3");
    assert_exit(shared, 0);
    assert_out(shared, "seven.idx#6\t1\t0\t0.500000\n");
    assert_out(shared, "seven.idx#6\t3\t2\t0.500000\n");
    run(shared, "train", "t.yaml", "--out", "none", "-s", "train.loss=hinge");
    refused(shared, 2, "-s train.loss=hinge: error: ", "hinge takes scores, not probabilities");
}

static void predict_passes_over_bad_files(void **state)
{
    size_t length;
    (void)state;
#if INCLINE_HAVE_PNG
    program_folder(shared, "mixed");
    char *png = program_read(shared, "photos/2.png", &length);
    scratch_write(shared->scratch, "mixed/1-whole.png", png, length);
    png[length / 2] ^= 0x55;
    scratch_write(shared->scratch, "mixed/2-damaged.png", png, length);
    scratch_write(shared->scratch, "mixed/3-cut.png", png, length / 3);
    scratch_write(shared->scratch, "mixed/4-empty.png", "", 0);
    free(png);
    write_png("mixed/5-whole.png", 6, 0);
    run(shared, "predict", "r", "mixed");
    assert_exit(shared, 4);
    assert_int_equal(count_lines(shared->out), 2);
    assert_class(shared->out, "mixed/1-whole.png", "c");
    assert_class(line_after(shared->out), "mixed/5-whole.png", "a");
    assert_err(shared, "incline: mixed/2-damaged.png: ");
    assert_err(shared, "\nincline: mixed/3-cut.png: ");
    assert_err(shared, "\nincline: mixed/4-empty.png: ");
    assert_int_equal(count_lines(shared->err), 3);
#else
    (void)length;
    skip();
#endif
}

/* A folder without permission, which says nothing when root runs the test: root may read all. */
static void predict_passes_over_bad_folders(void **state)
{
    (void)state;
#if INCLINE_HAVE_PNG
    program_folder(shared, "tree");
    program_folder(shared, "tree/a-closed");
    program_folder(shared, "tree/b");
    write_png("tree/b/2.png", 6, 2);
    write_png("tree/c.png", 6, 0);
    assert_int_equal(chmod(program_path(shared, "tree/a-closed"), 0), 0);
    bool is_open = access(program_path(shared, "tree/a-closed"), R_OK) == 0;
    run(shared, "predict", "r", "tree");
    assert_int_equal(chmod(program_path(shared, "tree/a-closed"), 0700), 0);
    assert_int_equal(count_lines(shared->out), 2);
    assert_class(shared->out, "tree/b/2.png", "c");
    assert_class(line_after(shared->out), "tree/c.png", "a");
    assert_exit(shared, is_open ? 0 : 4);
    if (!is_open)
        assert_err(shared, "incline: tree/a-closed: cannot read it: Permission denied\n");
#else
    skip();
#endif
}

static void predict_refuses_what_is_no_image(void **state)
{
    static const char *const cases[][2] = {
        {"nope.png", "nope.png: cannot read it: No such file or directory"},
        {"none", "none: no .png files in this folder"},
        {"t.yaml", "t.yaml: not an image file that incline knows; incline reads PNG"},
        {"d/t10k-labels-idx1-ubyte", "d/t10k-labels-idx1-ubyte: has 1 dimension"},
        {"r/weights/best.safetensors", "r/weights/best.safetensors: not an image file"},
        {"/dev/null", "/dev/null: "},
        {"large.idx", "large.idx: "},
    };
    (void)state;
    small_images_write(shared, "large.idx", 2, 7, 6, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run(shared, "predict", "r", cases[i][0]);
        refused(shared, 4, cases[i][1], "");
        assert_int_equal(count_lines(shared->err), 1);
    }
    run(shared, "predict", "r", "large.idx");
    refused(shared, 4, "large.idx: ", "7", "6");
    /* the good ones are still answered */
    run(shared, "predict", "r", "nope.png", "seven.idx");
    assert_exit(shared, 4);
    assert_int_equal(count_lines(shared->out), 7);
}

static void weights_must_be_weights(void **state)
{
    size_t length;
    (void)state;
    run(shared, "predict", "nope", "seven.idx");
    refused(shared, 4,
            "nope: No such file or directory; it must be a run folder or a .safetensors file\n",
            "");
    run(shared, "eval", "d");
    refused(shared, 4, "d is no run folder: it has neither weights/best.safetensors nor", "");
    run(shared, "eval", "t.yaml");
    refused(
        shared, 4, "t.yaml: not a safetensors file: it begins like a text\n",
        "\nA run folder or a .safetensors file comes first: incline eval RUN|WEIGHTS [CONFIG]\n");
    char *bytes = program_read(shared, "r/weights/best.safetensors", &length);
    scratch_write(shared->scratch, "cut.safetensors", bytes, length - 4);
    run(shared, "eval", "cut.safetensors");
    refused(shared, 4,
            "cut.safetensors: not a sound safetensors file: ", "copy or save it again\n");
    scratch_write(shared->scratch, "short.safetensors", bytes, 6);
    run(shared, "predict", "short.safetensors", "seven.idx");
    refused(shared, 4,
            "short.safetensors: not a sound safetensors file: ", "copy or save it again\n");
    scratch_write(shared->scratch, "empty.safetensors", "", 0);
    run(shared, "eval", "empty.safetensors");
    refused(shared, 4, "empty.safetensors: not a sound safetensors file: it has only 0 bytes: ",
            "copy or save it again\n");
    memset(bytes + length - 4, 0xff, 4); /* a NaN */
    scratch_write(shared->scratch, "nan.safetensors", bytes, length);
    run(shared, "predict", "nan.safetensors", "seven.idx");
    refused(shared, 4, "nan.safetensors: tensor '", "' holds NaN: ");
    run(shared, "eval", "nan.safetensors");
    refused(shared, 4, "nan.safetensors: tensor '", "' holds NaN: ");
    free(bytes);
}

/* The best weights as PyTorch would have written them: without metadata. */
static void write_bare_weights(const char *name)
{
    size_t length, header = 0;
    char *bytes = program_read(shared, "r/weights/best.safetensors", &length);
    for (int i = 7; i >= 0; i--)
        header = header << 8 | (unsigned char)bytes[i];
    json_t *value = parse(bytes + 8, header);
    assert_int_equal(json_object_del(value, "__metadata__"), 0);
    char *text = json_dumps(value, JSON_COMPACT);
    assert_non_null(text);
    size_t bare = strlen(text), data = length - 8 - header;
    char *out = calloc(1, 8 + bare + data);
    assert_non_null(out);
    for (int i = 0; i < 8; i++)
        out[i] = (char)(bare >> (8 * i));
    memcpy(out + 8, text, bare);
    memcpy(out + 8 + bare, bytes + 8 + header, data);
    scratch_write(shared->scratch, name, out, 8 + bare + data);
    free(out);
    free(text);
    json_decref(value);
    free(bytes);
}

static void weights_of_pytorch_need_a_configuration(void **state)
{
    (void)state;
    write_bare_weights("bare.safetensors");
    run(shared, "predict", "bare.safetensors", "seven.idx");
    refused(shared, 3, "bare.safetensors carries no configuration", "with --config CONFIG\n");
    run(shared, "eval", "bare.safetensors");
    refused(shared, 3, "bare.safetensors carries no configuration",
            "behind the weights: incline eval WEIGHTS CONFIG\n");
    run(shared, "eval", "bare.safetensors", "t.yaml");
    assert_exit(shared, 0);
    run(shared, "predict", "bare.safetensors", "seven.idx", "--config", "t.yaml");
    assert_exit(shared, 0);
    assert_class(shared->out, "seven.idx#0", "0"); /* no names in either */
    run(shared, "predict", "bare.safetensors", "seven.idx", "--config", "r/config.yaml");
    assert_exit(shared, 0);
    assert_class(shared->out, "seven.idx#0", "a");
    run(shared, "predict", "r", "seven.idx", "--config", "nope.yaml");
    refused(shared, 3, "there is no file and no built-in model 'nope.yaml'", "");
}

static void make_newest(const char *folder)
{
    const struct timespec later[2] = {{time(NULL) + 100, 0}, {time(NULL) + 100, 0}};
    char path[SCRATCH_PATH_BYTES + 64];
    snprintf(path, sizeof path, "%s/%s", shared->scratch->folder, folder);
    assert_int_equal(utimensat(AT_FDCWD, path, later, 0), 0);
}

/* The newest by time, of one time by name. */
static void missing_runs_are_helped_to(void **state)
{
    static const char *const runs[] = {"2026-01-02-0304-a", "2026-01-02-0305-a",
                                       "2025-12-31-2359-a", "2026-01-01-0000-a"};
    (void)state;
    program_folder(shared, "runs");
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        char path[64];
        snprintf(path, sizeof path, "runs/%s", runs[i]);
        program_folder(shared, path);
        snprintf(path, sizeof path, "runs/%s/config.yaml", runs[i]);
        program_write(shared, path, "");
    }
    program_folder(shared, "runs/no-run");
    make_newest("runs/2025-12-31-2359-a");
    run(shared, "eval", "nope");
    refused(
        shared, 4,
        "nope: No such file or directory; it must be a run folder or a .safetensors file; newest "
        "runs here: runs/2025-12-31-2359-a, runs/2026-01-02-0305-a, runs/2026-01-02-0304-a\n",
        "");
}

static void output_may_go_away(void **state)
{
    (void)state;
    shared->output = "/dev/full";
    run(shared, "predict", "r", "seven.idx");
    assert_exit(shared, 1);
    assert_err(shared, "incline: cannot write to standard output: No space left on device\n");
    shared->output = "/dev/full";
    run(shared, "eval", "r");
    assert_exit(shared, 1);
    assert_err(shared, "incline: cannot write to standard output: No space left on device\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eval_prints_a_table),
        cmocka_unit_test(eval_counts_mistakes),
        cmocka_unit_test(eval_is_json_and_csv),
        cmocka_unit_test(eval_writes_the_confusion_matrix),
        cmocka_unit_test(the_confusion_matrix_is_csv),
        cmocka_unit_test(eval_takes_weights_alone),
        cmocka_unit_test(predict_reads_idx),
        cmocka_unit_test(predict_finds_pngs),
        cmocka_unit_test(predict_reads_a_list),
        cmocka_unit_test(predict_gives_the_top),
        cmocka_unit_test(predict_ranks_scores),
        cmocka_unit_test(predict_answers_questions),
        cmocka_unit_test(predict_passes_over_bad_files),
        cmocka_unit_test(predict_passes_over_bad_folders),
        cmocka_unit_test(predict_refuses_what_is_no_image),
        cmocka_unit_test(weights_must_be_weights),
        cmocka_unit_test(weights_of_pytorch_need_a_configuration),
        cmocka_unit_test(missing_runs_are_helped_to),
        cmocka_unit_test(output_may_go_away),
    };
    int code = program_need_device();
    return code ? code : cmocka_run_group_tests(tests, setup, teardown);
}

#include "support/small_data.h"

#include "incline/version.h"

#include <jansson.h>
#include <signal.h>
#include <sys/resource.h>

/* The verbs that need no data. Only `devices` and the memory line of `summary` need a device. */

static json_t *parse(struct program *program)
{
    json_error_t error;
    json_t *value = json_loadb(program->out, program->out_length, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        fail_msg("not JSON, line %d: %s\n%s", error.line, error.text, program->out);
    return value;
}

static void help_is_data(void **state)
{
    static const char *const verbs[] = {"devices", "summary", "train", "eval",
                                        "predict", "init",    "help"};
    struct program *p = *state;
    run(p, "--help");
    assert_exit(p, 0);
    assert_silent_err(p);
    assert_out(p, "Usage: incline VERB");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        assert_out(p, verbs[i]);
    char *overview = strdup(p->out);
    assert_non_null(overview);
    run(p, "help");
    assert_string_equal(p->out, overview);
    run(p, "-h");
    assert_string_equal(p->out, overview);
    free(overview);
}

static void each_verb_has_help(void **state)
{
    static const char *const verbs[] = {"devices", "summary", "train",   "eval", "test",
                                        "val",     "info",    "predict", "init", "help"};
    struct program *p = *state;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        run(p, "help", verbs[i]);
        assert_exit(p, 0);
        assert_silent_err(p);
        assert_out(p, "Usage: incline ");
        assert_out(p, "Examples:\n");
        assert_out(p, "-d, --device SEL");
        char *help = strdup(p->out);
        assert_non_null(help);
        /* --help also where arguments are missing or wrong */
        run(p, verbs[i], "--help");
        assert_exit(p, 0);
        assert_string_equal(p->out, help);
        run(p, verbs[i], "a", "b", "c", "-h");
        assert_exit(p, 0);
        assert_string_equal(p->out, help);
        free(help);
    }
}

static void help_says_where_a_list_of_devices_is_taken(void **state)
{
    static const char list[] = "several with commas between, or all\n";
    struct program *p = *state;
    run(p, "bench", "--help");
    assert_out(p, list);
    run(p, "check", "--help");
    assert_out(p, list);
    run(p, "train", "--help");
    assert_no_out(p, list);
}

static void topics_have_help(void **state)
{
    static const char *const topics[][2] = {{"conv2d", "filters"},
                                            {"max_pool2d", "size"},
                                            {"dense", "units"},
                                            {"train", "--epochs"},
                                            {"data", "root"},
                                            {"sgd", "lr"},
                                            {"lion", "Source: Chen et al."},
                                            {"exit-codes", "  3    configuration or model\n"},
                                            {"environment", "  INCLINE_DEVICE "},
                                            {"topics", "exit-codes"},
                                            {"model", "input"},
                                            {"topics", "conv2d"},
                                            {"softmax", "softmax"}};
    struct program *p = *state;
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        run(p, "help", topics[i][0]);
        assert_exit(p, 0);
        assert_silent_err(p);
        assert_out(p, topics[i][1]);
    }
}

static void version_is_one_line(void **state)
{
    struct program *p = *state;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "incline %s\n", incline_version());
    run(p, "--version");
    assert_exit(p, 0);
    assert_string_equal(p->out, wanted);
    run(p, "-V");
    assert_string_equal(p->out, wanted);
    run(p, "train", "--version");
    assert_exit(p, 0);
    assert_string_equal(p->out, wanted);
    assert_silent_err(p);
}

static void init_lists_and_prints(void **state)
{
    struct program *p = *state;
    run(p, "init");
    assert_exit(p, 0);
    assert_string_equal(p->out, "mnist-cnn\nlenet5\nresnet20\nvgg-cifar\n");
    run(p, "init", "mnist-cnn", "-o", "-");
    assert_exit(p, 0);
    assert_silent_err(p);
    assert_out(p, "incline: 1");
    assert_out(p, "filters: 32");
    assert_int_equal(program_count_entries(p, "."), 0);
}

static void init_writes_a_file_once(void **state)
{
    struct program *p = *state;
    size_t length;
    run(p, "init", "mnist-cnn");
    assert_exit(p, 0);
    assert_silent_out(p);
    assert_string_equal(p->err, "Wrote mnist-cnn.yaml.  Next: incline train mnist-cnn.yaml\n");
    program_write(p, "mnist-cnn.yaml", "mine");
    run(p, "init", "mnist-cnn");
    refused(p, 1, "mnist-cnn.yaml exists", "--overwrite");
    char *kept = program_read(p, "mnist-cnn.yaml", &length);
    assert_string_equal(kept, "mine");
    free(kept);
    run(p, "init", "mnist-cnn", "--overwrite", "-q");
    assert_exit(p, 0);
    assert_silent_err(p);
    run(p, "init", "mnist-cnn", "-o", "my net.yaml");
    assert_exit(p, 0);
    assert_err(p, "incline train 'my net.yaml'");
    assert_true(program_same_bytes(p, "mnist-cnn.yaml", "my net.yaml"));
}

/* As on a full disk: what was there stays, and nothing lies beside it. */
static void init_writes_all_or_nothing(void **state)
{
    struct program *p = *state;
    size_t length;
    struct rlimit old, low;
    program_write(p, "a.yaml", "mine");
    getrlimit(RLIMIT_FSIZE, &old);
    for (int overwrites = 0; overwrites < 2; overwrites++) {
        low = old;
        low.rlim_cur = 200;
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
        program_start(p, (const char *const[]){"init", "mnist-cnn", "-o",
                                               overwrites ? "a.yaml" : "b.yaml",
                                               overwrites ? "--overwrite" : NULL, NULL});
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        signal(SIGXFSZ, SIG_DFL);
        program_wait(p);
        refused(p, 1,
                overwrites ? "cannot write a.yaml: " : "cannot write b.yaml: ", "File too large");
    }
    char *kept = program_read(p, "a.yaml", &length);
    assert_string_equal(kept, "mine");
    free(kept);
    assert_int_equal(program_count_entries(p, "."), 1);
}

static void summary_shows_the_seed(void **state)
{
    struct program *p = *state;
    run(p, "summary", "mnist-cnn");
    assert_exit(p, 0);
    assert_silent_err(p);
    assert_int_equal(strncmp(p->out, "mnist-cnn    input 1x28x28\n", 27), 0);
    assert_out(p, "conv2d 3x3 + relu");
    assert_out(p, "692,352"); /* parameters of the larger dense layer */
    assert_out(p, "693,962");
    char *all = strdup(p->out);
    assert_non_null(all);
    run(p, "init", "mnist-cnn");
    run(p, "info", "mnist-cnn.yaml");
    assert_exit(p, 0);
    assert_string_equal(p->out, all);
    free(all);
}

static void summary_is_json(void **state)
{
    struct program *p = *state;
    run(p, "summary", "mnist-cnn", "--format", "json");
    assert_exit(p, 0);
    assert_silent_err(p);
    json_t *value = parse(p);
    assert_int_equal(json_integer_value(json_object_get(value, "parameters")), 693962);
    json_t *layers = json_object_get(value, "layers");
    assert_int_equal(json_array_size(layers), 6);
    assert_string_equal(json_string_value(json_object_get(json_array_get(layers, 0), "type")),
                        "conv2d");
    json_decref(value);
}

static void summary_takes_json_and_settings(void **state)
{
    struct program *p = *state;
    program_write(p, "net.json",
                  "{\"incline\": 1, \"model\": {\"name\": \"j\", \"input\": [5, 9, 2],"
                  " \"layers\": [\"flatten\", {\"dense\": {\"units\": 7, \"bias\": false}}]},"
                  " \"data\": {\"root\": \"x\"}}");
    run(p, "summary", "net.json");
    assert_exit(p, 0);
    assert_out(p, "j    input 2x5x9\n");
    assert_out(p, "630"); /* 90 x 7 */
    run(p, "summary", "net.json", "-s", "model.layers=[flatten, {dense: 3}, relu]");
    assert_exit(p, 0);
    assert_out(p, "273"); /* 90 x 3 + 3 */
    assert_out(p, "relu");
    run(p, "summary", "net.json", "-s", "model.layers.1.dense.units=2");
    assert_exit(p, 0);
    assert_out(p, "180");
}

static void skip_without_device(struct program *p)
{
    const char *required = getenv("INCLINE_REQUIRE_DEVICE");
    if (p->code == 5 && !(required && strcmp(required, "1") == 0))
        skip();
}

static void devices_are_listed(void **state)
{
    struct program *p = *state;
    run(p, "devices");
    skip_without_device(p);
    assert_exit(p, 0);
    assert_int_equal(strncmp(p->out, " #  P:D  type  name", 19), 0);
    assert_true(count_lines(p->out) >= 2);
    assert_out(p, "default\n");
    assert_null(strchr(p->out, '\033'));
    run(p, "devices", "-v", "-d", "0");
    assert_exit(p, 0);
    assert_out(p, "\n#0  ");
    assert_out(p, "driver");
    assert_out(p, "compute units");
    assert_null(strstr(p->out, "\n#1  "));
}

static void devices_are_json(void **state)
{
    struct program *p = *state;
    run(p, "devices", "--format", "json");
    skip_without_device(p);
    assert_exit(p, 0);
    assert_silent_err(p);
    json_t *list = parse(p);
    size_t defaults = 0, i;
    json_t *device;
    json_array_foreach(list, i, device)
    {
        defaults += json_is_true(json_object_get(device, "default"));
        assert_true(json_is_string(json_object_get(device, "name")));
        assert_true(json_is_integer(json_object_get(device, "memory_bytes")));
    }
    assert_int_equal(defaults, 1);
    json_decref(list);
}

static void no_driver_is_explained(void **state)
{
    struct program *p = *state;
    char vendors[SCRATCH_PATH_BYTES + 32];
    program_folder(p, "none");
    snprintf(vendors, sizeof vendors, "OCL_ICD_VENDORS=%s/none/", p->scratch->folder);
    p->environment[0] = vendors;
    p->environment[1] = "INCLINE_DEVICE";
    run(p, "devices");
    refused(p, 5, "no OpenCL device found\n", "found no driver", "pocl-opencl-icd");
    p->environment[0] = vendors;
    p->environment[1] = "INCLINE_DEVICE";
    p->input = "";
    run(p, "devices", "--format", "json");
    assert_exit(p, 5);
    assert_string_equal(p->out, "[]\n");
    assert_err(p, "incline: no OpenCL device found\n");
    /* a summary does without */
    p->environment[0] = vendors;
    p->environment[1] = "INCLINE_DEVICE";
    run(p, "summary", "mnist-cnn");
    assert_exit(p, 0);
    assert_silent_err(p);
    assert_out(p, "693,962");
    assert_null(strstr(p->out, "at batch"));
}

static void absent_devices_are_refused(void **state)
{
    static const char *const absent[] = {"99", "9:9", "no such name", "-1", "0:", "1e0"};
    struct program *p = *state;
    run(p, "devices");
    skip_without_device(p);
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        char first[64];
        snprintf(first, sizeof first, "no usable device '%s'", absent[i]);
        run(p, "devices", "-d", absent[i]);
        refused(p, 5, first, "choose by number, P:D, gpu, cpu or part of a name", "\n  0  ");
    }
    run(p, "summary", "mnist-cnn", "-d", "99");
    refused(p, 5, "no usable device '99'", "choose by");
    assert_no_err(p, "INCLINE_DEVICE");
    static const char *const several[] = {"0,1", "all", "gpu,cpu"};
    for (size_t i = 0; i < sizeof several / sizeof several[0]; i++) {
        char first[64];
        snprintf(first, sizeof first, "'%s' names several devices; one at a time is used:\n",
                 several[i]);
        run(p, "summary", "mnist-cnn", "-d", several[i]);
        refused(p, 5, first, "\n  0  ");
    }
}

/* INCLINE_DEVICE names none: what needs a device says whose word it was, the rest does without. */
static void the_environment_names_the_device(void **state)
{
    struct program *p = *state;
    run(p, "devices");
    skip_without_device(p);
    p->environment[0] = "INCLINE_DEVICE=no such name";
    run(p, "summary", "mnist-cnn");
    assert_exit(p, 0);
    assert_out(p, "693,962");
    assert_no_out(p, "at batch");
    assert_string_equal(p->err,
                        "INCLINE_DEVICE=no such name: no usable device 'no such name'; so no "
                        "memory is shown.\n");
    p->environment[0] = "INCLINE_DEVICE=no such name";
    run(p, "devices", "-d", "0");
    assert_exit(p, 0);
    p->environment[0] = "INCLINE_DEVICE=no such name";
    run(p, "devices");
    assert_exit(p, 0);
    assert_no_out(p, "default\n");
    assert_err(p, "; the other verbs will need -d.\n");
    p->environment[0] = "INCLINE_DEVICE=no such name";
    run(p, "devices", "--format", "json");
    assert_no_out(p, "\"default\": true");
    p->environment[0] = "INCLINE_DEVICE=0";
    run(p, "devices");
    assert_exit(p, 0);
    const char *row = strstr(p->out, "\n 0  ");
    assert_non_null(row);
    assert_int_equal(strncmp(strchr(row + 1, '\n') - 7, "default", 7), 0);
    assert_string_equal(p->err, "INCLINE_DEVICE=0 chooses the device where -d does not.\n");
    /* verbs that cannot do without */
    static const char config[] = "incline: 1\nmodel: {input: [6, 6, 1], layers: [flatten, {dense: "
                                 "3}]}\ndata: {root: d}\n";
    small_data_write(p, "d", &small_data);
    program_write(p, "t.yaml", config);
    p->environment[0] = "INCLINE_DEVICE=no such name";
    run(p, "train", "t.yaml", "--dry-run");
    refused(p, 5, "no usable device 'no such name'", "choose by",
            "\nINCLINE_DEVICE=no such name chose it; -d chooses another one.\n");
}

/* PoCL's platform has another name than everybody's. */
static void pocl_is_found_by_its_name(void **state)
{
    struct program *p = *state;
    char cache[SCRATCH_PATH_BYTES + 32];
    run(p, "devices");
    skip_without_device(p);
    if (!strstr(p->out, "Portable Computing Language "))
        skip();
    run(p, "devices", "-d", "pocl");
    assert_exit(p, 0);
    assert_out(p, "Portable Computing Language ");
    /* it shows no device when it cannot write its cache */
    program_write(p, "file", "");
    snprintf(cache, sizeof cache, "POCL_CACHE_DIR=%s/file/x", p->scratch->folder);
    p->environment[0] = cache;
    run(p, "devices");
    if (p->code == 0)
        skip(); /* there is another device */
    assert_exit(p, 5);
    assert_err(p, "\nInstalled, but without a device: ");
    assert_err(p, "\nIs the cache folder of PoCL ($POCL_CACHE_DIR, or ~/.cache/pocl) writable?");
}

static void full_output_is_an_error(void **state)
{
    static const char *const verbs[][3] = {
        {"--help"}, {"--version"}, {"init"}, {"summary", "mnist-cnn"}, {"help", "conv2d"}};
    struct program *p = *state;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        p->output = "/dev/full";
        run(p, verbs[i][0], verbs[i][1], verbs[i][2]);
        assert_exit(p, 1);
        assert_string_equal(p->err,
                            "incline: cannot write to standard output: No space left on device\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        program_test(help_is_data),
        program_test(each_verb_has_help),
        program_test(help_says_where_a_list_of_devices_is_taken),
        program_test(topics_have_help),
        program_test(version_is_one_line),
        program_test(init_lists_and_prints),
        program_test(init_writes_a_file_once),
        program_test(init_writes_all_or_nothing),
        program_test(summary_shows_the_seed),
        program_test(summary_is_json),
        program_test(summary_takes_json_and_settings),
        program_test(devices_are_listed),
        program_test(devices_are_json),
        program_test(no_driver_is_explained),
        program_test(absent_devices_are_refused),
        program_test(the_environment_names_the_device),
        program_test(pocl_is_found_by_its_name),
        program_test(full_output_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

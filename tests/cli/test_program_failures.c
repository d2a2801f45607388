#include "support/small_data.h"

#include <signal.h>

/* Trainings that cannot begin, or come to nothing, on a sound configuration and sound data. */

#define LAST "r/weights/last.safetensors"

static int setup(void **state)
{
    int code = program_setup(state);
    if (code == 0)
        small_setup(*state);
    return code;
}

#define failure_test(function) cmocka_unit_test_setup_teardown(function, setup, program_teardown)

static void no_driver_stops_training(void **state)
{
    struct program *p = *state;
    char vendors[SCRATCH_PATH_BYTES + 32];
    program_folder(p, "none");
    snprintf(vendors, sizeof vendors, "OCL_ICD_VENDORS=%s/none/", p->scratch->folder);
    p->environment[0] = vendors;
    p->environment[1] = "INCLINE_DEVICE";
    run(p, "train", "t.yaml", "--out", "r");
    refused(p, 5, "no OpenCL device found\n", "pocl-opencl-icd");
    static const char *const selectors[] = {"no such name", "gpu", "0", "1:0"};
    for (size_t i = 0; i < sizeof selectors / sizeof *selectors; i++) {
        p->environment[0] = vendors;
        run(p, "train", "t.yaml", "--out", "r", "-d", selectors[i]);
        refused(p, 5, "no OpenCL device found\n", "pocl-opencl-icd");
    }
    p->environment[0] = vendors;
    p->environment[1] = "INCLINE_DEVICE=cpu";
    run(p, "train", "t.yaml", "--out", "r");
    refused(p, 5, "no OpenCL device found\n", "pocl-opencl-icd");
    run(p, "train", "t.yaml", "--out", "r", "-d", "no such name");
    refused(p, 5, "no usable device 'no such name'", "choose by");
    assert_false(program_exists(p, "r"));
}

static void lanes_are_not_guessed(void **state)
{
    static const char *const wrong[] = {"INCLINE_LANES=3", "INCLINE_LANES=8x", "INCLINE_LANES=-1"};
    struct program *p = *state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        p->environment[0] = wrong[i];
        run(p, "train", "t.yaml", "--out", "r");
        refused(p, 2, wrong[i], " is none of 1, 4, 8, 16");
    }
    p->environment[0] = "INCLINE_LANES=4";
    run(p, "train", "t.yaml", "--out", "r", "-e", "1");
    assert_exit(p, 0);
}

static void the_cache_is_on_or_off(void **state)
{
    struct program *p = *state;
    p->environment[0] = "INCLINE_CACHE=foo";
    run(p, "train", "t.yaml", "--out", "r");
    refused(p, 2, "INCLINE_CACHE=foo is none of on, off", "");
}

static void folders_must_be_writable(void **state)
{
    static const char *const folders[] = {"t.yaml/r", "/proc/r", "/dev/null/r"};
    struct program *p = *state;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        run(p, "train", "t.yaml", "--out", folders[i]);
        assert_exit(p, 1);
        assert_int_equal(strncmp(p->err, "incline: ", 9), 0);
        assert_err(p, ": cannot create the folder: ");
        assert_int_equal(count_lines(p->err), 1);
    }
    run(p, "train", "t.yaml", "--out", "t.yaml");
    refused(p, 1, "t.yaml exists; choose another folder", "");
    run(p, "train", "t.yaml", "--out", "t.yaml", "--overwrite");
    refused(p, 1, "t.yaml is a file; a run needs a folder (--out)\n", "");
    assert_int_equal(program_count_entries(p, "."), 2);
    run(p, "init", "mnist-cnn", "-o", "t.yaml/x");
    refused(p, 1, "cannot write t.yaml/x: Not a directory", "");
}

/* Training from the weights fails as said, and a dry run just so. NULL: no setting. */
static void weights_refused(struct program *p, const char *weights, const char *setting, int code,
                            const char *first, const char *part)
{
    const char *assign = setting ? "-s" : NULL;
    run(p, "train", "t.yaml", "--out", "w", "--weights", weights, assign, setting);
    refused(p, code, first, part);
    char *said = strdup(p->err);
    assert_non_null(said);
    run(p, "train", "t.yaml", "--dry-run", "--weights", weights, assign, setting);
    refused(p, code, first, part);
    assert_string_equal(p->err, said);
    free(said);
}

static void weights_must_belong_to_the_network(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "r", "-e", "1");
    assert_exit(p, 0);
    weights_refused(p, LAST, "model.layers.3.dense=4", 3,
                    LAST
                    ": weights of another network: tensor 'dense_1.weight' has shape [3, 16], ",
                    "needs [4, 16]");
    weights_refused(p, LAST, "model.layers=[flatten, {dense: 9}, {dense: 3}]", 3,
                    LAST ": weights of another network: ", "");
    weights_refused(p, LAST, "model.layers=[flatten, {dense: {units: 3, name: other}}]", 3,
                    LAST ": weights of another network: there is no tensor 'other.weight'",
                    "`name:`");
    assert_false(program_exists(p, "w"));
}

static void weights_must_be_sound(void **state)
{
    struct program *p = *state;
    size_t length;
    run(p, "train", "t.yaml", "--out", "r", "-e", "1");
    assert_exit(p, 0);
    char *bytes = program_read(p, LAST, &length);
    scratch_write(p->scratch, "cut.safetensors", bytes, length / 2);
    bytes[7] = 1;
    scratch_write(p->scratch, "huge.safetensors", bytes, length);
    bytes[7] = 0;
    bytes[8] = '[';
    scratch_write(p->scratch, "damaged.safetensors", bytes, length);
    free(bytes);
    weights_refused(p, "cut.safetensors", NULL, 4,
                    "cut.safetensors: not a sound safetensors file: ", "");
    weights_refused(p, "huge.safetensors", NULL, 4,
                    "huge.safetensors: not a sound safetensors file: a header of ", "");
    weights_refused(p, "damaged.safetensors", NULL, 4,
                    "damaged.safetensors: not a sound safetensors file: ", "");
    weights_refused(p, "t.yaml", NULL, 4, "t.yaml: not a safetensors file: it begins like a text",
                    "");
    weights_refused(p, "nope", NULL, 4, "nope: No such file or directory", "");
    weights_refused(p, "d", NULL, 4, "d is no run folder: it has neither ", "");
    assert_false(program_exists(p, "w"));
}

static void divergence_exits_6(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "r", "--lr", "1e30");
    assert_exit(p, 6);
    assert_silent_out(p);
    assert_err(p, "\nincline: training diverged: the loss of epoch 1, step 2 is nan; try a smaller "
                  "learning rate (--lr), now 1e+30\n");
    assert_int_equal(program_count_entries(p, "r/weights"), 0);
    run(p, "eval", "r");
    refused(p, 4, "r: that run saved no weights: it ended before its first epoch was done\n", "");
    size_t length;
    char *events = program_read(p, "r/events.jsonl", &length);
    assert_non_null(strstr(events, "\"how\":\"diverged\""));
    free(events);
    /* one step an epoch: the weights are beyond numbers, though no loss of training was */
    run(p, "train", "t.yaml", "--out", "s", "--lr", "1e30", "-b", "64");
    assert_exit(p, 6);
    assert_err(p, "training diverged: the validation loss of epoch 1 is nan");
    assert_int_equal(program_count_entries(p, "s/weights"), 0);
    run(p, "train", "t.yaml", "--out", "t", "--lr", "1e30", "-b", "64", "-s", "data.val=none", "-s",
        "data.scale=1e-30");
    assert_exit(p, 6);
    assert_int_equal(program_count_entries(p, "t/weights"), 0);
}

/* Losses are finite for some epochs and then not: what was saved before can still be used. */
static void divergence_keeps_good_weights(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "r", "--lr", "0.5", "-s", "train.loss=mse", "-s",
        "model.layers=[flatten, {dense: 9}, {dense: 9}, {dense: 3}]", "-b", "60", "-e", "1000");
    assert_exit(p, 6);
    assert_err(p, "training diverged: ");
    assert_err(p, "; the last good weights are in r/weights/last.safetensors\n");
    run(p, "eval", LAST, "--format", "json");
    assert_exit(p, 0);
    assert_out(p, "\"loss\": ");
    assert_null(strstr(p->out, "\"loss\": null")); /* what JSON has for nan */
}

/* The bytes of the files of run folder r, for comparison. */
static char *read_run(struct program *p)
{
    static const char *const names[] = {"r/config.yaml",  "r/environment.json",         "r/log.csv",
                                        "r/events.jsonl", "r/weights/best.safetensors", LAST};
    size_t used = 0;
    char *all = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length;
        char *bytes = program_read(p, names[i], &length);
        all = realloc(all, used + length + 1);
        assert_non_null(all);
        memcpy(all + used, bytes, length);
        used += length;
        all[used] = '\0';
        free(bytes);
    }
    return all;
}

static void overwriting_in_vain_keeps_the_old_run(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "r", "-e", "1");
    assert_exit(p, 0);
    char *before = read_run(p);
    run(p, "train", "t.yaml", "--out", "r", "--overwrite", "--lr", "1e30");
    assert_exit(p, 6);
    assert_err(p, "now 1e+30; the earlier run is back in r\n");
    char *after = read_run(p);
    assert_string_equal(before, after);
    assert_int_equal(program_count_entries(p, "r"), 5);
    free(after);
    /* weights of another network, under the same name */
    run(p, "train", "t.yaml", "--out", "r", "--overwrite", "--weights", LAST, "-s",
        "model.layers.3.dense=4");
    assert_exit(p, 3);
    after = read_run(p);
    assert_string_equal(before, after);
    free(after);
    free(before);
}

/* A run that was killed while it overwrote another. */
static void the_old_run_outlives_a_crash(void **state)
{
    static const struct small_data many = {60000, 0, 6, 6, 1, 3, false};
    struct program *p = *state;
    small_data_write(p, "many", &many);
    run(p, "train", "t.yaml", "--out", "r", "-e", "1");
    char *before = read_run(p);
    program_start(p, (const char *const[]){"train", "t.yaml", "--out", "r", "--overwrite", "--data",
                                           "many", "-s", "data.val=none", "-b", "1", NULL});
    program_await(p, "r/config.yaml", "many");
    program_signal(p, SIGKILL);
    program_wait(p);
    run(p, "eval", "r");
    refused(p, 4, "r: that run saved no weights; the run before it is r/previous\n", "");
    run(p, "eval", "r/previous");
    assert_exit(p, 0);
    run(p, "train", "t.yaml", "--out", "r", "--overwrite", "--lr", "1e30");
    assert_exit(p, 6);
    char *after = read_run(p);
    assert_string_equal(before, after);
    assert_false(program_exists(p, "r/previous"));
    free(after);
    free(before);
}

static void failed_saves_say_what_is_kept(void **state)
{
    struct program *p = *state;
    char from[SCRATCH_PATH_BYTES];
    program_start(p, (const char *const[]){"train", "t.yaml", "--out", "r", "-e", "1000000", NULL});
    program_await(p, "r/log.csv", "\n2,");
    snprintf(from, sizeof from, "%s", program_path(p, "r/weights"));
    assert_int_equal(rename(from, program_path(p, "r/moved")), 0);
    program_wait(p);
    assert_exit(p, 1);
    assert_err(p, "incline: r/weights/"); /* best or last, whichever is written next */
    assert_err(p, ".safetensors: cannot write it: ");
    assert_err(p, "\nNo weights were saved.  Free some space there, or choose another folder "
                  "(--out).\n");
}

static void too_large_batches_name_one_that_fits(void **state)
{
    static const struct small_data wide = {60, 3, 256, 256, 1, 3, false};
    struct program *p = *state;
    small_data_write(p, "wide", &wide);
    program_write(p, "wide.yaml",
                  "incline: 1\n"
                  "model:\n"
                  "  name: wide\n"
                  "  input: [256, 256, 1]\n"
                  "  layers: [{conv2d: {filters: 256, kernel: 1}},\n"
                  "           {conv2d: {filters: 64, kernel: 1}},\n"
                  "           {max_pool2d: 256}, flatten, {dense: 3}]\n"
                  "data: {root: wide}\n"
                  "train: {batch_size: 60}\n");
    run(p, "train", "wide.yaml", "--dry-run");
    if (p->code == 0)
        skip(); /* a device with room for 4 GiB in one buffer */
    assert_exit(p, 5);
    assert_out(p, "too small\n");
    assert_err(p, "incline: the device has too little memory: ");
    assert_err(p, " in one buffer");
    const char *fits = strstr(p->err, "\nA batch of ");
    assert_non_null(fits);
    char *option = strdup(strstr(fits, "-b ") + 3);
    option[strcspn(option, "\n")] = '\0';
    run(p, "train", "wide.yaml", "--out", "r");
    refused(p, 5, "", "use a smaller batch (-b)", "\nA batch of ", option);
    assert_false(program_exists(p, "r"));
    run(p, "train", "wide.yaml", "--dry-run", "-b", option);
    assert_exit(p, 0);
    free(option);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        failure_test(no_driver_stops_training),
        failure_test(lanes_are_not_guessed),
        failure_test(the_cache_is_on_or_off),
        failure_test(folders_must_be_writable),
        failure_test(weights_must_belong_to_the_network),
        failure_test(weights_must_be_sound),
        failure_test(divergence_exits_6),
        failure_test(divergence_keeps_good_weights),
        failure_test(overwriting_in_vain_keeps_the_old_run),
        failure_test(the_old_run_outlives_a_crash),
        failure_test(failed_saves_say_what_is_kept),
        failure_test(too_large_batches_name_one_that_fits),
    };
    int code = program_need_device();
    return code ? code : cmocka_run_group_tests(tests, NULL, NULL);
}

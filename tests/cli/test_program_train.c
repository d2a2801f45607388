#include "support/small_data.h"

#include <jansson.h>
#include <zlib.h>

static void *read_json(const char *text, size_t length)
{
    json_error_t error;
    json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        fail_msg("not JSON: %s\n%.*s", error.text, (int)length, text);
    return value;
}

static int setup(void **state)
{
    int code = program_setup(state);
    if (code == 0)
        small_setup(*state);
    return code;
}

#define train_test(function) cmocka_unit_test_setup_teardown(function, setup, program_teardown)

static const char *const run_files[] = {
    "config.yaml",  "environment.json",         "log.csv",
    "events.jsonl", "weights/best.safetensors", "weights/last.safetensors"};

static void assert_run_folder(struct program *p, const char *folder)
{
    for (size_t i = 0; i < sizeof run_files / sizeof run_files[0]; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", folder, run_files[i]);
        if (!program_exists(p, path))
            fail_msg("no %s", path);
    }
    char weights[256];
    snprintf(weights, sizeof weights, "%s/weights", folder);
    assert_int_equal(program_count_entries(p, folder), 5);
    assert_int_equal(program_count_entries(p, weights), 2);
}

/* What is unusual about the updates is said, too. */
static void updates_are_told_of(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "r", "-b", "8", "-s", "train.accumulate=3", "-s",
        "train.ema={decay: 0.9}");
    assert_exit(p, 0);
    assert_err(p, "\nupdates  one for 3 batches, 24 images\n"
                  "average  validated and saved is the moving average of the weights, decay 0.9\n"
                  "model    tiny");
    run(p, "train", "t.yaml", "--out", "s", "-e", "1");
    assert_exit(p, 0);
    assert_no_err(p, "\nupdates ");
    assert_no_err(p, "\naverage ");
}

/* What is said: a header, one line an epoch, the end; data on standard output there is none. */
static void training_talks_on_stderr(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "r", "-v");
    assert_exit(p, 0);
    assert_silent_out(p);
    assert_int_equal(strncmp(p->err, "using device #", 14), 0);
    assert_no_err(p, "\nbuilt ");
    assert_err(p, "\nincline ");
    assert_err(p, "    run r    seed 1\ndevice   #");
    assert_err(p, "\ndata     d    60 train, 20 val (the test images), 3 classes, 1x6x6\n");
    assert_err(p, "\nmodel    tiny    91 parameters, ");
    /* the speed leaves the first step out, so its share of the time is told */
    double time = 0, first_step = 0;
    const char *line = strstr(p->err, "\nepoch=1/3 time=");
    assert_non_null(line);
    assert_int_equal(
        sscanf(line, "\nepoch=1/3 time=%lf first_step=%lf images_per_s=", &time, &first_step), 2);
    assert_true(first_step <= time);
    assert_null(strstr(strstr(p->err, "\nepoch=2/3 "), "first_step="));
    assert_err(p, "\nepoch=3/3 time=");
    assert_err(p, " val_accuracy=");
    assert_err(p, "\nBest val_accuracy ");
    assert_err(p, " 0 allocations, 0 program builds, ");
    assert_err(p, "\nNext: incline eval r\n");
    assert_null(strchr(p->err, '\r'));
    assert_null(strchr(p->err, '\033'));
    assert_run_folder(p, "r");
    assert_int_equal(program_count_entries(p, "."), 3);
}

/* Each level of the log holds what the one before it does; without a word there is none. */
static void the_log_has_levels(void **state)
{
    static const struct {
        const char *level;
        bool chooses, builds;
    } cases[] = {{"INCLINE_LOG=", false, false},
                 {"INCLINE_LOG=error", false, false},
                 {"INCLINE_LOG=warn", false, false},
                 {"INCLINE_LOG=info", true, false},
                 {"INCLINE_LOG=debug", true, true}};
    struct program *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        p->environment[0] = cases[i].level;
        run(p, "train", "t.yaml", "--out", "r", "--overwrite", "-e", "1");
        assert_exit(p, 0);
        assert_int_equal(strstr(p->err, "using device #") != NULL, cases[i].chooses);
        assert_int_equal(strstr(p->err, "\nbuilt ") != NULL, cases[i].builds);
    }
    run(p, "train", "t.yaml", "--out", "r", "--overwrite", "-e", "1", "-vv");
    assert_exit(p, 0);
    assert_err(p, "\nbuilt ");
    assert_err(p, " -D LANES=");
}

static void quiet_training_is_silent(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "-q", "-e", "1", "--name", "a b");
    assert_exit(p, 0);
    assert_silent_out(p);
    assert_silent_err(p);
    run(p, "train", "t.yaml", "--progress", "none", "-e", "1", "--name", "a b");
    assert_exit(p, 0);
    assert_no_err(p, "epoch=");
    assert_err(p, "-a-b"); /* the name in the folder */
    assert_int_equal(program_count_entries(p, "runs"), 2);
}

/* Nothing to evaluate on: no proposal that cannot work, and eval says what it needs. */
static void no_held_out_images_no_proposal(void **state)
{
    struct program *p = *state;
    small_data_write(p, "train-only", &(struct small_data){40, 0, 6, 6, 1, 3, false});
    run(p, "train", "t.yaml", "--data", "train-only", "-s", "data.val=none", "--out", "r", "-e",
        "1");
    assert_exit(p, 0);
    assert_no_err(p, "Next: ");
    run(p, "eval", "r");
    assert_exit(p, 4);
    assert_silent_out(p);
    assert_err(p,
               "train-only: no test images there, and data.val keeps none of the training images "
               "aside; give a folder with t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte: "
               "--data DIR\n");
    run(p, "eval", "r", "--data", "d");
    assert_exit(p, 0);
    run(p, "train", "t.yaml", "-s", "data.val=none", "--out", "s", "-e", "1");
    assert_err(p, "\nNext: incline eval s\n"); /* there are test images */
}

static void the_log_has_a_line_an_epoch(void **state)
{
    struct program *p = *state;
    size_t length;
    run(p, "train", "t.yaml", "--out", "r", "--val-every", "2");
    assert_exit(p, 0);
    char *log = program_read(p, "r/log.csv", &length);
    assert_int_equal(count_lines(log), 4);
    const char *head = "epoch,step,time,lr,loss,accuracy,val_loss,val_accuracy,images_per_s,"
                       "data_wait,best\n";
    assert_int_equal(strncmp(log, head, strlen(head)), 0);
    assert_non_null(strstr(log, ",0.000,1\n"));
    assert_non_null(strstr(log, "\n1,4,"));
    assert_non_null(strstr(log, ",,")); /* no validation after epoch 1 */
    assert_non_null(strstr(log, "\n3,12,"));
    free(log);
}

static void assert_checksum(json_t *part, const char *name, const void *bytes, size_t length)
{
    char wanted[12];
    snprintf(wanted, sizeof wanted, "%08lx", crc32(crc32(0, NULL, 0), bytes, (uInt)length));
    assert_string_equal(json_string_value(json_object_get(part, name)), wanted);
}

/* The checksums are those of what stands behind the headers of the files. */
static void assert_contents(struct program *p, json_t *environment, const char *name, int count)
{
    json_t *part = json_object_get(json_object_get(environment, "contents"), name);
    bool train = strcmp(name, "train") == 0;
    unsigned char wide[60 * 4] = {0};
    size_t length;
    char *file =
        program_read(p, train ? "d/train-images-idx3-ubyte" : "d/t10k-images-idx3-ubyte", &length);
    assert_int_equal(json_integer_value(json_object_get(part, "bytes")), count * 36);
    assert_checksum(part, "images_crc32", file + 16, length - 16);
    free(file);
    file =
        program_read(p, train ? "d/train-labels-idx1-ubyte" : "d/t10k-labels-idx1-ubyte", &length);
    for (int i = 0; i < count; i++)
        wide[4 * i] = (unsigned char)file[8 + i];
    assert_checksum(part, "labels_crc32", wide, 4 * (size_t)count);
    free(file);
}

static void the_run_folder_is_machine_readable(void **state)
{
    struct program *p = *state;
    size_t length, lines = 0, checkpoints = 0, steps = 0;
    run(p, "train", "t.yaml", "--out", "r");
    assert_exit(p, 0);
    char *events = program_read(p, "r/events.jsonl", &length), *line = events;
    for (char *end; (end = strchr(line, '\n')); line = end + 1, lines++) {
        json_t *event = read_json(line, (size_t)(end - line));
        const char *name = json_string_value(json_object_get(event, "event"));
        if (strcmp(name, "step") == 0) {
            assert_true(json_real_value(json_object_get(event, "loss")) > 0);
            if (steps++ == 0)
                assert_int_equal(json_integer_value(json_object_get(event, "step")), 1);
            json_decref(event);
            lines--;
            continue;
        }
        if (strcmp(name, "checkpoint") == 0) {
            const char *weights = json_string_value(json_object_get(event, "weights"));
            bool last = strcmp(weights, "weights/last.safetensors") == 0;
            checkpoints += last;
            assert_true(last || strcmp(weights, "weights/best.safetensors") == 0);
            assert_int_equal(json_integer_value(json_object_get(event, "step")), 4 * checkpoints);
            json_decref(event);
            lines--;
            continue;
        }
        assert_string_equal(name, lines == 0 ? "start" : lines == 4 ? "end" : "epoch");
        if (lines == 4)
            assert_string_equal(json_string_value(json_object_get(event, "how")), "done");
        json_decref(event);
    }
    assert_int_equal(lines, 5);
    assert_int_equal(checkpoints, 3);
    assert_true(steps > 0);
    free(events);
    char *text = program_read(p, "r/environment.json", &length);
    json_t *environment = read_json(text, length);
    assert_true(json_is_string(json_object_get(environment, "incline")));
    assert_true(json_is_string(json_object_get(json_object_get(environment, "device"), "name")));
    json_t *data = json_object_get(environment, "data");
    assert_int_equal(json_integer_value(json_object_get(data, "train")), 60);
    assert_int_equal(json_integer_value(json_object_get(data, "test")), 20);
    assert_true(json_is_boolean(json_object_get(environment, "clblast")));
    assert_contents(p, environment, "train", 60);
    assert_contents(p, environment, "test", 20);
    assert_true(json_is_null(json_object_get(json_object_get(environment, "contents"), "val")));
    json_decref(environment);
    free(text);
}

/* A byte that is no text becomes '?': it must not keep the folder from being written. */
static void odd_bytes_in_a_path_are_no_obstacle(void **state)
{
    struct program *p = *state;
    char path[SCRATCH_PATH_BYTES + 64];
    size_t length;
    program_folder(p, "o\xff");
    small_data_write(p, "o\xff/e", &small_data);
    snprintf(path, sizeof path, "INCLINE_DATA_PATH=%s/o\xff", p->scratch->folder);
    p->environment[0] = path;
    run(p, "train", "t.yaml", "-e", "1", "--data", "e", "--out", "r");
    assert_exit(p, 0);
    assert_run_folder(p, "r");
    char *text = program_read(p, "r/environment.json", &length);
    json_t *environment = read_json(text, length), *data = json_object_get(environment, "data");
    assert_non_null(strstr(json_string_value(json_object_get(data, "folder")), "/o?/e"));
    const char *variable = json_string_value(
        json_object_get(json_object_get(environment, "variables"), "INCLINE_DATA_PATH"));
    assert_non_null(strstr(variable, "/o?"));
    json_decref(environment);
    free(text);
}

static void the_kept_configuration_repeats_the_run(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "r", "-b", "7", "--lr", "0.05", "--seed", "5", "-s",
        "data.normalize={mean: [0.5], std: [0.25]}", "-s", "data.classes=[a, 'b: c', \"d,e\"]",
        "-s", "data.val={split: 0.25}", "-e", "2");
    assert_exit(p, 0);
    assert_err(p, "45 train, 15 val, 3 classes");
    run(p, "train", "r/config.yaml", "--out", "again");
    assert_exit(p, 0);
    assert_true(
        program_same_bytes(p, "r/weights/last.safetensors", "again/weights/last.safetensors"));
    assert_true(
        program_same_bytes(p, "r/weights/best.safetensors", "again/weights/best.safetensors"));
    assert_true(program_same_bytes(p, "r/config.yaml", "again/config.yaml"));
}

static void the_seed_decides(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "-e", "1", "--out", "a", "--seed", "7");
    run(p, "train", "t.yaml", "-e", "1", "--out", "b", "--seed=7");
    run(p, "train", "t.yaml", "-e", "1", "--out", "c", "--seed", "8");
    assert_exit(p, 0);
    assert_true(program_same_bytes(p, "a/weights/last.safetensors", "b/weights/last.safetensors"));
    assert_false(program_same_bytes(p, "a/weights/last.safetensors", "c/weights/last.safetensors"));
}

static void a_dry_run_writes_nothing(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--dry-run");
    assert_exit(p, 0);
    assert_silent_err(p);
    assert_int_equal(count_lines(p->out), 3);
    assert_out(p, "config ok    data ok (60 + 20 images, 3 classes)    model ok\n");
    assert_out(p, "memory at batch 16: ");
    assert_out(p, "steps: 4 an epoch, 12 in all.  Nothing was trained or written.\n");
    assert_int_equal(program_count_entries(p, "."), 2);
    /* a batch is never larger than the data */
    run(p, "train", "t.yaml", "--dry-run", "-b", "65536", "--limit-train", "30");
    assert_exit(p, 0);
    assert_out(p, "memory at batch 30: ");
    assert_out(p, "steps: 1 an epoch, 3 in all.");
}

/* Where no device was asked for, each one is told of. */
static void a_dry_run_looks_at_every_device(void **state)
{
    struct program *p = *state;
    p->environment[0] = "INCLINE_DEVICE";
    run(p, "devices", "--format", "json");
    assert_exit(p, 0);
    json_t *list = read_json(p->out, p->out_length), *device;
    size_t i;
    p->environment[0] = "INCLINE_DEVICE";
    run(p, "train", "t.yaml", "--dry-run");
    assert_exit(p, 0);
    json_array_foreach(list, i, device)
    {
        char part[32];
        json_t *number = json_object_get(device, "index");
        snprintf(part, sizeof part, "; #%d ", (int)json_integer_value(number));
        if (json_is_integer(number) && json_integer_value(number) >= 0)
            assert_out(p, part);
    }
    json_decref(list);
    run(p, "train", "t.yaml", "--dry-run", "-d", "0");
    assert_exit(p, 0);
    assert_out(p, " needed; #0 ");
    assert_null(strstr(p->out, "#1"));
}

static void limits_are_kept(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "r", "-e", "1", "--limit-train", "40", "--limit-val", "9");
    assert_exit(p, 0);
    assert_err(p, "data     d    40 train, 9 val (the test images)");
    size_t length;
    char *log = program_read(p, "r/log.csv", &length);
    assert_non_null(strstr(log, "\n1,3,"));
    free(log);
}

static void time_stops_and_saves(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "r", "-e", "1000000", "--max-time", "1s");
    assert_exit(p, 0);
    assert_err(p, "\nStopped by --max-time after step ");
    assert_true(program_exists(p, "r/weights/last.safetensors"));
    size_t length;
    char *events = program_read(p, "r/events.jsonl", &length);
    assert_non_null(strstr(events, "\"how\":\"max-time\""));
    free(events);
    /* too short for one epoch: the first step is still done and saved */
    run(p, "train", "t.yaml", "--out", "s", "--max-time", "0.001");
    assert_exit(p, 0);
    assert_err(p, "after step 1 (epoch 1/3).\nEpoch 1 up to step 1 of 4: loss ");
    assert_true(program_exists(p, "s/weights/last.safetensors"));
    assert_false(program_exists(p, "s/weights/best.safetensors"));
    run(p, "eval", "s", "--format", "csv");
    assert_exit(p, 0);
}

static void one_batch_is_learnt_by_heart(void **state)
{
    struct program *p = *state;
    size_t length;
    double loss = 1;
    run(p, "train", "t.yaml", "--out", "r", "--overfit-batch", "-e", "100", "--lr", "0.5", "-q");
    assert_exit(p, 0);
    char *log = program_read(p, "r/log.csv", &length);
    char *last = strstr(log, "\n100,100,");
    assert_non_null(last);
    assert_int_equal(sscanf(last, "\n100,100,%*f,%*f,%lf", &loss), 1);
    assert_true(loss < 0.01);
    free(log);
}

static void weights_are_a_start(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "a", "-e", "3", "-s", "data.shuffle=false");
    run(p, "train", "t.yaml", "--out", "b", "-e", "1", "-s", "data.shuffle=false");
    run(p, "train", "t.yaml", "--out", "c", "-e", "2", "-s", "data.shuffle=false", "--weights",
        "b/weights/last.safetensors");
    assert_exit(p, 0);
    /* The files tell how many epochs their last run had, so the log is what can be compared. */
    size_t length;
    char *whole = program_read(p, "a/log.csv", &length),
         *rest = program_read(p, "c/log.csv", &length);
    double losses[2] = {0, 1};
    assert_int_equal(sscanf(strstr(whole, "\n3,"), "\n3,12,%*f,%*f,%lf", &losses[0]), 1);
    assert_int_equal(sscanf(strstr(rest, "\n2,"), "\n2,8,%*f,%*f,%lf", &losses[1]), 1);
    assert_true(losses[0] == losses[1]);
    free(whole);
    free(rest);
}

static void a_run_is_a_start_too(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "r", "-e", "1");
    run(p, "train", "t.yaml", "--dry-run", "--weights", "r");
    assert_exit(p, 0);
    assert_out(p, "model ok    weights ok\n");
    run(p, "train", "t.yaml", "--out", "a", "-e", "1", "--weights", "r/weights/best.safetensors");
    run(p, "train", "t.yaml", "--out", "b", "-e", "1", "--weights", "r");
    assert_exit(p, 0);
    assert_true(program_same_bytes(p, "a/weights/last.safetensors", "b/weights/last.safetensors"));
    run(p, "train", "t.yaml", "--out", "fresh", "-e", "1");
    assert_false(
        program_same_bytes(p, "b/weights/last.safetensors", "fresh/weights/last.safetensors"));
    assert_int_equal(unlink(program_path(p, "r/weights/best.safetensors")), 0);
    run(p, "train", "t.yaml", "--dry-run", "--weights", "r"); /* the last then */
    assert_exit(p, 0);
}

/* The data was found from the folder of the training, by a relative path. */
static void runs_work_from_everywhere(void **state)
{
    static const char *const commands[][4] = {{"eval", "../r"},
                                              {"eval", "../r/weights/last.safetensors"},
                                              {"train", "../r/config.yaml", "--dry-run"}};
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "r", "-e", "1");
    assert_exit(p, 0);
    program_folder(p, "elsewhere");
    size_t length = strlen(p->scratch->folder);
    strcat(p->scratch->folder, "/elsewhere");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        program_run(p, commands[i]);
        assert_exit(p, 0);
    }
    p->scratch->folder[length] = '\0';
    /* what was found by its name keeps it */
    char variable[SCRATCH_PATH_BYTES + 32], *config;
    snprintf(variable, sizeof variable, "INCLINE_DATA_PATH=%s/sets", p->scratch->folder);
    program_folder(p, "sets");
    small_data_write(p, "sets/e", &small_data);
    p->environment[0] = variable;
    run(p, "train", "t.yaml", "--out", "named", "-e", "1", "--data", "e");
    assert_exit(p, 0);
    config = program_read(p, "named/config.yaml", &length);
    assert_non_null(strstr(config, "\n  root: e\n"));
    free(config);
}

/* --overwrite is for runs: a file of somebody else's that is named as a run's is not lost. */
static void only_runs_are_overwritten(void **state)
{
    struct program *p = *state;
    size_t length;
    program_folder(p, "own");
    program_write(p, "own/config.yaml", "# mine\n");
    run(p, "train", "t.yaml", "-e", "1", "--out", "own", "--overwrite");
    refused(p, 1, "own holds no run, but a file config.yaml, which would be lost",
            "choose another folder (--out, --name)");
    char *text = program_read(p, "own/config.yaml", &length);
    assert_string_equal(text, "# mine\n");
    free(text);
    program_folder(p, "empty");
    run(p, "train", "t.yaml", "-e", "1", "--out", "empty", "--overwrite");
    assert_exit(p, 0);
    assert_run_folder(p, "empty");
}

static void runs_get_folders_of_their_own(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "-e", "1", "--out", "r");
    assert_exit(p, 0);
    run(p, "train", "t.yaml", "-e", "1", "--out", "r", "--lr", "0.2");
    refused(p, 1, "r exists; choose another folder (--out, --name) or add --overwrite", "");
    run(p, "train", "t.yaml", "-e", "1", "--out", "r", "--lr", "0.2", "--overwrite");
    assert_exit(p, 0);
    assert_run_folder(p, "r");
    /* two runs within a minute */
    run(p, "train", "t.yaml", "-e", "1", "--name", "n");
    run(p, "train", "t.yaml", "-e", "1", "--name", "n");
    assert_exit(p, 0);
    assert_int_equal(program_count_entries(p, "runs"), 2);
}

/* Runs the same training twice, both at once. */
static void run_two(struct program *one, struct program *other, const char *const *arguments)
{
    other->scratch = one->scratch;
    program_start(one, arguments);
    program_start(other, arguments);
    program_wait(one);
    program_wait(other);
}

static void runs_at_the_same_time_do_not_share_a_folder(void **state)
{
    struct program *p = *state, other = {0};
    size_t length;
    run_two(p, &other, (const char *const[]){"train", "t.yaml", "-e", "1", "--name", "n", NULL});
    assert_exit(p, 0);
    assert_exit(&other, 0);
    assert_int_equal(program_count_entries(p, "runs"), 2);
    assert_string_not_equal(strstr(p->err, "\nNext: "), strstr(other.err, "\nNext: "));
    run_two(p, &other, (const char *const[]){"train", "t.yaml", "-e", "1", "--out", "r", NULL});
    assert_exit(p, p->code == 0 ? 0 : 1);
    assert_exit(&other, p->code == 0 ? 1 : 0);
    assert_err(p->code == 0 ? &other : p, "incline: r exists; choose another folder");
    char *log = program_read(p, "r/log.csv", &length);
    assert_int_equal(count_lines(log), 2);
    free(log);
    free(other.out);
    free(other.err);
}

static void overwritten_runs_leave_no_weights(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "-e", "1", "--out", "r");
    assert_exit(p, 0);
    run(p, "train", "t.yaml", "-b", "60", "--out", "r", "--overwrite", "--max-time", "0.001", "-e",
        "9", "-b", "7");
    assert_exit(p, 0);
    assert_true(program_exists(p, "r/weights/last.safetensors"));
    assert_false(program_exists(p, "r/weights/best.safetensors"));
}

static void json_and_packed_data_do_as_well(void **state)
{
    static const struct small_data packed = {60, 20, 6, 6, 1, 3, true};
    struct program *p = *state;
    small_data_write(p, "packed", &packed);
    program_folder(p, "sets");
    small_data_write(p, "sets/e", &small_data);
    program_write(p, "t.json",
                  "{\"incline\": 1, \"model\": {\"name\": \"tiny\", \"input\": [6, 6, 1], "
                  "\"layers\": [{\"conv2d\": {\"filters\": 4, \"kernel\": 3, "
                  "\"activation\": \"relu\"}}, {\"max_pool2d\": 2}, \"flatten\", {\"dense\": 3}, "
                  "\"softmax\"]}, \"data\": {\"root\": \"packed\", \"val\": \"test\"}, \"train\": "
                  "{\"epochs\": 3, \"batch_size\": 16, \"optimizer\": {\"sgd\": {\"lr\": 0.1}}}}");
    run(p, "train", "t.json", "--out", "a");
    assert_exit(p, 0);
    run(p, "train", "t.yaml", "--out", "b", "--data", "packed");
    assert_exit(p, 0);
    assert_true(program_same_bytes(p, "a/weights/last.safetensors", "b/weights/last.safetensors"));
    char path[SCRATCH_PATH_BYTES + 64];
    snprintf(path, sizeof path, "INCLINE_DATA_PATH=/nowhere:%s/sets", p->scratch->folder);
    p->environment[0] = path;
    run(p, "train", "t.yaml", "--out", "c", "--data", "e");
    assert_exit(p, 0);
    assert_err(p, "data     e    60 train");
}

/* The plain file is read; -v says so. */
static void plain_files_come_before_packed_ones(void **state)
{
    static const struct small_data packed = {9, 0, 6, 6, 1, 3, true};
    struct program *p = *state;
    char from[SCRATCH_PATH_BYTES];
    small_data_write(p, "z", &packed);
    snprintf(from, sizeof from, "%s", program_path(p, "z/train-images-idx3-ubyte.gz"));
    assert_int_equal(rename(from, program_path(p, "d/train-images-idx3-ubyte.gz")), 0);
    run(p, "train", "t.yaml", "--dry-run");
    assert_exit(p, 0);
    assert_out(p, "data ok (60 + 20 images");
    assert_silent_err(p);
    run(p, "train", "t.yaml", "--dry-run", "-v");
    assert_exit(p, 0);
    assert_err(p, "d/train-images-idx3-ubyte is read, not d/train-images-idx3-ubyte.gz\n");
}

static void odd_sizes_work(void **state)
{
    static const struct small_data odd = {257, 31, 5, 9, 2, 5, false};
    static const char *const batches[][2] = {
        {"1", "\n1,257,"}, {"7", "\n1,37,"}, {"300", "\n1,1,"}};
    struct program *p = *state;
    small_data_write(p, "odd", &odd);
    program_write(p, "odd.yaml",
                  "incline: 1\n"
                  "model:\n"
                  "  name: odd\n"
                  "  input: [5, 9, 2]\n"
                  "  layers: [{conv2d: {filters: 3, kernel: [2, 3], padding: same}}, tanh,\n"
                  "           {max_pool2d: {size: 3, stride: 2}}, flatten, {dense: 5}]\n"
                  "data: {root: odd, val: test}\n"
                  "train: {epochs: 1, optimizer: {sgd: {lr: 0.02}}}\n");
    for (size_t i = 0; i < 3; i++) {
        char folder[16], log_path[32];
        size_t length;
        snprintf(folder, sizeof folder, "r%s", batches[i][0]);
        snprintf(log_path, sizeof log_path, "%s/log.csv", folder);
        run(p, "train", "odd.yaml", "-b", batches[i][0], "--out", folder);
        assert_exit(p, 0);
        assert_err(p, "257 train, 31 val (the test images), 5 classes, 2x5x9");
        char *log = program_read(p, log_path, &length);
        assert_non_null(strstr(log, batches[i][1]));
        free(log);
        run(p, "eval", folder, "--format", "json");
        assert_exit(p, 0);
        json_t *report = read_json(p->out, p->out_length);
        assert_int_equal(json_integer_value(json_object_get(report, "images")), 31);
        json_decref(report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        train_test(training_talks_on_stderr),
        train_test(updates_are_told_of),
        train_test(the_log_has_levels),
        train_test(quiet_training_is_silent),
        train_test(no_held_out_images_no_proposal),
        train_test(the_log_has_a_line_an_epoch),
        train_test(the_run_folder_is_machine_readable),
        train_test(odd_bytes_in_a_path_are_no_obstacle),
        train_test(the_kept_configuration_repeats_the_run),
        train_test(the_seed_decides),
        train_test(a_dry_run_writes_nothing),
        train_test(a_dry_run_looks_at_every_device),
        train_test(limits_are_kept),
        train_test(time_stops_and_saves),
        train_test(one_batch_is_learnt_by_heart),
        train_test(weights_are_a_start),
        train_test(a_run_is_a_start_too),
        train_test(runs_work_from_everywhere),
        train_test(only_runs_are_overwritten),
        train_test(runs_get_folders_of_their_own),
        train_test(runs_at_the_same_time_do_not_share_a_folder),
        train_test(overwritten_runs_leave_no_weights),
        train_test(json_and_packed_data_do_as_well),
        train_test(plain_files_come_before_packed_ones),
        train_test(odd_sizes_work),
    };
    int code = program_need_device();
    return code ? code : cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whole trainings of small networks on small data. */
#include "support/scratch.h"

#include "support/device.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/philox.h"
#include "device/opencl.h"
#include "incline/network.h"
#include "incline/train.h"
#include "incline/version.h"
#include "train/run_folder.h"

#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static struct test_device env;

#define MODEL                                                                                      \
    "incline: 1\n"                                                                                 \
    "model:\n"                                                                                     \
    "  input: [5, 9, 2]\n"                                                                         \
    "  layers:\n"                                                                                  \
    "    - conv2d: {filters: 6, kernel: 3, padding: same, activation: relu}\n"                     \
    "    - max_pool2d: 2\n"                                                                        \
    "    - conv2d: {filters: 5, kernel: 2}\n"                                                      \
    "    - tanh\n"                                                                                 \
    "    - flatten\n"                                                                              \
    "    - dense: 3\n"                                                                             \
    "    - softmax\n"                                                                              \
    "data: {root: none, val: test}\n"

/* With running statistics and random numbers. */
static const char norm_model[] = "incline: 1\n"
                                 "model:\n"
                                 "  input: [5, 9, 2]\n"
                                 "  layers:\n"
                                 "    - conv2d: {filters: 6, kernel: 3, bias: false}\n"
                                 "    - batch_norm\n"
                                 "    - relu\n"
                                 "    - spatial_dropout: 0.1\n"
                                 "    - flatten\n"
                                 "    - dense: {units: 8, bias: false}\n"
                                 "    - batch_norm\n"
                                 "    - dropout: 0.3\n"
                                 "    - dense: 3\n"
                                 "data: {root: none, val: test}\n";

/* 257 images of 5x9x2 in three classes: noise, with a bright corner that tells the class. */
static struct incline_dataset *make_dataset(size_t train, size_t test)
{
    static char *names[] = {(char *)"a", (char *)"b", (char *)"c"};
    static const struct incline_images none;
    struct incline_dataset *dataset = calloc(1, sizeof *dataset);
    assert_non_null(dataset);
    *dataset = (struct incline_dataset){
        .name = (char *)"corners",
        .folder = (char *)"memory",
        .classes = 3,
        .class_names = names,
        .val = none,
        .val_is_test = true,
    };
    struct incline_images *parts[2] = {&dataset->train, &dataset->test};
    size_t counts[2] = {train, test};
    for (uint32_t part = 0; part < 2; part++) {
        struct incline_images *images = parts[part];
        *images = (struct incline_images){
            5, 9, 2, counts[part], malloc(counts[part] * 90), malloc(counts[part] * sizeof(int))};
        assert_true(images->pixels && images->labels);
        for (size_t i = 0; i < counts[part]; i++) {
            images->labels[i] = (int)(i % 3);
            for (size_t e = 0; e < 90; e++) {
                uint32_t word = incline_philox(7, part, (uint32_t)i, (uint32_t)e, 0, 0).word[0];
                bool bright = (int)(e / 2 % 9) / 3 == images->labels[i];
                images->pixels[i * 90 + e] = (unsigned char)(word % 100 + (bright ? 150 : 0));
            }
        }
    }
    return dataset;
}

static void free_dataset(struct incline_dataset *dataset)
{
    free(dataset->train.pixels);
    free(dataset->train.labels);
    free(dataset->test.pixels);
    free(dataset->test.labels);
    free(dataset);
}

struct setup {
    const char *model; /* NULL: MODEL */
    struct incline_setting settings[5];
    size_t count;
    bool without_val;
    struct incline_train_options options;
};

static enum incline_status train(struct scratch *s, struct setup *setup, const char *name,
                                 struct incline_train_result *result)
{
    char folder[2 * SCRATCH_PATH_BYTES];
    struct incline_config *config = NULL;
    struct incline_dataset *dataset = make_dataset(257, 50);
    snprintf(folder, sizeof folder, "%s/%s", s->folder, name);
    incline_error_clear(env.ctx);
    assert_ok(env.ctx,
              incline_config_parse(env.ctx, "small.yaml", setup->model ? setup->model : MODEL,
                                   setup->settings, setup->count, &config));
    setup->options.folder = folder;
    dataset->val_is_test = !setup->without_val;
    enum incline_status status =
        incline_train(env.ctx, env.device, config, dataset, &setup->options, result);
    incline_config_destroy(&config);
    free_dataset(dataset);
    return status;
}

static char *read_back(struct scratch *s, const char *name, size_t *length)
{
    char path[3 * SCRATCH_PATH_BYTES], *bytes = NULL;
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    assert_ok(env.ctx, incline_file_read(env.ctx, path, 1 << 26, &bytes, length));
    return bytes;
}

static void test_overfits_one_batch(void **state)
{
    struct setup setup = {
        .settings = {{"train.epochs", "400"},
                     {"train.batch_size", "32"},
                     {"train.optimizer.*.lr", "0.5"}},
        .count = 3,
        .options = {.overfit_batch = true},
    };
    struct incline_train_result result;
    assert_ok(env.ctx, train(*state, &setup, "overfit", &result));
    print_message("loss after 400 steps on one batch: %g\n", result.loss);
    assert_true(result.loss < 0.01);
    assert_true(result.accuracy == 1);
}

static void test_learns(void **state)
{
    struct setup setup = {
        .settings = {{"train.epochs", "30"},
                     {"train.batch_size", "32"},
                     {"train.optimizer.*.lr", "0.3"}},
        .count = 3,
    };
    struct incline_train_result result;
    assert_ok(env.ctx, train(*state, &setup, "learns", &result));
    assert_true(result.has_val);
    assert_true(result.best_val_accuracy > 0.95);
}

static void test_batch_sizes(void **state)
{
    static const char *const sizes[] = {"1", "7", "300"};
    static const long long steps[] = {257, 37, 1};
    for (size_t i = 0; i < 3; i++) {
        struct setup setup = {
            .settings = {{"train.epochs", "2"}, {"train.batch_size", sizes[i]}},
            .count = 2,
        };
        struct incline_train_result result;
        char name[32];
        snprintf(name, sizeof name, "batch-%s", sizes[i]);
        assert_ok(env.ctx, train(*state, &setup, name, &result));
        assert_int_equal(result.epochs_done, 2);
        assert_int_equal(result.steps_done, 2 * steps[i]);
    }
}

static void seed_decides_bytes(struct scratch *s, const char *model)
{
    static const char *const seeds[] = {"1", "1", "2"};
    char *bytes[3];
    size_t length[3];
    for (size_t i = 0; i < 3; i++) {
        struct setup setup = {
            .model = model,
            .settings = {{"train.epochs", "2"},
                         {"train.seed", seeds[i]},
                         {"train.batch_size", "37"}}, /* the last one has 35 */
            .count = 3,
        };
        struct incline_train_result result;
        char name[64];
        snprintf(name, sizeof name, "seed-%zu", i);
        assert_ok(env.ctx, train(s, &setup, name, &result));
        snprintf(name, sizeof name, "seed-%zu/weights/last.safetensors", i);
        bytes[i] = read_back(s, name, &length[i]);
    }
    assert_int_equal(length[0], length[1]);
    assert_memory_equal(bytes[0], bytes[1], length[0]);
    assert_true(length[0] != length[2] || memcmp(bytes[0], bytes[2], length[0]) != 0);
    for (size_t i = 0; i < 3; i++)
        incline_free(&bytes[i]);
}

static void test_seed_decides_bytes(void **state)
{
    seed_decides_bytes(*state, MODEL);
}

static void test_seed_decides_what_drops(void **state)
{
    seed_decides_bytes(*state, norm_model);
}

/* 257 = 8 x 32 + 1: a batch normalization of vectors cannot train on the last image alone. */
static void test_last_batch_of_one(void **state)
{
    struct setup setup = {
        .model = norm_model,
        .settings = {{"train.epochs", "1"}, {"train.batch_size", "32"}},
        .count = 2,
    };
    struct incline_train_result result;
    assert_fails(env.ctx, INCLINE_ERROR_CONFIG, train(*state, &setup, "one", &result),
                 "batch_norm_2 needs at least 2 images in a batch, and of 257 in batches of 32 the "
                 "last has 1; use another batch size (-b)");
    setup.settings[1].value = "1";
    assert_fails(env.ctx, INCLINE_ERROR_CONFIG, train(*state, &setup, "one", &result),
                 "in batches of 1 the last has 1");
    setup.options.overfit_batch = true;
    setup.settings[1].value = "32";
    assert_ok(env.ctx, train(*state, &setup, "one", &result));
}

static void test_learns_with_norms(void **state)
{
    struct setup setup = {
        .model = norm_model,
        .settings = {{"train.epochs", "15"},
                     {"train.batch_size", "33"},
                     {"train.optimizer.*.lr", "0.1"}},
        .count = 3,
    };
    struct incline_train_result result;
    assert_ok(env.ctx, train(*state, &setup, "norms", &result));
    assert_true(result.best_val_accuracy > 0.95);
}

static void note_pool(void *cookie, const struct incline_tune_result *result)
{
    bool *has_pool = cookie;
    assert_true(result->count > 0);
    for (size_t i = 0; i < result->count; i++)
        *has_pool = *has_pool || strcmp(result->rows[i].op, "conv2d_pool_forward") == 0;
}

/* Stopped at once: what would be measured is named all the same. */
static void test_tunes_the_fusions_it_trains(void **state)
{
    static const char *const no_fuse[] = {NULL, "pool", "all"};
    for (size_t i = 0; i < 3; i++) {
        volatile sig_atomic_t stop = 1;
        bool has_pool = false;
        struct incline_train_result result;
        struct setup setup = {
            .options = {.no_fuse = no_fuse[i],
                        .tune = INCLINE_TUNE_FULL,
                        .stop = &stop,
                        .callbacks = {.cookie = &has_pool, .tuned = note_pool}},
        };
        char name[32];
        snprintf(name, sizeof name, "tuned-%zu", i);
        assert_fails(env.ctx, INCLINE_ERROR_INTERRUPTED, train(*state, &setup, name, &result),
                     "stopped");
        assert_int_equal(has_pool, no_fuse[i] == NULL);
    }
}

static void count_tick(void *cookie, const struct incline_progress *progress)
{
    (void)progress;
    ++*(uint64_t *)cookie;
}

/* As if a step took long: then every step ends a stride. */
static void count_tick_slowly(void *cookie, const struct incline_progress *progress)
{
    count_tick(cookie, progress);
    nanosleep(&(struct timespec){0, 60000000}, NULL);
}

/* The host reads once for each tick and once at the end, figures of watched steps, too; else it
 * waits only so as not to run ahead without bound, however long a step takes. */
static void test_step_neither_allocates_nor_builds_nor_waits(void **state)
{
    static const char *const names[] = {"fast", "slow", "watched"};
    double limit = env.device->launch_seconds;
    incline_device_limit_launches(env.device, 0); /* or the second plan's first step waits, too */
    for (int i = 0; i < 3; i++) {
        bool slow = i == 1, watched = i == 2;
        uint64_t ticks = 0, reads = watched ? 2 : 1; /* of a tick */
        struct setup setup = {
            .settings = {{"train.epochs", "1"},
                         {"train.batch_size", slow ? "20" : "1"},
                         {"train.accumulate", slow ? "3" : "1"},
                         {"train.ema", slow ? "{}" : "none"}},
            .count = 4,
            .options = {
                .watch = watched ? 2 : 0,
                .callbacks = {.cookie = &ticks, .tick = slow ? count_tick_slowly : count_tick}}};
        struct incline_train_result result;
        assert_ok(env.ctx, train(*state, &setup, names[i], &result));
        const struct incline_device_counters *first = &result.first_step, *last = &result.last_step;
        assert_int_equal(first->allocations, last->allocations);
        assert_int_equal(first->program_builds, last->program_builds);
        assert_true(first->program_builds > 0);
        assert_in_range(last->blocking_calls - first->blocking_calls, ticks, reads * (ticks + 1));
        assert_in_range(last->window_waits - first->window_waits, 0, (uint64_t)result.steps_done);
    }
    incline_device_limit_launches(env.device, limit);
}

static void test_divergence_stops(void **state)
{
    struct setup setup = {
        .settings = {{"train.epochs", "5"},
                     {"train.optimizer.*.lr", "1e30"},
                     {"model.layers.3", "relu"},
                     {"train.batch_size", "32"}},
        .count = 4,
    };
    struct incline_train_result result;
    assert_int_equal(train(*state, &setup, "diverges", &result), INCLINE_ERROR_NUMERIC);
    assert_non_null(strstr(incline_error_text(env.ctx), "training diverged: the loss of epoch"));
    assert_non_null(strstr(incline_error_text(env.ctx), "smaller learning rate"));
}

static void test_stop_saves(void **state)
{
    volatile sig_atomic_t stop = 1;
    struct setup setup = {.options = {.stop = &stop}};
    struct incline_train_result result;
    size_t length;
    assert_int_equal(train(*state, &setup, "stopped", &result), INCLINE_ERROR_INTERRUPTED);
    assert_int_equal(result.steps_done, 1);
    char *bytes = read_back(*state, "stopped/weights/last.safetensors", &length);
    assert_true(length > 100);
    incline_free(&bytes);
}

static void test_stop_during_tuning(void **state)
{
    volatile sig_atomic_t stop = 1;
    struct setup setup = {.options = {.stop = &stop, .tune = INCLINE_TUNE_FULL}};
    struct incline_train_result result;
    struct scratch *s = *state;
    assert_int_equal(train(s, &setup, "untouched", &result), INCLINE_ERROR_INTERRUPTED);
    assert_int_equal(result.steps_done, 0);
    assert_false(incline_folder_exists(scratch_path(s, "untouched")));
}

/* A validation is not waited for: here the one step of an epoch is done when the wish is seen. */
static void test_stop_ends_validation(void **state)
{
    volatile sig_atomic_t stop = 1;
    struct setup setup = {
        .settings = {{"train.batch_size", "300"}}, .count = 1, .options = {.stop = &stop}};
    struct incline_train_result result;
    size_t length;
    assert_int_equal(train(*state, &setup, "stopped", &result), INCLINE_ERROR_INTERRUPTED);
    assert_int_equal(result.steps_done, 1);
    assert_int_equal(result.epochs_done, 1);
    assert_false(result.has_val);
    char *log = read_back(*state, "stopped/log.csv", &length);
    assert_non_null(strstr(log, "\n1,1,"));
    assert_non_null(strstr(log, ",,,"));
    incline_free(&log);
    log = read_back(*state, "stopped/weights/last.safetensors", &length);
    assert_true(length > 100);
    incline_free(&log);
}

static void stop_after_epoch(void *cookie, const struct incline_progress *progress)
{
    volatile sig_atomic_t *stop = cookie;
    *stop = progress->epoch == 2;
}

/* A wish that comes after the last step of an epoch is met before the next one, also at the end. */
static void test_stop_between_epochs(void **state)
{
    static const char *const epochs[] = {"2", "5"};
    for (size_t i = 0; i < 2; i++) {
        volatile sig_atomic_t stop = 0;
        struct setup setup = {
            .settings = {{"train.batch_size", "32"}, {"train.epochs", epochs[i]}},
            .count = 2,
            .options = {.stop = &stop,
                        .callbacks = {.cookie = (void *)&stop, .epoch_end = stop_after_epoch}}};
        struct incline_train_result result;
        char name[48];
        size_t length;
        snprintf(name, sizeof name, "end-%zu", i);
        assert_int_equal(train(*state, &setup, name, &result), INCLINE_ERROR_INTERRUPTED);
        assert_int_equal(result.epochs_done, 2);
        assert_int_equal(result.steps_done, 2 * 9);
        snprintf(name, sizeof name, "end-%zu/events.jsonl", i);
        char *events = read_back(*state, name, &length);
        assert_non_null(strstr(events, "\"how\":\"interrupted\""));
        incline_free(&events);
    }
}

static void test_existing_folder_is_kept(void **state)
{
    struct setup setup = {.settings = {{"train.epochs", "1"}}, .count = 1};
    struct incline_train_result result;
    assert_ok(env.ctx, train(*state, &setup, "twice", &result));
    assert_int_equal(train(*state, &setup, "twice", &result), INCLINE_ERROR_IO);
    assert_non_null(strstr(incline_error_text(env.ctx), "exists"));
    setup.options.overwrite = true;
    assert_ok(env.ctx, train(*state, &setup, "twice", &result));
}

struct lock_watch {
    char folder[2 * SCRATCH_PATH_BYTES];
    bool was_free;
    int looks;
};

static void look_at_lock(struct lock_watch *watch)
{
    int lock;
    watch->was_free |= incline_folder_lock(watch->folder, &lock);
    watch->looks++;
    incline_folder_unlock(&lock);
}

static void look_at_start(void *cookie, const char *folder)
{
    struct lock_watch *watch = cookie;
    snprintf(watch->folder, sizeof watch->folder, "%s", folder);
    look_at_lock(watch);
}

/* Weights have just been saved. */
static void look_at_end(void *cookie, const struct incline_progress *progress)
{
    (void)progress;
    look_at_lock(cookie);
}

/* What a crash left of files that were being written goes with the run; nothing else does. */
static void test_unfinished_files_are_swept(void **state)
{
    static const char *const names[] = {"swept/weights/last.safetensors.tmp-12-0",
                                        "swept/config.yaml.tmp-345-1", "swept/weights/mine.tmp-1-0",
                                        "swept/weights/last.safetensors.bak"};
    struct setup setup = {.settings = {{"train.epochs", "1"}}, .count = 1};
    struct incline_train_result result;
    assert_ok(env.ctx, train(*state, &setup, "swept", &result));
    for (size_t i = 0; i < 4; i++)
        scratch_write(*state, names[i], "x", 1);
    setup.options.overwrite = true;
    assert_ok(env.ctx, train(*state, &setup, "swept", &result));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(incline_file_exists(scratch_path(*state, names[i])), i >= 2);
}

/* Another that overwrites would write into the same files. */
static void test_folder_is_one_trainings(void **state)
{
    struct setup setup = {.settings = {{"train.epochs", "1"}}, .count = 1};
    struct incline_train_result result;
    struct lock_watch watch = {.was_free = false};
    int lock;
    setup.options.callbacks = (struct incline_train_callbacks){&watch, .started = look_at_start,
                                                               .epoch_end = look_at_end};
    setup.options.overwrite = true;
    assert_ok(env.ctx, train(*state, &setup, "mine", &result));
    assert_false(watch.was_free);
    assert_int_equal(watch.looks, 2);
    assert_true(incline_folder_lock(scratch_path(*state, "mine"), &lock));
    assert_fails(env.ctx, INCLINE_ERROR_IO, train(*state, &setup, "mine", &result),
                 "mine: a training writes there; wait for its end or choose another folder");
    incline_folder_unlock(&lock);
    assert_ok(env.ctx, train(*state, &setup, "mine", &result));
}

/* ---- watched steps ---- */

struct watched_steps {
    long long steps[16];
    int images[16];
    size_t count;
};

static void note_watched(void *cookie, const struct incline_watched *watched)
{
    struct watched_steps *seen = cookie;
    assert_true(seen->count < 16);
    assert_int_equal(watched->step, (watched->total_step - 1) % 7 + 1);
    assert_int_equal(watched->epoch, (watched->total_step - 1) / 7 + 1);
    assert_int_equal(watched->row_count, 6);
    assert_string_equal(watched->rows[0].layer, "conv2d_1");
    assert_string_equal(watched->rows[5].parameter, "bias");
    seen->images[seen->count] = watched->images;
    seen->steps[seen->count++] = watched->total_step;
}

/* Two epochs of 7 steps, the last of which has 35 images. */
static void train_watched(struct scratch *s, const char *name, const char *model, int every,
                          const char *no_fuse, const char *accumulate, struct watched_steps *seen)
{
    struct setup setup = {
        .model = model,
        .settings = {{"train.epochs", "2"},
                     {"train.batch_size", "37"},
                     {"train.optimizer", "{adam: {lr: 0.01}}"},
                     {"train.accumulate", accumulate}},
        .count = 4,
        .options = {.watch = every,
                    .no_fuse = no_fuse,
                    .callbacks = {.cookie = seen, .watched = seen ? note_watched : NULL}},
    };
    struct incline_train_result result;
    assert_ok(env.ctx, train(s, &setup, name, &result));
}

static void assert_same_file(struct scratch *s, const char *one, const char *other)
{
    size_t length[2];
    char *bytes[2] = {read_back(s, one, &length[0]), read_back(s, other, &length[1])};
    assert_int_equal(length[0], length[1]);
    assert_memory_equal(bytes[0], bytes[1], length[0]);
    incline_free(&bytes[0]);
    incline_free(&bytes[1]);
}

static size_t count_line_ends(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* Every fourth step, over the end of the epoch. */
static void test_watches_every_few_steps(void **state)
{
    static const long long steps[] = {1, 5, 9, 13};
    struct watched_steps seen = {.count = 0};
    size_t length;
    train_watched(*state, "watched", NULL, 4, NULL, "1", &seen);
    assert_int_equal(seen.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(seen.steps[i], steps[i]);
        assert_int_equal(seen.images[i], 37);
    }
    char *csv = read_back(*state, "watched/watch.csv", &length);
    assert_int_equal(count_line_ends(csv), 1 + 4 * 6);
    assert_non_null(strstr(csv, "\n2,13,conv2d_1,weight,"));
    incline_free(&csv);
    char *events = read_back(*state, "watched/events.jsonl", &length);
    assert_non_null(strstr(events, "{\"event\":\"watch\","));
    incline_free(&events);
}

/* Nor does a fusion change a figure. */
static void test_watching_changes_no_bit(void **state)
{
    struct watched_steps seen = {.count = 0};
    train_watched(*state, "all", NULL, 1, NULL, "1", &seen);
    assert_int_equal(seen.count, 14);
    assert_int_equal(seen.images[6], 35);
    train_watched(*state, "none", NULL, 1, "all", "1", NULL);
    train_watched(*state, "plain", NULL, 0, NULL, "1", NULL);
    assert_same_file(*state, "all/watch.csv", "none/watch.csv");
    assert_same_file(*state, "all/weights/last.safetensors", "plain/weights/last.safetensors");
    assert_false(incline_file_exists(scratch_path(*state, "plain/watch.csv")));
}

/* Three batches make an update, or what is left of an epoch: what is due waits for it. */
static void test_watches_updates(void **state)
{
    static const long long steps[] = {3, 6, 10, 13};
    struct watched_steps seen = {.count = 0};
    train_watched(*state, "three", NULL, 4, NULL, "3", &seen);
    train_watched(*state, "three-plain", NULL, 0, NULL, "3", NULL);
    assert_int_equal(seen.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(seen.steps[i], steps[i]);
    assert_same_file(*state, "three/weights/last.safetensors",
                     "three-plain/weights/last.safetensors");
}

/* With running statistics and random numbers. */
static void test_watching_changes_no_statistics(void **state)
{
    train_watched(*state, "norm", norm_model, 3, NULL, "1", NULL);
    train_watched(*state, "norm-plain", norm_model, 0, NULL, "1", NULL);
    assert_same_file(*state, "norm/weights/last.safetensors",
                     "norm-plain/weights/last.safetensors");
}

struct memory_watch {
    size_t before, taken;
};

static void note_memory(void *cookie, const char *run_folder)
{
    struct memory_watch *watch = cookie;
    (void)run_folder;
    watch->taken = env.device->buffer_bytes - watch->before;
}

/* What is foretold is what is taken, with validation and without, also when all is one batch. */
static void test_memory_is_foretold(void **state)
{
    static const char *const batches[] = {"32", "300"}, *const parts[] = {"test", "none"};
    for (size_t i = 0; i < 6; i++) {
        bool validates = i / 2 == 0, more = i >= 4, watched = i == 5;
        struct memory_watch watch = {.before = env.device->buffer_bytes};
        struct setup setup = {
            .settings = {{"train.batch_size", batches[i % 2 && !watched]},
                         {"data.val", parts[!validates]},
                         {"train.epochs", "1"},
                         {"train.accumulate", more ? "3" : "1"},
                         {"train.ema", more ? "{decay: 0.9}" : "none"}},
            .count = 5,
            .without_val = !validates,
            .options = {.watch = watched ? 3 : 0,
                        .callbacks = {.cookie = &watch, .started = note_memory}},
        };
        struct incline_train_result result;
        struct incline_workload workload = {.work = INCLINE_WORK_TRAIN,
                                            .images = 257,
                                            .val_images = validates ? 50 : 0,
                                            .watch = setup.options.watch};
        struct incline_memory_need need;
        struct incline_config *config = NULL;
        char name[32];
        snprintf(name, sizeof name, "memory-%zu", i);
        assert_ok(env.ctx, train(*state, &setup, name, &result));
        assert_ok(env.ctx,
                  incline_config_parse(env.ctx, "small.yaml", MODEL, setup.settings, 5, &config));
        assert_ok(env.ctx, incline_memory_plan(env.ctx, env.device, config, &workload, &need));
        assert_int_equal(need.total, watch.taken);
        assert_int_equal(need.total, need.weights + need.activations + need.data);
        assert_true(need.largest >= 257 * 90 && need.largest < need.total);
        incline_config_destroy(&config);
    }
}

/* As when the disk is full: what was begun is taken away again. */
static void test_folder_that_cannot_be_filled(void **state)
{
    struct scratch *s = *state;
    struct rlimit old, low;
    int lock;
    char folder[2 * SCRATCH_PATH_BYTES], *made = NULL;
    struct incline_train_options options = {.folder = folder, .unique = true};
    struct incline_config *config = NULL;
    struct incline_dataset *dataset = make_dataset(1, 1);
    snprintf(folder, sizeof folder, "%s/full", s->folder);
    assert_ok(env.ctx, incline_config_parse(env.ctx, "small.yaml", MODEL, NULL, 0, &config));
    getrlimit(RLIMIT_FSIZE, &old);
    low = old;
    low.rlim_cur = 10; /* less than config.yaml */
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    enum incline_status status =
        incline_run_folder_start(env.ctx, &options, config, env.device, dataset, &made, &lock);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_fails(env.ctx, INCLINE_ERROR_IO, status, "config.yaml: cannot write it: File too large");
    assert_null(made);
    assert_false(incline_folder_exists(folder));
    for (int i = 0; i < 2; i++) {
        assert_ok(env.ctx, incline_run_folder_start(env.ctx, &options, config, env.device, dataset,
                                                    &made, &lock));
        assert_string_equal(made + strlen(folder), i ? "-2" : "");
        incline_folder_unlock(&lock);
        incline_free(&made);
    }
    incline_config_destroy(&config);
    free_dataset(dataset);
}

static void train_refuses_as(struct scratch *s, const char *model,
                             const struct incline_dataset *dataset, enum incline_status expected,
                             const char *part)
{
    struct incline_config *config = NULL;
    struct incline_train_result result;
    char folder[2 * SCRATCH_PATH_BYTES];
    struct incline_train_options options = {.folder = folder};
    snprintf(folder, sizeof folder, "%s/refused", s->folder);
    assert_ok(env.ctx, incline_config_parse(env.ctx, "small.yaml", model, NULL, 0, &config));
    assert_fails(env.ctx, expected,
                 incline_train(env.ctx, env.device, config, dataset, &options, &result), part);
    assert_false(incline_folder_exists(folder));
    incline_config_destroy(&config);
}

static void train_refuses(struct scratch *s, const struct incline_dataset *dataset,
                          enum incline_status expected, const char *part)
{
    train_refuses_as(s, MODEL, dataset, expected, part);
}

static void test_foreign_targets_are_refused(void **state)
{
    static const char model[] = "incline: 1\n"
                                "model: {input: [5, 9, 2], layers: [flatten, {dense: 3}]}\n"
                                "data: {root: none, multi_label: true}\n"
                                "train: {loss: binary_cross_entropy}\n";
    struct incline_dataset *set = make_dataset(6, 6);
    unsigned char targets[6 * 3] = {0};
    incline_error_clear(env.ctx);
    train_refuses_as(*state, model, set, INCLINE_ERROR_ARGUMENT,
                     "the training images have no targets, which data.multi_label needs");
    set->train.targets = targets;
    targets[3 * 4 + 2] = 255;
    train_refuses_as(*state, model, set, INCLINE_ERROR_DATA,
                     "training images: number 4 has target 255 for class 2; it must be 0 or 1");
    free_dataset(set);
}

/* A program may hand in what it likes; nothing of it may reach the device. */
static void test_foreign_data_sets_are_refused(void **state)
{
    struct incline_dataset *whole = make_dataset(6, 6), set;
    int bad_labels[] = {0, 1, 2, 3, -1, 0};
    char *bad_names[] = {(char *)"a", (char *)"\xff", (char *)"c"};
    incline_error_clear(env.ctx);
    set = *whole;
    set.train.count = 0;
    train_refuses(*state, &set, INCLINE_ERROR_ARGUMENT, "there are no training images");
    set = *whole;
    set.train.count = (size_t)INT_MAX + 1;
    train_refuses(*state, &set, INCLINE_ERROR_UNSUPPORTED, "2147483648 training images");
    set = *whole;
    set.train.pixels = NULL;
    train_refuses(*state, &set, INCLINE_ERROR_ARGUMENT, "there are no training images");
    set = *whole;
    set.train.labels = NULL;
    train_refuses(*state, &set, INCLINE_ERROR_ARGUMENT, "the training images have no labels");
    set = *whole;
    set.train.width = 8;
    train_refuses(*state, &set, INCLINE_ERROR_CONFIG,
                  "training images of 5x8x2 do not fit a network for 5x9x2");
    set = *whole;
    set.train.labels = bad_labels;
    train_refuses(*state, &set, INCLINE_ERROR_DATA,
                  "training images: number 3 has label 3; the network knows 0 to 2");
    set = *whole;
    set.test.labels = bad_labels + 4;
    set.test.count = 2;
    train_refuses(*state, &set, INCLINE_ERROR_DATA, "validation images: number 0 has label -1");
    set = *whole;
    set.test.count = 0;
    train_refuses(*state, &set, INCLINE_ERROR_ARGUMENT, "there are no validation images");
    set = *whole;
    set.test.channels = 1;
    train_refuses(*state, &set, INCLINE_ERROR_CONFIG, "validation images of 5x9x1 do not fit");
    set = *whole;
    set.classes = 4;
    train_refuses(*state, &set, INCLINE_ERROR_CONFIG,
                  "the data set has 4 classes, but the model has 3 outputs");
    set = *whole;
    set.class_names = bad_names;
    train_refuses(*state, &set, INCLINE_ERROR_ARGUMENT, "the name of class 1 is not UTF-8");
    free_dataset(whole);
}

/* The last line of log.csv and the weights, evaluated afresh, agree. */
static void saved_weights_evaluate_the_same(struct scratch *s, const char *model)
{
    struct setup setup = {
        .model = model,
        .settings = {{"train.epochs", "3"}, {"train.batch_size", "33"}},
        .count = 2,
    };
    struct incline_train_result result;
    struct incline_config *config = NULL;
    struct incline_network *network = NULL;
    struct incline_evaluation evaluation;
    char path[2 * SCRATCH_PATH_BYTES];
    assert_ok(env.ctx, train(s, &setup, "saved", &result));
    struct incline_dataset *dataset = make_dataset(1, 50);
    snprintf(path, sizeof path, "%s/saved/weights/best.safetensors", s->folder);
    assert_ok(env.ctx, incline_config_parse(env.ctx, "small.yaml", model, NULL, 0, &config));
    assert_ok(env.ctx, incline_network_create(env.ctx, env.device, config, 0, &network));
    assert_ok(env.ctx, incline_network_load_weights(env.ctx, network, path));
    assert_ok(env.ctx, incline_network_evaluate(env.ctx, network, &dataset->test, &evaluation));
    assert_true(evaluation.accuracy == result.best_val_accuracy);

    size_t hits = 0;
    float *probabilities = calloc(50 * 3, sizeof *probabilities);
    assert_non_null(probabilities);
    assert_ok(env.ctx, incline_network_predict(env.ctx, network, &dataset->test, probabilities));
    for (size_t i = 0; i < 50; i++) {
        const float *p = probabilities + i * 3;
        double sum = (double)p[0] + (double)p[1] + (double)p[2];
        assert_true(sum > 0.999999 && sum < 1.000001);
        int best = p[1] > p[0] ? 1 : 0;
        best = p[2] > p[best] ? 2 : best;
        hits += best == dataset->test.labels[i];
    }
    assert_true((double)hits / 50 == evaluation.accuracy);
    free(probabilities);
    incline_evaluation_finish(&evaluation);
    incline_network_destroy(&network);
    incline_config_destroy(&config);
    free_dataset(dataset);
}

static void test_saved_weights_evaluate_the_same(void **state)
{
    saved_weights_evaluate_the_same(*state, MODEL);
}

/* The loss of weights over the images that are validated; NULL: those that training starts from. */
static double loss_of(const struct setup *setup, const char *weights)
{
    struct incline_config *config = NULL;
    struct incline_network *network = NULL;
    struct incline_evaluation evaluation;
    struct incline_dataset *dataset = make_dataset(1, 50);
    assert_ok(env.ctx, incline_config_parse(env.ctx, "small.yaml", setup->model, setup->settings,
                                            setup->count, &config));
    assert_ok(env.ctx, incline_network_create(env.ctx, env.device, config, 0, &network));
    if (weights)
        assert_ok(env.ctx, incline_network_load_weights(env.ctx, network, weights));
    assert_ok(env.ctx, incline_network_evaluate(env.ctx, network, &dataset->test, &evaluation));
    double loss = evaluation.loss;
    incline_evaluation_finish(&evaluation);
    incline_network_destroy(&network);
    incline_config_destroy(&config);
    free_dataset(dataset);
    return loss;
}

/* Training goes on from the weights themselves: its own figures are those without an average. */
static void test_the_average_is_validated_and_saved(void **state)
{
    struct scratch *s = *state;
    struct setup setup = {.model = norm_model,
                          .settings = {{"train.epochs", "3"},
                                       {"train.batch_size", "33"},
                                       {"train.val_every", "3"},
                                       {"train.ema", "none"}},
                          .count = 4};
    struct incline_train_result plain, averaged;
    assert_ok(env.ctx, train(s, &setup, "plain", &plain));
    setup.settings[3].value = "{decay: 0}"; /* the weights themselves */
    assert_ok(env.ctx, train(s, &setup, "last", &averaged));
    assert_true(averaged.best_val_loss == plain.best_val_loss);
    setup.settings[3].value = "{decay: 0.9}";
    assert_ok(env.ctx, train(s, &setup, "averaged", &averaged));
    assert_true(averaged.loss == plain.loss && averaged.accuracy == plain.accuracy);
    assert_true(fabs(averaged.best_val_loss - plain.best_val_loss) > 1e-4);
    static const char *const files[] = {"last", "best"};
    for (size_t i = 0; i < 2; i++) {
        char path[64];
        snprintf(path, sizeof path, "averaged/weights/%s.safetensors", files[i]);
        assert_true(loss_of(&setup, scratch_path(s, path)) == averaged.best_val_loss);
    }
}

/* Also at the end of an epoch: 257 images are 7 x 33 + 26, the last 26 in 11 + 11 + 4. */
static void test_accumulated_batches_are_one(void **state)
{
    static const char *const sizes[] = {"33", "11"}, *const accumulate[] = {"1", "3"};
    struct incline_train_result results[2];
    for (size_t i = 0; i < 2; i++) {
        struct setup setup = {.settings = {{"train.epochs", "3"},
                                           {"train.batch_size", sizes[i]},
                                           {"train.accumulate", accumulate[i]},
                                           {"train.optimizer", "{sgd: {lr: 0.3, momentum: 0.5}}"}},
                              .count = 4};
        assert_ok(env.ctx, train(*state, &setup, i ? "three" : "one", &results[i]));
    }
    assert_int_equal(results[1].steps_done, 3 * 24);
    assert_true(fabs(results[1].loss - results[0].loss) <= 1e-5 * results[0].loss);
    assert_true(fabs(results[1].best_val_loss - results[0].best_val_loss) <=
                1e-5 * results[0].best_val_loss);
}

/* Stopped before the first update: then the average is what training started from. */
static void test_stop_before_an_update(void **state)
{
    struct scratch *s = *state;
    volatile sig_atomic_t stop = 1;
    struct setup setup = {
        .model = MODEL,
        .settings = {{"train.batch_size", "33"}, {"train.accumulate", "4"}, {"train.ema", "{}"}},
        .count = 3,
        .options = {.stop = &stop}};
    struct incline_train_result result;
    assert_int_equal(train(s, &setup, "stopped", &result), INCLINE_ERROR_INTERRUPTED);
    assert_int_equal(result.steps_done, 1);
    const char *path = scratch_path(s, "stopped/weights/last.safetensors");
    assert_true(loss_of(&setup, path) == loss_of(&setup, NULL));
}

static void predict(const struct incline_setting *settings, size_t count, float *probabilities)
{
    struct incline_config *config = NULL;
    struct incline_network *network = NULL;
    struct incline_dataset *dataset = make_dataset(1, 50);
    assert_ok(env.ctx,
              incline_config_parse(env.ctx, "small.yaml", norm_model, settings, count, &config));
    assert_ok(env.ctx, incline_network_create(env.ctx, env.device, config, 0, &network));
    assert_ok(env.ctx, incline_network_predict(env.ctx, network, &dataset->test, probabilities));
    incline_network_destroy(&network);
    incline_config_destroy(&config);
    free_dataset(dataset);
}

/* Classifying, no dropout drops anything. */
static void test_predicts_without_dropout(void **state)
{
    static const struct incline_setting none[] = {{"model.layers.3.spatial_dropout", "0", NULL},
                                                  {"model.layers.7.dropout", "0", NULL}};
    float with[150], without[150];
    (void)state;
    predict(NULL, 0, with);
    predict(none, 2, without);
    assert_memory_equal(with, without, sizeof with);
}

static void test_saved_statistics_evaluate_the_same(void **state)
{
    saved_weights_evaluate_the_same(*state, norm_model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_overfits_one_batch, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_learns, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_batch_sizes, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_seed_decides_bytes, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_seed_decides_what_drops, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_last_batch_of_one, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_learns_with_norms, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_saved_statistics_evaluate_the_same, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_the_average_is_validated_and_saved, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_accumulated_batches_are_one, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_stop_before_an_update, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test(test_predicts_without_dropout),
        cmocka_unit_test_setup_teardown(test_tunes_the_fusions_it_trains, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_step_neither_allocates_nor_builds_nor_waits,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_divergence_stops, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_stop_saves, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_stop_during_tuning, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_stop_ends_validation, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_stop_between_epochs, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_existing_folder_is_kept, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_folder_is_one_trainings, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_unfinished_files_are_swept, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_foreign_data_sets_are_refused, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_foreign_targets_are_refused, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_watches_every_few_steps, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_watches_updates, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_watching_changes_no_bit, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_watching_changes_no_statistics, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_memory_is_foretold, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_folder_that_cannot_be_filled, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_saved_weights_evaluate_the_same, scratch_setup,
                                        scratch_teardown),
    };
    int status = test_device_open(&env);
    if (status)
        return status;
    status = cmocka_run_group_tests(tests, NULL, NULL);
    test_device_close(&env);
    return status;
}

/* Two trainings at once in one process, each on a device of its own, against the same ones alone.
 */
#include "support/scratch.h"

#include "support/device.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/philox.h"
#include "incline/train.h"

#include <pthread.h>
#include <stdlib.h>

#define MODEL                                                                                      \
    "incline: 1\n"                                                                                 \
    "model:\n"                                                                                     \
    "  input: [6, 7, 2]\n"                                                                         \
    "  layers: [{conv2d: {filters: 5, kernel: 3, activation: relu}}, {max_pool2d: 2}, flatten,"    \
    " {dense: {units: 9, activation: tanh}}, {dense: 3}]\n"                                        \
    "data: {root: none, val: test}\n"

enum { TRAIN = 150, TEST = 30, PIXELS = 6 * 7 * 2 };

struct images {
    unsigned char pixels[(TRAIN + TEST) * PIXELS];
    int labels[TRAIN + TEST];
};

static void fill(struct images *images)
{
    for (size_t i = 0; i < TRAIN + TEST; i++) {
        images->labels[i] = (int)(i % 3);
        for (size_t e = 0; e < PIXELS; e++) {
            uint32_t word = incline_philox(3, (uint32_t)i, (uint32_t)e, 0, 0, 0).word[0];
            images->pixels[i * PIXELS + e] =
                (unsigned char)(word % 100 + (e % 3 == i % 3 ? 120 : 0));
        }
    }
}

/* One training. Nothing in it is shared with the other one. */
struct job {
    const char *device, *seed, *batch, *epochs;
    char folder[SCRATCH_PATH_BYTES + 16];
    char *weights; /* bytes of the weights file */
    size_t length;
    enum incline_status status;
    char text[256]; /* of a failure */
};

static enum incline_status train(struct incline_context *ctx, struct incline_device *device,
                                 const struct job *job)
{
    static char *names[] = {(char *)"a", (char *)"b", (char *)"c"};
    struct incline_setting settings[] = {{"train.seed", job->seed},
                                         {"train.batch_size", job->batch},
                                         {"train.epochs", job->epochs},
                                         {"train.optimizer.*.lr", "0.1"}};
    struct incline_train_options options = {.folder = job->folder, .overwrite = true};
    struct incline_train_result result;
    struct incline_config *config = NULL;
    struct images *images = calloc(1, sizeof *images);
    fill(images);
    struct incline_dataset dataset = {
        .name = (char *)"noise",
        .folder = (char *)"memory",
        .classes = 3,
        .class_names = names,
        .train = {6, 7, 2, TRAIN, images->pixels, images->labels},
        .test = {6, 7, 2, TEST, images->pixels + TRAIN * PIXELS, images->labels + TRAIN},
        .val_is_test = true,
    };
    enum incline_status status = incline_config_parse(ctx, "two", MODEL, settings, 4, &config);
    if (!status)
        status = incline_train(ctx, device, config, &dataset, &options, &result);
    incline_config_destroy(&config);
    free(images);
    return status;
}

static void *run(void *cookie)
{
    struct job *job = cookie;
    char path[sizeof job->folder + 64];
    struct incline_context *ctx = incline_context_create(NULL, NULL);
    struct incline_device *device = NULL;
    snprintf(path, sizeof path, "%s/weights/last.safetensors", job->folder);
    job->status = incline_device_open(ctx, job->device, &device);
    if (!job->status)
        job->status = train(ctx, device, job);
    if (!job->status)
        job->status = incline_file_read(ctx, path, 1 << 20, &job->weights, &job->length);
    snprintf(job->text, sizeof job->text, "%s", incline_error_text(ctx));
    incline_device_close(&device);
    incline_context_destroy(&ctx);
    return NULL;
}

static void assert_trained(const struct job *job)
{
    if (job->status)
        fail_msg("on device %s: %s", job->device, job->text);
    assert_true(job->length > 1000);
}

static void assert_same_weights(const struct job *a, const struct job *b)
{
    assert_int_equal(a->length, b->length);
    assert_memory_equal(a->weights, b->weights, a->length);
}

static struct job new_job(const struct scratch *s, const char *name, int device)
{
    struct job job = {.device = device == 0 ? "0" : "1",
                      .seed = device == 0 ? "1" : "2",
                      .batch = device == 0 ? "32" : "20",
                      .epochs = device == 0 ? "20" : "15"};
    snprintf(job.folder, sizeof job.folder, "%s/%s%d", s->folder, name, device);
    return job;
}

static void two_trainings_do_not_disturb_each_other(void **state)
{
    const struct scratch *s = *state;
    struct job alone[2], together[2];
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        alone[i] = new_job(s, "alone", i);
        together[i] = new_job(s, "together", i);
        run(&alone[i]);
        assert_trained(&alone[i]);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, &together[i]), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < 2; i++) {
        assert_trained(&together[i]);
        assert_same_weights(&alone[i], &together[i]);
    }
    /* They were two trainings, not the same one twice. */
    assert_true(alone[0].length == alone[1].length &&
                memcmp(alone[0].weights, alone[1].weights, alone[0].length) != 0);
    for (int i = 0; i < 2; i++) {
        incline_free(&alone[i].weights);
        incline_free(&together[i].weights);
    }
}

static int count_devices(void)
{
    struct incline_context *ctx = incline_context_create(NULL, NULL);
    struct incline_device_list *list = NULL;
    int count = 0;
    if (incline_devices_list(ctx, &list) == INCLINE_OK)
        for (size_t i = 0; i < list->count; i++)
            count += list->devices[i].index >= 0;
    incline_devices_free(&list);
    incline_context_destroy(&ctx);
    return count;
}

int main(void)
{
    const struct CMUnitTest tests[] = {scratch_test(two_trainings_do_not_disturb_each_other)};
    struct test_device device;
    unsetenv("INCLINE_DEVICE");
    setenv("POCL_DEVICES", "basic basic", 1); /* PoCL makes two devices of one CPU */
    int code = test_device_open(&device);
    if (code)
        return code;
    test_device_close(&device);
    if (count_devices() < 2) {
        print_message("there is one device only\n");
        return TEST_SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

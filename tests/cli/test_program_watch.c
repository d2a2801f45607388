#include "support/small_data.h"

#include <math.h>

/* incline train --watch: the table, watch.csv, and what is said of trainings that go wrong. */

static int setup(void **state)
{
    int code = program_setup(state);
    if (code == 0)
        small_setup(*state);
    return code;
}

#define watch_test(function) cmocka_unit_test_setup_teardown(function, setup, program_teardown)

#define CONFIG(layers, train)                                                                      \
    "incline: 1\nmodel: {input: [6, 6, 1], layers: [flatten, " layers "{dense: 3}]}\n"             \
    "data: {root: d, val: test}\ntrain: {epochs: 2, batch_size: 20, " train "}\n"

/* Each layer takes some four fifths of the gradient, or more. */
#define SIGMOIDS                                                                                   \
    "{dense: {units: 8, activation: sigmoid}}, {dense: {units: 8, activation: sigmoid}}, "
static const char deep_config[] =
    CONFIG(SIGMOIDS SIGMOIDS SIGMOIDS SIGMOIDS, "optimizer: {sgd: {lr: 0.1}}");

/* Pixels are not negative, so a step that pulls all weights down far enough is the last. */
static const char dying_config[] =
    CONFIG("{dense: {units: 8, activation: relu}}, ", "optimizer: {sgd: {lr: 20}}");

static const char wild_config[] = CONFIG("{dense: 8}, ", "loss: mse, optimizer: {sgd: {lr: 0.5}}");

static const char csv_head[] = "epoch,step,layer,parameter,weights,gradient,update,"
                               "update_per_weights,dead,units\n1,1,conv2d_1,weight,";

static void train(struct program *p, const char *config)
{
    program_write(p, "w.yaml", config);
    run(p, "train", "w.yaml", "--unchecked", "--out", "r", "--watch", "1");
}

/* Steps 1, 3, 5, 7 of two epochs of four. */
static void a_table_ends_each_epoch(void **state)
{
    struct program *p = *state;
    size_t length;
    run(p, "train", "t.yaml", "-e", "2", "--unchecked", "--out", "r", "--watch", "2");
    assert_exit(p, 0);
    assert_err(p, "\n  step 3    weights  gradient  ");
    assert_err(p, "\n  step 7    weights  gradient  ");
    assert_err(p, "  update/weights  dead\n  conv2d_1  ");
    assert_err(p, "/4\n  dense_1   ");
    assert_no_err(p, "step 5 ");
    assert_no_err(p, "warning");
    char *csv = program_read(p, "r/watch.csv", &length);
    assert_int_equal(count_lines(csv), 1 + 4 * 4);
    assert_int_equal(strncmp(csv, csv_head, strlen(csv_head)), 0);
    assert_non_null(strstr(csv, "\n2,7,dense_1,bias,"));
    free(csv);
}

/* Plain gradient descent: update = lr x gradient, and the ratio is of the two beside it. */
static void columns_fit_together(void **state)
{
    struct program *p = *state;
    size_t length;
    run(p, "train", "t.yaml", "-e", "1", "--lr", "0.25", "--unchecked", "--out", "r", "--watch",
        "1");
    assert_exit(p, 0);
    char *csv = program_read(p, "r/watch.csv", &length);
    size_t seen = 0;
    for (const char *line = strchr(csv, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
        double weights, gradient, update, share;
        if (sscanf(line + 1, "%*d,%*d,%*[^,],weight,%lf,%lf,%lf,%lf", &weights, &gradient, &update,
                   &share) != 4)
            continue;
        seen++;
        assert_true(weights > 0 && gradient > 0);
        assert_true(fabs(update - 0.25 * gradient) <= 1e-4 * update);
        assert_true(fabs(share - update / weights) <= 1e-6 * share);
    }
    assert_int_equal(seen, 4 * 2);
    free(csv);
}

static void vanishing_gradients_are_told(void **state)
{
    struct program *p = *state;
    size_t length;
    train(p, deep_config);
    assert_exit(p, 0);
    assert_err(p,
               "incline: warning: gradients vanish on their way back: those of dense_1's weights");
    assert_err(p, "try relu with init: he_normal in place of sigmoid or tanh");
    const char *first = strstr(p->err, "gradients vanish");
    assert_null(strstr(first + 1, "gradients vanish")); /* once */
    char *events = program_read(p, "r/events.jsonl", &length);
    assert_non_null(strstr(events, "{\"event\":\"warning\""));
    free(events);
}

static void dead_layers_are_told(void **state)
{
    struct program *p = *state;
    train(p, dying_config);
    assert_err(p, "incline: warning: dense_1 is dead: all 8 units put out 0 for all 20 images");
    assert_err(p, "try a smaller learning rate (--lr, now 20), init: he_normal, or leaky_relu");
}

static void exploding_gradients_are_told(void **state)
{
    struct program *p = *state;
    train(p, wild_config);
    assert_exit(p, 6);
    assert_err(p, "incline: warning: gradients explode: the update of ");
    assert_err(p, "try a smaller learning rate (--lr, now 0.5), clip_norm, warmup or batch_norm");
    assert_err(p, "training diverged");
    assert_err(p, "  step "); /* the latest figures, before the error */
}

/* In MiB, as for weights that are more than a rounding. */
static double memory_needed(struct program *p, const char *every)
{
    double needed = 0;
    program_run(p, (const char *const[]){"train", "wide.yaml", "--dry-run",
                                         every ? "--watch" : NULL, every, NULL});
    assert_exit(p, 0);
    const char *at = strstr(p->out, "memory at batch");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "memory at batch %*d: %lf MiB", &needed), 1);
    return needed;
}

/* The gradients, 0.8 MiB of them, are stored, and the weights copied for a while. */
static void a_dry_run_counts_it(void **state)
{
    struct program *p = *state;
    program_write(p, "wide.yaml", CONFIG("{dense: 5000}, ", ""));
    double plain = memory_needed(p, NULL), watched = memory_needed(p, "5");
    assert_true(watched > plain + 0.7);
    assert_true(watched < plain + 1.7);
}

static void bad_numbers_are_refused(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--watch", "0");
    refused(p, 2, "train: --watch", "0");
    run(p, "train", "t.yaml", "--wach", "5");
    refused(p, 2, "train: ", "--wach", "--watch");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        watch_test(a_table_ends_each_epoch),      watch_test(columns_fit_together),
        watch_test(vanishing_gradients_are_told), watch_test(dead_layers_are_told),
        watch_test(exploding_gradients_are_told), watch_test(a_dry_run_counts_it),
        watch_test(bad_numbers_are_refused),
    };
    int code = program_need_device();
    return code ? code : cmocka_run_group_tests(tests, NULL, NULL);
}

#include "support/small_data.h"

#include <jansson.h>

/* How the learning rate moves and when training ends, as a user meets them. */

static int setup(void **state)
{
    int code = program_setup(state);
    if (code == 0)
        small_setup(*state);
    return code;
}

#define pace_test(function) cmocka_unit_test_setup_teardown(function, setup, program_teardown)

/* The field of log.csv after an epoch: 3 the rate, 4 the loss, 6 and 7 those of the validation. */
static double logged(struct program *p, const char *run_folder, int epoch, int field)
{
    char path[64];
    size_t length;
    snprintf(path, sizeof path, "%s/log.csv", run_folder);
    char *log = program_read(p, path, &length);
    const char *at = log;
    for (int i = 0; i < epoch; i++)
        at = strchr(at, '\n') + 1;
    for (int i = 0; i < field; i++)
        at = strchr(at, ',') + 1;
    double value = strtod(at, NULL);
    free(log);
    return value;
}

static void assert_near(double got, double wanted)
{
    if (!(got > wanted * (1 - 1e-8) && got < wanted * (1 + 1e-8)))
        fail_msg("%.12g, wanted %.12g", got, wanted);
}

/* After the better part of an epoch of training each validation is worse: the labels are others. */
static void spoil_validation(struct program *p)
{
    char labels[8 + 20] = {0, 0, 8, 1, 0, 0, 0, 20};
    for (int i = 0; i < 20; i++)
        labels[8 + i] = (char)((i + 1) % 3);
    scratch_write(p->scratch, "d/t10k-labels-idx1-ubyte", labels, sizeof labels);
}

static void the_rate_in_use_is_told(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "r", "--lr", "0.2", "-s",
        "train.schedule={step: {every: 2, factor: 0.5}}", "-e", "5", "-s", "train.warmup.steps=3");
    assert_exit(p, 0);
    assert_err(p, " lr=0.2 best=");
    assert_err(p, " lr=0.1 best=");
    assert_near(logged(p, "r", 1, 3), 0.2); /* 4 steps an epoch: the rate of the last */
    assert_near(logged(p, "r", 2, 3), 0.2);
    assert_near(logged(p, "r", 3, 3), 0.1);
    assert_near(logged(p, "r", 4, 3), 0.1);
    assert_near(logged(p, "r", 5, 3), 0.05);
    size_t length;
    char *events = program_read(p, "r/events.jsonl", &length);
    assert_non_null(strstr(events, "\"event\":\"step\""));
    assert_non_null(strstr(events, "\"lr\":0.06666")); /* the first step */
    assert_non_null(strstr(events, "\"lr\":0.20000000000000001,"));
    free(events);
    p->terminal = true;
    run(p, "train", "t.yaml", "--out", "s", "--lr", "0.2", "-s",
        "train.schedule={exponential: 0.5}");
    assert_exit(p, 0);
    assert_err(p, "  lr 0.2  ");
    assert_err(p, "  lr 0.05  ");
}

/* One training over two epochs with a drop is one of an epoch and, from its weights, another. */
static void the_device_uses_the_rate(void **state)
{
    static const char drop[] = "train.schedule={step: {every: 1, factor: 0.25}}";
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "whole", "-e", "2", "--lr", "0.4", "-s", drop, "-s",
        "data.shuffle=false");
    assert_exit(p, 0);
    run(p, "train", "t.yaml", "--out", "one", "-e", "1", "--lr", "0.4", "-s", "data.shuffle=false");
    assert_exit(p, 0);
    run(p, "train", "t.yaml", "--out", "two", "-e", "1", "--lr", "0.1", "--weights",
        "one/weights/last.safetensors", "-s", "data.shuffle=false");
    assert_exit(p, 0);
    for (int field = 4; field <= 7; field++) {
        assert_true(logged(p, "whole", 1, field) == logged(p, "one", 1, field));
        assert_true(logged(p, "whole", 2, field) == logged(p, "two", 1, field));
    }
    assert_true(logged(p, "one", 1, 6) != logged(p, "two", 1, 6));
}

static void training_ends_when_it_has_converged(void **state)
{
    struct program *p = *state;
    size_t length;
    run(p, "train", "t.yaml", "--out", "r", "--lr", "1e-30", "-e", "until_converged", "--patience",
        "2");
    assert_exit(p, 0);
    assert_err(p, "\nepoch=1 time=");
    assert_err(p, "\nepoch=3 time=");
    assert_no_err(p, "\nepoch=4");
    assert_err(p,
               "\nStopped early after epoch 3: val_loss did not get better for 2 validations.\n");
    assert_err(p, "\nBest val_loss ");
    assert_err(p, " at epoch 1 -> r/weights/best.safetensors, and last.safetensors is the same "
                  "epoch\n");
    char *events = program_read(p, "r/events.jsonl", &length);
    assert_non_null(strstr(events, "\"how\":\"early-stop\""));
    free(events);
    /* what the run folder keeps trains the same again */
    run(p, "train", "r/config.yaml", "--out", "again", "--patience", "1");
    assert_exit(p, 0);
    assert_err(p, "\nStopped early after epoch 2: val_loss did not get better for 1 validation.\n");
    run(p, "train", "r/config.yaml", "--out", "limited", "-e", "2");
    assert_exit(p, 0);
    assert_err(p, "\nStopped after the last of 2 epochs; early_stop had no reason to.\n");
    run(p, "train", "r/config.yaml", "--dry-run");
    assert_exit(p, 0);
    assert_out(p, "steps: 4 an epoch, no limit in all.");
}

static void a_time_limit_ends_it_too(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "r", "-e", "until_converged", "--patience", "1000000",
        "--max-time", "1s");
    assert_exit(p, 0);
    assert_err(p, "\nStopped by --max-time after step ");
    assert_no_err(p, "Stopped early");
    if (strstr(p->err, "Best val_loss")) /* a slow machine has not done one epoch */
        assert_true(
            program_same_bytes(p, "r/weights/best.safetensors", "r/weights/last.safetensors"));
}

static void the_best_epoch_is_kept(void **state)
{
    struct program *p = *state;
    spoil_validation(p);
    run(p, "train", "t.yaml", "--out", "r", "--patience", "3", "-e", "30");
    assert_exit(p, 0);
    assert_err(p, "\nStopped early after epoch ");
    assert_err(p, "and last.safetensors is the same epoch\n");
    assert_true(program_same_bytes(p, "r/weights/best.safetensors", "r/weights/last.safetensors"));
    run(p, "train", "t.yaml", "--out", "s", "--patience", "3", "-e", "30", "-s",
        "train.early_stop.restore_best=false");
    assert_exit(p, 0);
    assert_err(p, "\nStopped early after epoch ");
    assert_no_err(p, "is the same epoch");
    assert_false(program_same_bytes(p, "s/weights/best.safetensors", "s/weights/last.safetensors"));
    /* what is in the files is what was told */
    run(p, "eval", "s/weights/best.safetensors", "s/config.yaml", "--format", "json");
    assert_exit(p, 0);
    json_t *value = json_loadb(p->out, p->out_length, 0, NULL);
    assert_non_null(value);
    double loss = json_number_value(json_object_get(value, "loss"));
    double best = logged(p, "s", 1, 6);
    for (int epoch = 2; epoch <= 4; epoch++)
        best = logged(p, "s", epoch, 6) < best ? logged(p, "s", epoch, 6) : best;
    assert_near(loss, best);
    json_decref(value);
}

static void a_plateau_lowers_the_rate(void **state)
{
    struct program *p = *state;
    spoil_validation(p);
    run(p, "train", "t.yaml", "--out", "r", "--lr", "0.3", "-e", "12", "-s",
        "train.schedule={plateau: {patience: 2, factor: 0.1, min_lr: 0.01, min_delta: 1}}");
    assert_exit(p, 0);
    assert_near(logged(p, "r", 3, 3),
                0.3); /* two validations without a better one than the first */
    assert_near(logged(p, "r", 4, 3), 0.03);
    assert_near(logged(p, "r", 5, 3), 0.03);
    assert_near(logged(p, "r", 6, 3), 0.01);
    assert_near(logged(p, "r", 12, 3), 0.01);
}

static void mistakes_are_told(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--patience", "0");
    refused(p, 2, "--patience 0: error: early_stop: patience must be between 1 and 1000000", "");
    run(p, "train", "t.yaml", "--patience", "3", "-s", "data.val=none");
    refused(p, 2, "--patience 3: error: early_stop watches val_loss, but there is no validation: ",
            "set data.val to test or {split: 0.1}\n");
    run(p, "train", "t.yaml", "-e", "until_converged");
    refused(p, 2, "-e until_converged: error: train: epochs: until_converged needs early_stop",
            "--patience 5");
    run(p, "train", "t.yaml", "-e", "until_converged", "--patience", "3", "-s",
        "train.schedule=one_cycle");
    refused(p, 2, "-s train.schedule=one_cycle: error: one_cycle needs to know the number of", "");
    run(p, "train", "t.yaml", "-s", "patience=3");
    refused(p, 2, "-s patience=3: error: there is no 'patience'",
            "(did you mean 'train.early_stop.patience'?)\n");
    run(p, "train", "t.yaml", "-s", "train.schedule.step.every=-5");
    refused(p, 2, "-s train.schedule.step.every=-5: error: step: every must be", "not -5\n");
}

static void a_warm_up_as_long_as_the_training_is_warned_of(void **state)
{
    struct program *p = *state;
    run(p, "train", "t.yaml", "--out", "r", "-s", "train.warmup.epochs=3");
    assert_exit(p, 0);
    assert_err(p, "the warm-up of 12 steps ends no earlier than the training, which has 12\n");
    run(p, "train", "t.yaml", "--out", "s", "-s", "train.warmup.epochs=2");
    assert_exit(p, 0);
    assert_no_err(p, "the warm-up of");
}

static const char plot[] =
    "schedule  step\n"
    "          rate = lr x factor^floor(epoch / every)\n"
    "lr        0.1\n"
    "warm-up   1 epoch\n"
    "early end after 5 validations without a better val_loss\n"
    "\n"
    "         0.1 |            **************************\n"
    "             |           *\n"
    "             |          *\n"
    "             |         *\n"
    "             |        *\n"
    "             |      **                              **************************\n"
    "             |     *\n"
    "             |    *\n"
    "             |   *\n"
    "             |  *\n"
    "             | *\n"
    "           0 |*\n";

static void a_summary_draws_the_rate(void **state)
{
    struct program *p = *state;
    run(p, "summary", "t.yaml", "--schedule", "-s",
        "train.schedule={step: {every: 2, factor: 0.5}}", "-s", "train.warmup.epochs=1", "-s",
        "train.early_stop={}", "-s", "train.epochs=5");
    assert_exit(p, 0);
    assert_silent_err(p);
    assert_int_equal(strncmp(p->out, plot, strlen(plot)), 0);
    assert_out(p, "\n              1" /* below the ends of the axis */
                  "                                                              5  epoch\n");
    assert_out(p, "\n  epoch  first step  last step\n"
                  "      1       0.001        0.1\n"
                  "      2         0.1        0.1\n"
                  "      3         0.1        0.1\n"
                  "      4        0.05       0.05\n"
                  "      5        0.05       0.05\n");
}

static void a_summary_of_the_rate_is_json(void **state)
{
    struct program *p = *state;
    run(p, "summary", "t.yaml", "--schedule", "--steps", "10", "--format", "json", "-s",
        "train.schedule=polynomial", "-s", "train.warmup.steps=10");
    assert_exit(p, 0);
    assert_silent_err(p);
    json_t *value = json_loadb(p->out, p->out_length, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(value);
    assert_string_equal(json_string_value(json_object_get(value, "schedule")), "polynomial");
    assert_int_equal(json_integer_value(json_object_get(value, "warmup_steps")), 10);
    assert_int_equal(json_integer_value(json_object_get(value, "steps_per_epoch")), 10);
    assert_true(json_is_null(json_object_get(value, "early_stop")));
    json_t *rates = json_object_get(value, "rates");
    assert_int_equal(json_array_size(rates), 3);
    static const double wanted[3][2] = {{0.01, 0.1}, {0.1, 0.055}, {0.05, 0.005}};
    for (size_t i = 0; i < 3; i++) {
        json_t *row = json_array_get(rates, i);
        assert_int_equal(json_integer_value(json_object_get(row, "epoch")), i + 1);
        assert_near(json_number_value(json_object_get(row, "first")), wanted[i][0]);
        assert_near(json_number_value(json_object_get(row, "last")), wanted[i][1]);
    }
    json_decref(value);
    run(p, "summary", "t.yaml", "--schedule", "-s", "train.warmup.steps=10");
    assert_exit(p, 0);
    assert_err(p, "With 100 steps an epoch, as an example");
    run(p, "summary", "t.yaml", "--steps", "10");
    refused(p, 2, "summary: --steps without --schedule has no meaning", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        pace_test(the_rate_in_use_is_told),
        pace_test(the_device_uses_the_rate),
        pace_test(training_ends_when_it_has_converged),
        pace_test(a_time_limit_ends_it_too),
        pace_test(the_best_epoch_is_kept),
        pace_test(a_plateau_lowers_the_rate),
        pace_test(mistakes_are_told),
        pace_test(a_warm_up_as_long_as_the_training_is_warned_of),
        pace_test(a_summary_draws_the_rate),
        pace_test(a_summary_of_the_rate_is_json),
    };
    int status = program_need_device();
    return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}

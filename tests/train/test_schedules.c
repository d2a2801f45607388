/* Learning rates beside PyTorch's (fixtures/make_schedules.py) and the written equations; what a
 * validation means for the best epoch, the rate and the end; and how all that is configured. */
#include "support/scratch.h"

#include "base/file.h"
#include "base/memory.h"
#include "train/epoch_judge.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#define HEAD "incline: 1\nmodel: {input: [2, 2, 3], layers: [flatten, dense: 4]}\n"
#define VALIDATED HEAD "data: {root: x, val: test}\n"

static enum incline_status parse(struct scratch *s, const char *head, const char *train,
                                 struct incline_config **config)
{
    struct incline_text text;
    incline_text_init(&text, s->ctx);
    incline_text_add(&text, "%strain: {%s}\n", head, train);
    enum incline_status status =
        incline_config_parse(s->ctx, "c.yaml", incline_text_get(&text), NULL, 0, config);
    incline_text_finish(&text);
    return status;
}

static struct incline_config *parsed(struct scratch *s, const char *train)
{
    struct incline_config *config = NULL;
    assert_ok(s->ctx, parse(s, VALIDATED, train, &config));
    return config;
}

static json_t *read_fixture(struct scratch *s)
{
    const char *folder = getenv("INCLINE_TEST_FIXTURES");
    char path[1024], *text = NULL;
    size_t length = 0;
    json_error_t error;
    snprintf(path, sizeof path, "%s/schedules.json", folder ? folder : "tests/fixtures");
    assert_ok(s->ctx, incline_file_read(s->ctx, path, 1 << 24, &text, &length));
    json_t *fixture = json_loadb(text, length, 0, &error);
    incline_free(&text);
    assert_non_null(fixture);
    return fixture;
}

static double number(json_t *list, size_t i)
{
    return json_number_value(json_array_get(list, i));
}

/* Tells the judge what the validation after an epoch found. */
static void judge_figure(struct incline_epoch_judge *judge, double figure, int epoch, int steps)
{
    struct incline_train_result result = {0};
    struct incline_progress progress = {.epoch = epoch,
                                        .total_step = (long long)epoch * steps,
                                        .steps = steps,
                                        .has_val = true,
                                        .val_loss = figure,
                                        .val_accuracy = figure};
    incline_epoch_judge_note(judge, &progress, &result);
}

static void compare_case(struct scratch *s, json_t *wanted)
{
    const char *name = json_string_value(json_object_get(wanted, "name"));
    const char *train = json_string_value(json_object_get(wanted, "train"));
    json_t *rates = json_object_get(wanted, "rates"), *figures = json_object_get(wanted, "figures");
    int steps = (int)json_integer_value(json_object_get(wanted, "steps"));
    struct incline_config *config = parsed(s, train);
    struct incline_epoch_judge judge;
    incline_epoch_judge_init(&judge, &config->train, true);
    assert_int_equal(json_array_size(rates), (size_t)(config->train.epochs * steps));
    for (int i = 0; i < config->train.epochs * steps; i++) {
        double wants = number(rates, (size_t)i);
        double got = incline_train_section_rate(&config->train, i, steps, judge.plateaus);
        if (!(fabs(got - wants) <= 1e-12 * config->train.optimizer.options.lr))
            fail_msg("%s: step %d: %.17g, PyTorch %.17g", name, i, got, wants);
        if (!figures)
            assert_true(got == incline_config_learning_rate(config, i, steps));
        else if ((i + 1) % steps == 0)
            judge_figure(&judge, number(figures, (size_t)(i / steps)), (i + 1) / steps, steps);
    }
    incline_config_destroy(&config);
}

static void test_rates_are_pytorchs(void **state)
{
    json_t *fixture = read_fixture(*state), *cases = json_object_get(fixture, "cases");
    assert_true(json_array_size(cases) >= 18);
    for (size_t i = 0; i < json_array_size(cases); i++)
        compare_case(*state, json_array_get(cases, i));
    json_decref(fixture);
}

enum { STEPS = 4, EPOCHS = 12 };

static double sigmoid(int step)
{
    return 0.1 / (1 + exp(-(-3.0 + step / STEPS)));
}

static double seed_sigmoid(int step)
{
    return 0.1 / (1 + exp(-(double)(step / STEPS)));
}

static double inverse_time(int step)
{
    return 0.1 / (1 + 0.5 * (step / STEPS));
}

static double root(int step)
{
    return 0.02 + 0.08 * sqrt(1 - (double)step / (EPOCHS * STEPS));
}

/* Rises to the rate with which the schedule begins, one fourth of lr. */
static double risen_cycle(int step)
{
    double peak = 0.5 * (EPOCHS - 2) * STEPS - 1;
    if (step < 2 * STEPS)
        return 0.1 / 4 * (step + 1) / (2 * STEPS);
    step -= 2 * STEPS;
    if (step > peak)
        return 0;
    return 0.1 + (0.1 / 4 - 0.1) * (1 + cos(acos(-1.0) * step / peak)) / 2;
}

static void test_rates_are_the_equations(void **state)
{
    static const struct {
        const char *train;
        double (*equation)(int step);
        int steps;
    } cases[] = {
        {"schedule: {sigmoid: {start: -3}}", sigmoid, EPOCHS * STEPS},
        {"schedule: sigmoid", seed_sigmoid, EPOCHS * STEPS},
        {"schedule: {inverse_time: 0.5}", inverse_time, EPOCHS * STEPS},
        {"schedule: {polynomial: {power: 0.5, end: 0.02}}", root, EPOCHS * STEPS},
        {"schedule: {one_cycle: {pct_start: 0.5, div: 4}}, warmup: {epochs: 2}", risen_cycle,
         7 * STEPS - 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char train[160];
        snprintf(train, sizeof train, "epochs: %d, optimizer: {sgd: {lr: 0.1}}, %s", EPOCHS,
                 cases[i].train);
        struct incline_config *config = parsed(*state, train);
        for (int step = 0; step < cases[i].steps; step++) {
            double got = incline_config_learning_rate(config, step, STEPS);
            double wants = cases[i].equation(step);
            if (!(fabs(got - wants) <= 1e-15))
                fail_msg("%s: step %d: %.17g, wanted %.17g", train, step, got, wants);
        }
        incline_config_destroy(&config);
    }
}

static const char *const examples[] = {
    "constant",
    "{step: {every: 5, factor: 0.5}}",
    "{steps: {at: [30, 60], factor: 0.2}}",
    "{exponential: {factor: 0.9}}",
    "{inverse_time: {decay: 0.5}}",
    "{sigmoid: {start: -3}}",
    "{polynomial: {power: 2, end: 0.001}}",
    "{cosine: {period: 10, multiply: 2, end: 0.001}}",
    "{cosine: {period: all, multiply: 1, end: 0}}",
    "{one_cycle: {max_lr: 1, pct_start: 0.25, div: 10, final_div: 100}}",
    "{one_cycle: {max_lr: lr, pct_start: 0.3, div: 25, final_div: 10000}}",
    "{plateau: {watch: val_accuracy, patience: 3, min_delta: 0.01, factor: 0.5, min_lr: 0.0001}}",
};

enum { EXAMPLES = sizeof examples / sizeof *examples };

/* Also of a training of one step, and far behind the end. */
static void test_rates_are_finite(void **state)
{
    static const long long at[] = {0, 1, 2, 1000, 1000000000000};
    for (size_t i = 0; i < EXAMPLES; i++) {
        for (int epochs = 1; epochs <= 2; epochs++) {
            char train[160];
            snprintf(train, sizeof train, "epochs: %d, schedule: %s", epochs, examples[i]);
            struct incline_config *config = parsed(*state, train);
            for (size_t k = 0; k < sizeof at / sizeof *at; k++) {
                double rate = incline_config_learning_rate(config, at[k], 1);
                if (!(rate >= 0 && rate <= 1))
                    fail_msg("%s: step %lld: %g", train, at[k], rate);
            }
            incline_config_destroy(&config);
        }
    }
}

/* What a run folder keeps says the same again, word for word. */
static void test_texts_come_back(void **state)
{
    static const char *const others[] = {
        "", ", warmup: {epochs: 3}",
        ", warmup: {steps: 70}, early_stop: {watch: val_accuracy, patience: 7, min_delta: 0.001, "
        "restore_best: false}"};
    struct scratch *s = *state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        const char *other = others[i % 3];
        char train[320];
        snprintf(train, sizeof train, "schedule: %s%s", examples[i], other);
        struct incline_config *config = parsed(s, train), *again = NULL;
        const char *text = incline_config_text(config);
        if (strcmp(examples[i], "constant") == 0)
            assert_null(strstr(text, "schedule"));
        else
            assert_non_null(strstr(text, examples[i]));
        assert_int_equal(strstr(text, "warmup") != NULL, *other != '\0');
        if (strstr(other, "early_stop"))
            assert_non_null(strstr(text, strstr(other, "{watch")));
        else
            assert_null(strstr(text, "early_stop"));
        assert_ok(s->ctx, incline_config_parse(s->ctx, "again", text, NULL, 0, &again));
        assert_string_equal(incline_config_text(again), text);
        incline_config_destroy(&again);
        incline_config_destroy(&config);
    }
}

static void test_summary(void **state)
{
    struct incline_config *config =
        parsed(*state, "epochs: until_converged, schedule: {plateau: 4}, warmup: {steps: 9}, "
                       "early_stop: {}, optimizer: {sgd: {lr: 0.5}}");
    struct incline_pace_summary pace = incline_config_pace(config);
    assert_int_equal(incline_config_epochs(config), 0);
    assert_non_null(strstr(incline_config_text(config), "epochs: until_converged\n"));
    assert_string_equal(pace.schedule, "plateau");
    assert_non_null(strstr(pace.equation, "factor^"));
    assert_true(pace.learning_rate == 0.5);
    assert_int_equal(pace.warmup_steps, 9);
    assert_int_equal(pace.warmup_epochs, 0);
    assert_string_equal(pace.watch, "val_loss");
    assert_int_equal(pace.patience, 5);
    assert_true(config->train.early_stop.restore_best);
    assert_int_equal(incline_schedule_patience(&config->train.schedule)->patience, 4);
    incline_config_destroy(&config);
    config = parsed(*state, "early_stop: none, warmup: none, schedule: cosine");
    pace = incline_config_pace(config);
    assert_null(pace.watch);
    assert_false(incline_config_updates(config).averages);
    assert_null(strstr(incline_config_text(config), "ema"));
    assert_true(pace.per_step);
    assert_int_equal(pace.warmup_steps, 0);
    assert_int_equal(pace.warmup_epochs, 0);
    incline_config_destroy(&config);
}

static void test_updates(void **state)
{
    struct scratch *s = *state;
    struct incline_config *config = parsed(s, "accumulate: 4, ema: {decay: 0.99}"), *again = NULL;
    struct incline_update_summary updates = incline_config_updates(config);
    const char *text = incline_config_text(config);
    assert_int_equal(updates.accumulate, 4);
    assert_true(updates.averages && updates.ema_decay == 0.99);
    assert_int_equal(config->train.ema.from_epoch, 1);
    assert_non_null(strstr(text, "\n  accumulate: 4\n"));
    assert_non_null(strstr(text, "\n  ema: {decay: 0.99, from_epoch: 1}\n"));
    assert_ok(s->ctx, incline_config_parse(s->ctx, "again", text, NULL, 0, &again));
    assert_string_equal(incline_config_text(again), text);
    incline_config_destroy(&again);
    incline_config_destroy(&config);
    config = parsed(s, "epochs: until_converged, early_stop: {}, ema: {from_epoch: 30}");
    updates = incline_config_updates(config);
    assert_true(updates.accumulate == 1 && updates.averages && updates.ema_decay == 0.999);
    incline_config_destroy(&config);
}

static void test_mistakes_are_told(void **state)
{
    static const struct {
        const char *train, *error;
    } cases[] = {
        {"schedule: cosin", "c.yaml:4:19: error: unknown schedule 'cosin': there are constant, "
                            "step, steps, exponential, inverse_time, sigmoid, polynomial, cosine, "
                            "one_cycle, plateau (did you mean 'cosine'?)\n"},
        {"schedule: [step]",
         "c.yaml:4:19: error: train: schedule must be one name, or {name: {...}}\n"},
        {"schedule: {step: {every: 5}, cosine: {}}",
         "c.yaml:4:38: error: train: schedule must be one name, but 'step' and 'cosine' are there: "
         "leave one out; to replace with --set what the file says, set it whole, to {cosine: "
         "{...}}\n"},
        {"schedule: {step: {every: 5}, factor: 0.5}",
         "c.yaml:4:38: error: train: schedule must be one name, with its options below it: {step: "
         "{factor: ...}}; with --set write step.factor\n"},
        {"schedule: {every: 5, step: {}}",
         "c.yaml:4:30: error: train: schedule must be one name, with its options below it: {step: "
         "{every: ...}}; with --set write step.every\n"},
        {"schedule: {step: , cosine: }",
         "c.yaml:4:28: error: train: schedule must be one name, but 'step' and 'cosine' are there"},
        {"schedule: {step: {every: -5}}",
         "c.yaml:4:34: error: step: every must be between 1 and 1000000, not -5\n"},
        {"schedule: {step: {evry: 5}}",
         "c.yaml:4:27: error: step: unknown key 'evry' (did you mean 'every'?)\n"},
        {"schedule: {step: {every: 5, power: 2}}",
         "c.yaml:4:37: error: step: unknown key 'power'\n"},
        {"schedule: step", "c.yaml:4:19: error: step: 'every' is missing: epochs from one drop to "
                           "the next\n"},
        {"schedule: {step: {every: 5, factor: 1.5}}",
         "c.yaml:4:45: error: step: factor must be above 0 and at most 1, not 1.5\n"},
        {"schedule: {steps: {at: [30, 20]}}", "c.yaml:4:32: error: steps: at must be whole numbers "
                                              "of epochs in ascending order: [30, 60]\n"},
        {"schedule: {steps: [1, 2.5]}", "c.yaml:4:27: error: steps: at must be whole numbers"},
        {"schedule: {steps: []}", "c.yaml:4:27: error: steps: at must be whole numbers"},
        {"schedule: {steps: [0, 5]}",
         "c.yaml:4:27: error: steps: at must be between 1 and 1000000, not 0\n"},
        {"schedule: {constant: {lr: 1}}", "c.yaml:4:31: error: constant: unknown key 'lr'\n"},
        {"schedule: {cosine: {period: al}}", "c.yaml:4:37: error: cosine: period must be a whole "
                                             "number or all, not 'al' (did you mean 'all'?)\n"},
        {"schedule: {cosine: 0}",
         "c.yaml:4:28: error: cosine: period must be between 1 and 1000000 or all, not 0\n"},
        {"schedule: {one_cycle: {max_lr: -1}}",
         "c.yaml:4:40: error: one_cycle: max_lr must be above 0 and at most 1e+30 or lr, not -1\n"},
        {"schedule: {one_cycle: {pct_start: 2}}",
         "c.yaml:4:43: error: one_cycle: pct_start must be between 0 and 1, not 2\n"},
        {"schedule: {plateau: {watch: loss}}", "c.yaml:4:37: error: plateau: watch must be "
                                               "val_loss or val_accuracy, not 'loss'"},
        {"schedule: {plateau: 0}",
         "c.yaml:4:29: error: plateau: patience must be between 1 and 1000000, not 0\n"},
        {"warmup: 5", "c.yaml:4:17: error: warmup: must be a mapping of options: {key: value}\n"},
        {"warmup: {}", "c.yaml:4:17: error: train: warmup must be {epochs: 5} or {steps: 500}\n"},
        {"warmup: {epochs: 2, steps: 5}",
         "c.yaml:4:17: error: train: warmup must be {epochs: 5} or {steps: 500}\n"},
        {"warmup: {step: 5}", "c.yaml:4:18: error: warmup: unknown key 'step' (did you mean "
                              "'steps'?)\n"},
        {"warmup: {steps: -1}",
         "c.yaml:4:25: error: warmup: steps must be between 0 and 1000000000, not -1\n"},
        {"early_stop: 5",
         "c.yaml:4:21: error: early_stop: must be a mapping of options: {key: value}\n"},
        {"early_stop: {patience: 0}",
         "c.yaml:4:32: error: early_stop: patience must be between 1 and 1000000, not 0\n"},
        {"early_stop: {min_delta: -0.1}",
         "c.yaml:4:33: error: early_stop: min_delta must be between 0 and 1e+30, not -0.1\n"},
        {"early_stop: {monitor: val_loss}", "c.yaml:4:22: error: early_stop: unknown key "
                                            "'monitor'\n"},
        {"accumulate: 0",
         "c.yaml:4:21: error: train: accumulate must be between 1 and 10000, not 0\n"},
        {"accumulate: two", "c.yaml:4:21: error: train: accumulate must be a whole number, not "
                            "'two'\n"},
        {"acumulate: 2", "c.yaml:4:9: error: train: unknown key 'acumulate' (did you mean "
                         "'accumulate'?)\n"},
        {"optimizer: {sgd: {accumulate: 2}}",
         "c.yaml:4:27: error: sgd: 'accumulate' belongs in `train:`, beside `optimizer:`\n"},
        {"ema: 0.999", "c.yaml:4:14: error: ema: must be a mapping of options: {key: value}\n"},
        {"ema: {decay: 1}",
         "c.yaml:4:22: error: ema: decay must be between 0 and 0.9999999, not 1\n"},
        {"ema: {decy: 0.9}",
         "c.yaml:4:15: error: ema: unknown key 'decy' (did you mean 'decay'?)\n"},
        {"epochs: 3, ema: {from_epoch: 4}",
         "c.yaml:4:38: error: ema: it would begin with epoch 4, but train.epochs is 3: set "
         "from_epoch to an epoch that there is\n"},
        {"epochs: until_converged", "c.yaml:4:17: error: train: epochs: until_converged needs "
                                    "early_stop, which ends the training: --patience 5, or "
                                    "early_stop: {patience: 5}\n"},
        {"epochs: until, early_stop: {}",
         "c.yaml:4:17: error: train: epochs must be a whole number "
         "or until_converged, not 'until' (did you mean 'until_converged'?)\n"},
        {"epochs: until_converged, early_stop: {}, schedule: polynomial",
         "c.yaml:4:60: error: polynomial needs to know the number of epochs, but train.epochs is "
         "until_converged: give a number\n"},
        {"epochs: until_converged, early_stop: {}, schedule: {one_cycle: {div: 10}}",
         "c.yaml:4:61: error: one_cycle needs to know the number of epochs"},
        {"epochs: until_converged, early_stop: {}, schedule: {cosine: {}}",
         "c.yaml:4:61: error: cosine needs to know the number of epochs, but train.epochs is "
         "until_converged: give a number, or a `period`\n"},
    };
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct incline_config *config = NULL;
        enum incline_status status = parse(s, VALIDATED, cases[i].train, &config);
        const char *got = incline_error_text(s->ctx);
        if (strncmp(got, cases[i].error, strlen(cases[i].error)) != 0)
            fail_msg("%s\nwanted: %s\ngot:    %s", cases[i].train, cases[i].error, got);
        assert_int_equal(status, INCLINE_ERROR_CONFIG);
        assert_null(config);
        incline_error_clear(s->ctx);
    }
}

static void test_without_validation_nothing_is_watched(void **state)
{
    struct scratch *s = *state;
    struct incline_config *config = NULL;
    assert_fails(s->ctx, INCLINE_ERROR_CONFIG,
                 parse(s, HEAD "data: {root: x}\n", "early_stop: {patience: 3}", &config),
                 "c.yaml:4:21: error: early_stop watches val_loss, but there is no validation: set "
                 "data.val to test or {split: 0.1}");
    assert_fails(
        s->ctx, INCLINE_ERROR_CONFIG,
        parse(s, HEAD "data: {root: x}\n", "schedule: {plateau: {watch: val_accuracy}}", &config),
        "c.yaml:4:19: error: plateau watches val_accuracy, but there is no validation");
    assert_ok(s->ctx, parse(s, HEAD "data: {root: x, val: {split: 0.5}}\n",
                            "epochs: until_converged, early_stop: {}, "
                            "schedule: {cosine: {period: 5}}",
                            &config));
    incline_config_destroy(&config);
}

static void test_patience(void **state)
{
    (void)state;
    static const struct {
        struct incline_patience_options options;
        double figures[8];
        const char *ends; /* y where the patience ends */
    } cases[] = {
        {{INCLINE_FIGURE_VAL_LOSS, 2, 0}, {3, 2, 2, 1, 1, 2, 1, 1}, "nnnnnyny"},
        {{INCLINE_FIGURE_VAL_LOSS, 1, 0}, {3, 3, 2, 4, 2.5, 1, 0, 0}, "nynyynny"},
        {{INCLINE_FIGURE_VAL_LOSS, 2, 0.5}, {3, 2.5, 2.4, 2, 1.5, 1.8, 1.75, 0}, "nnnnnnyn"},
        {{INCLINE_FIGURE_VAL_ACCURACY, 2, 0}, {0.1, 0.2, 0.2, 0.3, 0.1, 0.2, 0.3, 0.4}, "nnnnnynn"},
        {{INCLINE_FIGURE_VAL_ACCURACY, 3, 0.25}, {0.25, 0.5, 0.5, 0.75, 1, 1, 1, 1}, "nnnnnnyn"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct incline_patience patience = {0};
        char ends[9] = "";
        for (size_t k = 0; k < 8; k++)
            ends[k] = incline_patience_ends(&patience, &cases[i].options, cases[i].figures[k])
                          ? 'y'
                          : 'n';
        if (strcmp(ends, cases[i].ends) != 0)
            fail_msg("case %zu: %s, wanted %s", i, ends, cases[i].ends);
    }
}

/* Goes through epochs; returns the number after which there is no other, 0: there always is. */
static int judge_all(struct incline_epoch_judge *judge, const struct incline_progress *epochs,
                     int count, char *best, struct incline_train_result *result)
{
    *result = (struct incline_train_result){0};
    for (int i = 0; i < count; i++) {
        struct incline_progress progress = epochs[i];
        progress.epoch = i + 1;
        progress.steps = 10;
        progress.total_step = 10 * (i + 1);
        incline_epoch_judge_note(judge, &progress, result);
        best[i] = progress.best ? 'b' : '-';
        best[i + 1] = '\0';
        if (!incline_epoch_judge_goes_on(judge, i + 1))
            return i + 1;
    }
    return 0;
}

/* Accuracy and loss disagree, and the third epoch has no validation. */
static const struct incline_progress disagreeing[] = {
    {.has_val = true, .val_loss = 1.0, .val_accuracy = 0.5, .accuracy = 0.9},
    {.has_val = true, .val_loss = 0.8, .val_accuracy = 0.4, .accuracy = 0.8},
    {.val_loss = 0.1, .val_accuracy = 1, .accuracy = 0.95},
    {.has_val = true, .val_loss = 0.9, .val_accuracy = 0.6, .accuracy = 0.7},
    {.has_val = true, .val_loss = 0.85, .val_accuracy = 0.7, .accuracy = 0.6},
    {.has_val = true, .val_loss = 0.81, .val_accuracy = 0.8, .accuracy = 0.5},
};

static void test_judge(void **state)
{
    static const struct {
        const char *train;
        bool validates;
        const char *best; /* b: the best epoch so far */
        int end, best_epoch, plateaus;
        double best_val_loss;
    } cases[] = {
        {"epochs: 9", true, "b--bbb", 0, 6, 0, 0.81},
        {"epochs: 4", true, "b--b", 4, 4, 0, 0.9},
        {"epochs: 9", false, "b-b---", 0, 3, 0, 0.1},
        {"early_stop: {patience: 2}", true, "bb---", 5, 2, 0, 0.8},
        {"epochs: until_converged, early_stop: {patience: 3}", true, "bb----", 6, 2, 0, 0.8},
        {"epochs: until_converged, early_stop: {patience: 4}", true, "bb----", 0, 2, 0, 0.8},
        {"early_stop: {patience: 1, watch: val_accuracy}", true, "b-", 2, 1, 0, 1},
        {"early_stop: {patience: 2, min_delta: 0.2}", true, "bb--", 4, 2, 0, 0.8},
        {"schedule: {plateau: 1}", true, "b--bbb", 0, 6, 3, 0.81},
        {"schedule: {plateau: 1}, warmup: {epochs: 3}", true, "b--bbb", 0, 6, 0, 0.81},
        {"schedule: {plateau: 1}, warmup: {steps: 20}", true, "b--bbb", 0, 6, 0, 0.81},
        {"schedule: {plateau: 1}, warmup: {steps: 19}", true, "b--bbb", 0, 6, 3, 0.81},
        {"schedule: {plateau: {patience: 2, watch: val_accuracy, min_delta: 0.15}}", true, "b--bbb",
         0, 6, 1, 0.81},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct incline_config *config = parsed(*state, cases[i].train);
        struct incline_train_result result;
        struct incline_epoch_judge judge;
        char best[8];
        incline_epoch_judge_init(&judge, &config->train, cases[i].validates);
        int end = judge_all(&judge, disagreeing, 6, best, &result);
        if (strcmp(best, cases[i].best) != 0 || end != cases[i].end ||
            result.best_epoch != cases[i].best_epoch || judge.plateaus != cases[i].plateaus ||
            result.best_val_loss != cases[i].best_val_loss)
            fail_msg("%s: best %s, epoch %d, val_loss %g; end %d; %d plateaus", cases[i].train,
                     best, result.best_epoch, result.best_val_loss, end, judge.plateaus);
        incline_config_destroy(&config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(test_rates_are_pytorchs),
        scratch_test(test_rates_are_the_equations),
        scratch_test(test_rates_are_finite),
        scratch_test(test_texts_come_back),
        scratch_test(test_summary),
        scratch_test(test_updates),
        scratch_test(test_mistakes_are_told),
        scratch_test(test_without_validation_nothing_is_watched),
        scratch_test(test_patience),
        scratch_test(test_judge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "support/small_data.h"

#include <jansson.h>
#include <math.h>
#include <signal.h>

/* incline lr-find: the test's shape, what it suggests, and what it refuses. */

static int setup(void **state)
{
    int code = program_setup(state);
    if (code == 0)
        small_setup(*state);
    return code;
}

#define lr_test(function) cmocka_unit_test_setup_teardown(function, setup, program_teardown)

/* Its loss grows without end with the rate. */
static const char linear_config[] = "incline: 1\n"
                                    "model:\n"
                                    "  input: [6, 6, 1]\n"
                                    "  layers: [flatten, dense: 3]\n"
                                    "data: {root: d, val: test}\n"
                                    "train: {batch_size: 16, loss: mse}\n";

static json_t *find(struct program *p, const char *config, const char *from, const char *to,
                    const char *steps)
{
    json_error_t error;
    run(p, "lr-find", config, "--from", from, "--to", to, "--steps", steps, "--format", "json");
    assert_exit(p, 0);
    json_t *all = json_loads(p->out, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(all);
    return all;
}

static double number(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

/* The rate grows by one factor from step to step; the smoothed loss is a mean of those so far. */
static void rates_grow_and_losses_are_smoothed(void **state)
{
    json_t *all = find(*state, "t.yaml", "0.001", "1", "40"),
           *points = json_object_get(all, "points");
    double lowest = 1e30, highest = 0;
    assert_int_equal(json_array_size(points), 40);
    for (size_t i = 0; i < 40; i++) {
        json_t *point = json_array_get(points, i);
        double wanted = 0.001 * pow(1000, (double)i / 39), loss = number(point, "loss");
        lowest = fmin(lowest, loss);
        highest = fmax(highest, loss);
        assert_true(fabs(number(point, "lr") - wanted) <= 1e-9 * wanted);
        assert_true(number(point, "smooth") >= lowest && number(point, "smooth") <= highest);
    }
    assert_true(number(json_array_get(points, 0), "smooth") ==
                number(json_array_get(points, 0), "loss"));
    assert_true(number(all, "steepest") >= 0.001 && number(all, "steepest") <= 1);
    assert_true(number(all, "lowest") >= number(all, "steepest"));
    json_decref(all);
}

/* At 4 times the lowest loss, long before it is no number. */
static void a_rising_loss_ends_it(void **state)
{
    program_write(*state, "linear.yaml", linear_config);
    json_t *all = find(*state, "linear.yaml", "0.01", "1e12", "100");
    assert_true(json_is_true(json_object_get(all, "rose")));
    json_t *points = json_object_get(all, "points");
    double lowest = number(json_array_get(points, 0), "smooth");
    assert_true(json_array_size(points) < 100);
    for (size_t i = 0; i + 1 < json_array_size(points); i++) {
        double smooth = number(json_array_get(points, i), "smooth");
        lowest = fmin(lowest, smooth);
        assert_true(smooth <= 4 * lowest);
    }
    json_decref(all);
}

/* Two batches of 8 that make an update together are one of 16. */
static void accumulated_batches_are_one(void **state)
{
    static const char config[] = "incline: 1\n"
                                 "model:\n"
                                 "  input: [6, 6, 1]\n"
                                 "  layers: [flatten, dense: 3]\n"
                                 "data: {root: d, val: test}\n"
                                 "train: {batch_size: 8, accumulate: 2, loss: mse}\n";
    program_write(*state, "linear.yaml", linear_config);
    program_write(*state, "accumulated.yaml", config);
    json_t *one = find(*state, "linear.yaml", "0.001", "0.1", "40"),
           *two = find(*state, "accumulated.yaml", "0.001", "0.1", "40"),
           *points = json_object_get(one, "points");
    assert_int_equal(json_array_size(json_object_get(two, "points")), json_array_size(points));
    for (size_t i = 0; i < json_array_size(points); i++) {
        double expected = number(json_array_get(points, i), "loss");
        double loss = number(json_array_get(json_object_get(two, "points"), i), "loss");
        assert_true(fabs(loss - expected) <= 1e-5 * expected);
    }
    json_decref(one);
    json_decref(two);
}

/* In steps so small that the lowest loss lies close before the end. */
static void a_larger_range_is_proposed_unless_it_rose(void **state)
{
    static const char proposal[] = "It did not rise again: a larger --to may show more.\n";
    struct program *p = *state;
    program_write(p, "linear.yaml", linear_config);
    run(p, "lr-find", "linear.yaml", "--from", "0.001", "--to", "10", "--steps", "2000");
    assert_exit(p, 0);
    assert_out(p, "\nThe loss falls fastest at");
    assert_null(strstr(p->out, proposal));
    assert_null(strstr(p->out, "few to judge by"));
    run(p, "lr-find", "linear.yaml", "--from", "0.001", "--to", "0.01", "--steps", "40");
    assert_exit(p, 0);
    assert_out(p, proposal);
    assert_out(p, "\n40 losses are few to judge by: take more --steps.\n");
}

/* In all formats. */
static void no_rate_is_found_where_the_loss_never_falls(void **state)
{
    struct program *p = *state;
    program_write(p, "linear.yaml", linear_config);
    for (int json = 0; json < 2; json++) {
        run(p, "lr-find", "linear.yaml", "--from", "1e29", "--to", "1e30", "--steps", "10",
            "--format", json ? "json" : "text");
        assert_exit(p, 6);
        assert_err(p, "the loss never fell between the rates 1e+29 and 1");
        assert_err(p, "try a lower --from\n");
    }
    assert_out(p, "\"steepest\": null");
}

static void text_suggests_a_command(void **state)
{
    struct program *p = *state;
    run(p, "lr-find", "t.yaml", "--from", "0.001", "--to", "1", "--steps", "40");
    assert_exit(p, 0);
    assert_out(p, "learning rate\n");
    assert_out(p, "\nThe loss falls fastest at a learning rate of 0.");
    assert_err(p, "Next: incline train t.yaml --lr 0.");
    assert_false(program_exists(p, "runs"));
    run(p, "lr-find", "t.yaml", "--from", "0.001", "--to", "1", "--steps", "40", "-b", "20", "-s",
        "train.optimizer={sgd: {momentum: 0.5}}");
    assert_exit(p, 0);
    assert_err(p, "Next: incline train t.yaml -s train.batch_size=20 -s "
                  "train.optimizer='{sgd: {momentum: 0.5}}' --lr 0.");
}

/* Ctrl-C ends it with its own code, and what was measured is printed. */
static void stopped_it_ends_with_the_code_of_the_signal(void **state)
{
    struct program *p = *state;
    program_start(p, (const char *const[]){"lr-find", "t.yaml", "--steps", "1000000", "-v", NULL});
    program_await_err(p, "using device");
    program_signal(p, SIGINT);
    program_wait(p);
    assert_exit(p, 128 + SIGINT);
    assert_err(p, "\nstopping; what is measured so far is kept");
    assert_no_err(p, "incline: stopped");
}

/* A batch normalization of vectors needs two images. */
static void a_batch_of_one_is_refused(void **state)
{
    struct program *p = *state;
    program_write(p, "norm.yaml",
                  "incline: 1\n"
                  "model: {input: [6, 6, 1], layers: [flatten, batch_norm, dense: 3]}\n"
                  "data: {root: d, val: test}\n"
                  "train: {batch_size: 1}\n");
    run(p, "lr-find", "norm.yaml");
    refused(p, 3, "batch_norm_1 needs at least 2 images in a batch", "use another batch size (-b)");
}

static void bad_ranges_are_refused(void **state)
{
    struct program *p = *state;
    run(p, "lr-find", "t.yaml", "--from", "1", "--to", "0.1");
    refused(p, 2, "the rates must grow", "from above 0: from 1 to 0.1 does not");
    run(p, "lr-find", "t.yaml", "--to", "1e31");
    refused(p, 2, "a learning rate is at most 1e+30", "not 1e+31");
    run(p, "lr-find", "t.yaml", "--steps", "9");
    refused(p, 2, "at least 10 steps", "are needed, not 9");
    run(p, "lr-find", "none.yaml");
    refused(p, 3, "there is no file", "none.yaml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lr_test(rates_grow_and_losses_are_smoothed),
        lr_test(a_rising_loss_ends_it),
        lr_test(accumulated_batches_are_one),
        lr_test(a_larger_range_is_proposed_unless_it_rose),
        lr_test(no_rate_is_found_where_the_loss_never_falls),
        lr_test(text_suggests_a_command),
        lr_test(stopped_it_ends_with_the_code_of_the_signal),
        lr_test(a_batch_of_one_is_refused),
        lr_test(bad_ranges_are_refused),
    };
    int code = program_need_device();
    return code ? code : cmocka_run_group_tests(tests, NULL, NULL);
}

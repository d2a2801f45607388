#include "support/small_data.h"

#include <signal.h>

/* Ending a training from outside, and what it draws on a terminal. */

static int setup(void **state)
{
    int code = program_setup(state);
    if (code == 0)
        small_setup(*state);
    return code;
}

#define signal_test(function) cmocka_unit_test_setup_teardown(function, setup, program_teardown)

static void interrupt(struct program *p, int number)
{
    program_start(p, (const char *const[]){"train", "t.yaml", "--out", "r", "-e", "1000000", NULL});
    program_await(p, "r/log.csv", "\n2,");
    program_signal(p, number);
    program_wait(p);
    assert_exit(p, 128 + number);
    assert_silent_out(p);
    assert_err(p, "\nstopping after this step and saving; press again to quit at once\n");
    assert_err(p, "\nSaved at step ");
}

static void assert_ended(struct program *p, const char *how)
{
    size_t length;
    char *events = program_read(p, "r/events.jsonl", &length);
    if (!strstr(events, how))
        fail_msg("no %s in %s", how, events);
    free(events);
    assert_int_equal(program_count_entries(p, "r/weights"), 2);
}

static void ctrl_c_saves(void **state)
{
    struct program *p = *state;
    interrupt(p, SIGINT);
    assert_err(p, "Go on from these weights: incline train r/config.yaml --weights "
                  "r/weights/last.safetensors\n");
    assert_ended(p, "\"how\":\"interrupted\"");
    /* what was proposed works */
    run(p, "train", "r/config.yaml", "--weights", "r/weights/last.safetensors", "-e", "1", "--out",
        "on");
    assert_exit(p, 0);
    run(p, "eval", "r/weights/last.safetensors", "--format", "csv");
    assert_exit(p, 0);
    assert_int_equal(count_lines(p->out), 4);
}

static void sigterm_saves(void **state)
{
    struct program *p = *state;
    interrupt(p, SIGTERM);
    assert_ended(p, "\"how\":\"interrupted\"");
}

/* Training saves where it stands and goes on. Here an epoch is endless. */
static void sigusr1_saves_and_goes_on(void **state)
{
    static const struct small_data many = {60000, 0, 6, 6, 1, 3, false};
    struct program *p = *state;
    small_data_write(p, "many", &many);
    program_start(p, (const char *const[]){"train", "t.yaml", "--out", "r", "--data", "many", "-s",
                                           "data.val=none", "-b", "1", "-e", "1", NULL});
    program_await(p, "r/events.jsonl", "start");
    program_signal(p, SIGUSR1);
    program_await(p, "r/events.jsonl", "\"event\":\"checkpoint\"");
    assert_true(program_exists(p, "r/weights/last.safetensors"));
    program_signal(p, SIGINT);
    program_wait(p);
    assert_exit(p, 130);
    assert_err(p, "\nSaved at step ");
    assert_err(p, "(epoch 1/1) -> r/weights/last.safetensors\n");
}

static void a_closed_terminal_saves(void **state)
{
    struct program *p = *state;
    interrupt(p, SIGHUP);
    assert_ended(p, "\"how\":\"interrupted\"");
}

/* As under nohup. One that is stopped by SIGHUP ends with 129, or at once at the second signal. */
static void a_closed_terminal_may_be_ignored(void **state)
{
    struct program *p = *state;
    void (*before)(int) = signal(SIGHUP, SIG_IGN);
    program_start(p, (const char *const[]){"train", "t.yaml", "--out", "r", "-e", "1000000", NULL});
    signal(SIGHUP, before);
    program_await(p, "r/log.csv", "\n2,");
    program_signal(p, SIGHUP);
    program_signal(p, SIGINT);
    program_wait(p);
    assert_exit(p, 130);
    assert_err(p, "\nSaved at step ");
}

/* Also before the first epoch is done: here an epoch is endless. */
static void ctrl_c_saves_within_an_epoch(void **state)
{
    static const struct small_data many = {60000, 0, 6, 6, 1, 3, false};
    struct program *p = *state;
    small_data_write(p, "many", &many);
    program_start(p, (const char *const[]){"train", "t.yaml", "--out", "r", "--data", "many", "-s",
                                           "data.val=none", "-b", "1", "-e", "1", NULL});
    program_await(p, "r/events.jsonl", "start");
    program_signal(p, SIGINT);
    program_wait(p);
    assert_exit(p, 130);
    assert_err(p, "(epoch 1/1)");
    assert_err(p, "\nEpoch 1 up to step ");
    assert_err(p, " of 60,000: loss ");
    assert_err(p, "  accuracy ");
    assert_true(program_exists(p, "r/weights/last.safetensors"));
    assert_false(program_exists(p, "r/weights/best.safetensors"));
}

static void a_terminal_gets_a_bar(void **state)
{
    struct program *p = *state;
    p->terminal = true;
    run(p, "train", "t.yaml", "--out", "r");
    assert_exit(p, 0);
    assert_silent_out(p);
    assert_err(p, "\rpreparing kernels and data\033[K");
    assert_err(p, "\rEpoch 1/3  ");
    assert_err(p, "\u2501\u2501\u2501\u2501"); /* the bar */
    assert_err(p, "  4/4  ");
    assert_err(p, "s (first step ");
    assert_err(p, "val_accuracy ");
    assert_err(p, "\033[32m");
    assert_no_err(p, "epoch=");
    p->terminal = true;
    p->environment[0] = "NO_COLOR=1";
    p->environment[1] = "LC_ALL=C";
    run(p, "train", "t.yaml", "--out", "s");
    assert_exit(p, 0);
    assert_err(p, "\rEpoch 1/3  ====");
    assert_no_err(p, "\033[3");
    p->terminal = true;
    p->environment[0] = "TERM=dumb";
    run(p, "train", "t.yaml", "--out", "t");
    assert_exit(p, 0);
    assert_err(p, "\nepoch=1/3 ");
    assert_no_err(p, "\033");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        signal_test(ctrl_c_saves),
        signal_test(sigterm_saves),
        signal_test(a_closed_terminal_saves),
        signal_test(a_closed_terminal_may_be_ignored),
        signal_test(sigusr1_saves_and_goes_on),
        signal_test(ctrl_c_saves_within_an_epoch),
        signal_test(a_terminal_gets_a_bar),
    };
    int code = program_need_device();
    return code ? code : cmocka_run_group_tests(tests, NULL, NULL);
}

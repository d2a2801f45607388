/* Made-up figures of watched steps, and what is said of them. */
#include "support/scratch.h"

#include "train/watch_judge.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS = 6 };

/* Two layers with weights and biases, a relu between them and a third layer, without bias. */
static const struct incline_watch_row healthy[ROWS] = {
    {"first", "weight", 100, true, 2, 0.01, 0.001, 8, 1},
    {"first", "bias", 10, false, 0, 0.01, 0.001, 8, 1},
    {"second", "weight", 100, true, 2, 0.02, 0.001, 0, 0},
    {"second", "bias", 10, false, 0.1, 0.01, 0.001, 0, 0},
    {"relu", NULL, 0, false, 0, 0, 0, 5, 0},
    {"third", "weight", 100, true, 2, 0.01, 0.001, 0, 0},
};

struct fixture {
    struct incline_context *ctx;
    struct incline_watch_judge judge;
    struct incline_watch_row rows[ROWS];
    struct incline_watched watched;
    struct incline_watch_finding findings[INCLINE_WATCH_KINDS];
    size_t count; /* of findings */
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    *state = f;
    memcpy(f->rows, healthy, sizeof healthy);
    f->watched = (struct incline_watched){
        .images = 64, .learning_rate = 0.5, .rows = f->rows, .row_count = ROWS};
    f->ctx = incline_context_create(NULL, NULL);
    assert_non_null(f->ctx);
    assert_ok(f->ctx, incline_watch_judge_init(f->ctx, ROWS, &f->judge));
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    incline_watch_judge_finish(&f->judge);
    incline_context_destroy(&f->ctx);
    free(f);
    return 0;
}

static void note(struct fixture *f)
{
    f->watched.total_step++;
    f->count = incline_watch_judge_note(&f->judge, &f->watched, f->findings);
}

/* The only finding is of this kind, in these words. */
static void assert_found(struct fixture *f, enum incline_watch_kind kind, const char *words)
{
    struct incline_text text;
    assert_int_equal(f->count, 1);
    assert_int_equal(f->findings[0].kind, kind);
    incline_text_init(&text, f->ctx);
    incline_watch_finding_write(&f->findings[0], &f->watched, &text);
    assert_string_equal(incline_text_get(&text), words);
    incline_text_finish(&text);
}

static void assert_quiet(struct fixture *f)
{
    note(f);
    assert_int_equal(f->count, 0);
}

static void health_is_silent(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 50; i++)
        assert_quiet(f);
}

static void vanishing_is_told_once(void **state)
{
    struct fixture *f = *state;
    f->rows[0].gradient = 1.9e-6; /* of 0.02 less than 1e-4 */
    f->rows[1].gradient = 0;      /* a bias does not count */
    f->rows[5].gradient = 1.5e-6;
    note(f);
    assert_found(
        f, INCLINE_WATCH_VANISHES,
        "gradients vanish on their way back: those of third's weights (and 1 more layer) have an "
        "RMS of 1.5e-07, those of second 2.0e-03 (step 1); try relu with init: he_normal in "
        "place of sigmoid or tanh, batch_norm, or residual connections");
    assert_quiet(f);
}

static void just_enough_gradient_is_none_to_tell_of(void **state)
{
    struct fixture *f = *state;
    f->rows[0].gradient = 2.1e-6;
    assert_quiet(f);
}

static void sizes_do_not_count_but_their_rms(void **state)
{
    struct fixture *f = *state;
    f->rows[0].gradient = 1.9e-5; /* a norm of many */
    f->rows[0].elems = 100 * 100;
    note(f);
    assert_int_equal(f->count, 1);
    assert_ptr_equal(f->findings[0].row, &f->rows[0]);
}

static void set_gradients(struct fixture *f, double gradient)
{
    for (size_t i = 0; i < ROWS; i++)
        f->rows[i].gradient = gradient;
}

static void no_gradient_at_all_is_told(void **state)
{
    struct fixture *f = *state;
    set_gradients(f, 1e-13);
    note(f);
    assert_found(f, INCLINE_WATCH_NO_GRADIENT,
                 "gradients vanish: no layer's weights have any (the largest RMS is 1.0e-14) (step "
                 "1); try relu with init: he_normal in place of sigmoid or tanh, batch_norm, or "
                 "residual connections");
    assert_quiet(f);
}

/* All is learned. */
static void the_end_of_learning_is_no_fault(void **state)
{
    struct fixture *f = *state;
    assert_quiet(f);
    set_gradients(f, 0);
    assert_quiet(f);
}

static void what_is_not_finite_explodes(void **state)
{
    struct fixture *f = *state;
    f->rows[2].gradient = f->rows[2].update = INFINITY;
    f->rows[3].gradient = INFINITY; /* of the same layer */
    f->rows[5].update = NAN;
    note(f);
    assert_found(
        f, INCLINE_WATCH_NOT_FINITE,
        "gradients explode: weight of second (and 1 more layer): norms of weights 2, gradient inf, "
        "update inf (step 1); try a smaller learning rate (--lr, now 0.5), clip_norm, "
        "warmup or batch_norm");
    assert_quiet(f);
    f->rows[0].weights = NAN;
    note(f);
    assert_int_equal(f->count, 1);
    assert_ptr_equal(f->findings[0].row, &f->rows[0]);
}

static void large_updates_explode(void **state)
{
    struct fixture *f = *state;
    f->rows[1].update = f->rows[3].update = 100; /* of biases, which start at 0 */
    f->rows[0].update = 0.59;
    assert_quiet(f);
    f->rows[0].update = 0.61;
    f->rows[2].update = 5;
    note(f);
    assert_found(f, INCLINE_WATCH_TOO_FAST,
                 "gradients explode: the update of second's weights (and 1 more layer) is 2.5 "
                 "times as large "
                 "as the weights (step 2); try a smaller learning rate (--lr, now 0.5), clip_norm, "
                 "warmup or batch_norm");
    assert_quiet(f);
    f->rows[5].update = 1;
    note(f);
    assert_int_equal(f->findings[0].others, 0);
    assert_ptr_equal(f->findings[0].row, &f->rows[5]);
}

/* Of 0.0265; five steps make a usual norm. */
static void a_jump_explodes(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 4; i++)
        assert_quiet(f);
    f->rows[0].gradient = f->rows[2].gradient = f->rows[5].gradient = 3;
    assert_quiet(f); /* too early to tell */
    memcpy(f->rows, healthy, sizeof healthy);
    for (int i = 0; i < 31; i++)
        assert_quiet(f);
    f->rows[0].gradient = f->rows[2].gradient = f->rows[5].gradient = 3;
    note(f);
    assert_found(f, INCLINE_WATCH_JUMPS,
                 "gradients explode: their norm is 5.2, where 0.0283 was usual (step 37); try a "
                 "smaller learning rate (--lr, now 0.5), clip_norm, warmup or batch_norm");
    assert_quiet(f);
}

/* Whose gradients nothing before it can have. */
static void a_dead_layer_is_told(void **state)
{
    struct fixture *f = *state;
    f->rows[0].dead = f->rows[1].dead = 8;
    f->rows[0].gradient = 0;
    note(f);
    assert_found(f, INCLINE_WATCH_DEAD,
                 "first is dead: all 8 units put out 0 for all 64 images (step 1); try a smaller "
                 "learning rate (--lr, now 0.5), init: he_normal, or leaky_relu");
    assert_quiet(f);
    f->rows[4].dead = 5;
    note(f);
    assert_int_equal(f->count, 1);
    assert_ptr_equal(f->findings[0].row, &f->rows[4]);
}

static void a_half_dead_layer_is_told_the_second_time(void **state)
{
    struct fixture *f = *state;
    f->rows[4].dead = 2;
    assert_quiet(f);
    assert_quiet(f);
    f->rows[4].dead = 3;
    assert_quiet(f);
    f->rows[4].dead = 2;
    assert_quiet(f);
    f->rows[4].dead = 4;
    assert_quiet(f);
    note(f);
    assert_found(f, INCLINE_WATCH_MOSTLY_DEAD,
                 "relu is mostly dead: 4 of 5 units put out 0 for all 64 images (step 6); try a "
                 "smaller learning rate (--lr, now 0.5), init: he_normal, or leaky_relu");
    assert_quiet(f);
}

static void few_images_tell_nothing_of_units(void **state)
{
    struct fixture *f = *state;
    f->watched.images = 15;
    f->rows[0].dead = f->rows[1].dead = 8;
    f->rows[4].dead = 4;
    assert_quiet(f);
    assert_quiet(f);
}

#define judge_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        judge_test(health_is_silent),
        judge_test(vanishing_is_told_once),
        judge_test(just_enough_gradient_is_none_to_tell_of),
        judge_test(sizes_do_not_count_but_their_rms),
        judge_test(no_gradient_at_all_is_told),
        judge_test(the_end_of_learning_is_no_fault),
        judge_test(what_is_not_finite_explodes),
        judge_test(large_updates_explode),
        judge_test(a_jump_explodes),
        judge_test(a_dead_layer_is_told),
        judge_test(a_half_dead_layer_is_told_the_second_time),
        judge_test(few_images_tell_nothing_of_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A loss on the device against its reference: loss, gradient, figures and classes. */
#ifndef TESTS_SUPPORT_LOSS_CASES_H
#define TESTS_SUPPORT_LOSS_CASES_H

#include "check/reference.h"
#include "support/harness.h"

#include "layers/loss.h"

#include <math.h>

/* SET images, of which a step takes some from FIRST on in the order; STEPS slots of figures. */
enum { SET = 50, FIRST = 9, STEPS = 3, NUMBER = 1, FIGURES = 5, CLASSES_MAX = 100 };

/* Options to try. */
struct loss_variant {
    double number; /* label_smoothing, gamma or margin */
    bool weighted; /* a weight for each class: quarters, and 0 for one of three, so that a batch of
                    * one image weighs nothing */
    bool multi_label;
};

struct loss_plan {
    struct incline_loss loss;
    double class_weights[CLASSES_MAX];
    int classes, batch, top_k;
    struct incline_plan *plan;
    struct harness_buffer x, dx, labels, order, image_class, metrics;
    bool has_gradient;
    int label_of[SET], order_of[SET];
    unsigned char target_of[SET * CLASSES_MAX];
    const void *labels_of; /* one of both, as the device gets it */
    size_t label_bytes;    /* of all of it */
};

static inline const struct incline_loss_class *loss_find(const char *name)
{
    for (size_t i = 0; incline_loss_names[i]; i++)
        if (strcmp(incline_losses[i].name, name) == 0)
            return &incline_losses[i];
    fail_msg("there is no loss %s", name);
    return NULL;
}

static inline void loss_make(struct loss_plan *p, const char *name,
                             const struct loss_variant *variant)
{
    p->loss.class = loss_find(name);
    p->loss.options.number = variant->number;
    p->loss.multi_label = variant->multi_label;
    if (!variant->weighted)
        return;
    for (int c = 0; c < p->classes; c++)
        p->class_weights[c] = c % 3 == 1 ? 0 : 0.25 * (1 + c % 7);
    p->loss.options.class_weights.values = p->class_weights;
    p->loss.options.class_weights.count = (size_t)p->classes;
}

static inline void loss_plan_create(struct loss_plan *p, const char *name,
                                    const struct loss_variant *variant, int classes, int batch,
                                    bool has_gradient)
{
    size_t bytes = incline_packed_elems(batch, (size_t)classes) * sizeof(float);
    double draws[SET * CLASSES_MAX];
    *p = (struct loss_plan){.classes = classes, .batch = batch, .has_gradient = has_gradient};
    p->top_k = has_gradient ? 5 : 2;
    loss_make(p, name, variant);
    for (int i = 0; i < SET; i++) {
        p->label_of[i] = i * 7 % classes;
        p->order_of[i] = i * 11 % SET; /* a permutation: 11 and 50 have no common divisor */
    }
    harness_fill(draws, (size_t)(SET * classes), HARNESS_REAL, 7);
    for (int i = 0; i < SET * classes; i++)
        p->target_of[i] = draws[i] > 0;
    p->labels_of = variant->multi_label ? (const void *)p->target_of : p->label_of;
    p->label_bytes = SET * incline_loss_label_bytes(&p->loss, classes);
    harness_ok(incline_plan_create(harness_device.ctx, harness_device.device, batch, &p->plan));
    harness_buffer_create(&p->x, "x", bytes);
    harness_buffer_create(&p->dx, "dx", bytes);
    harness_buffer_create(&p->labels, "labels", p->label_bytes);
    harness_buffer_create(&p->order, "order", sizeof p->order_of);
    harness_buffer_create(&p->image_class, "image_class", p->label_bytes);
    harness_buffer_create(&p->metrics, "metrics", STEPS * FIGURES * sizeof(float));
    struct incline_loss_io io = {
        .plan = p->plan,
        .loss = &p->loss,
        .classes = classes,
        .x = harness_buffer_tensor(&p->x, p->plan),
        .labels = harness_buffer_tensor(&p->labels, p->plan),
        .order = harness_buffer_tensor(&p->order, p->plan),
        .image_class = harness_buffer_tensor(&p->image_class, p->plan),
        .figures = {.metrics = harness_buffer_tensor(&p->metrics, p->plan), .top_k = p->top_k},
    };
    if (has_gradient)
        io.dx = harness_buffer_tensor(&p->dx, p->plan);
    struct incline_finish finish = {.plan = p->plan};
    harness_ok(incline_loss_plan(harness_device.ctx, &io, &finish));
    harness_ok(incline_plan_finish(harness_device.ctx, p->plan));
}

static inline void loss_plan_destroy(struct loss_plan *p)
{
    incline_plan_destroy(&p->plan);
    harness_buffer_destroy(&p->x);
    harness_buffer_destroy(&p->dx);
    harness_buffer_destroy(&p->labels);
    harness_buffer_destroy(&p->order);
    harness_buffer_destroy(&p->image_class);
    harness_buffer_destroy(&p->metrics);
}

/* What comes out of one step. */
struct loss_result {
    double dx[64 * 128]; /* [images][classes] */
    double figures[FIGURES];
    unsigned char image_class[SET * CLASSES_MAX * sizeof(int)]; /* in either form */
};

static inline void loss_plan_run(struct loss_plan *p, int images, const double *x,
                                 struct loss_result *out)
{
    struct incline_step step = {.images = images, .first = FIRST, .number = NUMBER};
    size_t count = incline_packed_elems(images, (size_t)p->classes);
    float *packed = calloc(count, sizeof *packed), metrics[STEPS][FIGURES];
    assert_non_null(packed);
    incline_pack(x, images, (size_t)p->classes, packed);
    harness_buffer_reset(&p->x, packed, count * sizeof *packed);
    harness_buffer_reset(&p->dx, NULL, 0);
    harness_buffer_reset(&p->labels, p->labels_of, p->label_bytes);
    harness_buffer_reset(&p->order, p->order_of, sizeof p->order_of);
    memset(out->image_class, 0xff, sizeof out->image_class); /* as loss_expect() has what stays */
    harness_buffer_reset(&p->image_class, out->image_class, p->label_bytes);
    harness_buffer_reset(&p->metrics, NULL, 0);
    harness_ok(incline_plan_enqueue(harness_device.ctx, p->plan, &step));
    harness_buffer_check(&p->x);
    harness_buffer_check(&p->labels);
    harness_buffer_check(&p->order);
    harness_buffer_read(&p->image_class, out->image_class, p->label_bytes);
    harness_buffer_read(&p->metrics, metrics, sizeof metrics);
    harness_buffer_read(&p->dx, packed, count * sizeof *packed);
    incline_unpack(packed, images, (size_t)p->classes, out->dx);
    for (size_t n = (size_t)images; p->has_gradient && n < count / (size_t)p->classes; n++)
        for (size_t c = 0; c < (size_t)p->classes; c++)
            assert_true(
                packed[(n / INCLINE_NB * (size_t)p->classes + c) * INCLINE_NB + n % INCLINE_NB] ==
                0);
    for (int i = 0; i < FIGURES; i++) {
        assert_true(isnan(metrics[NUMBER - 1][i]) && isnan(metrics[NUMBER + 1][i]));
        out->figures[i] = (double)metrics[NUMBER][i];
    }
    free(packed);
}

/* What the images of a step show. */
struct loss_truth {
    struct incline_reference_truth truth; /* of those below */
    int label[SET];
    unsigned char targets[SET * CLASSES_MAX];
};

static inline void loss_find_truth(const struct loss_plan *p, int images, struct loss_truth *out)
{
    size_t classes = (size_t)p->classes;
    for (int n = 0; n < images; n++) {
        int from = p->order_of[FIRST + n];
        out->label[n] = p->label_of[from];
        memcpy(out->targets + (size_t)n * classes, p->target_of + (size_t)from * classes, classes);
    }
    out->truth = p->loss.multi_label ? (struct incline_reference_truth){NULL, out->targets}
                                     : (struct incline_reference_truth){out->label, NULL};
}

/* How many classes score higher than the true one; of equals, the earlier class is the higher. */
static inline int loss_rank(const double *score, int classes, int label)
{
    int rank = 0;
    for (int c = 0; c < classes; c++)
        rank += score[c] > score[label] || (score[c] == score[label] && c < label);
    return rank;
}

static inline int loss_best(const double *score, int classes)
{
    int best = 0;
    for (int c = 1; c < classes; c++)
        best = score[c] > score[best] ? c : best;
    return best;
}

/* What an image adds to the figures behind the loss, and what is found about it. */
static inline void loss_expect_answers(const struct loss_plan *p, const struct loss_truth *truth,
                                       int n, const double *score, struct loss_result *out)
{
    int rank = loss_rank(score, p->classes, truth->label[n]), best = loss_best(score, p->classes);
    out->figures[1] += rank == 0;
    out->figures[2] += rank < p->top_k;
    out->figures[3] += 1;
    memcpy(out->image_class + (size_t)(FIRST + n) * sizeof best, &best, sizeof best);
}

/* The same where images may show several classes. */
static inline void loss_expect_decisions(const struct loss_plan *p, const struct loss_truth *truth,
                                         int n, const double *score, struct loss_result *out)
{
    int wrong =
        incline_reference_wrong(&p->loss, p->classes, score, truth->targets + n * p->classes);
    out->figures[1] += p->classes - wrong;
    out->figures[2] += wrong == 0 ? p->classes : 0;
    out->figures[3] += p->classes;
    for (int c = 0; c < p->classes; c++)
        out->image_class[(FIRST + n) * p->classes + c] = score[c] >= p->loss.class->threshold;
}

/* Numbers too small for a float are 0 on the device. */
static inline double loss_flushed(double value)
{
    return fabs(value) < 1e-37 ? 0 : value;
}

static inline void loss_expect(const struct loss_plan *p, int images, const double *x,
                               struct loss_result *out)
{
    struct loss_truth truth;
    double loss_of[SET];
    loss_find_truth(p, images, &truth);
    double weight = incline_reference_loss_weight(&p->loss, images, truth.label);
    incline_reference_loss(&p->loss, images, p->classes, x, &truth.truth, loss_of, out->dx);
    memset(out->image_class, 0xff, sizeof out->image_class);
    for (int i = 0; i < FIGURES; i++)
        out->figures[i] = 0;
    for (int n = 0; n < images; n++) {
        const double *score = x + n * p->classes;
        out->figures[0] += loss_of[n];
        (p->loss.multi_label ? loss_expect_decisions : loss_expect_answers)(p, &truth, n, score,
                                                                            out);
        for (int c = 0; c < p->classes; c++) {
            double *dx = &out->dx[n * p->classes + c];
            *dx = weight > 0 ? loss_flushed(*dx / weight) : 0 * *dx;
        }
    }
    out->figures[4] = weight;
}

/* scale: what the numbers are multiplied by. exact: whole numbers give the same bits. */
static inline void loss_check_step(struct loss_plan *p, int images, enum harness_kind kind,
                                   double scale, bool exact)
{
    static struct loss_result got, again, expected;
    double x[64 * 128];
    char label[120];
    size_t count = (size_t)images * (size_t)p->classes;
    assert_true(count <= sizeof x / sizeof *x);
    snprintf(label, sizeof label, "%d images of %d classes, option %g%s%s, times %g", images,
             p->classes, p->loss.options.number,
             p->loss.options.class_weights.count > 0 ? ", weights" : "",
             p->loss.multi_label ? ", several" : "", scale);
    harness_fill(x, count, kind, (unsigned)images);
    for (size_t i = 0; i < count; i++)
        x[i] = (double)(float)(x[i] * scale);
    memset(&got, 0, sizeof got);
    memset(&again, 0, sizeof again);
    loss_plan_run(p, images, x, &got);
    loss_plan_run(p, images, x, &again);
    assert_memory_equal(&got, &again, sizeof got);
    loss_expect(p, images, x, &expected);
    if (p->has_gradient)
        (exact ? harness_compare_exact : harness_compare)(label, "dx", got.dx, expected.dx, count);
    (exact ? harness_compare_exact : harness_compare)(label, "the sum of losses", got.figures,
                                                      expected.figures, 1);
    harness_compare_exact(label, "figures", got.figures + 1, expected.figures + 1, FIGURES - 1);
    assert_memory_equal(got.image_class, expected.image_class, sizeof got.image_class);
}

/* One NaN among the scores of the last image, in each class in turn: its loss and gradient show it,
 * and the other images do not. Where images may show several classes, it is a wrong decision. */
static inline void loss_check_nan(struct loss_plan *p, int images)
{
    static struct loss_result got, expected;
    double x[64 * 128];
    size_t count = (size_t)images * (size_t)p->classes;
    for (int c = 0; c < p->classes; c++) {
        char label[80];
        snprintf(label, sizeof label, "%d images, NaN for class %d of %d", images, c, p->classes);
        harness_fill(x, count, HARNESS_REAL, 1);
        x[(images - 1) * p->classes + c] = (double)NAN;
        loss_plan_run(p, images, x, &got);
        loss_expect(p, images, x, &expected);
        harness_compare_nan(label, "the sum of losses", got.figures, expected.figures, 1, true);
        if (p->has_gradient)
            harness_compare_nan(label, "dx", got.dx, expected.dx, count, true);
        if (p->loss.multi_label) {
            harness_compare_exact(label, "figures", got.figures + 1, expected.figures + 1,
                                  FIGURES - 1);
            assert_memory_equal(got.image_class, expected.image_class, sizeof got.image_class);
        }
    }
}

/* Images that are all classed rightly with great trust: what is left to learn keeps its digits. */
static inline void loss_check_sure(const char *name, double number)
{
    static struct loss_result got, expected;
    const struct loss_variant variant = {.number = number};
    enum { IMAGES = 17, CLASSES = 10 };
    struct loss_plan p;
    struct loss_truth truth;
    double x[IMAGES * CLASSES];
    loss_plan_create(&p, name, &variant, CLASSES, 33, true);
    loss_find_truth(&p, IMAGES, &truth);
    harness_fill(x, IMAGES * CLASSES, HARNESS_REAL, 1);
    for (int i = 0; i < IMAGES * CLASSES; i++)
        x[i] = (double)(float)(x[i] + (i % CLASSES == truth.label[i / CLASSES] ? 12 : -12));
    loss_plan_run(&p, IMAGES, x, &got);
    loss_expect(&p, IMAGES, x, &expected);
    harness_compare("sure answers", "dx", got.dx, expected.dx, IMAGES * CLASSES);
    harness_compare("sure answers", "the sum of losses", got.figures, expected.figures, 1);
    loss_plan_destroy(&p);
}

struct loss_proof {
    const struct loss_plan *plan;
    double *x;
    struct loss_truth truth;
};

static inline double loss_sum(void *cookie)
{
    struct loss_proof *proof = cookie;
    double loss_of[SET], dx[64 * 128], sum = 0;
    incline_reference_loss(&proof->plan->loss, 5, proof->plan->classes, proof->x,
                           &proof->truth.truth, loss_of, dx);
    for (int n = 0; n < 5; n++)
        sum += loss_of[n];
    return sum;
}

static inline void loss_prove(const struct loss_plan *p)
{
    double x[64 * 128], loss_of[SET], dx[64 * 128];
    struct loss_proof proof = {.plan = p, .x = x};
    loss_find_truth(p, 5, &proof.truth);
    harness_fill(x, (size_t)(5 * p->classes), HARNESS_REAL, 1);
    incline_reference_loss(&p->loss, 5, p->classes, x, &proof.truth.truth, loss_of, dx);
    harness_prove("loss", loss_sum, &proof, x, (size_t)(5 * p->classes), dx);
}

static inline void loss_run_plan(const char *name, const struct loss_variant *variant, int classes,
                                 bool has_gradient)
{
    static const int images[] = {1, 2, 7, 17, 32, 33};
    struct loss_plan plan;
    loss_plan_create(&plan, name, variant, classes, 33, has_gradient);
    loss_prove(&plan);
    for (size_t n = 0; n < sizeof images / sizeof *images; n++) {
        loss_check_step(&plan, images[n], HARNESS_REAL, 1, false);
        loss_check_step(&plan, images[n], HARNESS_INTEGER, 1, false);
        if (images[n] > 7) /* of few images all may be sure, and then nothing large is compared */
            loss_check_step(&plan, images[n], HARNESS_REAL, 100, false);
    }
    loss_check_nan(&plan, 17);
    loss_plan_destroy(&plan);
}

/* What needs programs of its own is tried with some numbers of classes only. */
static inline bool loss_tries(const struct loss_variant *variant, int classes)
{
    return classes % 2 == 1 ? variant->weighted || !variant->multi_label : !variant->weighted;
}

/* With each of the options, `count` of them, with and without the gradient, over several numbers of
 * classes and images. */
static inline void loss_run(const char *name, const struct loss_variant *variants, size_t count)
{
    static const int classes[] = {1, 2, 3, 10, 33, CLASSES_MAX};
    size_t all = sizeof classes / sizeof *classes;
    size_t first = test_smallest() ? 1 : 0, end = test_smallest() ? 3 : test_small() ? 4 : all;
    for (size_t i = 2 * first; i < 2 * end; i++)
        for (size_t v = 0; v < count; v++)
            if (loss_tries(&variants[v], classes[i / 2]))
                loss_run_plan(name, &variants[v], classes[i / 2], i % 2 == 1);
}

#endif

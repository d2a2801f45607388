#include "support/harness.h"

#include "check/reference.h"

#include <math.h>

struct test_device harness_device;

static struct {
    size_t comparisons, exact, differences;
    double worst_l2, worst_difference;
} counts;

void harness_report(void)
{
    fprintf(stderr,
            "%zu comparisons with the device, of them %zu exact; largest L2 error %.2g\n"
            "%zu gradient elements proved by central differences; largest error %.2g\n",
            counts.comparisons, counts.exact, counts.worst_l2, counts.differences,
            counts.worst_difference);
}

static void *room(size_t count, size_t size)
{
    void *bytes = calloc(count ? count : 1, size);
    assert_non_null(bytes);
    return bytes;
}

/* ---- Guarded device memory ---- */

void harness_buffer_create(struct harness_buffer *buffer, const char *name, size_t bytes)
{
    harness_ok(incline_guarded_create(harness_device.ctx, harness_device.device, name, bytes,
                                      &buffer->guarded));
}

void harness_buffer_destroy(struct harness_buffer *buffer)
{
    incline_guarded_destroy(&buffer->guarded);
}

void harness_buffer_reset(struct harness_buffer *buffer, const void *bytes, size_t length)
{
    harness_ok(incline_guarded_reset(harness_device.ctx, &buffer->guarded, bytes, length));
}

void harness_buffer_check(struct harness_buffer *buffer)
{
    bool intact = false;
    harness_ok(incline_guarded_check(harness_device.ctx, &buffer->guarded, &intact));
    if (!intact)
        fail_msg("%s: a guard was overwritten", buffer->guarded.name);
}

void harness_buffer_read(struct harness_buffer *buffer, void *bytes, size_t length)
{
    harness_buffer_check(buffer);
    harness_ok(incline_buffer_read(harness_device.ctx, buffer->guarded.part, 0, bytes, length));
}

struct incline_tensor *harness_buffer_tensor(struct harness_buffer *buffer,
                                             struct incline_plan *plan)
{
    struct incline_tensor *tensor = NULL;
    harness_ok(incline_guarded_tensor(harness_device.ctx, &buffer->guarded, plan, &tensor));
    return tensor;
}

/* ---- Numbers ---- */

/* A linear congruential generator (Knuth's MMIX constants); the upper bits are good enough here. */
static unsigned draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*state >> 33);
}

static void fill_distinct(double *values, size_t count, uint64_t *state)
{
    for (size_t i = 0; i < count; i++)
        values[i] = (double)(float)(((double)i - (double)(count / 2) + 0.5) * 0.01);
    for (size_t i = count; i > 1; i--) {
        size_t j = draw(state) % i;
        double swapped = values[i - 1];
        values[i - 1] = values[j];
        values[j] = swapped;
    }
}

void harness_fill(double *values, size_t count, enum harness_kind kind, unsigned seed)
{
    uint64_t state = seed * 2654435761u + 12345;
    draw(&state);
    if (kind == HARNESS_DISTINCT)
        fill_distinct(values, count, &state);
    else
        for (size_t i = 0; i < count; i++)
            values[i] = kind == HARNESS_INTEGER ? (double)(int)(draw(&state) % 9) - 4
                                                : (double)(float)(draw(&state) / 1073741824.0 - 1);
}

static double largest_finite(const double *values, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i]))
            most = fmax(most, fabs(values[i]));
    return most;
}

static size_t count_nonzero(const double *values, size_t count)
{
    size_t nonzero = 0;
    for (size_t i = 0; i < count; i++)
        nonzero += values[i] != 0;
    return nonzero;
}

static void check_zero_trust(const char *label, const char *tensor, const double *got,
                             const double *expected, size_t count)
{
    size_t found = count_nonzero(got, count), wanted = count_nonzero(expected, count);
    if (found < wanted && found * 10 < count * 3)
        fail_msg("%s: %s has %zu elements of %zu that are not 0, not %zu", label, tensor, found,
                 count, wanted);
}

void harness_compare(const char *label, const char *tensor, const double *got,
                     const double *expected, size_t count)
{
    const double limit = 1e-5;
    double most = largest_finite(expected, count), error = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(expected[i]))
            fail_msg("%s: the reference of %s is %g at %zu", label, tensor, expected[i], i);
        if (!(fabs(got[i] - expected[i]) <= limit * most))
            fail_msg("%s: %s[%zu] is %.9g, not %.9g (%zu elements, the largest %.9g)", label,
                     tensor, i, got[i], expected[i], count, most);
        error += (got[i] - expected[i]) * (got[i] - expected[i]);
        size += expected[i] * expected[i];
    }
    double l2 = size > 0 ? sqrt(error / size) : 0;
    if (!(l2 <= limit))
        fail_msg("%s: %s has an L2 error of %.3g", label, tensor, l2);
    check_zero_trust(label, tensor, got, expected, count);
    counts.worst_l2 = fmax(counts.worst_l2, l2);
    counts.comparisons++;
}

void harness_compare_exact(const char *label, const char *tensor, const double *got,
                           const double *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(got[i] == expected[i]))
            fail_msg("%s: %s[%zu] is %.9g, not exactly %.9g", label, tensor, i, got[i],
                     expected[i]);
    check_zero_trust(label, tensor, got, expected, count);
    counts.comparisons++;
    counts.exact++;
}

/* NaN of equal bits is the same, 0 and -0 are not. */
static bool same_bytes(const double *a, const double *b, size_t count)
{
    return memcmp(a, b, count * sizeof *a) == 0;
}

void harness_compare_same(const char *label, const char *tensor, const double *got,
                          const double *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!same_bytes(&got[i], &expected[i], 1))
            fail_msg("%s: %s[%zu] has other bits: %.9g, not %.9g", label, tensor, i, got[i],
                     expected[i]);
    counts.comparisons++;
    counts.exact++;
}

void harness_compare_nan(const char *label, const char *tensor, const double *got,
                         const double *expected, size_t count, bool only_there)
{
    double limit = 1e-5 * largest_finite(expected, count);
    size_t wanted = 0;
    for (size_t i = 0; i < count; i++) {
        wanted += isnan(expected[i]) != 0;
        if (isnan(expected[i]) && !isnan(got[i]))
            fail_msg("%s: %s[%zu] is %.9g, not NaN", label, tensor, i, got[i]);
        if (only_there && !isnan(expected[i]) && !(fabs(got[i] - expected[i]) <= limit))
            fail_msg("%s: %s[%zu] is %.9g, not %.9g", label, tensor, i, got[i], expected[i]);
    }
    if (wanted == 0)
        fail_msg("%s: the reference of %s has no NaN", label, tensor);
    counts.comparisons++;
}

void harness_prove(const char *label, double (*function)(void *cookie), void *cookie,
                   double *values, size_t count, const double *gradient)
{
    double error = incline_reference_central_differences(function, cookie, values, count, gradient);
    if (!(error <= 1e-6))
        fail_msg("%s: central differences differ from the gradient by %.3g", label, error);
    counts.worst_difference = fmax(counts.worst_difference, error);
    counts.differences += count;
}

/* ---- Chains of layers ---- */

struct harness_chain {
    char label[600];
    struct incline_layer layers[HARNESS_LAYERS]; /* with their options; the chain rewrites copies */
    size_t count;
    struct incline_shape in;
    int batch;
    struct incline_chain *chain;
    struct harness_chain *next; /* of those that are kept */
};

static const struct incline_option *find_option(const struct incline_layer_class *class,
                                                const char *name)
{
    for (size_t i = 0; i < class->options.count; i++)
        if (strcmp(class->options.options[i].name, name) == 0)
            return &class->options.options[i];
    fail_msg("%s has no option %s", class->name, name);
    return NULL;
}

/* "name=value name=value" */
static void parse_options(struct incline_layer *layer, const char *text)
{
    char copy[sizeof((struct harness_layer *)0)->options];
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = copy, *end; *word; word = end) {
        struct incline_text problem;
        end = word + strcspn(word, " ");
        if (*end)
            *end++ = '\0';
        char *value = strchr(word, '=');
        assert_non_null(value);
        *value++ = '\0';
        incline_text_init(&problem, harness_device.ctx);
        if (incline_option_parse(harness_device.ctx, find_option(layer->class, word), value,
                                 layer->options, &problem))
            fail_msg("%s: %s=%s %s", layer->class->name, word, value, incline_text_get(&problem));
        incline_text_finish(&problem);
    }
}

static void infer(struct incline_layer *layer)
{
    struct incline_text problem;
    incline_text_init(&problem, harness_device.ctx);
    if (layer->class->infer(layer, &problem))
        fail_msg("%s: %s", layer->class->name, incline_text_get(&problem));
    incline_text_finish(&problem);
}

static void add_layer(struct harness_chain *chain, const struct harness_layer *spec)
{
    struct incline_layer *layer = &chain->layers[chain->count];
    layer->class = incline_layer_class_find(spec->class_name);
    if (!layer->class)
        fail_msg("there is no layer %s", spec->class_name);
    layer->name = (char *)layer->class->name;
    layer->input_count = spec->input_count;
    for (int k = 0; k < incline_layer_input_count(layer); k++) {
        if (spec->input_count > 0)
            layer->inputs[k] = spec->inputs[k];
        int from = incline_graph_input(chain->layers, chain->count, k);
        struct incline_shape shape = from < 0 ? chain->in : chain->layers[from].out;
        *(k == 0 ? &layer->in : &layer->others[k - 1]) = shape;
    }
    layer->options = room(1, layer->class->options.size);
    harness_ok(incline_options_default(harness_device.ctx, &layer->class->options, layer->options));
    parse_options(layer, spec->options);
    infer(layer);
    chain->count++;
}

static void make_label(struct harness_chain *chain, const struct harness_setup *setup)
{
    size_t length =
        (size_t)snprintf(chain->label, sizeof chain->label, "%dx%dx%d batch %d", setup->in.height,
                         setup->in.width, setup->in.channels, setup->batch);
    for (size_t i = 0; i < chain->count; i++)
        length += (size_t)snprintf(chain->label + length, sizeof chain->label - length, ", %s %s",
                                   setup->layers[i].class_name, setup->layers[i].options);
}

struct harness_chain *harness_chain_create(const struct harness_setup *setup)
{
    struct harness_chain *chain = room(1, sizeof *chain);
    chain->in = setup->in;
    chain->batch = setup->batch;
    for (size_t i = 0; i < HARNESS_LAYERS && setup->layers[i].class_name; i++)
        add_layer(chain, &setup->layers[i]);
    make_label(chain, setup);
    struct incline_chain_spec spec = {
        .device = harness_device.device,
        .layers = chain->layers,
        .count = chain->count,
        .batch = setup->batch,
        .rewrites = setup->rewrites,
        .without_dx = setup->without_dx,
        .forward_only = setup->forward_only,
    };
    harness_ok(incline_chain_create(harness_device.ctx, &spec, &chain->chain));
    return chain;
}

static void destroy_chain(struct harness_chain *chain)
{
    incline_chain_destroy(&chain->chain);
    for (size_t i = 0; i < chain->count; i++) {
        incline_options_finish(&chain->layers[i].class->options, chain->layers[i].options);
        free(chain->layers[i].options);
    }
    free(chain);
}

static struct harness_chain *kept_chains;

/* oclgrind takes a buffer that has the number of a freed one for as large as that was and reports
 * what is behind as uninitialised, so simulators see every buffer kept to the end. */
void harness_chain_destroy(struct harness_chain **pointer)
{
    struct harness_chain *chain = *pointer;
    *pointer = NULL;
    if (!test_small()) {
        destroy_chain(chain);
        return;
    }
    chain->next = kept_chains;
    kept_chains = chain;
}

void harness_finish(void)
{
    while (kept_chains) {
        struct harness_chain *next = kept_chains->next;
        destroy_chain(kept_chains);
        kept_chains = next;
    }
}

size_t harness_chain_launches(const struct harness_chain *chain)
{
    return incline_chain_launches(chain->chain);
}

struct incline_shape harness_chain_out(const struct harness_chain *chain)
{
    return incline_chain_out(chain->chain);
}

void harness_values_init(struct incline_chain_values *values, const struct harness_chain *chain,
                         int images)
{
    harness_ok(incline_chain_values_init(harness_device.ctx, chain->chain, images, values));
}

void harness_values_finish(struct incline_chain_values *values)
{
    incline_chain_values_finish(values);
}

void harness_values_fill(struct incline_chain_values *values, enum harness_kind kind, unsigned seed)
{
    enum harness_kind other = kind == HARNESS_INTEGER ? HARNESS_INTEGER : HARNESS_REAL;
    values->seed = UINT64_C(0x9e3779b97f4a7c15) * (seed + 1);
    values->earlier = (int)(3 * seed);
    harness_fill(values->x, (size_t)values->images * values->in_elems, kind, seed);
    harness_fill(values->dy, (size_t)values->images * values->out_elems, other, seed + 1);
    for (int i = 0; i < values->parameter_count; i++) {
        harness_fill(values->parameter[i], values->parameter_elems[i], other,
                     seed + 2 + (unsigned)i);
        if (other == HARNESS_REAL && values->fan_in[i] > 0)
            for (size_t j = 0; j < values->parameter_elems[i]; j++)
                values->parameter[i][j] =
                    (double)(float)(values->parameter[i][j] * 2 / sqrt(values->fan_in[i]));
    }
}

void harness_chain_run(struct harness_chain *chain, struct incline_chain_values *values)
{
    const char *damage = "";
    harness_ok(incline_chain_run(harness_device.ctx, chain->chain, values, &damage));
    if (damage[0])
        fail_msg("%s: %s", chain->label, damage);
}

/* ---- The whole programme for one case ---- */

struct proof {
    const struct harness_case *test;
    struct incline_chain_values *values;
};

/* sum of dy y, whose gradients are what the backward pass gives */
static double weighted_output(void *cookie)
{
    struct proof *proof = cookie;
    struct incline_chain_values *values = proof->values;
    double sum = 0;
    proof->test->reference(proof->test->cookie, values);
    for (size_t i = 0; i < (size_t)values->images * values->out_elems; i++)
        sum += values->dy[i] * values->y[i];
    return sum;
}

static void prove_one(const char *label, struct proof *proof, double *values, size_t count,
                      const double *gradient)
{
    double *kept = room(count, sizeof *kept);
    memcpy(kept, gradient, count * sizeof *kept);
    harness_prove(label, weighted_output, proof, values, count, kept);
    weighted_output(proof); /* put everything back */
    free(kept);
}

/* Every element of a small case; what costs more than this is left to smaller cases. */
static void prove_reference(const struct harness_case *test, const struct harness_chain *chain)
{
    enum { ELEMS_MAX = 600 };
    struct incline_chain_values values;
    struct proof proof = {test, &values};
    harness_values_init(&values, chain, chain->batch < 2 ? 1 : 2);
    size_t count = (size_t)values.images * values.in_elems;
    size_t total = count;
    for (int i = 0; i < values.parameter_count; i++)
        total += values.is_state[i] ? 0 : values.parameter_elems[i];
    if (total <= ELEMS_MAX) {
        harness_values_fill(&values, HARNESS_DISTINCT, 1);
        weighted_output(&proof);
        prove_one(chain->label, &proof, values.x, count, values.dx);
        for (int i = 0; i < values.parameter_count; i++)
            if (!values.is_state[i])
                prove_one(chain->label, &proof, values.parameter[i], values.parameter_elems[i],
                          values.gradient[i]);
    }
    harness_values_finish(&values);
}

typedef void (*compare_fn)(const char *label, const char *tensor, const double *got,
                           const double *expected, size_t count);

static void compare_all(const char *label, const struct incline_chain_values *got,
                        const struct incline_chain_values *expected, compare_fn compare)
{
    size_t n = (size_t)got->images;
    compare(label, "y", got->y, expected->y, n * got->out_elems);
    compare(label, "dx", got->dx, expected->dx, n * got->in_elems);
    for (int i = 0; i < got->parameter_count; i++)
        compare(label,
                got->is_state[i] ? "state"
                : i % 2          ? "db"
                                 : "dw",
                got->gradient[i], expected->gradient[i], got->parameter_elems[i]);
}

/* got and expected are filled alike and then run on the device and in double precision. */
struct pair {
    struct incline_chain_values got, expected;
    char label[700];
};

static void pair_init(struct pair *pair, const struct harness_chain *chain, int images,
                      enum harness_kind kind)
{
    snprintf(pair->label, sizeof pair->label, "%s, %d images", chain->label, images);
    harness_values_init(&pair->got, chain, images);
    harness_values_init(&pair->expected, chain, images);
    harness_values_fill(&pair->got, kind, (unsigned)images);
    harness_values_fill(&pair->expected, kind, (unsigned)images);
}

static void pair_finish(struct pair *pair)
{
    harness_values_finish(&pair->got);
    harness_values_finish(&pair->expected);
}

static void check_numbers(const struct harness_case *test, struct harness_chain *chain, int images,
                          enum harness_kind kind)
{
    struct pair pair;
    pair_init(&pair, chain, images, kind);
    harness_chain_run(chain, &pair.got);
    test->reference(test->cookie, &pair.expected);
    compare_all(pair.label, &pair.got, &pair.expected,
                kind == HARNESS_INTEGER ? harness_compare_exact : harness_compare);
    pair_finish(&pair);
}

static void check_repeat(struct harness_chain *chain, int images)
{
    struct pair pair;
    pair_init(&pair, chain, images, HARNESS_REAL);
    harness_chain_run(chain, &pair.got);
    harness_chain_run(chain, &pair.expected);
    compare_all(pair.label, &pair.expected, &pair.got, harness_compare_same);
    pair_finish(&pair);
}

static bool has_nan(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (isnan(values[i]))
            return true;
    return false;
}

/* Gradients of parameters may hold more NaN than needed: 0 times NaN, of padding or of images past
 * the last, is NaN as well. */
static void compare_nan_one(const struct pair *pair, const char *tensor, const double *got,
                            const double *expected, size_t count, bool only_there)
{
    if (has_nan(expected, count))
        harness_compare_nan(pair->label, tensor, got, expected, count, only_there);
}

/* The middle and the end of x may be in no window. */
enum { NAN_IN_X, NAN_IN_X_MIDDLE, NAN_IN_X_END, NAN_IN_DY, NAN_IN_PARAMETER };

static double *nan_place(struct incline_chain_values *values, int where)
{
    size_t last = (size_t)values->images - 1;
    double *x = &values->x[last * values->in_elems];
    switch (where) {
    case NAN_IN_X:
        return x;
    case NAN_IN_X_MIDDLE:
        return &x[values->in_elems / 2];
    case NAN_IN_X_END:
        return &x[values->in_elems - 1];
    case NAN_IN_DY:
        return &values->dy[last * values->out_elems];
    default:
        return &values->parameter[where - NAN_IN_PARAMETER][0];
    }
}

static void check_nan(const struct harness_case *test, struct harness_chain *chain, int images,
                      int where)
{
    struct pair pair;
    pair_init(&pair, chain, images, HARNESS_DISTINCT);
    *nan_place(&pair.got, where) = *nan_place(&pair.expected, where) = (double)NAN;
    harness_chain_run(chain, &pair.got);
    test->reference(test->cookie, &pair.expected);
    const struct incline_chain_values *got = &pair.got, *expected = &pair.expected;
    size_t n = (size_t)images;
    bool is_state = where >= NAN_IN_PARAMETER && pair.got.is_state[where - NAN_IN_PARAMETER];
    if ((where == NAN_IN_X || where >= NAN_IN_PARAMETER) && !is_state &&
        !has_nan(expected->y, n * expected->out_elems))
        fail_msg("%s: the reference has lost a NaN", pair.label);
    compare_nan_one(&pair, "y", got->y, expected->y, n * got->out_elems, true);
    compare_nan_one(&pair, "dx", got->dx, expected->dx, n * got->in_elems, true);
    for (int i = 0; i < got->parameter_count; i++)
        compare_nan_one(&pair, "a parameter's gradient", got->gradient[i], expected->gradient[i],
                        got->parameter_elems[i], false);
    pair_finish(&pair);
}

/* Several counts of images, whole numbers, repetition, NaN. */
static void check_values(const struct harness_case *test, struct harness_chain *chain)
{
    static const int all[] = {1, 2, 7, 17, 32, 33, 145, 160, 0}, few[] = {17, 1, 0};
    int images = 1;
    prove_reference(test, chain);
    for (const int *n = test_small() ? few : all; *n; n++) {
        if (*n > test->setup.batch || *n < test->least_images)
            continue;
        check_numbers(test, chain, *n, HARNESS_REAL);
        if (test->exact)
            check_numbers(test, chain, *n, HARNESS_INTEGER);
        images = *n;
    }
    check_repeat(chain, images);
    for (int where = 0; where < NAN_IN_PARAMETER + incline_chain_parameters(chain->chain); where++)
        check_nan(test, chain, images, where);
}

void harness_run(const struct harness_case *test)
{
    struct harness_chain *chain = harness_chain_create(&test->setup);
    if (test_accesses())
        check_numbers(test, chain, test->setup.batch < 17 ? test->setup.batch : 17, HARNESS_REAL);
    else
        check_values(test, chain);
    harness_chain_destroy(&chain);
}

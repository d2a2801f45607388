#include "support/harness.h"

#include "check/reference.h"

#include <math.h>

enum { GUARD_BYTES = 4096, PATTERN = 0xff };

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
    *buffer = (struct harness_buffer){.name = name};
    assert_int_equal(GUARD_BYTES % incline_device_align(harness_device.device), 0);
    harness_ok(incline_buffer_create(harness_device.ctx, harness_device.device, name,
                                     bytes + 2 * GUARD_BYTES, &buffer->whole));
    harness_ok(
        incline_buffer_part(harness_device.ctx, buffer->whole, GUARD_BYTES, bytes, &buffer->part));
}

void harness_buffer_destroy(struct harness_buffer *buffer)
{
    incline_buffer_destroy(&buffer->part);
    incline_buffer_destroy(&buffer->whole);
}

/* In one write of everything: for oclgrind, a second one makes what is beside it uninitialised. */
void harness_buffer_reset(struct harness_buffer *buffer, const void *bytes, size_t length)
{
    size_t whole = incline_buffer_bytes(buffer->whole);
    unsigned char *contents = room(whole, 1);
    memset(contents, PATTERN, whole);
    if (bytes)
        memcpy(contents + GUARD_BYTES, bytes, length);
    harness_ok(incline_buffer_write(harness_device.ctx, buffer->whole, 0, contents, whole));
    free(contents);
}

static void check_guard(struct harness_buffer *buffer, size_t offset, const char *side)
{
    unsigned char guard[GUARD_BYTES];
    harness_ok(incline_buffer_read(harness_device.ctx, buffer->whole, offset, guard, sizeof guard));
    for (size_t i = 0; i < sizeof guard; i++)
        if (guard[i] != PATTERN)
            fail_msg("%s: byte %zu of the guard %s it was overwritten", buffer->name, i, side);
}

void harness_buffer_check(struct harness_buffer *buffer)
{
    check_guard(buffer, 0, "before");
    check_guard(buffer, GUARD_BYTES + incline_buffer_bytes(buffer->part), "behind");
}

void harness_buffer_read(struct harness_buffer *buffer, void *bytes, size_t length)
{
    harness_buffer_check(buffer);
    harness_ok(incline_buffer_read(harness_device.ctx, buffer->part, 0, bytes, length));
}

struct incline_tensor *harness_buffer_tensor(struct harness_buffer *buffer,
                                             struct incline_plan *plan)
{
    struct incline_tensor *tensor = NULL;
    harness_ok(
        incline_plan_external(harness_device.ctx, plan, buffer->name, buffer->part, &tensor));
    return tensor;
}

size_t harness_packed_elems(int images, size_t elems)
{
    return (size_t)(images + INCLINE_NB - 1) / INCLINE_NB * INCLINE_NB * elems;
}

static size_t packed_place(size_t image, size_t elem, size_t elems)
{
    return (image / INCLINE_NB * elems + elem) * INCLINE_NB + image % INCLINE_NB;
}

void harness_pack(const double *values, int images, size_t elems, float *packed)
{
    memset(packed, 0, harness_packed_elems(images, elems) * sizeof *packed);
    for (size_t n = 0; n < (size_t)images; n++)
        for (size_t e = 0; e < elems; e++)
            packed[packed_place(n, e, elems)] = (float)values[n * elems + e];
}

void harness_unpack(const float *packed, int images, size_t elems, double *values)
{
    for (size_t n = 0; n < (size_t)images; n++)
        for (size_t e = 0; e < elems; e++)
            values[n * elems + e] = (double)packed[packed_place(n, e, elems)];
}

static void write_packed(struct harness_buffer *buffer, const double *values, int images,
                         size_t elems)
{
    size_t count = harness_packed_elems(images, elems);
    float *packed = room(count, sizeof *packed);
    harness_pack(values, images, elems, packed);
    harness_buffer_reset(buffer, packed, count * sizeof *packed);
    free(packed);
}

static void read_packed(struct harness_buffer *buffer, int images, size_t elems, double *values)
{
    size_t count = harness_packed_elems(images, elems);
    float *packed = room(count, sizeof *packed);
    harness_buffer_read(buffer, packed, count * sizeof *packed);
    harness_unpack(packed, images, elems, values);
    free(packed);
}

static void write_plain(struct harness_buffer *buffer, const double *values, size_t count)
{
    float *floats = room(count, sizeof *floats);
    for (size_t i = 0; i < count; i++)
        floats[i] = (float)values[i];
    harness_buffer_reset(buffer, floats, count * sizeof *floats);
    free(floats);
}

static void read_plain(struct harness_buffer *buffer, double *values, size_t count)
{
    float *floats = room(count, sizeof *floats);
    harness_buffer_read(buffer, floats, count * sizeof *floats);
    for (size_t i = 0; i < count; i++)
        values[i] = (double)floats[i];
    free(floats);
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
    struct incline_layer layers[HARNESS_LAYERS];
    struct incline_layer_io io[HARNESS_LAYERS];
    size_t count;
    struct incline_shape in;
    struct harness_chain *next; /* of those that are kept */
    struct incline_plan *plan;
    int batch;
    bool updates, has_dx;
    int parameter_count;
    size_t parameter_elems[HARNESS_PARAMETERS];
    double fan_in[HARNESS_PARAMETERS];
    struct harness_buffer x, y, dy, dx;
    struct harness_buffer parameter[HARNESS_PARAMETERS], gradient[HARNESS_PARAMETERS];
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
    layer->in = chain->count ? layer[-1].out : chain->in;
    layer->options = room(1, layer->class->options.size);
    harness_ok(incline_options_default(harness_device.ctx, &layer->class->options, layer->options));
    parse_options(layer, spec->options);
    infer(layer);
    chain->count++;
}

static bool works(const struct incline_layer *layer)
{
    return layer->class->forward && !layer->absorbed;
}

static bool is_last(const struct harness_chain *chain, size_t i)
{
    while (++i < chain->count)
        if (works(&chain->layers[i]))
            return false;
    return true;
}

static bool is_first(const struct harness_chain *chain, size_t i)
{
    while (i-- > 0)
        if (works(&chain->layers[i]))
            return false;
    return true;
}

static struct incline_tensor *arena_tensor(struct harness_chain *chain, struct incline_shape shape)
{
    struct incline_tensor *tensor = NULL;
    harness_ok(incline_activation_tensor(harness_device.ctx, chain->plan, "between",
                                         incline_shape_elems(shape), &tensor));
    return tensor;
}

static void add_parameter(struct harness_chain *chain, struct incline_layer_io *io, int role,
                          const struct incline_parameter *parameter)
{
    int i = chain->parameter_count++;
    size_t bytes = parameter->elems * sizeof(float);
    assert_true(i < HARNESS_PARAMETERS);
    chain->parameter_elems[i] = parameter->elems;
    chain->fan_in[i] = parameter->rank > 1 ? parameter->fan_in : 0;
    harness_buffer_create(&chain->parameter[i], parameter->role, bytes);
    harness_buffer_create(&chain->gradient[i], "gradient", bytes);
    io->parameters[role] = harness_buffer_tensor(&chain->parameter[i], chain->plan);
    if (!chain->updates)
        io->gradients[role] = harness_buffer_tensor(&chain->gradient[i], chain->plan);
}

static void plan_forward(struct harness_chain *chain)
{
    struct incline_tensor *x = harness_buffer_tensor(&chain->x, chain->plan);
    for (size_t i = 0; i < chain->count; i++) {
        struct incline_layer *layer = &chain->layers[i];
        struct incline_layer_io *io = &chain->io[i];
        if (!works(layer))
            continue;
        io->plan = chain->plan;
        io->x = x;
        io->y = is_last(chain, i)
                    ? harness_buffer_tensor(&chain->y, chain->plan)
                    : arena_tensor(chain, layer->pool ? layer->pool->out : layer->out);
        io->training = true;
        io->gradient_use = chain->updates ? INCLINE_GRADIENT_APPLY : INCLINE_GRADIENT_STORE;
        for (int role = 0; role < layer->parameter_count; role++)
            add_parameter(chain, io, role, &layer->parameters[role]);
        harness_ok(layer->class->forward(harness_device.ctx, layer, io));
        x = io->y;
    }
}

static void plan_backward(struct harness_chain *chain)
{
    struct incline_tensor *dy = harness_buffer_tensor(&chain->dy, chain->plan);
    for (size_t i = chain->count; i-- > 0;) {
        struct incline_layer *layer = &chain->layers[i];
        struct incline_layer_io *io = &chain->io[i];
        if (!works(layer))
            continue;
        io->dy = dy;
        if (!is_first(chain, i))
            io->dx = arena_tensor(chain, layer->in);
        else if (chain->has_dx)
            io->dx = harness_buffer_tensor(&chain->dx, chain->plan);
        harness_ok(layer->class->backward(harness_device.ctx, layer, io));
        dy = io->dx;
    }
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

static size_t packed_bytes(const struct harness_chain *chain, struct incline_shape shape)
{
    return harness_packed_elems(chain->batch, incline_shape_elems(shape)) * sizeof(float);
}

struct harness_chain *harness_chain_create(const struct harness_setup *setup)
{
    struct harness_chain *chain = room(1, sizeof *chain);
    chain->in = setup->in;
    chain->batch = setup->batch;
    chain->updates = setup->rewrites & INCLINE_REWRITE_UPDATE;
    chain->has_dx = !setup->without_dx;
    for (size_t i = 0; i < HARNESS_LAYERS && setup->layers[i].class_name; i++)
        add_layer(chain, &setup->layers[i]);
    make_label(chain, setup);
    harness_ok(
        incline_plan_create(harness_device.ctx, harness_device.device, setup->batch, &chain->plan));
    harness_buffer_create(&chain->x, "x", packed_bytes(chain, chain->in));
    harness_buffer_create(&chain->dx, "dx", packed_bytes(chain, chain->in));
    harness_buffer_create(&chain->y, "y", packed_bytes(chain, harness_chain_out(chain)));
    harness_buffer_create(&chain->dy, "dy", packed_bytes(chain, harness_chain_out(chain)));
    incline_rewrite_layers(chain->layers, chain->count, setup->rewrites);
    plan_forward(chain);
    plan_backward(chain);
    harness_ok(incline_plan_finish(harness_device.ctx, chain->plan));
    return chain;
}

static void destroy_chain(struct harness_chain *chain)
{
    incline_plan_destroy(&chain->plan);
    harness_buffer_destroy(&chain->x);
    harness_buffer_destroy(&chain->y);
    harness_buffer_destroy(&chain->dy);
    harness_buffer_destroy(&chain->dx);
    for (int i = 0; i < chain->parameter_count; i++) {
        harness_buffer_destroy(&chain->parameter[i]);
        harness_buffer_destroy(&chain->gradient[i]);
    }
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
    return incline_plan_launches(chain->plan);
}

struct incline_shape harness_chain_out(const struct harness_chain *chain)
{
    return chain->layers[chain->count - 1].out;
}

void harness_values_init(struct harness_values *values, const struct harness_chain *chain,
                         int images)
{
    size_t n = (size_t)images;
    *values = (struct harness_values){
        .images = images,
        .in_elems = incline_shape_elems(chain->in),
        .out_elems = incline_shape_elems(harness_chain_out(chain)),
        .parameter_count = chain->parameter_count,
        .learning_rate = 0.125f,
    };
    values->x = room(n * values->in_elems, sizeof(double));
    values->dx = room(n * values->in_elems, sizeof(double));
    values->y = room(n * values->out_elems, sizeof(double));
    values->dy = room(n * values->out_elems, sizeof(double));
    for (int i = 0; i < chain->parameter_count; i++) {
        values->parameter_elems[i] = chain->parameter_elems[i];
        values->fan_in[i] = chain->fan_in[i];
        values->parameter[i] = room(chain->parameter_elems[i], sizeof(double));
        values->gradient[i] = room(chain->parameter_elems[i], sizeof(double));
    }
}

void harness_values_finish(struct harness_values *values)
{
    free(values->x);
    free(values->dx);
    free(values->y);
    free(values->dy);
    for (int i = 0; i < values->parameter_count; i++) {
        free(values->parameter[i]);
        free(values->gradient[i]);
    }
}

void harness_values_fill(struct harness_values *values, enum harness_kind kind, unsigned seed)
{
    enum harness_kind other = kind == HARNESS_INTEGER ? HARNESS_INTEGER : HARNESS_REAL;
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

static void check_unchanged(struct harness_chain *chain, const struct harness_values *values)
{
    size_t count = (size_t)values->images * values->in_elems;
    double *now = room(count, sizeof *now);
    read_packed(&chain->x, values->images, values->in_elems, now);
    if (!same_bytes(now, values->x, count))
        fail_msg("%s: x was changed", chain->label);
    free(now);
    for (int i = 0; i < chain->parameter_count && !chain->updates; i++) {
        now = room(values->parameter_elems[i], sizeof *now);
        read_plain(&chain->parameter[i], now, values->parameter_elems[i]);
        if (!same_bytes(now, values->parameter[i], values->parameter_elems[i]))
            fail_msg("%s: parameter %d was changed", chain->label, i);
        free(now);
    }
}

void harness_chain_run(struct harness_chain *chain, struct harness_values *values)
{
    struct incline_step step = {.images = values->images, .learning_rate = values->learning_rate};
    write_packed(&chain->x, values->x, values->images, values->in_elems);
    write_packed(&chain->dy, values->dy, values->images, values->out_elems);
    harness_buffer_reset(&chain->y, NULL, 0);
    harness_buffer_reset(&chain->dx, NULL, 0);
    for (int i = 0; i < chain->parameter_count; i++) {
        write_plain(&chain->parameter[i], values->parameter[i], values->parameter_elems[i]);
        harness_buffer_reset(&chain->gradient[i], NULL, 0);
    }
    harness_ok(incline_plan_enqueue(harness_device.ctx, chain->plan, &step));
    read_packed(&chain->y, values->images, values->out_elems, values->y);
    read_packed(&chain->dx, values->images, values->in_elems, values->dx);
    harness_buffer_check(&chain->dy);
    for (int i = 0; i < chain->parameter_count; i++)
        read_plain(chain->updates ? &chain->parameter[i] : &chain->gradient[i], values->gradient[i],
                   values->parameter_elems[i]);
    check_unchanged(chain, values);
}

/* ---- The whole programme for one case ---- */

struct proof {
    const struct harness_case *test;
    struct harness_values *values;
};

/* sum of dy y, whose gradients are what the backward pass gives */
static double weighted_output(void *cookie)
{
    struct proof *proof = cookie;
    struct harness_values *values = proof->values;
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
    struct harness_values values;
    struct proof proof = {test, &values};
    harness_values_init(&values, chain, chain->batch < 2 ? 1 : 2);
    size_t count = (size_t)values.images * values.in_elems;
    size_t total = count;
    for (int i = 0; i < values.parameter_count; i++)
        total += values.parameter_elems[i];
    if (total <= ELEMS_MAX) {
        harness_values_fill(&values, HARNESS_DISTINCT, 1);
        weighted_output(&proof);
        prove_one(chain->label, &proof, values.x, count, values.dx);
        for (int i = 0; i < values.parameter_count; i++)
            prove_one(chain->label, &proof, values.parameter[i], values.parameter_elems[i],
                      values.gradient[i]);
    }
    harness_values_finish(&values);
}

typedef void (*compare_fn)(const char *label, const char *tensor, const double *got,
                           const double *expected, size_t count);

static void compare_all(const char *label, const struct harness_values *got,
                        const struct harness_values *expected, compare_fn compare)
{
    size_t n = (size_t)got->images;
    compare(label, "y", got->y, expected->y, n * got->out_elems);
    compare(label, "dx", got->dx, expected->dx, n * got->in_elems);
    for (int i = 0; i < got->parameter_count; i++)
        compare(label, i % 2 ? "db" : "dw", got->gradient[i], expected->gradient[i],
                got->parameter_elems[i]);
}

/* got and expected are filled alike and then run on the device and in double precision. */
struct pair {
    struct harness_values got, expected;
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

static double *nan_place(struct harness_values *values, int where)
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
    const struct harness_values *got = &pair.got, *expected = &pair.expected;
    size_t n = (size_t)images;
    if ((where == NAN_IN_X || where >= NAN_IN_PARAMETER) &&
        !has_nan(expected->y, n * expected->out_elems))
        fail_msg("%s: the reference has lost a NaN", pair.label);
    compare_nan_one(&pair, "y", got->y, expected->y, n * got->out_elems, true);
    compare_nan_one(&pair, "dx", got->dx, expected->dx, n * got->in_elems, true);
    for (int i = 0; i < got->parameter_count; i++)
        compare_nan_one(&pair, "a parameter's gradient", got->gradient[i], expected->gradient[i],
                        got->parameter_elems[i], false);
    pair_finish(&pair);
}

void harness_run(const struct harness_case *test)
{
    static const int all[] = {1, 2, 7, 17, 32, 33, 145, 160, 0}, few[] = {17, 1, 0};
    struct harness_chain *chain = harness_chain_create(&test->setup);
    int images = 1;
    prove_reference(test, chain);
    for (const int *n = test_small() ? few : all; *n; n++) {
        if (*n > test->setup.batch)
            continue;
        check_numbers(test, chain, *n, HARNESS_REAL);
        if (test->exact)
            check_numbers(test, chain, *n, HARNESS_INTEGER);
        images = *n;
    }
    check_repeat(chain, images);
    for (int where = 0; where < NAN_IN_PARAMETER + chain->parameter_count; where++)
        check_nan(test, chain, images, where);
    harness_chain_destroy(&chain);
}

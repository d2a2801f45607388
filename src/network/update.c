#include "network/update.h"

#include "base/memory.h"

#include <string.h>

enum { ROWS_WANTED = 512, ROW_LEAST = 128, ROW_FIELDS = 4, TRUST_SHARE = 1 };

enum incline_status incline_optimizer_state_init(struct incline_context *ctx,
                                                 struct incline_device *device,
                                                 const struct incline_layer *layers,
                                                 size_t layer_count,
                                                 const struct incline_optimizer *optimizer,
                                                 struct incline_optimizer_state *out)
{
    enum incline_status status = INCLINE_OK;
    *out = (struct incline_optimizer_state){{0}};
    for (int i = 0; !status && i < incline_optimizer_states(optimizer); i++)
        status = incline_parameters_create(ctx, device, layers, layer_count, &out->tensors[i]);
    return status;
}

void incline_optimizer_state_finish(struct incline_optimizer_state *state)
{
    for (int i = 0; i < INCLINE_STATES_MAX; i++)
        incline_parameters_destroy(&state->tensors[i]);
}

/* ---- rows ---- */

/* Elements of a row: few rows to add up, but enough for a device. */
static size_t row_elems(const struct incline_parameters *parameters)
{
    size_t elems = (parameters->trained_elems + ROWS_WANTED - 1) / ROWS_WANTED;
    elems = (elems + INCLINE_NB - 1) / INCLINE_NB * INCLINE_NB;
    return elems > ROW_LEAST ? elems : ROW_LEAST;
}

static size_t rows_of(const struct incline_parameter_place *place, size_t elems)
{
    return (place->elems + elems - 1) / elems;
}

static size_t count_rows(const struct incline_parameters *parameters)
{
    size_t count = 0, elems = row_elems(parameters);
    for (size_t i = 0; i < parameters->trained_count; i++)
        count += rows_of(&parameters->places[i], elems);
    return count;
}

static bool decays(const struct incline_update *update, const struct incline_parameter_place *place)
{
    return incline_optimizer_decays(
        update->optimizer,
        incline_is_bias_or_norm(&update->layers[place->layer].parameters[place->role]));
}

/* rows as cl/parameter_rows.h has them. */
static void write_rows(const struct incline_update *update, int *rows)
{
    const struct incline_parameters *parameters = update->parameters;
    size_t elems = row_elems(parameters), next = 0;
    int *first_row = rows + ROW_FIELDS * count_rows(parameters);
    for (size_t i = 0; i < parameters->trained_count; i++) {
        const struct incline_parameter_place *place = &parameters->places[i];
        size_t end = place->first_elem + place->elems;
        first_row[i] = (int)next;
        for (size_t from = place->first_elem; from < end; from += elems) {
            int *row = rows + ROW_FIELDS * next++;
            row[0] = (int)from;
            row[1] = (int)(end - from > elems ? from + elems : end);
            row[2] = (int)i;
            row[3] = decays(update, place);
        }
    }
    first_row[parameters->trained_count] = (int)next;
}

static enum incline_status make_rows(struct incline_context *ctx,
                                     const struct incline_update *update,
                                     struct incline_buffer **out)
{
    const struct incline_parameters *parameters = update->parameters;
    size_t count = ROW_FIELDS * count_rows(parameters) + parameters->trained_count + 1;
    int *rows = NULL;
    enum incline_status status = incline_alloc(ctx, count, sizeof *rows, &rows);
    if (status)
        return status;
    write_rows(update, rows);
    status = incline_buffer_create(ctx, parameters->device, "the rows of parameters",
                                   count * sizeof *rows, out);
    if (!status)
        status = incline_buffer_write(ctx, *out, 0, rows, count * sizeof *rows);
    incline_free(&rows);
    return status;
}

/* ---- launches ---- */

/* What the launches share. */
struct launcher {
    struct incline_context *ctx;
    const struct incline_update *update;
    int count; /* of rows */
    struct incline_tensor *rows, *gradients;
    struct incline_target parameters;
    struct incline_tensor *scale, *sums, *trust; /* NULL: not needed */
};

static const char *label_of(const struct incline_optimizer *optimizer)
{
    return optimizer ? optimizer->class->name : "sgd";
}

static enum incline_status launch_kernel(const struct launcher *launcher,
                                         struct incline_launch *launch)
{
    const struct incline_optimizer *optimizer = launcher->update->optimizer;
    struct incline_text defines;
    incline_text_init(&defines, launcher->ctx);
    incline_define_update(&defines, optimizer, INCLINE_GRADIENT_APPLY);
    incline_define(&defines, "CLIP_NORM", launcher->scale != NULL);
    launch->label = label_of(optimizer);
    launch->source = "update.cl";
    launch->only_on_update = true;
    launch->defines = incline_text_get(&defines);
    enum incline_status status = incline_text_status(&defines);
    if (!status)
        status = incline_plan_launch(launcher->ctx, launcher->update->plan, launch);
    incline_text_finish(&defines);
    return status;
}

/* A kernel over rows, which is given the step's numbers and the count of rows at last. */
static enum incline_status launch_rows(const struct launcher *launcher,
                                       struct incline_launch *launch)
{
    incline_launch_over_lanes(launch, launcher->update->plan, launcher->count);
    incline_launch_add_rates(launch, launcher->update->optimizer, INCLINE_GRADIENT_APPLY);
    incline_launch_add_int(launch, launcher->count);
    return launch_kernel(launcher, launch);
}

static enum incline_status bind(struct launcher *launcher, struct incline_buffer *rows)
{
    struct incline_context *ctx = launcher->ctx;
    const struct incline_update *update = launcher->update;
    struct incline_plan *plan = update->plan;
    enum incline_status status = incline_plan_external(ctx, plan, "rows", rows, &launcher->rows);
    if (!status)
        status = incline_plan_external(ctx, plan, "parameters", update->parameters->all,
                                       &launcher->parameters.tensor);
    if (!status)
        status = incline_plan_external(ctx, plan, "gradients", update->gradients->all,
                                       &launcher->gradients);
    for (int i = 0; !status && i < incline_optimizer_states(update->optimizer); i++)
        status = incline_plan_external(ctx, plan, "state", update->state->tensors[i]->all,
                                       &launcher->parameters.states[i]);
    return status;
}

static enum incline_status make_sums(struct launcher *launcher, size_t each)
{
    return incline_plan_tensor(launcher->ctx, launcher->update->plan, "sums",
                               (size_t)launcher->count * each * INCLINE_NB * sizeof(float),
                               &launcher->sums);
}

/* The factor that clips the norm of all gradients. */
static enum incline_status plan_scale(struct launcher *launcher)
{
    struct incline_plan *plan = launcher->update->plan;
    float limit = (float)launcher->update->optimizer->clip_norm;
    enum incline_status status = make_sums(launcher, 1);
    if (!status)
        status = incline_plan_tensor(launcher->ctx, plan, "scale", sizeof(float), &launcher->scale);
    if (status)
        return status;
    struct incline_launch squares = {
        .kernel = "update_squares",
        .args = {INCLINE_TENSOR(launcher->rows), INCLINE_TENSOR(launcher->gradients),
                 INCLINE_TENSOR(launcher->sums)},
    };
    status = launch_rows(launcher, &squares);
    if (status)
        return status;
    struct incline_launch scale = {
        .kernel = "update_scale",
        .args = {INCLINE_TENSOR(launcher->sums), INCLINE_TENSOR(launcher->scale),
                 INCLINE_FLOAT(limit), INCLINE_INT(launcher->count)},
    };
    incline_launch_in_groups(&scale, plan, 1, TRUST_SHARE);
    return launch_kernel(launcher, &scale);
}

static void add_gradients(const struct launcher *launcher, struct incline_launch *launch)
{
    incline_launch_add_tensor(launch, launcher->gradients);
    if (launcher->scale)
        incline_launch_add_tensor(launch, launcher->scale);
}

static enum incline_status plan_plain(struct launcher *launcher)
{
    struct incline_launch launch = {.kernel = "update", .args = {INCLINE_TENSOR(launcher->rows)}};
    incline_launch_add_target(&launch, &launcher->parameters);
    add_gradients(launcher, &launch);
    return launch_rows(launcher, &launch);
}

static enum incline_status plan_trust(struct launcher *launcher)
{
    struct incline_plan *plan = launcher->update->plan;
    size_t parameters = launcher->update->parameters->trained_count;
    struct incline_launch launch = {.kernel = "update_trust"};
    enum incline_status status = incline_plan_tensor(launcher->ctx, plan, "trust",
                                                     parameters * sizeof(float), &launcher->trust);
    if (status)
        return status;
    incline_launch_add_tensor(&launch, launcher->rows);
    incline_launch_add_tensor(&launch, launcher->sums);
    incline_launch_add_tensor(&launch, launcher->trust);
    incline_launch_add_int(&launch, launcher->count);
    incline_launch_in_groups(&launch, plan, (int)parameters, TRUST_SHARE);
    return launch_kernel(launcher, &launch);
}

/* lamb: the direction of each parameter, its norm, and then the step. */
static enum incline_status plan_normalized(struct launcher *launcher)
{
    struct incline_launch direction = {.kernel = "update_direction",
                                       .args = {INCLINE_TENSOR(launcher->rows)}};
    enum incline_status status = make_sums(launcher, 2);
    if (status)
        return status;
    incline_launch_add_target(&direction, &launcher->parameters);
    add_gradients(launcher, &direction);
    incline_launch_add_tensor(&direction, launcher->sums);
    status = launch_rows(launcher, &direction);
    if (!status)
        status = plan_trust(launcher);
    if (status)
        return status;
    struct incline_launch step = {
        .kernel = "update_normalized",
        .args = {INCLINE_TENSOR(launcher->rows), INCLINE_TENSOR(launcher->parameters.tensor),
                 INCLINE_TENSOR(launcher->gradients), INCLINE_TENSOR(launcher->trust)},
    };
    return launch_rows(launcher, &step);
}

static enum incline_status plan_all(struct launcher *launcher)
{
    const struct incline_optimizer *optimizer = launcher->update->optimizer;
    enum incline_status status = INCLINE_OK;
    if (optimizer && optimizer->clip_norm > 0)
        status = plan_scale(launcher);
    if (status)
        return status;
    return optimizer && optimizer->class->normalizes ? plan_normalized(launcher)
                                                     : plan_plain(launcher);
}

/* The gradients as they are before anything is clipped or, by lamb, overwritten. */
static enum incline_status plan_watched(struct launcher *launcher)
{
    const struct incline_update *update = launcher->update;
    const struct incline_watch_rows rows = {
        .count = launcher->count,
        .rows = launcher->rows,
        .parameters = launcher->parameters.tensor,
        .gradients = launcher->gradients,
        .elems = update->parameters->trained_elems,
    };
    enum incline_status status = incline_watch_before(launcher->ctx, update->watch, &rows);
    if (!status)
        status = plan_all(launcher);
    return status ? status : incline_watch_after(launcher->ctx, update->watch, &rows);
}

enum incline_status incline_update_plan(struct incline_context *ctx,
                                        const struct incline_update *update,
                                        struct incline_buffer **rows)
{
    struct launcher launcher = {
        .ctx = ctx, .update = update, .count = (int)count_rows(update->parameters)};
    enum incline_status status = make_rows(ctx, update, rows);
    if (!status)
        status = bind(&launcher, *rows);
    if (status)
        return status;
    return update->watch ? plan_watched(&launcher) : plan_all(&launcher);
}

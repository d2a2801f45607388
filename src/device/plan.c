#include "base/memory.h"
#include "device/arena.h"
#include "device/opencl.h"
#include "device/plan_inner.h"
#include "device/tuning.h"

#include <assert.h>
#include <stdint.h>

const char *const incline_pass_names[] = {"forward", "loss", "backward", "update", NULL};

enum incline_status incline_plan_create(struct incline_context *ctx, struct incline_device *device,
                                        int batch, struct incline_plan **out)
{
    enum incline_status status = incline_alloc(ctx, 1, sizeof **out, out);
    if (status)
        return status;
    (*out)->device = device;
    (*out)->batch = batch;
    (*out)->tuned_batch = batch;
    return INCLINE_OK;
}

void incline_plan_tune_for(struct incline_plan *plan, int batch)
{
    plan->tuned_batch = batch;
}

void incline_plan_borrow(struct incline_plan *plan, const struct incline_plan *lender)
{
    plan->lender = lender;
}

static void destroy_tensor(struct incline_tensor **tensor)
{
    if (!(*tensor)->external || (*tensor)->constant)
        incline_buffer_destroy(&(*tensor)->buffer);
    incline_free(&(*tensor)->name);
    incline_free(tensor);
}

static void finish_launch(struct incline_bound_launch *launch)
{
    if (launch->kernel)
        clReleaseKernel(launch->kernel);
    incline_free(&launch->label);
    incline_free(&launch->source);
    incline_free(&launch->defines);
}

void incline_plan_destroy(struct incline_plan **pointer)
{
    struct incline_plan *plan = *pointer;
    if (!plan)
        return;
    for (size_t i = 0; i < plan->launch_count; i++)
        finish_launch(&plan->launches[i]);
    for (size_t i = 0; i < plan->tensor_count; i++)
        destroy_tensor(&plan->tensors[i]);
    incline_buffer_destroy(&plan->arena);
    incline_free(&plan->launches);
    incline_free(&plan->tensors);
    incline_free(pointer);
}

struct incline_device *incline_plan_device(const struct incline_plan *plan)
{
    return plan->device;
}

int incline_plan_batch(const struct incline_plan *plan)
{
    return plan->batch;
}

int incline_plan_blocks(const struct incline_plan *plan)
{
    return incline_blocks_of(plan->batch);
}

int incline_plan_tuned_batch(const struct incline_plan *plan)
{
    return plan->tuned_batch;
}

static enum incline_status add_tensor(struct incline_context *ctx, struct incline_plan *plan,
                                      const char *name, size_t bytes, struct incline_tensor **out)
{
    struct incline_tensor *tensor = NULL;
    enum incline_status status = incline_grow(ctx, &plan->tensors, &plan->tensor_capacity,
                                              plan->tensor_count + 1, sizeof(void *));
    if (status)
        return status;
    status = incline_alloc(ctx, 1, sizeof *tensor, &tensor);
    if (status)
        return status;
    status = incline_strdup(ctx, name, &tensor->name);
    if (status) {
        incline_free(&tensor);
        return status;
    }
    tensor->bytes = bytes;
    tensor->first = SIZE_MAX;
    plan->tensors[plan->tensor_count++] = tensor;
    *out = tensor;
    return INCLINE_OK;
}

enum incline_status incline_plan_tensor(struct incline_context *ctx, struct incline_plan *plan,
                                        const char *name, size_t bytes, struct incline_tensor **out)
{
    return add_tensor(ctx, plan, name, bytes, out);
}

enum incline_status incline_plan_external(struct incline_context *ctx, struct incline_plan *plan,
                                          const char *name, struct incline_buffer *buffer,
                                          struct incline_tensor **out)
{
    enum incline_status status = add_tensor(ctx, plan, name, incline_buffer_bytes(buffer), out);
    if (status)
        return status;
    (*out)->external = true;
    (*out)->buffer = buffer;
    return INCLINE_OK;
}

enum incline_status incline_plan_constant(struct incline_context *ctx, struct incline_plan *plan,
                                          const char *name, const void *data, size_t bytes,
                                          struct incline_tensor **out)
{
    enum incline_status status = add_tensor(ctx, plan, name, bytes, out);
    if (status)
        return status;
    (*out)->external = (*out)->constant = true;
    status = incline_buffer_create(ctx, plan->device, name, bytes, &(*out)->buffer);
    return status ? status : incline_buffer_write(ctx, (*out)->buffer, 0, data, bytes);
}

void incline_plan_keep(struct incline_tensor *tensor)
{
    tensor->kept = true;
}

void incline_launch_add(struct incline_launch *launch, struct incline_arg arg)
{
    size_t next = 0;
    while (launch->args[next].kind != INCLINE_ARG_END)
        next++;
    assert(next + 1 < INCLINE_ARGS_MAX); /* the last place stays END */
    launch->args[next] = arg;
}

void incline_launch_add_tensor(struct incline_launch *launch, struct incline_tensor *tensor)
{
    incline_launch_add(launch, (struct incline_arg)INCLINE_TENSOR(tensor));
}

void incline_launch_add_int(struct incline_launch *launch, int value)
{
    incline_launch_add(launch, (struct incline_arg)INCLINE_INT(value));
}

void incline_launch_add_float(struct incline_launch *launch, double value)
{
    incline_launch_add(launch, (struct incline_arg)INCLINE_FLOAT((float)value));
}

static void note_uses(const struct incline_launch *spec, size_t number)
{
    for (const struct incline_arg *arg = spec->args; arg->kind != INCLINE_ARG_END; arg++) {
        struct incline_tensor *tensor = arg->value.tensor;
        if (arg->kind != INCLINE_ARG_TENSOR)
            continue;
        if (tensor->first == SIZE_MAX)
            tensor->first = number;
        tensor->last = number;
    }
}

static enum incline_status copy_text(struct incline_context *ctx, const char **text, char **copy)
{
    enum incline_status status = incline_strdup(ctx, *text ? *text : "", copy);
    *text = *copy;
    return status;
}

enum incline_status incline_plan_launch(struct incline_context *ctx, struct incline_plan *plan,
                                        const struct incline_launch *launch)
{
    struct incline_bound_launch bound = {.spec = *launch};
    bound.spec.pass = plan->pass;
    enum incline_status status = incline_grow(ctx, &plan->launches, &plan->launch_capacity,
                                              plan->launch_count + 1, sizeof *plan->launches);
    if (status)
        return status;
    status = copy_text(ctx, &bound.spec.label, &bound.label);
    if (!status)
        status = copy_text(ctx, &bound.spec.source, &bound.source);
    if (!status)
        status = copy_text(ctx, &bound.spec.defines, &bound.defines);
    if (status) {
        finish_launch(&bound);
        return status;
    }
    note_uses(launch, plan->launch_count);
    plan->launches[plan->launch_count++] = bound;
    return INCLINE_OK;
}

void incline_plan_set_pass(struct incline_plan *plan, enum incline_pass pass)
{
    plan->pass = pass;
}

static size_t collect_items(const struct incline_plan *plan, struct incline_arena_item *items)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->tensor_count; i++) {
        const struct incline_tensor *tensor = plan->tensors[i];
        if (tensor->external || (tensor->first == SIZE_MAX && !tensor->kept))
            continue;
        items[count++] = (struct incline_arena_item){
            .bytes = tensor->bytes,
            .first = tensor->kept ? 0 : tensor->first,
            .last = tensor->kept ? plan->launch_count : tensor->last,
        };
    }
    return count;
}

static enum incline_status make_parts(struct incline_context *ctx, struct incline_plan *plan,
                                      const struct incline_arena_item *items)
{
    struct incline_buffer *arena = plan->lender ? plan->lender->arena : plan->arena;
    size_t next = 0;
    for (size_t i = 0; i < plan->tensor_count; i++) {
        struct incline_tensor *tensor = plan->tensors[i];
        if (tensor->external || (tensor->first == SIZE_MAX && !tensor->kept))
            continue;
        enum incline_status status =
            incline_buffer_part(ctx, arena, items[next++].offset, tensor->bytes, &tensor->buffer);
        if (status)
            return status;
    }
    return INCLINE_OK;
}

/* Finds a place for every arena tensor and the size of the whole; items has room for all tensors.
 */
static enum incline_status find_places(struct incline_context *ctx, struct incline_plan *plan,
                                       struct incline_arena_item *items)
{
    size_t *order = NULL;
    enum incline_status status = incline_alloc(ctx, plan->tensor_count, sizeof *order, &order);
    if (status)
        return status;
    plan->arena_bytes =
        incline_arena_place(items, collect_items(plan, items), plan->device->align, order);
    incline_free(&order);
    if (plan->lender && plan->arena_bytes > plan->lender->arena_bytes)
        plan->lender = NULL;
    return INCLINE_OK;
}

static enum incline_status place(struct incline_context *ctx, struct incline_plan *plan,
                                 bool only_measure)
{
    struct incline_arena_item *items = NULL;
    enum incline_status status = incline_alloc(ctx, plan->tensor_count, sizeof *items, &items);
    if (status)
        return status;
    status = find_places(ctx, plan, items);
    if (!status && !only_measure && plan->arena_bytes > 0) {
        if (!plan->lender)
            status = incline_buffer_create(ctx, plan->device, "the memory of one step",
                                           plan->arena_bytes, &plan->arena);
        if (!status)
            status = make_parts(ctx, plan, items);
    }
    incline_free(&items);
    return status;
}

enum incline_status incline_plan_measure(struct incline_context *ctx, struct incline_plan *plan)
{
    return place(ctx, plan, true);
}

/* The wanted group, halved until this kernel can have it on this device. */
static void choose_group(const struct incline_device *device, struct incline_bound_launch *launch)
{
    const struct incline_launch *spec = &launch->spec;
    size_t limit = 1, first = (size_t)(spec->group > 0 ? spec->group : 1);
    size_t second = (size_t)(spec->second_group > 0 ? spec->second_group : 1);
    clGetKernelWorkGroupInfo(launch->kernel, device->id, CL_KERNEL_WORK_GROUP_SIZE, sizeof limit,
                             &limit, NULL);
    while (second > 1 && (first * second > limit || second > device->most_items[1]))
        second /= 2;
    while (first > 1 &&
           (first > limit || first > device->most_items[0] || (size_t)spec->items % first != 0))
        first /= 2;
    launch->local[0] = first;
    launch->local[1] = second;
    launch->local[2] = 1;
}

static enum incline_status check_scratch(struct incline_context *ctx,
                                         const struct incline_device *device,
                                         const struct incline_bound_launch *launch)
{
    cl_ulong bytes = 0;
    clGetKernelWorkGroupInfo(launch->kernel, device->id, CL_KERNEL_LOCAL_MEM_SIZE, sizeof bytes,
                             &bytes, NULL);
    if (bytes <= device->info.local_bytes)
        return INCLINE_OK;
    return incline_fail(ctx, INCLINE_ERROR_DEVICE,
                        "kernel %s of %s needs %llu bytes of local memory; device %s has %llu",
                        launch->spec.kernel, launch->spec.label, (unsigned long long)bytes,
                        device->info.name, (unsigned long long)device->info.local_bytes);
}

static enum incline_status bind_launch(struct incline_context *ctx, struct incline_plan *plan,
                                       struct incline_bound_launch *launch)
{
    static const struct incline_step nothing = {.images = 1};
    cl_program program;
    cl_int code;
    enum incline_status status =
        incline_program_get(ctx, plan->device, launch->spec.source, launch->spec.defines, &program);
    if (status)
        return status;
    launch->kernel = clCreateKernel(program, launch->spec.kernel, &code);
    if (code != CL_SUCCESS)
        return incline_launch_fail(ctx, plan->device, code, "clCreateKernel", &launch->spec);
    status = check_scratch(ctx, plan->device, launch);
    if (status)
        return status;
    choose_group(plan->device, launch);
    for (cl_uint i = 0; launch->spec.args[i].kind != INCLINE_ARG_END; i++) {
        code = incline_launch_set_argument(launch, i, &nothing);
        if (code != CL_SUCCESS)
            return incline_launch_fail(ctx, plan->device, code, "clSetKernelArg", &launch->spec);
    }
    plan->last_step = nothing;
    return INCLINE_OK;
}

enum incline_status incline_plan_finish(struct incline_context *ctx, struct incline_plan *plan)
{
    incline_tuning_log(ctx, plan->device);
    enum incline_status status = place(ctx, plan, false);
    if (status)
        return status;
    for (size_t i = 0; i < plan->launch_count; i++) {
        if (plan->launches[i].spec.call)
            continue;
        status = bind_launch(ctx, plan, &plan->launches[i]);
        if (status)
            return status;
    }
    return INCLINE_OK;
}

struct incline_buffer *incline_tensor_buffer(const struct incline_tensor *tensor)
{
    return tensor->buffer;
}

size_t incline_plan_arena_bytes(const struct incline_plan *plan)
{
    return plan->lender ? 0 : plan->arena_bytes;
}

size_t incline_plan_launches(const struct incline_plan *plan)
{
    return plan->launch_count;
}

const struct incline_launch *incline_plan_get_launch(const struct incline_plan *plan, size_t i)
{
    return &plan->launches[i].spec;
}

#include "device/plan_inner.h"
#include "device/program_cache.h"

static void add_int(struct incline_hash *hash, int value)
{
    incline_hash_add(hash, &value, sizeof value);
}

static void add_sizes(struct incline_hash *hash, const struct incline_launch *launch)
{
    const int sizes[] = {launch->items,         launch->group,         launch->second,
                         launch->second_group,  launch->second_groups, launch->third,
                         launch->only_on_update};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        add_int(hash, sizes[i]);
}

static void add_arguments(struct incline_hash *hash, const struct incline_launch *launch)
{
    for (const struct incline_arg *arg = launch->args; arg->kind != INCLINE_ARG_END; arg++) {
        add_int(hash, (int)arg->kind);
        if (arg->kind == INCLINE_ARG_INT)
            add_int(hash, arg->value.i);
        if (arg->kind == INCLINE_ARG_INT8)
            incline_hash_add(hash, arg->value.int8, sizeof arg->value.int8);
        if (arg->kind == INCLINE_ARG_FLOAT)
            incline_hash_add(hash, &arg->value.f, sizeof arg->value.f);
    }
    add_int(hash, INCLINE_ARG_END);
}

/* kernels: what all kernel sources hash to. */
static enum incline_status add_program(struct incline_context *ctx,
                                       const struct incline_device *device,
                                       const struct incline_launch *launch, const char *kernels,
                                       struct incline_hash *hash)
{
    struct incline_text options;
    struct incline_program_key key;
    incline_text_init(&options, ctx);
    incline_program_add_options(device, launch->defines, &options);
    incline_program_key(device, kernels, incline_text_get(&options), &key);
    enum incline_status status = incline_text_status(&options);
    incline_text_finish(&options);
    incline_hash_add_text(hash, key.text);
    incline_hash_add_text(hash, launch->source);
    incline_hash_add_text(hash, launch->call ? "" : launch->kernel);
    return status;
}

enum incline_status incline_plan_hash(struct incline_context *ctx, const struct incline_plan *plan,
                                      struct incline_hash *hash)
{
    char kernels[INCLINE_HASH_TEXT];
    enum incline_status status = incline_kernels_hash(ctx, kernels);
    for (size_t i = 0; !status && i < plan->launch_count; i++) {
        const struct incline_launch *launch = &plan->launches[i].spec;
        add_sizes(hash, launch);
        add_arguments(hash, launch);
        status = add_program(ctx, plan->device, launch, kernels, hash);
    }
    return status;
}

/* incline_bench_layer_op(): one layer alone. */
#include "base/memory.h"
#include "bench/bench_result.h"
#include "bench/synthetic.h"
#include "layers/finish.h"
#include "network/initialize.h"
#include "train/config.h"

enum { STRIDE = 32 };

/* A configuration needs an end that classifies; only the first layer is used. */
#define FIRST_LAYER(input, layer)                                                                  \
    "incline: 1\nmodel:\n  name: op\n  input: [" input "]\n  layers:\n    - " layer                \
    "\n    - flatten\n    - dense: 10\ndata: {root: none}\n"

static const struct incline_bench_op ops[] = {
    {"conv", "conv2d 3x3, 28x28x1 to 32",
     FIRST_LAYER("28, 28, 1", "conv2d: {filters: 32, kernel: 3}")},
    {"conv", "conv2d 3x3, 32x32x16 to 16",
     FIRST_LAYER("32, 32, 16", "conv2d: {filters: 16, kernel: 3, padding: same}")},
    {"conv", "conv2d 3x3, 16x16x32 to 32",
     FIRST_LAYER("16, 16, 32", "conv2d: {filters: 32, kernel: 3, padding: same}")},
    {"conv", "conv2d 3x3, 8x8x64 to 64",
     FIRST_LAYER("8, 8, 64", "conv2d: {filters: 64, kernel: 3, padding: same}")},
    {"gemm", "dense, 5408 to 128", FIRST_LAYER("1, 1, 5408", "dense: 128")},
    {"gemm", "dense, 1024 to 1024", FIRST_LAYER("1, 1, 1024", "dense: 1024")},
    {"pool", "max_pool2d 2x2, 26x26x32", FIRST_LAYER("26, 26, 32", "max_pool2d: 2")},
    {"activation", "relu, 32x32x32", FIRST_LAYER("32, 32, 32", "relu")},
    {"activation", "tanh, 32x32x32", FIRST_LAYER("32, 32, 32", "tanh")},
    {NULL, NULL, NULL},
};

const struct incline_bench_op *incline_bench_ops(void)
{
    return ops;
}

struct bench {
    struct incline_context *ctx;
    struct incline_device *device;
    const struct incline_layer *layer;
    const struct incline_bench_options *options;
    struct incline_bench_result *result;
    struct incline_parameters *parameters;
    struct incline_plan *plan;
    struct incline_layer_io io;
};

static enum incline_status make_tensors(struct bench *bench)
{
    struct incline_layer_io *io = &bench->io;
    size_t in = incline_shape_elems(bench->layer->in), out = incline_shape_elems(bench->layer->out);
    bool train = bench->options->mode == INCLINE_BENCH_TRAIN;
    const struct {
        const char *name;
        size_t elems;
        struct incline_tensor **place;
        bool wanted;
    } tensors[] = {
        {"x", in, &io->x, true},
        {"y", out, &io->y, true},
        {"dy", out, &io->dy, train},
        {"dx", in, &io->dx, train},
    };
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        if (!tensors[i].wanted)
            continue;
        enum incline_status status = incline_activation_tensor(
            bench->ctx, bench->plan, tensors[i].name, tensors[i].elems, tensors[i].place);
        if (status)
            return status;
        incline_plan_keep(*tensors[i].place);
    }
    return INCLINE_OK;
}

static enum incline_status bind_parameters(struct bench *bench)
{
    enum incline_status status =
        incline_parameters_create(bench->ctx, bench->device, bench->layer, 1, &bench->parameters);
    if (!status)
        status = incline_initialize(bench->ctx, bench->parameters, bench->layer, 1);
    for (int role = 0; !status && role < bench->layer->parameter_count; role++)
        status = incline_plan_external(bench->ctx, bench->plan, bench->layer->name,
                                       incline_parameters_find(bench->parameters, 0, role)->part,
                                       &bench->io.parameters[role]);
    return status;
}

/* Gradients are finished by applying them, with a learning rate of 0. */
static enum incline_status plan_passes(struct bench *bench)
{
    bool train = bench->options->mode == INCLINE_BENCH_TRAIN;
    struct incline_finish finish = {.plan = bench->plan,
                                    .gradient_use =
                                        train ? INCLINE_GRADIENT_APPLY : INCLINE_GRADIENT_NONE};
    bench->io.plan = bench->plan;
    bench->io.finish = &finish;
    bench->io.gradient_use = finish.gradient_use;
    enum incline_status status = bench->layer->class->forward(bench->ctx, bench->layer, &bench->io);
    if (!status && train) {
        incline_plan_set_pass(bench->plan, INCLINE_PASS_BACKWARD);
        status = bench->layer->class->backward(bench->ctx, bench->layer, &bench->io);
    }
    return status ? status : incline_plan_finish(bench->ctx, bench->plan);
}

static enum incline_status fill(struct bench *bench)
{
    enum incline_status status =
        incline_synthetic_floats(bench->ctx, incline_tensor_buffer(bench->io.x), 1, 1);
    if (!status && bench->io.dy)
        status = incline_synthetic_floats(bench->ctx, incline_tensor_buffer(bench->io.dy), 1, 2);
    return status;
}

static enum incline_status make_all(struct bench *bench)
{
    enum incline_status status =
        incline_plan_create(bench->ctx, bench->device, bench->result->batch, &bench->plan);
    if (!status)
        status = make_tensors(bench);
    if (!status)
        status = bind_parameters(bench);
    if (!status)
        status = plan_passes(bench);
    return status ? status : fill(bench);
}

/* Tensors too large for any device are refused before the check builds anything. */
static enum incline_status check_size(struct bench *bench)
{
    enum incline_status status =
        incline_plan_create(bench->ctx, bench->device, bench->result->batch, &bench->plan);
    if (!status)
        status = make_tensors(bench);
    incline_plan_destroy(&bench->plan);
    return status;
}

static enum incline_status measure(struct bench *bench, const struct incline_config *config)
{
    struct incline_bench_options options = *bench->options;
    struct incline_bench_subject subject = {
        .config = config,
        .layers = bench->layer,
        .layer_count = 1,
        .build_seconds = incline_device_get_counters(bench->device).build_seconds,
    };
    options.per_layer = false;
    enum incline_status status = make_all(bench);
    if (status)
        return status;
    struct incline_plan_work work = {
        .plan = bench->plan,
        .step = {.images = bench->result->batch},
        .batches = 1,
        .stride = STRIDE,
    };
    return incline_bench_measure(bench->ctx, &subject, &options, &work, bench->result);
}

static enum incline_status run(struct incline_context *ctx, struct incline_device *device,
                               const struct incline_config *config,
                               const struct incline_bench_options *options,
                               struct incline_bench_result *out)
{
    struct bench bench = {
        .ctx = ctx,
        .device = device,
        .layer = config->model.layers,
        .options = options,
        .result = out,
    };
    enum incline_status status = check_size(&bench);
    if (!status)
        status = incline_bench_check(ctx, device, config, options, out);
    if (!status && out->state != INCLINE_BENCH_FAILED_CHECK)
        status = measure(&bench, config);
    incline_plan_destroy(&bench.plan);
    incline_parameters_destroy(&bench.parameters);
    return status;
}

enum incline_status incline_bench_layer_op(struct incline_context *ctx,
                                           struct incline_device *device,
                                           const struct incline_bench_op *op,
                                           const struct incline_bench_options *options,
                                           struct incline_bench_result *out)
{
    INCLINE_REQUIRE(ctx,
                    ctx && device && op && op->config && options && options->batch >= 0 && out);
    struct incline_config *config = NULL;
    *out = (struct incline_bench_result){.batch = options->batch > 0 ? options->batch
                                                                     : INCLINE_BENCH_OP_BATCH};
    enum incline_status status = incline_config_parse(ctx, op->shape, op->config, NULL, 0, &config);
    if (status)
        return status;
    status = run(ctx, device, config, options, out);
    incline_config_destroy(&config);
    return status;
}

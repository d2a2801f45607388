/* The key of what a check finds out: a hash of the launches that it stands for. */
#include "base/hash.h"
#include "build_config.h"
#include "check/checker.h"
#include "network/rewrite.h"
#include "network/step.h"

struct keying {
    struct incline_checker *checker;
    const struct incline_check_data *data;
    const struct incline_parameters *parameters;
    struct incline_optimizer_state state;
    struct incline_hash hash;
};

/* The plan is not run, so one buffer stands for several, and one image for the batch. */
static enum incline_status add_step(struct keying *keying, enum incline_step_mode mode,
                                    unsigned rewrites)
{
    struct incline_checker *checker = keying->checker;
    const struct incline_config *config = checker->config;
    const struct incline_optimizer *optimizer = &config->train.optimizer;
    bool trains = mode == INCLINE_STEP_TRAIN;
    bool separate = trains && incline_stores_gradients(rewrites, optimizer);
    bool accumulates = trains && incline_optimizer_accumulates(optimizer);
    struct incline_step_plan *plan = NULL;
    struct incline_step_spec spec = {
        .device = checker->device,
        .layers = config->model.layers,
        .layer_count = config->model.layer_count,
        .loss = &config->train.loss,
        .mode = mode,
        .rewrites = rewrites,
        .batch = checker->images,
        .tuned_batch = checker->batch,
        .parameters = keying->parameters,
        .gradients = separate ? keying->parameters : NULL,
        .total = accumulates ? keying->parameters : NULL,
        .average = trains && config->train.ema.on ? keying->parameters : NULL,
        .optimizer = optimizer,
        .state = &keying->state,
        .feed = keying->data->feed,
        .metrics = keying->data->feed->labels,
        .image_class = keying->data->feed->labels,
        .top_k = config->train.top_k,
        .measure = true,
    };
    enum incline_status status = incline_step_plan_create(checker->ctx, &spec, &plan);
    if (!status)
        status = incline_plan_hash(checker->ctx, incline_step_plan_launches(plan), &keying->hash);
    incline_step_plan_destroy(&plan);
    return status;
}

/* Layers are checked as they are in a step without fusions. */
static enum incline_status add_steps(struct keying *keying)
{
    static const enum incline_step_mode modes[] = {INCLINE_STEP_PREDICT, INCLINE_STEP_EVALUATE,
                                                   INCLINE_STEP_TRAIN};
    size_t count = keying->checker->options->inference ? 1 : sizeof modes / sizeof *modes;
    enum incline_status status = INCLINE_OK;
    for (size_t i = 0; !status && i < count; i++) {
        status = add_step(keying, modes[i], 0);
        if (!status)
            status = add_step(keying, modes[i], INCLINE_REWRITE_ALL);
    }
    return status;
}

/* What the launches do not tell: which checks are made, and CLBlast, whose kernels go by the number
 * of images as well. */
static enum incline_status add_rest(struct keying *keying)
{
    const struct incline_checker *checker = keying->checker;
    const struct incline_check_options *options = checker->options;
    struct incline_text text;
    incline_text_init(&text, checker->ctx);
    incline_text_add(&text, "%d %d %d batch %d loss %d clblast %s units %d\n", options->inference,
                     options->full, options->products, checker->batch,
                     incline_loss_number(&checker->config->train.loss), INCLINE_CLBLAST_VERSION,
                     incline_device_get_info(checker->device)->compute_units);
    incline_model_write(&checker->config->model, &text);
    incline_hash_add_text(&keying->hash, incline_text_get(&text));
    enum incline_status status = incline_text_status(&text);
    incline_text_finish(&text);
    return status;
}

enum incline_status incline_check_key(struct incline_context *ctx, struct incline_device *device,
                                      const struct incline_config *config,
                                      const struct incline_check_options *options,
                                      char key[INCLINE_HASH_TEXT])
{
    struct incline_checker checker = {
        .ctx = ctx,
        .device = device,
        .config = config,
        .options = options,
        .batch = options->batch > 0 ? options->batch : config->train.batch_size,
        .images = 1,
    };
    const struct incline_model *model = &config->model;
    struct incline_parameters *parameters = NULL;
    struct incline_check_data data;
    struct keying keying = {.checker = &checker, .data = &data};
    incline_hash_init(&keying.hash);
    enum incline_status status = incline_check_data_init(&checker, &data);
    if (!status)
        status =
            incline_parameters_create(ctx, device, model->layers, model->layer_count, &parameters);
    keying.parameters = parameters;
    for (int i = 0; i < incline_optimizer_states(&config->train.optimizer); i++)
        keying.state.tensors[i] = parameters;
    if (!status)
        status = add_steps(&keying);
    if (!status)
        status = add_rest(&keying);
    incline_hash_write(&keying.hash, key);
    incline_parameters_destroy(&parameters);
    incline_check_data_finish(&data);
    return status;
}

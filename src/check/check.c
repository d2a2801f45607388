/* incline_check(): the operations of a network, in order. */
#include "base/clock.h"
#include "check/checker.h"
#include "train/memory_need.h"

enum {
    IMAGES_MAX = 17,           /* one whole block and one that is begun */
    TENSOR_ELEMS_MAX = 1 << 24 /* of the largest activation, so that large networks need no more */
};

static size_t largest_activation(const struct incline_model *model)
{
    size_t largest = incline_shape_elems(model->input);
    for (size_t i = 0; i < model->layer_count; i++) {
        size_t elems = incline_shape_elems(model->layers[i].out);
        largest = elems > largest ? elems : largest;
    }
    return largest;
}

/* Whether a step without fusions has room, and as much again: for the tensors between guards. */
static enum incline_status has_room(const struct incline_checker *checker, bool *fits)
{
    const struct incline_workload workload = {.work = INCLINE_WORK_TRAIN, .batch = checker->images};
    struct incline_memory_need need;
    enum incline_status status =
        incline_memory_survey(checker->ctx, checker->device, checker->config, &workload, 0, &need);
    need.total *= 2;
    *fits = !status && incline_memory_fits(incline_device_get_info(checker->device), &need);
    return status;
}

static enum incline_status fit_device(struct incline_checker *checker)
{
    bool fits;
    enum incline_status status = has_room(checker, &fits);
    while (!status && !fits && checker->images > 1) {
        checker->images /= 2;
        status = has_room(checker, &fits);
    }
    return status;
}

/* A few images show what a kernel does; which kernels they are, the batch decides. */
static enum incline_status choose_sizes(struct incline_checker *checker)
{
    size_t largest = largest_activation(&checker->config->model);
    int asked = checker->options->batch;
    checker->batch = asked > 0 ? asked : checker->config->train.batch_size;
    checker->images = checker->batch < IMAGES_MAX ? checker->batch : IMAGES_MAX;
    while (checker->images > 1 && largest * (size_t)checker->images > TENSOR_ELEMS_MAX)
        checker->images /= 2;
    return fit_device(checker);
}

/* A step of wrong operations says nothing, and a kernel that writes beside its tensors does harm
 * where they are not guarded. */
static enum incline_status check_all(struct incline_checker *checker)
{
    enum incline_status status = incline_check_input(checker);
    for (size_t i = 0; !status && i < checker->config->model.layer_count; i++)
        status = incline_check_layer(checker, i);
    if (!status && !checker->options->inference)
        status = incline_check_loss(checker);
    if (!status && !checker->options->inference)
        status = incline_check_update(checker);
    if (!status && checker->result->failed == 0)
        status = incline_check_steps(checker);
    return status;
}

enum incline_status incline_check(struct incline_context *ctx, struct incline_device *device,
                                  const struct incline_config *config,
                                  const struct incline_check_options *options,
                                  struct incline_check_result *out)
{
    INCLINE_REQUIRE(ctx, ctx && device && config && options && options->batch >= 0 && out);
    struct incline_checker checker = {
        .ctx = ctx, .device = device, .config = config, .options = options, .result = out};
    double start = incline_clock_seconds();
    *out = (struct incline_check_result){0};
    enum incline_status status = choose_sizes(&checker);
    if (!status)
        status = check_all(&checker);
    out->seconds = incline_clock_seconds() - start;
    return status;
}

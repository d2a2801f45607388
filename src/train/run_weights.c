#include "train/run_weights.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "train/earlier_run.h"
#include "train/run_folder.h"
#include "train/weights_file.h"

static const char last_name[] = "weights/last.safetensors";
static const char best_name[] = "weights/best.safetensors";

/* The run must find its data from everywhere: a folder that was found from the working folder is
 * recorded with its whole path. One that was found by its name (INCLINE_DATA_PATH, ...) keeps that,
 * which also holds on other machines, and so does one whose path no configuration can hold. */
static enum incline_status record_root(struct incline_run_weights *weights)
{
    const char *folder = weights->dataset->folder;
    char *path = NULL;
    if (!folder || folder[0] == '/' || !incline_folder_exists(folder))
        return INCLINE_OK;
    enum incline_status status = incline_path_absolute(weights->ctx, folder, &path);
    if (!status && incline_is_utf8(path))
        status = incline_config_text_with_root(weights->ctx, &weights->recorded, path,
                                               &weights->recorded.text);
    incline_free(&path);
    return status;
}

enum incline_status incline_run_weights_record(struct incline_run_weights *weights,
                                               struct incline_context *ctx,
                                               const struct incline_config *config,
                                               const struct incline_dataset *dataset)
{
    weights->ctx = ctx;
    weights->dataset = dataset;
    weights->recorded = *config;
    weights->recorded.text = NULL;
    enum incline_status status = record_root(weights);
    if (!status && !weights->recorded.text)
        status = incline_strdup(ctx, config->text, &weights->recorded.text);
    return status;
}

enum incline_status incline_run_weights_begin(struct incline_run_weights *weights,
                                              const struct incline_parameters *parameters,
                                              const char *folder)
{
    weights->parameters = parameters;
    weights->folder = folder;
    weights->has_earlier = incline_earlier_run_is_aside(folder);
    enum incline_status status =
        incline_path_join(weights->ctx, folder, last_name, &weights->last_path);
    if (status)
        return status;
    return incline_path_join(weights->ctx, folder, best_name, &weights->best_path);
}

static enum incline_status save(struct incline_run_weights *weights, const char *path,
                                const char *name, const struct incline_progress *progress)
{
    enum incline_status status =
        incline_weights_save(weights->ctx, &weights->recorded, weights->parameters,
                             weights->dataset->class_names, weights->dataset->classes, path);
    if (status)
        return status;
    if (weights->has_earlier)
        incline_earlier_run_drop(weights->folder);
    weights->has_earlier = false;
    return incline_run_folder_checkpoint(weights->ctx, weights->folder, progress, name);
}

enum incline_status incline_run_weights_save_last(struct incline_run_weights *weights,
                                                  const struct incline_progress *progress)
{
    return save(weights, weights->last_path, last_name, progress);
}

enum incline_status incline_run_weights_save_best(struct incline_run_weights *weights,
                                                  const struct incline_progress *progress)
{
    return save(weights, weights->best_path, best_name, progress);
}

enum incline_status incline_run_weights_restore_best(struct incline_run_weights *weights,
                                                     const struct incline_progress *progress)
{
    enum incline_status status = incline_weights_load(weights->ctx, &weights->recorded,
                                                      weights->parameters, weights->best_path);
    return status ? status : incline_run_weights_save_last(weights, progress);
}

void incline_run_weights_finish(struct incline_run_weights *weights)
{
    if (weights->has_earlier) /* a failure here has one before it */
        (void)!incline_earlier_run_bring_back(weights->ctx, weights->folder);
    incline_free(&weights->recorded.text);
    incline_free(&weights->last_path);
    incline_free(&weights->best_path);
}

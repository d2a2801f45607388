/* The parsed configuration, as the rooms below `cli` see it through incline/config.h. */
#ifndef INCLINE_TRAIN_CONFIG_H
#define INCLINE_TRAIN_CONFIG_H

#include "data/data_options.h"
#include "incline/config.h"
#include "layers/loss.h"
#include "network/model.h"
#include "optimizers/optimizer.h"
#include "train/schedule.h"

struct incline_early_stop {
    bool on;
    struct incline_patience_options patience;
    bool restore_best;
};

/* A moving average of the weights; see train/updates.h. */
struct incline_ema {
    bool on;
    double decay;
    int from_epoch;
};

struct incline_train_section {
    int epochs; /* 0: until_converged */
    int batch_size;
    struct incline_loss loss;
    int top_k;     /* of the metrics */
    int val_every; /* epochs */
    uint64_t seed;
    struct incline_optimizer optimizer;
    struct incline_schedule schedule;
    struct incline_early_stop early_stop;
    struct incline_ema ema;
};

struct incline_config {
    char *text; /* defaults filled in */
    struct incline_model model;
    struct incline_data_options data;
    struct incline_train_section train;
    struct incline_layer_summary *rows;
    struct incline_model_summary summary;
};

/* The learning rate of a step, from 0; plateaus: see train/schedule.h. */
double incline_train_section_rate(const struct incline_train_section *train, long long step,
                                  long long epoch_steps, int plateaus);

/* *out = the text of config, allocated, with root in the place of data.root. */
enum incline_status incline_config_text_with_root(struct incline_context *ctx,
                                                  const struct incline_config *config,
                                                  const char *root, char **out) INCLINE_MUST_CHECK;

#endif

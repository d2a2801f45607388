/* Training: the epoch loop with its callbacks and its run folder. */
#ifndef INCLINE_TRAIN_H
#define INCLINE_TRAIN_H

#include "incline/config.h"
#include "incline/data.h"
#include "incline/device.h"
#include "incline/tune.h"

#include <signal.h>
#include <stdbool.h>

/* Where training stands. Figures of an epoch are running means over its images so far, as in Keras:
 * they are taken while the weights change. */
struct incline_progress {
    int epoch, epochs;        /* from 1; epochs 0: there is no limit */
    int step, steps;          /* of this epoch, from 1 */
    long long total_step;     /* since the start of training, from 1 */
    double seconds;           /* training time of this epoch so far, validation excluded */
    double step_seconds;      /* mean over this epoch, the first step of the run excluded */
    double images_per_second; /* likewise */
    double loss, accuracy;
    double learning_rate; /* of the step queued last */
    bool has_val;
    double val_loss, val_accuracy, val_seconds;
    bool best;                 /* end of an epoch: the monitored figure is the best so far */
    double first_step_seconds; /* of seconds, what the first step of the run took, with the
                                * building of its kernels; 0 in the other epochs */
};

/* What a watched step showed of one parameter, or of a layer that has none. Norms are roots of sums
 * of squares, in single precision: NaN or infinite where what they are of is, or too large. */
struct incline_watch_row {
    const char *layer;     /* its name; like parameter, it lives as long as the configuration */
    const char *parameter; /* "weight", "bias", ...; NULL: the layer has none that is trained */
    size_t elems;
    bool is_weight;  /* of a matrix or of filters: no bias, nor a scale or slope of features */
    double weights;  /* norm before the update */
    double gradient; /* norm of the mean over the batch, before clipping */
    double update;   /* norm of what the weights changed by */
    int units, dead; /* channels of a layer that is 0 over a half-line, such as relu, and those that
                      * put out nothing but 0 in the step; units 0: it is no such layer */
};

struct incline_watched {
    int epoch, step;      /* from 1; the step of the epoch */
    long long total_step; /* from 1 */
    int images;           /* of the step */
    double learning_rate;
    const struct incline_watch_row *rows; /* in the order of the layers */
    size_t row_count;
};

/* Any function may be NULL. They are called between steps by the thread that trains; what they are
 * given is valid during the call. */
struct incline_train_callbacks {
    void *cookie;
    /* Kernels are being tuned; see `tune` below. */
    void (*tuning)(void *cookie, const struct incline_tune_progress *progress);
    /* Some were tuned; the result lives for the call. */
    void (*tuned)(void *cookie, const struct incline_tune_result *result);
    /* The run folder is there and the first step is about to be queued. */
    void (*started)(void *cookie, const char *run_folder);
    /* The first step has been done by the device, `seconds` after incline_train() was entered. */
    void (*first_step)(void *cookie, double seconds);
    /* About ten times a second; loss and accuracy are fresh. */
    void (*tick)(void *cookie, const struct incline_progress *progress);
    void (*epoch_end)(void *cookie, const struct incline_progress *progress);
    /* What a step showed that was watched; called with the next tick at the latest. */
    void (*watched)(void *cookie, const struct incline_watched *watched);
    /* Weights were saved because *save asked for it; weights is their path. */
    void (*saved)(void *cookie, const struct incline_progress *progress, const char *weights);
};

struct incline_train_options {
    const char *folder;  /* the run folder to create; must not exist unless overwrite */
    bool overwrite;      /* a run that is there stays until the new one has saved weights; other
                          * files of a run's names are not overwritten: that fails with IO */
    bool unique;         /* when it exists, create folder-2, folder-3, ... instead */
    const char *weights; /* start from this file instead of fresh weights, or NULL */
    double max_seconds;  /* stop after the step that passes this; tuning takes half at most; 0: no
                            limit */
    const char *no_fuse; /* fusions to leave out, "head,input" or "all"; NULL: none. For finding
                            a fault in a device: they change speed, never results */
    int watch; /* steps from one that is watched to the next, the first one included; 0: none is. It
                * changes no result, is written to watch.csv, and what looks wrong is logged, once
                * for each kind and layer */
    bool overfit_batch;          /* train on the first batch only, again and again */
    enum incline_tune_mode tune; /* before the first step; its failure is logged, and no failure */
    volatile sig_atomic_t *stop; /* not 0: finish the step, save, return INTERRUPTED; may be NULL */
    volatile sig_atomic_t *save; /* not 0: finish the step, set it to 0, save last.safetensors and
                                  * go on; may be NULL */
    struct incline_train_callbacks callbacks;
};

struct incline_train_result {
    int epochs_done; /* complete ones */
    long long steps_done;
    bool stopped_by_time;
    bool stopped_early;    /* by early_stop */
    double loss, accuracy; /* of the last complete epoch */
    bool has_val;
    /* The epoch in weights/best.safetensors, by what early_stop watches, or else by validation
     * accuracy; without validation by training accuracy. 0: no epoch was complete. */
    int best_epoch;
    double best_val_loss, best_val_accuracy;
    bool best_restored; /* weights/last.safetensors holds it, too (early_stop.restore_best) */
    struct incline_progress last; /* where training stood at its end */
    double seconds, train_seconds, val_seconds, build_seconds, first_step_seconds;
    double tune_seconds;                               /* part of first_step_seconds */
    size_t weight_bytes, activation_bytes, data_bytes; /* on the device */
    struct incline_device_counters first_step,
        last_step; /* counters after the first and the last step */
};

/* Whether incline_train_options.no_fuse may be list. Fails with ARGUMENT, naming the word that is
 * no fusion and those that there are. */
INCLINE_API enum incline_status incline_fusions_check(struct incline_context *ctx,
                                                      const char *list) INCLINE_MUST_CHECK;

/* Trains as config says and keeps a run folder:
 *
 *   config.yaml environment.json log.csv events.jsonl
 *   weights/last.safetensors weights/best.safetensors
 *   watch.csv, where options->watch is set
 *
 * With train.ema the moving average of the weights is what is validated and saved. Returns when
 * training has ended; what is passed is borrowed until then. *out is set on failure too. Two
 * trainings never share a folder, but on NFS when one overwrites. Fails with
 *
 *   INTERRUPTED  after *stop was set and the weights saved, or during tuning: then with steps_done
 *                0 and nothing written;
 *   NUMERIC      when a loss is NaN or infinite; the last saved weights stay;
 *   IO           when the folder exists, is another training's or cannot be written, before any
 *                training; or later, when a file of the run cannot be;
 *   ARGUMENT, CONFIG, DATA, UNSUPPORTED  before any training, when the training or validation part
 *                is empty, does not fit the model or has too many images; or `weights` are not the
 *                model's;
 *   BUILD        when the device's compiler refuses a kernel;
 *   DEVICE       when device memory does not suffice or an OpenCL call fails. */
INCLINE_API enum incline_status incline_train(struct incline_context *ctx,
                                              struct incline_device *device,
                                              const struct incline_config *config,
                                              const struct incline_dataset *dataset,
                                              const struct incline_train_options *options,
                                              struct incline_train_result *out) INCLINE_MUST_CHECK;

#endif

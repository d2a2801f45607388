#include "train/epoch_judge.h"

void incline_epoch_judge_init(struct incline_epoch_judge *judge,
                              const struct incline_train_section *train, bool validates)
{
    *judge = (struct incline_epoch_judge){
        .train = train,
        .validates = validates,
        .watch =
            train->early_stop.on ? train->early_stop.patience.watch : INCLINE_FIGURE_VAL_ACCURACY,
    };
}

static double figure_of(const struct incline_progress *progress, int watch)
{
    return watch == INCLINE_FIGURE_VAL_LOSS ? progress->val_loss : progress->val_accuracy;
}

static void note_best(struct incline_epoch_judge *judge, struct incline_progress *progress,
                      struct incline_train_result *result)
{
    double figure = judge->validates ? figure_of(progress, judge->watch) : progress->accuracy;
    if (judge->has_best && !incline_figure_is_better(judge->watch, figure, judge->best, 0))
        return;
    judge->has_best = progress->best = true;
    judge->best = figure;
    result->best_epoch = progress->epoch;
    result->best_val_loss = progress->val_loss;
    result->best_val_accuracy = progress->val_accuracy;
}

static bool is_past_warmup(const struct incline_epoch_judge *judge,
                           const struct incline_progress *progress)
{
    return progress->total_step >
           incline_warmup_steps(&judge->train->schedule.warmup, progress->steps);
}

void incline_epoch_judge_note(struct incline_epoch_judge *judge, struct incline_progress *progress,
                              struct incline_train_result *result)
{
    const struct incline_early_stop *stop = &judge->train->early_stop;
    const struct incline_patience_options *plateau =
        incline_schedule_patience(&judge->train->schedule);
    if (judge->validates && !progress->has_val)
        return;
    note_best(judge, progress, result);
    if (!judge->validates)
        return;
    if (stop->on)
        judge->converged = incline_patience_ends(&judge->early_stop, &stop->patience,
                                                 figure_of(progress, stop->patience.watch));
    if (plateau && is_past_warmup(judge, progress))
        judge->plateaus +=
            incline_patience_ends(&judge->plateau, plateau, figure_of(progress, plateau->watch));
}

bool incline_epoch_judge_goes_on(const struct incline_epoch_judge *judge, int epoch)
{
    int epochs = judge->train->epochs;
    return !judge->converged && (epochs == 0 || epoch < epochs);
}

#include "train/patience.h"

const char *const incline_figure_names[] = {"val_loss", "val_accuracy", NULL};

bool incline_figure_is_better(int watch, double figure, double best, double min_delta)
{
    return watch == INCLINE_FIGURE_VAL_LOSS ? figure < best - min_delta : figure > best + min_delta;
}

bool incline_patience_ends(struct incline_patience *patience,
                           const struct incline_patience_options *options, double figure)
{
    if (!patience->has_best ||
        incline_figure_is_better(options->watch, figure, patience->best, options->min_delta)) {
        *patience = (struct incline_patience){.has_best = true, .best = figure};
        return false;
    }
    patience->waited++;
    if (patience->waited < options->patience)
        return false;
    patience->waited = 0;
    return true;
}

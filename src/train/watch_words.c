/* Findings in words. */
#include "train/watch_judge.h"

static void add_others(struct incline_text *text, const struct incline_watch_finding *finding)
{
    if (finding->others > 0)
        incline_text_add(text, " (and %d more layer%s)", finding->others,
                         finding->others == 1 ? "" : "s");
}

static void write_what(const struct incline_watch_finding *finding,
                       const struct incline_watched *watched, struct incline_text *text)
{
    const struct incline_watch_row *row = finding->row;
    switch (finding->kind) {
    case INCLINE_WATCH_VANISHES:
        incline_text_add(text, "gradients vanish on their way back: those of %s's weights",
                         row->layer);
        add_others(text, finding);
        incline_text_add(text, " have an RMS of %.1e, those of %s %.1e", finding->value,
                         finding->beside->layer, finding->usual);
        break;
    case INCLINE_WATCH_NO_GRADIENT:
        incline_text_add(text,
                         "gradients vanish: no layer's weights have any (the largest RMS is %.1e)",
                         finding->value);
        break;
    case INCLINE_WATCH_NOT_FINITE:
        incline_text_add(text, "gradients explode: %s of %s", row->parameter, row->layer);
        add_others(text, finding);
        incline_text_add(text, ": norms of weights %.3g, gradient %.3g, update %.3g", row->weights,
                         row->gradient, row->update);
        break;
    case INCLINE_WATCH_TOO_FAST:
        incline_text_add(text, "gradients explode: the update of %s's weights", row->layer);
        add_others(text, finding);
        incline_text_add(text, " is %.2g times as large as the weights", finding->value);
        break;
    case INCLINE_WATCH_JUMPS:
        incline_text_add(text, "gradients explode: their norm is %.3g, where %.3g was usual",
                         finding->value, finding->usual);
        break;
    case INCLINE_WATCH_DEAD:
        incline_text_add(text, "%s", row->layer);
        add_others(text, finding);
        incline_text_add(text, " is dead: all %d units put out 0 for all %d images", row->units,
                         watched->images);
        break;
    case INCLINE_WATCH_MOSTLY_DEAD:
        incline_text_add(text, "%s", row->layer);
        add_others(text, finding);
        incline_text_add(text, " is mostly dead: %d of %d units put out 0 for all %d images",
                         row->dead, row->units, watched->images);
        break;
    case INCLINE_WATCH_KINDS:
        break;
    }
}

static void write_remedy(const struct incline_watch_finding *finding,
                         const struct incline_watched *watched, struct incline_text *text)
{
    switch (finding->kind) {
    case INCLINE_WATCH_VANISHES:
    case INCLINE_WATCH_NO_GRADIENT:
        incline_text_add(text,
                         "relu with init: he_normal in place of sigmoid or tanh, batch_norm, or "
                         "residual connections");
        break;
    case INCLINE_WATCH_NOT_FINITE:
    case INCLINE_WATCH_TOO_FAST:
    case INCLINE_WATCH_JUMPS:
        incline_text_add(text,
                         "a smaller learning rate (--lr, now %g), clip_norm, warmup or "
                         "batch_norm",
                         watched->learning_rate);
        break;
    case INCLINE_WATCH_DEAD:
    case INCLINE_WATCH_MOSTLY_DEAD:
        incline_text_add(text,
                         "a smaller learning rate (--lr, now %g), init: he_normal, or "
                         "leaky_relu",
                         watched->learning_rate);
        break;
    case INCLINE_WATCH_KINDS:
        break;
    }
}

void incline_watch_finding_write(const struct incline_watch_finding *finding,
                                 const struct incline_watched *watched, struct incline_text *text)
{
    write_what(finding, watched, text);
    incline_text_add(text, " (step %lld); try ", watched->total_step);
    write_remedy(finding, watched, text);
}

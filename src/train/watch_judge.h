/* What the figures of watched steps tell of a training: gradients that vanish or explode, layers
 * that are dead. Each is told once for each kind and layer. */
#ifndef INCLINE_TRAIN_WATCH_JUDGE_H
#define INCLINE_TRAIN_WATCH_JUDGE_H

#include "base/text.h"
#include "incline/train.h"

enum incline_watch_kind {
    INCLINE_WATCH_VANISHES,    /* of a layer's weights, beside those of the network's largest */
    INCLINE_WATCH_NO_GRADIENT, /* no layer's weights ever had one */
    INCLINE_WATCH_NOT_FINITE,  /* a norm of a layer */
    INCLINE_WATCH_TOO_FAST,    /* a large part of a layer's weights changes in one step */
    INCLINE_WATCH_JUMPS,       /* the norm of all gradients, beside those of earlier steps */
    INCLINE_WATCH_DEAD,        /* all units of a layer */
    INCLINE_WATCH_MOSTLY_DEAD, /* more than half of them, in two watched steps in a row */
    INCLINE_WATCH_KINDS
};

/* The worst layer of a kind, and how many more are new. */
struct incline_watch_finding {
    enum incline_watch_kind kind;
    const struct incline_watch_row *row;    /* JUMPS: the first */
    const struct incline_watch_row *beside; /* VANISHES: the one that it is compared with */
    int others;
    double value; /* VANISHES, NO_GRADIENT: RMS; TOO_FAST: share; JUMPS: norm */
    double usual; /* VANISHES: RMS of `beside`; JUMPS: median of the norm before */
};

enum { INCLINE_WATCH_NORMS_KEPT = 31 };

struct incline_watch_judge {
    unsigned *told;      /* [rows] set of 1 << kind */
    bool *was_half_dead; /* [rows] in the step before */
    size_t row_count;
    double norms[INCLINE_WATCH_NORMS_KEPT]; /* of all gradients, the latest ones */
    size_t norm_count;                      /* so far; more than are kept */
    bool had_gradient;
};

enum incline_status incline_watch_judge_init(struct incline_context *ctx, size_t row_count,
                                             struct incline_watch_judge *judge) INCLINE_MUST_CHECK;
void incline_watch_judge_finish(struct incline_watch_judge *judge);

/* Takes the next watched step and fills in what is new, at most one finding of a kind. Returns how
 * many. */
size_t incline_watch_judge_note(struct incline_watch_judge *judge,
                                const struct incline_watched *watched,
                                struct incline_watch_finding findings[INCLINE_WATCH_KINDS]);

/* One line: what, where, when, and what to try. */
void incline_watch_finding_write(const struct incline_watch_finding *finding,
                                 const struct incline_watched *watched, struct incline_text *text);

#endif

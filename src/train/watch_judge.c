#include "train/watch_judge.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An RMS gradient below this part of the largest one vanishes. */
static const double vanishing_share = 1e-4;
/* Below this RMS there is no gradient. */
static const double no_gradient = 1e-12;
/* An update above this part of the weights is too fast. */
static const double too_fast_share = 0.3;
/* The gradients' norm jumps above so many times its median, of so many steps at least. */
static const double jump = 100;
enum { JUMP_STEPS = 5 };
/* Of fewer images many units may happen to make nothing. */
enum { IMAGES_LEAST = 16 };

enum incline_status incline_watch_judge_init(struct incline_context *ctx, size_t row_count,
                                             struct incline_watch_judge *judge)
{
    *judge = (struct incline_watch_judge){.row_count = row_count};
    enum incline_status status = incline_alloc(ctx, row_count, sizeof *judge->told, &judge->told);
    if (status)
        return status;
    return incline_alloc(ctx, row_count, sizeof *judge->was_half_dead, &judge->was_half_dead);
}

void incline_watch_judge_finish(struct incline_watch_judge *judge)
{
    incline_free(&judge->was_half_dead);
    incline_free(&judge->told);
}

/* ---- figures ---- */

static double rms_gradient(const struct incline_watch_row *row)
{
    return row->gradient / sqrt((double)row->elems);
}

static bool is_finite(const struct incline_watch_row *row)
{
    return isfinite(row->weights) && isfinite(row->gradient) && isfinite(row->update);
}

static double total_gradient(const struct incline_watched *watched)
{
    double sum = 0;
    for (size_t i = 0; i < watched->row_count; i++)
        sum += watched->rows[i].gradient * watched->rows[i].gradient;
    return sqrt(sum);
}

static const struct incline_watch_row *largest_gradient(const struct incline_watched *watched)
{
    const struct incline_watch_row *largest = NULL;
    for (size_t i = 0; i < watched->row_count; i++) {
        const struct incline_watch_row *row = &watched->rows[i];
        if (row->is_weight && (!largest || rms_gradient(row) > rms_gradient(largest)))
            largest = row;
    }
    return largest;
}

static int compare(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

static double median(const struct incline_watch_judge *judge)
{
    double sorted[INCLINE_WATCH_NORMS_KEPT];
    size_t count =
        judge->norm_count < INCLINE_WATCH_NORMS_KEPT ? judge->norm_count : INCLINE_WATCH_NORMS_KEPT;
    memcpy(sorted, judge->norms, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare);
    return sorted[count / 2];
}

/* ---- what is wrong ---- */

/* Looks at one step. */
struct judgement {
    struct incline_watch_judge *judge;
    const struct incline_watched *watched;
    struct incline_watch_finding *findings;
    size_t count;
};

/* The rows of a layer follow one another. */
static size_t first_of_layer(const struct incline_watched *watched,
                             const struct incline_watch_row *row)
{
    size_t i = (size_t)(row - watched->rows);
    while (i > 0 && watched->rows[i - 1].layer == row->layer)
        i--;
    return i;
}

/* Takes a layer that was not told of yet. badness orders those of a kind: the first of the worst is
 * named. */
static void add(struct judgement *judgement, const struct incline_watch_finding *found,
                double badness, double *worst)
{
    size_t i = first_of_layer(judgement->watched, found->row);
    struct incline_watch_finding *last =
        judgement->count > 0 ? &judgement->findings[judgement->count - 1] : NULL;
    if (judgement->judge->told[i] & 1u << found->kind)
        return;
    judgement->judge->told[i] |= 1u << found->kind;
    if (!last || last->kind != found->kind) {
        judgement->findings[judgement->count++] = *found;
        *worst = badness;
        return;
    }
    int others = last->others + 1;
    if (badness > *worst) {
        *last = *found;
        *worst = badness;
    }
    last->others = others;
}

static bool look_for_not_finite(struct judgement *judgement)
{
    bool found = false;
    double worst = 0;
    for (size_t i = 0; i < judgement->watched->row_count; i++) {
        const struct incline_watch_row *row = &judgement->watched->rows[i];
        if (is_finite(row))
            continue;
        found = true;
        add(judgement,
            &(struct incline_watch_finding){.kind = INCLINE_WATCH_NOT_FINITE, .row = row}, 0,
            &worst);
    }
    return found;
}

static void look_for_too_fast(struct judgement *judgement)
{
    double worst = 0;
    for (size_t i = 0; i < judgement->watched->row_count; i++) {
        const struct incline_watch_row *row = &judgement->watched->rows[i];
        if (!row->is_weight || row->weights == 0 || row->update <= too_fast_share * row->weights)
            continue;
        double share = row->update / row->weights;
        add(judgement,
            &(struct incline_watch_finding){
                .kind = INCLINE_WATCH_TOO_FAST, .row = row, .value = share},
            share, &worst);
    }
}

static void look_for_jump(struct judgement *judgement)
{
    struct incline_watch_judge *judge = judgement->judge;
    double norm = total_gradient(judgement->watched), worst = 0;
    double usual = judge->norm_count >= JUMP_STEPS ? median(judge) : (double)INFINITY;
    if (usual > 0 && norm > jump * usual)
        add(judgement,
            &(struct incline_watch_finding){.kind = INCLINE_WATCH_JUMPS,
                                            .row = judgement->watched->rows,
                                            .value = norm,
                                            .usual = usual},
            0, &worst);
    judge->norms[judge->norm_count++ % INCLINE_WATCH_NORMS_KEPT] = norm;
}

static bool look_for_dead(struct judgement *judgement)
{
    bool found = false;
    double worst = 0;
    for (size_t i = 0; i < judgement->watched->row_count; i++) {
        const struct incline_watch_row *row = &judgement->watched->rows[i];
        if (row->units == 0 || row->dead < row->units)
            continue;
        found = true;
        add(judgement, &(struct incline_watch_finding){.kind = INCLINE_WATCH_DEAD, .row = row}, 0,
            &worst);
    }
    return found;
}

static void look_for_mostly_dead(struct judgement *judgement)
{
    double worst = 0;
    for (size_t i = 0; i < judgement->watched->row_count; i++) {
        const struct incline_watch_row *row = &judgement->watched->rows[i];
        bool half = 2 * row->dead > row->units && row->dead < row->units;
        if (half && judgement->judge->was_half_dead[i])
            add(judgement,
                &(struct incline_watch_finding){.kind = INCLINE_WATCH_MOSTLY_DEAD, .row = row},
                (double)row->dead / row->units, &worst);
        judgement->judge->was_half_dead[i] = half;
    }
}

static void look_for_vanishing(struct judgement *judgement, const struct incline_watch_row *largest)
{
    double most = rms_gradient(largest), worst = 0;
    for (size_t i = 0; i < judgement->watched->row_count; i++) {
        const struct incline_watch_row *row = &judgement->watched->rows[i];
        if (!row->is_weight || rms_gradient(row) >= vanishing_share * most)
            continue;
        add(judgement,
            &(struct incline_watch_finding){.kind = INCLINE_WATCH_VANISHES,
                                            .row = row,
                                            .beside = largest,
                                            .value = rms_gradient(row),
                                            .usual = most},
            -rms_gradient(row), &worst);
    }
}

/* Once there was a gradient, its end is that of learning, and no fault. */
static void look_for_small(struct judgement *judgement)
{
    const struct incline_watch_row *largest = largest_gradient(judgement->watched);
    double worst = 0;
    if (!largest)
        return;
    if (rms_gradient(largest) >= no_gradient) {
        judgement->judge->had_gradient = true;
        look_for_vanishing(judgement, largest);
    } else if (!judgement->judge->had_gradient) {
        add(judgement,
            &(struct incline_watch_finding){
                .kind = INCLINE_WATCH_NO_GRADIENT, .row = largest, .value = rms_gradient(largest)},
            0, &worst);
    }
}

size_t incline_watch_judge_note(struct incline_watch_judge *judge,
                                const struct incline_watched *watched,
                                struct incline_watch_finding findings[INCLINE_WATCH_KINDS])
{
    struct judgement judgement = {judge, watched, findings, 0};
    bool dead = false;
    if (look_for_not_finite(&judgement))
        return judgement.count;
    look_for_too_fast(&judgement);
    look_for_jump(&judgement);
    if (watched->images >= IMAGES_LEAST) {
        dead = look_for_dead(&judgement);
        look_for_mostly_dead(&judgement);
    }
    if (!dead) /* which is why there is no gradient before it */
        look_for_small(&judgement);
    return judgement.count;
}

#include "tune/session.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/processors.h"
#include "device/lanes.h"
#include "device/tuning.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double quick_seconds = 5;

/* What the next trial may take, as a multiple of the longest so far; before the first, that is
 * taken to be this share of making the whole step. */
static const double margin = 1.25, first_share = 0.25;

/* A quick tuning tries nothing when making the step took more than this share of its time: another
 * candidate may take as long, and no compilation can be broken off. */
static const double making_share = 0.5;

/* A step that takes this share of the limit is timed once. */
static const double long_share = 0.1;

/* For a look at the machine's load. */
static const double look_seconds = 0.1;

enum { QUICK_CANDIDATES = 4, QUICK_TIMINGS = 4, FULL_TIMINGS = 8, STEP_TIMINGS = 3 };

/* One question and what is known of its candidates. */
struct job {
    size_t question; /* of the device's tuning */
    size_t count;    /* candidates to look at, from the first */
    size_t next;     /* to look at */
    size_t best, second;
    double best_seconds, second_seconds; /* medians; 0: not known */
    double first_seconds;
    int compared, dropped;
    bool near, noisy;
    size_t before; /* what the device used, and why */
    enum incline_tuning_source before_source;
};

struct session {
    struct incline_context *ctx;
    const struct incline_tune_spec *spec;
    const struct incline_tune_options *options;
    struct incline_tune_result *result;
    struct incline_rig rig;
    struct incline_step_plan *plan; /* with the best candidates so far */
    struct job *jobs;
    size_t job_count;
    double start, longest_trial;
    double longest_work; /* of a trial, in seconds of the processor */
    double slowness;     /* seconds for one of them, when the machine is busy; 0: it is not */
    double step_seconds, step_cost; /* of a step, and of timing it before and after */
    bool overdue;                   /* a trial was broken off */
    bool reverted;                  /* what `plan` was made with is not all that is left chosen */
    int looks, busy_looks;          /* at the machine's load */
};

static double now(const struct session *session)
{
    return session->spec->clock ? session->spec->clock() : incline_clock_seconds();
}

static double elapsed(const struct session *session)
{
    return now(session) - session->start;
}

/* 0: none. */
static double limit_of(const struct incline_tune_options *options)
{
    if (options->mode == INCLINE_TUNE_FULL)
        return options->max_seconds;
    return options->max_seconds > 0 ? fmin(options->max_seconds, quick_seconds) : quick_seconds;
}

static int timings_of(const struct session *session)
{
    return session->options->mode == INCLINE_TUNE_FULL ? FULL_TIMINGS : QUICK_TIMINGS;
}

/* Whether the limit would be passed by so many seconds more, and what comes at the end. */
static bool exceeds(const struct session *session, double seconds)
{
    double limit = limit_of(session->options);
    return limit > 0 && elapsed(session) + seconds + session->step_cost > limit;
}

/* How long another trial could take. One runs a step, and two for each timing; on a busy machine it
 * has to be content with what the others leave. */
static double foresee_trial(const struct session *session)
{
    double steps = (1 + 2 * timings_of(session)) * session->step_seconds;
    double work = session->longest_work * session->slowness;
    double trial = session->longest_trial > work ? session->longest_trial : work;
    return margin * trial > steps ? margin * trial : steps;
}

static bool should_stop(const struct session *session)
{
    return (session->options->stop && *session->options->stop) ||
           exceeds(session, foresee_trial(session));
}

static const struct incline_tuning_question *question_of(const struct session *session,
                                                         const struct job *job)
{
    return incline_tuning_get(session->spec->device, job->question);
}

static void choose(const struct session *session, const struct job *job, size_t candidate)
{
    incline_tuning_set(session->spec->device, job->question, candidate, INCLINE_TUNING_MEASURED);
}

/* ---- one candidate ---- */

static void log_dropped(struct session *session, struct job *job, size_t candidate, const char *why)
{
    const struct incline_tuning_question *question = question_of(session, job);
    incline_log(session->ctx, INCLINE_LOG_DEBUG,
                "tuning: %s, %s: candidate %zu of %zu drops out: %s", question->op, question->shape,
                candidate + 1, question->count, why);
    job->dropped++;
}

/* Timings of the candidate's plan and the best one's in turn; equal launches are left out. When it
 * takes longer than foreseen, the trial is broken off. */
static enum incline_status time_both(struct session *session, struct incline_step_plan *plan,
                                     bool outside, const bool *differ,
                                     struct incline_timings *timings)
{
    size_t most = (size_t)timings_of(session);
    enum incline_status status = INCLINE_OK;
    timings->count = 0;
    while (!status && timings->count < most) {
        size_t i = timings->count;
        session->overdue = exceeds(session, 2 * session->step_seconds);
        if (session->overdue)
            break;
        status = incline_rig_time(&session->rig, session->plan, outside, differ, &timings->best[i]);
        if (!status)
            status = incline_rig_time(&session->rig, plan, outside, differ, &timings->candidate[i]);
        timings->count++;
        if (!status && incline_timings_hopeless(timings))
            break;
    }
    return status;
}

static void note_second(struct job *job, size_t candidate, double seconds)
{
    if (job->second == job->best || seconds < job->second_seconds) {
        job->second = candidate;
        job->second_seconds = seconds;
    }
}

static void note_winner(struct session *session, struct job *job, size_t candidate, double best,
                        double seconds, struct incline_step_plan **plan)
{
    struct incline_step_plan *loser = session->plan;
    job->second = job->best;
    job->second_seconds = best;
    job->best = candidate;
    job->best_seconds = seconds;
    session->plan = *plan;
    *plan = loser;
}

static void compare(struct session *session, struct job *job, size_t candidate,
                    const struct incline_timings *timings, struct incline_step_plan **plan)
{
    const struct incline_tuning_question *question = question_of(session, job);
    double best = incline_timings_median(timings->best, timings->count);
    double seconds = incline_timings_median(timings->candidate, timings->count);
    job->best_seconds = best;
    if (job->compared++ == 0)
        job->first_seconds = best;
    job->noisy = job->noisy || incline_timings_noisy(timings);
    incline_log(session->ctx, INCLINE_LOG_DEBUG,
                "tuning: %s, %s: candidate %zu %.1f us, candidate %zu %.1f us", question->op,
                question->shape, job->best + 1, 1e6 * best, candidate + 1, 1e6 * seconds);
    if (incline_timings_faster(timings))
        note_winner(session, job, candidate, best, seconds, plan);
    else
        note_second(job, candidate, seconds);
}

/* The plan runs, but has it the right result, and is it faster? */
static enum incline_status measure(struct session *session, struct job *job, size_t candidate,
                                   struct incline_step_plan **plan)
{
    struct incline_plan *launches = incline_step_plan_launches(*plan);
    struct incline_plan *best = incline_step_plan_launches(session->plan);
    struct incline_timings timings;
    bool *differ = NULL, same = false;
    bool comparable = incline_plan_launches(best) == incline_plan_launches(launches);
    enum incline_status status =
        incline_alloc(session->ctx, incline_plan_launches(launches), sizeof *differ, &differ);
    if (status)
        return status;
    if (incline_plans_compare(best, launches, differ) == 0)
        goto out; /* another name for the same launches */
    status = incline_rig_check(&session->rig, *plan, job->near, &same);
    if (status)
        goto out;
    if (!same) {
        log_dropped(session, job, candidate, "its results are not those of the first");
        goto out;
    }
    status = time_both(session, *plan, job->near, comparable ? differ : NULL, &timings);
    if (!status && !session->overdue)
        compare(session, job, candidate, &timings, plan);
out:
    incline_free(&differ);
    return status;
}

/* Failures but those of memory are the candidate's. */
static enum incline_status try_candidate(struct session *session, struct job *job, size_t candidate)
{
    struct incline_step_plan *plan = NULL;
    choose(session, job, candidate);
    enum incline_status status = incline_rig_plan(&session->rig, &plan);
    if (!status)
        status = measure(session, job, candidate, &plan);
    choose(session, job, job->best);
    incline_step_plan_destroy(&plan);
    if (status && status != INCLINE_ERROR_MEMORY) {
        log_dropped(session, job, candidate, incline_error_text(session->ctx));
        incline_error_clear(session->ctx);
        status = INCLINE_OK;
    }
    return status;
}

/* ---- the load ---- */

/* The compute units that the process could keep busy were it alone. */
static double usable_units(const struct incline_device_info *info)
{
    return fmin(info->compute_units, incline_processors());
}

static enum incline_status probe_load(struct session *session, double *cpu, double *busy)
{
    const struct incline_tune_spec *spec = session->spec;
    if (spec->probe_load)
        return spec->probe_load(session->ctx, spec->device, look_seconds, cpu, busy);
    return incline_device_probe_load(session->ctx, spec->device, look_seconds, cpu, busy);
}

/* On a CPU the process's share of it tells; a GPU that others use shows in the timings only. */
static enum incline_status look_at_load(struct session *session)
{
    const struct incline_device_info *info = incline_device_get_info(session->spec->device);
    double cpu, busy, units = usable_units(info);
    if (strcmp(info->type, "cpu") != 0)
        return INCLINE_OK;
    enum incline_status status = probe_load(session, &cpu, &busy);
    if (status)
        return status;
    session->looks++;
    session->slowness = 0;
    if (!incline_machine_loaded(cpu, busy, units))
        return INCLINE_OK;
    session->slowness = cpu > 0 ? busy / cpu : 0;
    incline_log(session->ctx, INCLINE_LOG_DEBUG,
                "tuning: the machine is busy: %.1f ms of its %g compute units in %.1f ms",
                1e3 * cpu, units, 1e3 * busy);
    session->busy_looks++;
    session->result->loaded = incline_looks_loaded(session->looks, session->busy_looks);
    return INCLINE_OK;
}

/* ---- all candidates ---- */

/* Every question gets one candidate before any gets the next; after that the longest comes first.
 * What changes bits comes when all is done that is judged by them. */
static struct job *next_job_among(struct session *session, bool near)
{
    struct job *found = NULL;
    for (size_t i = 0; i < session->job_count; i++) {
        struct job *job = &session->jobs[i];
        if (job->next >= job->count || job->near != near)
            continue;
        if (job->next == 1)
            return job;
        if (!found || job->best_seconds > found->best_seconds)
            found = job;
    }
    return found;
}

static struct job *next_job(struct session *session)
{
    struct job *job = next_job_among(session, false);
    return job ? job : next_job_among(session, true);
}

static void tell(const struct session *session, const struct job *job)
{
    struct incline_tune_progress progress = {.seconds = elapsed(session),
                                             .op = question_of(session, job)->op};
    for (size_t i = 0; i < session->job_count; i++) {
        progress.done += (int)session->jobs[i].next - 1;
        progress.candidates += (int)session->jobs[i].count - 1;
    }
    if (session->options->progress)
        session->options->progress(session->options->cookie, &progress);
}

static void note_cost(struct session *session, double seconds, double work)
{
    if (seconds > session->longest_trial)
        session->longest_trial = seconds;
    if (work > session->longest_work)
        session->longest_work = work;
}

/* The look at the load after it belongs to a trial's cost. */
static enum incline_status try_next(struct session *session, struct job *job)
{
    double start = now(session), work = incline_clock_process_seconds();
    enum incline_status status = try_candidate(session, job, job->next);
    if (status || session->overdue)
        return status;
    job->next++;
    status = look_at_load(session);
    note_cost(session, now(session) - start, incline_clock_process_seconds() - work);
    return status;
}

static enum incline_status try_all(struct session *session)
{
    enum incline_status status = INCLINE_OK;
    for (struct job *job = next_job(session); !status && job; job = next_job(session)) {
        session->result->out_of_time = should_stop(session);
        if (session->result->out_of_time)
            break;
        tell(session, job);
        status = try_next(session, job);
        session->result->out_of_time = session->overdue;
        if (session->overdue)
            break;
    }
    return status;
}

/* ---- before and after ---- */

/* The questions that the step has asked and that are to be answered by the clock. */
static enum incline_status make_jobs(struct session *session)
{
    struct incline_device *device = session->spec->device;
    bool full = session->options->mode == INCLINE_TUNE_FULL;
    size_t questions = incline_tuning_count(device);
    enum incline_status status =
        incline_alloc(session->ctx, questions, sizeof *session->jobs, &session->jobs);
    for (size_t i = 0; !status && i < questions; i++) {
        const struct incline_tuning_question *question = incline_tuning_get(device, i);
        if (!question->asked || (question->near && !full))
            continue;
        if (!full && question->source != INCLINE_TUNING_GUESS) {
            session->result->known++;
            continue;
        }
        struct job *job = &session->jobs[session->job_count++];
        *job = (struct job){.question = i,
                            .count = question->count,
                            .next = 1,
                            .near = question->near,
                            .before = question->chosen,
                            .before_source = question->source};
        if (!full && job->count > QUICK_CANDIDATES)
            job->count = QUICK_CANDIDATES;
    }
    return status;
}

/* A step with the first candidates, as far as they are looked at, tells what is right. */
static enum incline_status make_first_plan(struct session *session)
{
    struct incline_device *device = session->spec->device;
    incline_tuning_forget_asked(device);
    enum incline_status status = incline_rig_plan(&session->rig, &session->plan);
    if (!status)
        status = make_jobs(session);
    if (status || session->job_count == 0)
        return status;
    if (session->options->mode == INCLINE_TUNE_FULL) {
        for (size_t i = 0; i < session->job_count; i++)
            choose(session, &session->jobs[i], 0);
        incline_step_plan_destroy(&session->plan);
        status = incline_rig_plan(&session->rig, &session->plan);
    }
    return status ? status : incline_rig_expect(&session->rig, session->plan);
}

static enum incline_status time_step(struct session *session, double *seconds)
{
    enum incline_status status = INCLINE_OK;
    double start = now(session), spent = 0;
    double enough = long_share * limit_of(session->options);
    for (int i = 0; !status && i < STEP_TIMINGS && (enough <= 0 || spent <= enough); i++) {
        double step;
        status = incline_rig_time(&session->rig, session->plan, false, NULL, &step);
        if (i == 0 || step < *seconds)
            *seconds = step;
        spent = now(session) - start;
        session->step_seconds = spent / (i + 1);
    }
    session->step_cost = spent;
    return status;
}

/* What is measured on a busy machine would not be kept, and take longer than foreseen. */
static bool is_worth_trying(const struct session *session, double making_seconds)
{
    if (session->options->mode == INCLINE_TUNE_FULL)
        return true;
    return !session->result->loaded && making_seconds <= making_share * limit_of(session->options);
}

static enum incline_status run(struct session *session)
{
    struct incline_tune_result *result = session->result;
    double start = now(session), work = incline_clock_process_seconds();
    enum incline_status status = make_first_plan(session);
    if (status || session->job_count == 0)
        return status;
    double making = now(session) - start;
    note_cost(session, first_share * making,
              first_share * (incline_clock_process_seconds() - work));
    status = look_at_load(session);
    result->out_of_time = !status && !is_worth_trying(session, making);
    if (result->out_of_time)
        return INCLINE_OK;
    if (!status)
        status = time_step(session, &result->step_before_seconds);
    if (!status)
        status = try_all(session);
    return status;
}

static bool was_looked_at(const struct job *job)
{
    return job->next > 1 || job->count == 1;
}

/* Among disturbed timings only a large difference counts. */
static bool is_believed(const struct job *job)
{
    const double large = 1.5;
    return !job->noisy || job->best_seconds * large < job->first_seconds;
}

/* What there was no time for stays as it was, and so does what something disturbed: a shape that
 * was chosen by chance can be twice as slow. */
static void leave_the_rest(struct session *session)
{
    for (size_t i = 0; i < session->job_count; i++) {
        struct job *job = &session->jobs[i];
        if (was_looked_at(job) && is_believed(job))
            continue;
        session->reverted = session->reverted || job->best != job->before;
        job->best = job->before;
        incline_tuning_set(session->spec->device, job->question, job->before,
                           was_looked_at(job) ? INCLINE_TUNING_MEASURED : job->before_source);
    }
}

static bool anything_changed(const struct session *session)
{
    for (size_t i = 0; i < session->job_count; i++)
        if (session->jobs[i].best != session->jobs[i].before)
            return true;
    return false;
}

/* How long a step takes with what was chosen in the end, unless nothing was tried or the time is
 * up. */
static enum incline_status time_choice(struct session *session)
{
    struct incline_tune_result *result = session->result;
    enum incline_status status = INCLINE_OK;
    bool changed = anything_changed(session);
    if (!changed)
        result->step_after_seconds = result->step_before_seconds;
    if (!changed || exceeds(session, 0))
        return INCLINE_OK;
    if (session->reverted) {
        incline_step_plan_destroy(&session->plan);
        status = incline_rig_plan(&session->rig, &session->plan);
    }
    return status ? status : time_step(session, &result->step_after_seconds);
}

/* ---- results ---- */

/* The numbers of a tile, without the unused ones at its end. */
static void write_tile(const struct incline_tile *tile, char text[48])
{
    size_t used = INCLINE_TILE_VALUES, length = 0;
    while (used > 1 && tile->values[used - 1] == 0)
        used--;
    text[0] = '\0';
    for (size_t i = 0; i < used && length < 48; i++)
        length +=
            (size_t)snprintf(text + length, 48 - length, "%s%d", i ? " " : "", tile->values[i]);
}

static enum incline_status write_row(const struct session *session, const struct job *job,
                                     struct incline_tune_row *row)
{
    const struct incline_tuning_question *question = question_of(session, job);
    *row = (struct incline_tune_row){
        .first_seconds = job->first_seconds,
        .best_seconds = job->best_seconds,
        .candidates = (int)question->count,
        .compared = job->compared,
        .dropped = job->dropped,
        .noisy = job->noisy,
    };
    write_tile(&question->candidates[0], row->first);
    write_tile(&question->candidates[job->best], row->best);
    enum incline_status status = incline_strdup(session->ctx, question->op, &row->op);
    return status ? status : incline_strdup(session->ctx, question->shape, &row->shape);
}

static enum incline_status write_rows(struct session *session)
{
    struct incline_tune_result *result = session->result;
    enum incline_status status =
        incline_alloc(session->ctx, session->job_count, sizeof *result->rows, &result->rows);
    for (size_t i = 0; !status && i < session->job_count; i++) {
        status = write_row(session, &session->jobs[i], &result->rows[i]);
        result->count = i + 1;
    }
    return status;
}

/* Kept: what was looked at, and not disturbed. */
static enum incline_status store(struct session *session)
{
    struct incline_tuning_result *results = NULL;
    size_t count = 0;
    enum incline_status status =
        incline_alloc(session->ctx, session->job_count, sizeof *results, &results);
    for (size_t i = 0; !status && i < session->job_count; i++) {
        const struct job *job = &session->jobs[i];
        if (was_looked_at(job) && !job->noisy)
            results[count++] = (struct incline_tuning_result){
                job->question, job->best, job->second, job->best_seconds, job->second_seconds};
    }
    if (!status && count > 0)
        status = incline_tuning_store(session->ctx, session->spec->device, results, count);
    if (!status)
        session->result->stored = count;
    incline_free(&results);
    return status;
}

static void try_to_store(struct session *session)
{
    if (session->result->loaded || store(session) == INCLINE_OK)
        return;
    incline_log(session->ctx, INCLINE_LOG_WARN, "the tuning is used for now, but not kept: %s",
                incline_error_text(session->ctx));
    incline_error_clear(session->ctx);
}

enum incline_status incline_tune_network(struct incline_context *ctx,
                                         const struct incline_tune_spec *spec,
                                         const struct incline_tune_options *options,
                                         struct incline_tune_result *out)
{
    struct session session = {.ctx = ctx, .spec = spec, .options = options, .result = out};
    session.start = now(&session);
    *out = (struct incline_tune_result){0};
    if (options->mode == INCLINE_TUNE_OFF)
        return INCLINE_OK;
    enum incline_status status = incline_rig_init(ctx, spec, &session.rig);
    if (!status)
        status = run(&session);
    leave_the_rest(&session);
    if (!status)
        status = time_choice(&session);
    if (!status)
        status = write_rows(&session);
    if (!status)
        try_to_store(&session);
    out->seconds = elapsed(&session);
    incline_step_plan_destroy(&session.plan);
    incline_rig_finish(&session.rig);
    incline_free(&session.jobs);
    return status;
}

void incline_tune_finish(struct incline_tune_result *result)
{
    for (size_t i = 0; i < result->count; i++) {
        incline_free(&result->rows[i].op);
        incline_free(&result->rows[i].shape);
    }
    incline_free(&result->rows);
    *result = (struct incline_tune_result){0};
}

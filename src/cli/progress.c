#include "cli/progress.h"

#include "cli/format.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { CELLS_WIDE = 20, CELLS_NARROW = 10, PIECES_MAX = 12 };

static const double redraw_seconds = 0.1;

/* How dear a part of the bar is: the highest rank is left out first when the line is too long.
 * The last bar of an epoch stays in the scroll-back, so it keeps its KEPT parts at any width. */
enum rank {
    RANK_EPOCH,
    RANK_FIGURE,
    RANK_KEPT = RANK_FIGURE,
    RANK_LOSS,
    RANK_STEPS,
    RANK_TIME,
    RANK_BAR_NARROW,
    RANK_RATE,
    RANK_LEARNING_RATE,
    RANK_BAR_WIDE,
    RANK_STEP_TIME
};

struct piece {
    enum rank rank;
    bool hidden;
    const char *color;
    char text[80];
};

struct line {
    struct piece pieces[PIECES_MAX];
    size_t count;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static bool can_redraw(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && (term == NULL || strcmp(term, "dumb") != 0);
}

void cli_progress_init(struct cli_progress *progress, struct cli *cli)
{
    enum cli_progress_choice mode = (enum cli_progress_choice)cli->common.progress;
    if (mode == CLI_PROGRESS_AUTO)
        mode = cli->common.quiet ? CLI_PROGRESS_NONE : CLI_PROGRESS_BAR;
    if (mode == CLI_PROGRESS_BAR && !can_redraw())
        mode = CLI_PROGRESS_LINE;
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    *progress = (struct cli_progress){.cli = cli, .mode = mode, .utf8 = utf8};
}

static size_t terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

static struct piece *add_piece(struct line *line, enum rank rank, const char *format, ...)
    INCLINE_PRINTF(3, 4);

static struct piece *add_piece(struct line *line, enum rank rank, const char *format, ...)
{
    struct piece *piece = &line->pieces[line->count++];
    va_list arguments;
    va_start(arguments, format);
    *piece = (struct piece){.rank = rank};
    vsnprintf(piece->text, sizeof piece->text, format, arguments);
    va_end(arguments);
    return piece;
}

static void add_metric(struct line *line, enum rank rank, const char *name, double value)
{
    struct cli_figure figure;
    add_piece(line, rank, "%s %s", name, cli_format_metric(&figure, value));
}

static void fill_bar(char *out, const struct incline_progress *state, int cells, bool utf8)
{
    int steps = state->steps > 0 ? state->steps : 1;
    int done = (int)((long long)cells * state->step / steps);
    out[0] = '\0';
    for (int i = 0; i < cells; i++)
        strcat(out, i < done ? (utf8 ? "\u2501" : "=") : (utf8 ? "\u2500" : "-"));
}

static int digits(int number)
{
    return snprintf(NULL, 0, "%d", number);
}

/* The speed leaves out the first step of the run, in which kernels are built: a time that does not
 * would contradict it where that step is much of the epoch. */
static void add_time(struct line *line, const struct incline_progress *state)
{
    struct cli_figure figure, first;
    if (state->first_step_seconds > state->seconds / 10)
        add_piece(line, RANK_TIME, "%s (first step %s)", cli_format_clock(&figure, state->seconds),
                  cli_format_clock(&first, state->first_step_seconds));
    else
        add_piece(line, RANK_TIME, "%4s", cli_format_clock(&figure, state->seconds));
}

static void add_speed(struct line *line, const struct incline_progress *state, bool last)
{
    struct cli_figure figure;
    double left = (state->steps - state->step) * state->step_seconds;
    if (last)
        add_time(line, state);
    else if (state->step_seconds > 0)
        add_piece(line, RANK_TIME, "eta %s", cli_format_clock(&figure, left));
    if (state->step_seconds > 0)
        add_piece(line, RANK_STEP_TIME, "%s", cli_format_step(&figure, state->step_seconds));
    if (state->images_per_second > 0)
        add_piece(line, RANK_RATE, "%.0f img/s", state->images_per_second);
}

static void fill_line(struct line *line, const struct incline_progress *state, bool utf8, bool last)
{
    struct cli_figure epoch;
    int width = state->epochs > 0 ? 2 * digits(state->epochs) + 1 : 0;
    line->count = 0;
    cli_format_epoch(&epoch, state->epoch, state->epochs);
    add_piece(line, RANK_EPOCH, "Epoch %*s", width, epoch.text);
    struct piece *bar = add_piece(line, RANK_BAR_WIDE, "%s", "");
    bar->color = "\033[32m";
    fill_bar(bar->text, state, CELLS_WIDE, utf8);
    add_piece(line, RANK_STEPS, "%*d/%d", digits(state->steps), state->step, state->steps);
    add_speed(line, state, last);
    add_piece(line, RANK_LEARNING_RATE, "lr %.3g", state->learning_rate);
    add_metric(line, RANK_LOSS, "loss", state->loss);
    add_metric(line, RANK_FIGURE, "accuracy", state->accuracy);
    if (last && state->has_val) {
        add_metric(line, RANK_FIGURE, "val_loss", state->val_loss);
        add_metric(line, RANK_FIGURE, "val_accuracy", state->val_accuracy);
    }
    if (last && state->best)
        add_piece(line, RANK_FIGURE, "best")->color = "\033[1m";
}

static size_t line_width(const struct line *line)
{
    size_t width = 0;
    for (size_t i = 0; i < line->count; i++) {
        if (!line->pieces[i].hidden)
            width += cli_text_width(line->pieces[i].text) + 2;
    }
    return width > 0 ? width - 2 : 0;
}

static struct piece *least_dear(struct line *line, enum rank keep)
{
    struct piece *found = NULL;
    for (size_t i = 0; i < line->count; i++) {
        struct piece *piece = &line->pieces[i];
        if (!piece->hidden && piece->rank > keep && (found == NULL || piece->rank >= found->rank))
            found = piece;
    }
    return found;
}

/* Leaves out parts until the line fits; the wide bar becomes a narrow one first. */
static void fit_line(struct line *line, const struct incline_progress *state, bool utf8,
                     size_t columns, enum rank keep)
{
    struct piece *piece;
    while (line_width(line) >= columns && (piece = least_dear(line, keep)) != NULL) {
        if (piece->rank == RANK_BAR_WIDE) {
            piece->rank = RANK_BAR_NARROW;
            fill_bar(piece->text, state, CELLS_NARROW, utf8);
        } else {
            piece->hidden = true;
        }
    }
}

static size_t append(char *out, size_t size, size_t length, const char *text)
{
    int added = snprintf(out + length, size - length, "%s", text);
    return length + (size_t)added < size ? length + (size_t)added : size - 1;
}

/* One write, so that nothing comes between. */
static void draw(const struct line *line, bool color, bool last)
{
    char out[PIECES_MAX * 100];
    size_t length = append(out, sizeof out, 0, "\r");
    const char *gap = "";
    for (size_t i = 0; i < line->count; i++) {
        const struct piece *piece = &line->pieces[i];
        if (piece->hidden)
            continue;
        bool painted = color && piece->color != NULL;
        length = append(out, sizeof out, length, gap);
        length = append(out, sizeof out, length, painted ? piece->color : "");
        length = append(out, sizeof out, length, piece->text);
        length = append(out, sizeof out, length, painted ? "\033[0m" : "");
        gap = "  ";
    }
    append(out, sizeof out, length, last ? "\033[K\n" : "\033[K");
    fputs(out, stderr);
}

static void draw_state(struct cli_progress *progress, const struct incline_progress *state,
                       bool last)
{
    struct line line;
    fill_line(&line, state, progress->utf8, last);
    fit_line(&line, state, progress->utf8, terminal_columns(), last ? RANK_KEPT : RANK_EPOCH);
    draw(&line, progress->cli->color, last);
    progress->cli->line_drawn = !last;
    progress->last_draw = now();
}

void cli_progress_note(struct cli_progress *progress, const char *text)
{
    if (progress->mode != CLI_PROGRESS_BAR)
        return;
    fprintf(stderr, "\r%s\033[K", text);
    progress->cli->line_drawn = true;
}

void cli_progress_say(struct cli_progress *progress, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    cli_make_printable(text);
    cli_progress_note(progress, text);
    if (progress->mode == CLI_PROGRESS_LINE)
        fprintf(stderr, "%s\n", text);
}

void cli_progress_tick(struct cli_progress *progress, const struct incline_progress *state)
{
    if (progress->mode == CLI_PROGRESS_BAR && now() - progress->last_draw >= redraw_seconds)
        draw_state(progress, state, false);
}

static void print_epoch_line(const struct incline_progress *state)
{
    struct cli_figure epoch;
    fprintf(stderr, "epoch=%s time=%.1f", cli_format_epoch(&epoch, state->epoch, state->epochs),
            state->seconds);
    if (state->first_step_seconds > 0)
        fprintf(stderr, " first_step=%.1f", state->first_step_seconds);
    fprintf(stderr, " images_per_s=%.0f loss=%.6g accuracy=%.4f", state->images_per_second,
            state->loss, state->accuracy);
    if (state->has_val)
        fprintf(stderr, " val_loss=%.6g val_accuracy=%.4f", state->val_loss, state->val_accuracy);
    fprintf(stderr, " lr=%.6g best=%d\n", state->learning_rate, state->best);
}

void cli_progress_epoch(struct cli_progress *progress, const struct incline_progress *state)
{
    if (progress->mode == CLI_PROGRESS_BAR)
        draw_state(progress, state, true);
    else if (progress->mode == CLI_PROGRESS_LINE)
        print_epoch_line(state);
}

void cli_progress_finish(struct cli_progress *progress)
{
    if (progress->cli->line_drawn)
        fputc('\n', stderr);
    progress->cli->line_drawn = false;
}

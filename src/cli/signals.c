#include "cli/signals.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t save_wish;
static volatile sig_atomic_t hangup_was_ignored;

void cli_signals_note_start(void)
{
    struct sigaction hangup;
    hangup_was_ignored = sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_IGN;
}

static void stop(int number, const char *text)
{
    if (stop_signal != 0)
        _exit(128 + number);
    stop_signal = number;
    int kept = errno;
    /* The newline leaves the progress bar and the terminal's "^C" behind. */
    (void)!write(STDERR_FILENO, text, strlen(text));
    errno = kept;
}

static void stop_training(int number)
{
    stop(number, "\nstopping after this step and saving; press again to quit at once\n");
}

static void stop_measuring(int number)
{
    stop(number, "\nstopping; what is measured so far is kept; press again to quit at once\n");
}

static void handle_save(int number)
{
    (void)number;
    save_wish = 1;
}

static void install(void (*handle_stop)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handle_stop;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* A terminal that is closed; nohup has it ignored, and that stays so. */
    if (hangup_was_ignored)
        signal(SIGHUP, SIG_IGN);
    else
        sigaction(SIGHUP, &action, NULL);
    action.sa_handler = handle_save;
    sigaction(SIGUSR1, &action, NULL);
}

void cli_signals_install(void)
{
    install(stop_training);
}

void cli_signals_install_measuring(void)
{
    install(stop_measuring);
}

volatile sig_atomic_t *cli_save_flag(void)
{
    return &save_wish;
}

volatile sig_atomic_t *cli_stop_flag(void)
{
    return &stop_signal;
}

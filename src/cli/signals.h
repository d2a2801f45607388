/* Ctrl-C, SIGTERM and SIGUSR1 while training or measuring. */
#ifndef INCLINE_CLI_SIGNALS_H
#define INCLINE_CLI_SIGNALS_H

#include <signal.h>

/* To be called first: compilers in drivers set handlers of their own, and what nohup had set would
 * not be seen any more. */
void cli_signals_note_start(void);

/* From now on the first SIGINT or SIGTERM sets the flag to its number and says so on stderr; the
 * second ends the program at once. SIGUSR1 sets the save flag. */
void cli_signals_install(void);

/* The same where rows are kept, and nothing is saved. */
void cli_signals_install_measuring(void);

/* The flag: 0, or the signal that came. */
volatile sig_atomic_t *cli_stop_flag(void);

/* 1 when SIGUSR1 came, until whoever saves sets it to 0. */
volatile sig_atomic_t *cli_save_flag(void);

#endif

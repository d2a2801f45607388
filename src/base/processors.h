/* How much of the machine this process may use. */
#ifndef INCLINE_BASE_PROCESSORS_H
#define INCLINE_BASE_PROCESSORS_H

/* The processors that the process may run on, or fewer where a container's quota of their time ends
 * before. INFINITY: not known. */
double incline_processors(void);

/* Those of a quota as the file cpu.max of a control group has it: 1.5 for "150000 100000";
 * INFINITY for "max 100000", and for what is none. */
double incline_processors_of_quota(const char *text);

#endif

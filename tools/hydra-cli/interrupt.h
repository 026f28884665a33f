/* SPDX-License-Identifier: MIT */
/*
 * Ctrl-C and its relatives while a job runs. The first SIGINT, SIGTERM or SIGHUP is only noted, so
 * that the job can be cancelled and clean up; the second ends the program at once.
 */
#ifndef INTERRUPT_H
#define INTERRUPT_H

/*
 * From now on signals are noted, and writing to a pipe without a reader or beyond the file size
 * limit is an error instead of a death. Returns a descriptor that is readable after a signal;
 * -1 with errno.
 */
int interrupt_begin(void);
/* The signal that came, 0 = none. */
int interrupt_signal(void);
/* Signals do what they did before. */
void interrupt_end(void);

#endif

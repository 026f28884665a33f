/* SPDX-License-Identifier: MIT */
/*
 * Signals belong to the host and its threads. Around the start of a thread, also by a foreign
 * library, they are blocked in the thread that starts it: the new one inherits that.
 */
#ifndef HY_SIGNALS_H
#define HY_SIGNALS_H

#include <signal.h>

/*
 * Block all signals in this thread but those that report a fault of the thread itself (SIGSEGV,
 * SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS), which would kill a process that blocks them past the
 * host's handler, and SIGPROF, by which profilers look at each thread. Those stay as they are.
 */
void hy_signals_block(sigset_t *before);
void hy_signals_restore(const sigset_t *before);

#endif

/* SPDX-License-Identifier: MIT */
/* Which signals a thread of the library lets through. */
#include "signals.h"

#include <stddef.h>

void hy_signals_block(sigset_t *before)
{
    static const int let_through[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGPROF};
    sigset_t others;
    (void)sigfillset(&others);
    for (size_t i = 0; i < sizeof let_through / sizeof *let_through; i++) {
        (void)sigdelset(&others, let_through[i]);
    }
    (void)pthread_sigmask(SIG_BLOCK, &others, before);
}

void hy_signals_restore(const sigset_t *before)
{
    (void)pthread_sigmask(SIG_SETMASK, before, NULL);
}

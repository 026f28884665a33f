/* SPDX-License-Identifier: MIT */
/* Speed of the compositor on one core, printed for people. */
#ifndef HY_CHECKASM_BENCH_H
#define HY_CHECKASM_BENCH_H

int bench_run(void);

#endif

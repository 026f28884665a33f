/* SPDX-License-Identifier: MIT */
/*
 * Running out of memory on purpose. A test program that is linked with alloc_faults.c and the
 * linker's --wrap (see unit/core/meson.build) has all allocations of the library under control.
 */
#ifndef HY_TEST_ALLOC_FAULTS_H
#define HY_TEST_ALLOC_FAULTS_H

#include <stdbool.h>

/* The `nth` allocation from now on returns NULL (1 = the next). 0 = none. */
void test_fail_allocation(int nth);
/* Whether it has happened. */
bool test_allocation_failed(void);
/* For wrappers of other allocators: counts as an allocation; true = fail now. */
bool test_allocation_fails_now(void);
/* Blocks that were allocated and not yet freed: to be compared before and after. */
int test_live_blocks(void);
/* How many blocks that were freed since the last call began with a text that has `part` in it,
 * which the calls to come look for. Secrets are to be wiped. NULL = look no more. */
int test_freed_with(const char *part);
/* With alloc_faults_media.c, too: large pictures. What is asked of FFmpeg can fail as well. */
int test_live_maps(void);

#endif

/* SPDX-License-Identifier: MIT */
/* Tests that change their process (user, mounts, CPUs, limits) do it in a child. */
#ifndef HY_TEST_CHILD_H
#define HY_TEST_CHILD_H

#include "support.h"

/* Run `body` in a child process and fail the test unless it returns. In there cmocka's assertions
 * must not be used, child_check instead. */
void test_in_child(void (*body)(void *user), void *user);

#define child_check(condition) child_check_at((condition), #condition, __FILE__, __LINE__)
void child_check_at(bool holds, const char *condition, const char *file, int line);

/* Mounts from here on are seen by this process alone and end with it. Needs no root. */
void child_own_mounts(void);

/* Give up root: become user "nobody". Does nothing for other users. */
void child_drop_root(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Public structs begin with their size (a uint32_t) and grow at their end only. So a caller's may
 * be shorter than ours, from older headers, or longer, from newer ones: what both know is copied.
 * One that is shorter than in the first release was never set up.
 */
#ifndef HY_SIZED_H
#define HY_SIZED_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a struct up to the end of `member`: its size in a release whose last member that was. */
#define HY_SIZE_THROUGH(type, member) (offsetof(type, member) + sizeof(((type *)NULL)->member))

/* `given` is not NULL and says that it has `least` bytes or more. */
bool hy_sized_is_set(const void *given, size_t least);

/* Copy a caller's struct over `own`, which is of `size` bytes, holds the defaults and keeps its own
 * size. False, and nothing is copied, where hy_sized_is_set is false. */
bool hy_sized_take(void *own, size_t size, const void *given, size_t least);

/* Fill a caller's struct, which is set, from `own`. It keeps its own size. */
void hy_sized_give(void *given, const void *own, size_t size);

#endif

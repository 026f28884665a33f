/* SPDX-License-Identifier: MIT */
/*
 * host: what this machine gives to this process. Stands on nothing else of the library: hydra-cli
 * is built with the same files, so that `doctor` cannot see another machine than renders do.
 */
#ifndef HY_HOST_H
#define HY_HOST_H

#include <stdbool.h>
#include <stdint.h>

/* ---- cpu.c ---- */

/* The CPUs that this process may use: its affinity mask and, where set, the quotas of its control
 * groups. */
int hy_cpu_count(void);
/* The same in hundredths, as quotas can have it; 1.. */
int64_t hy_cpu_hundredths(void);

/* ---- cgroup.c ---- */

/* The limit of the control group in `folder`; INT64_MAX = none. */
typedef int64_t hy_group_limit(const char *folder);

/* One kind of limit, in both generations of control groups. */
typedef struct hy_group_limits {
    const char *controller; /* "cpu": its name, and its folder in the first generation */
    hy_group_limit *second;
    hy_group_limit *first;
} hy_group_limits;

/* The smallest limit of the groups of this process and of all groups above them; INT64_MAX = none.
 */
int64_t hy_group_smallest(const hy_group_limits *limits);

/* The first line of a small file of a group; "" and false when there is none. */
bool hy_group_line(const char *folder, const char *name, char *line, int size);

#endif

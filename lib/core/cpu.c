/* SPDX-License-Identifier: MIT */
/* How many CPUs this process may use: its affinity mask, and the quotas of its control groups. */
#include <sched.h>
#include <stdlib.h>

#include "host.h"

#define MAX_CPUS 65536

static int affinity_count(void)
{
    for (int capacity = 1024; capacity <= MAX_CPUS; capacity *= 4) {
        cpu_set_t *set = CPU_ALLOC((size_t)capacity);
        if (!set) {
            return 1;
        }
        size_t bytes = CPU_ALLOC_SIZE((size_t)capacity);
        int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
        CPU_FREE(set);
        if (count > 0) {
            return count;
        }
    }
    return 1;
}

/* What a quota allows, rounded up. */
static int64_t hundredths(long long quota, long long period)
{
    long long scaled;
    if (quota <= 0 || period <= 0 || __builtin_mul_overflow(quota, 100, &scaled)) {
        return INT64_MAX;
    }
    return scaled / period + (scaled % period != 0);
}

/* cpu.max: "QUOTA PERIOD" in microseconds, or "max PERIOD". */
static int64_t quota_second(const char *folder)
{
    char line[64];
    (void)hy_group_line(folder, "cpu.max", line, sizeof line);
    char *rest = NULL;
    long long quota = strtoll(line, &rest, 10);
    return hundredths(quota, strtoll(rest, NULL, 10));
}

/* Quota -1 = none. */
static int64_t quota_first(const char *folder)
{
    char quota[64];
    char period[64];
    (void)hy_group_line(folder, "cpu.cfs_quota_us", quota, sizeof quota);
    (void)hy_group_line(folder, "cpu.cfs_period_us", period, sizeof period);
    return hundredths(strtoll(quota, NULL, 10), strtoll(period, NULL, 10));
}

int64_t hy_cpu_hundredths(void)
{
    static const hy_group_limits quotas = {"cpu", quota_second, quota_first};
    int64_t allowed = INT64_C(100) * affinity_count();
    int64_t quota = hy_group_smallest(&quotas);
    return quota < allowed ? quota : allowed;
}

int hy_cpu_count(void)
{
    return (int)((hy_cpu_hundredths() + 99) / 100);
}

/* SPDX-License-Identifier: MIT */
/* How many CPUs this process may use: sched_getaffinity(2), cgroup v2 cpu.max, cgroup v1 quota. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

static int affinity_count(void)
{
    for (int capacity = 1024; capacity <= 65536; capacity *= 4) {
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

static long long read_number(const char *path)
{
    char text[64] = "";
    FILE *file = fopen(path, "re");
    if (file) {
        size_t got = fread(text, 1, sizeof text - 1, file);
        text[got] = '\0';
        (void)fclose(file);
    }
    return strtoll(text, NULL, 10);
}

/* Whole CPUs that the quota allows, at least 1; 0 = no quota. */
static int quota_count(void)
{
    long long quota = 0;
    long long period = 0;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (file) {
        char line[64] = "";
        if (fgets(line, sizeof line, file) && strncmp(line, "max", 3) != 0) {
            char *rest = NULL;
            quota = strtoll(line, &rest, 10);
            period = strtoll(rest, NULL, 10);
        }
        (void)fclose(file);
    } else {
        quota = read_number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
        period = read_number("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    }
    if (quota <= 0 || period <= 0) {
        return 0;
    }
    long long cpus = quota / period + (quota % period != 0);
    return cpus < 65536 ? (int)cpus : 65536;
}

int hy_cpu_count(void)
{
    int cpus = affinity_count();
    int quota = quota_count();
    return quota > 0 && quota < cpus ? quota : cpus;
}

/* SPDX-License-Identifier: MIT */
/*
 * How many CPUs this process may use: its affinity mask, and the quotas of its control group and of
 * all groups above it, in both generations of control groups. A container may show its own group as
 * the root of the tree, while the process is told of a path that leads nowhere there: groups that
 * are not found are passed over, and the root always counts.
 */
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

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

/* The first line of a small file; "" when there is none. */
static void read_line(const char *folder, const char *name, char *line, int size)
{
    char path[PATH_MAX + 64];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    line[0] = '\0';
    FILE *file = fopen(path, "re");
    if (file) {
        if (!fgets(line, size, file)) {
            line[0] = '\0';
        }
        (void)fclose(file);
    }
}

/* Whole CPUs that a quota allows, at least 1; MAX_CPUS = no quota. */
static int whole_cpus(long long quota, long long period)
{
    if (quota <= 0 || period <= 0) {
        return MAX_CPUS;
    }
    long long cpus = quota / period + (quota % period != 0);
    return cpus < MAX_CPUS ? (int)cpus : MAX_CPUS;
}

/* cpu.max: "QUOTA PERIOD" in microseconds, or "max PERIOD". */
static int quota_v2(const char *folder)
{
    char line[64];
    read_line(folder, "cpu.max", line, sizeof line);
    char *rest = NULL;
    long long quota = strtoll(line, &rest, 10);
    return whole_cpus(quota, strtoll(rest, NULL, 10));
}

/* Quota -1 = none. */
static int quota_v1(const char *folder)
{
    char quota[64];
    char period[64];
    read_line(folder, "cpu.cfs_quota_us", quota, sizeof quota);
    read_line(folder, "cpu.cfs_period_us", period, sizeof period);
    return whole_cpus(strtoll(quota, NULL, 10), strtoll(period, NULL, 10));
}

/* The smallest quota of the group at `mount` + `path` and of those above it, up to `mount`. */
static int smallest_quota(int (*quota)(const char *folder), const char *mount, const char *path)
{
    char folder[PATH_MAX];
    int length = snprintf(folder, sizeof folder, "%s%s", mount, path);
    if (length < 0 || length >= (int)sizeof folder || strstr(path, "/..")) {
        return quota(mount); /* a group outside the tree that is seen from here */
    }
    int smallest = MAX_CPUS;
    size_t root = strlen(mount);
    for (;;) {
        int cpus = quota(folder);
        smallest = cpus < smallest ? cpus : smallest;
        char *last = strrchr(folder + root, '/');
        if (!last) {
            return smallest;
        }
        *last = '\0';
    }
}

/* Is "cpu" among the words of "cpu,cpuacct"? */
static bool is_cpu_controller(const char *names, size_t length)
{
    for (const char *at = names; at < names + length; at++) {
        size_t word = strcspn(at, ",:");
        if (word == 3 && memcmp(at, "cpu", 3) == 0) {
            return true;
        }
        at += word;
    }
    return false;
}

/* A line of /proc/self/cgroup: "0::/PATH", or "4:cpu,cpuacct:/PATH" of the first generation. */
static int quota_of_line(char *line)
{
    line[strcspn(line, "\n")] = '\0';
    const char *names = strchr(line, ':');
    const char *path = names ? strchr(names + 1, ':') : NULL;
    if (!path || path[1] != '/') {
        return MAX_CPUS;
    }
    names++;
    if (path == names) {
        return smallest_quota(quota_v2, "/sys/fs/cgroup", path + 1);
    }
    if (is_cpu_controller(names, (size_t)(path - names))) {
        return smallest_quota(quota_v1, "/sys/fs/cgroup/cpu", path + 1);
    }
    return MAX_CPUS;
}

static int own_quota(void)
{
    int smallest = MAX_CPUS;
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file) {
        return smallest;
    }
    char line[PATH_MAX];
    while (fgets(line, sizeof line, file)) {
        int cpus = quota_of_line(line);
        smallest = cpus < smallest ? cpus : smallest;
    }
    (void)fclose(file);
    return smallest;
}

int hy_cpu_count(void)
{
    const int counts[] = {
        affinity_count(),
        own_quota(),
        quota_v2("/sys/fs/cgroup"),
        quota_v1("/sys/fs/cgroup/cpu"),
    };
    int smallest = counts[0];
    for (size_t i = 1; i < sizeof counts / sizeof *counts; i++) {
        smallest = counts[i] < smallest ? counts[i] : smallest;
    }
    return smallest;
}

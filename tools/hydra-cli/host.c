/* SPDX-License-Identifier: MIT */
/* Linux: /proc, control groups (version 2, then 1) and resource limits. */
#include "host.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

/* The first line of a small file. */
static bool read_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");
    bool ok = file && fgets(line, size, file);
    if (file) {
        (void)fclose(file);
    }
    return ok;
}

/* A number in a file of its own; -1 if there is none ("max"). */
static int64_t read_number(const char *path)
{
    char line[64];
    char *end = NULL;
    if (!read_line(path, line, sizeof line)) {
        return -1;
    }
    long long value = strtoll(line, &end, 10);
    return end == line ? -1 : value;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* Hundredths of a CPU that the control group may use. */
static int64_t group_cpu_hundredths(void)
{
    char line[64];
    long long quota = -1;
    long long period = 0;
    if (read_line("/sys/fs/cgroup/cpu.max", line, sizeof line)) {
        char *rest = NULL;
        quota = strtoll(line, &rest, 10);
        quota = rest == line ? -1 : quota;
        period = strtoll(rest, NULL, 10);
    } else {
        quota = read_number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
        period = read_number("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    }
    return quota <= 0 || period <= 0 || quota > INT64_MAX / 100 ? -1 : quota * 100 / period;
}

int64_t host_cpu_hundredths(void)
{
    cpu_set_t set;
    int64_t allowed = -1;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        allowed = (int64_t)CPU_COUNT(&set) * 100;
    }
    return smaller(allowed, group_cpu_hundredths());
}

static int64_t free_memory(void)
{
    static const char name[] = "MemAvailable:";
    char line[128];
    int64_t bytes = -1;
    FILE *file = fopen("/proc/meminfo", "re");
    while (file && bytes < 0 && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, sizeof name - 1) == 0) {
            bytes = strtoll(line + sizeof name - 1, NULL, 10) * 1024;
        }
    }
    if (file) {
        (void)fclose(file);
    }
    return bytes;
}

static int64_t left(int64_t limit, int64_t used)
{
    return limit < 0 || used < 0 ? -1 : limit > used ? limit - used : 0;
}

int64_t host_memory_bytes(void)
{
    struct rlimit limit;
    int64_t bytes = free_memory();
    bytes = smaller(bytes, left(read_number("/sys/fs/cgroup/memory.max"),
                                read_number("/sys/fs/cgroup/memory.current")));
    bytes = smaller(bytes, left(read_number("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
                                read_number("/sys/fs/cgroup/memory/memory.usage_in_bytes")));
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur <= INT64_MAX) {
        bytes = smaller(bytes, (int64_t)limit.rlim_cur);
    }
    return bytes;
}

int64_t host_disk_bytes(const char *folder)
{
    struct statvfs info;
    int64_t bytes = 0;
    if (statvfs(folder, &info) != 0 ||
        __builtin_mul_overflow(info.f_bavail, info.f_frsize, &bytes)) {
        return -1;
    }
    return bytes;
}

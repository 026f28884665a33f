/* SPDX-License-Identifier: MIT */
/* Linux: /proc, control groups as the library sees them, and resource limits. */
#include "host.h"

#include "core/host.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int64_t smaller(int64_t a, int64_t b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

int64_t host_cpu_hundredths(void)
{
    return hy_cpu_hundredths();
}

/* The number behind `name`, at the beginning of a line of a file; -1 if there is none. */
static int64_t number_in(const char *path, const char *name)
{
    char line[128];
    int64_t number = -1;
    FILE *file = fopen(path, "re");
    while (file && number < 0 && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name)) == 0) {
            number = strtoll(line + strlen(name), NULL, 10);
        }
    }
    if (file) {
        (void)fclose(file);
    }
    return number;
}

static int64_t free_memory(void)
{
    int64_t kilobytes = number_in("/proc/meminfo", "MemAvailable:");
    return kilobytes < 0 ? -1 : kilobytes * 1024;
}

/* A number in a file of its own; -1 if there is none ("max"). */
static int64_t read_number(const char *folder, const char *name)
{
    char line[64];
    char *end = NULL;
    (void)hy_group_line(folder, name, line, sizeof line);
    long long value = strtoll(line, &end, 10);
    return end == line ? -1 : value;
}

/* Cached bytes of files that nobody uses: they count as used, but go away when memory is wanted. */
static int64_t cached(const char *folder, const char *name)
{
    char path[PATH_MAX + 64];
    (void)snprintf(path, sizeof path, "%s/memory.stat", folder);
    return number_in(path, name);
}

static int64_t left(int64_t limit, int64_t used, int64_t reusable)
{
    if (limit < 0 || used < 0) {
        return INT64_MAX;
    }
    used -= reusable > 0 && reusable < used ? reusable : 0;
    return limit > used ? limit - used : 0;
}

static int64_t left_second(const char *folder)
{
    return left(read_number(folder, "memory.max"), read_number(folder, "memory.current"),
                cached(folder, "inactive_file "));
}

static int64_t left_first(const char *folder)
{
    return left(read_number(folder, "memory.limit_in_bytes"),
                read_number(folder, "memory.usage_in_bytes"),
                cached(folder, "total_inactive_file "));
}

int64_t host_memory_bytes(void)
{
    static const hy_group_limits limits = {"memory", left_second, left_first};
    struct rlimit limit;
    int64_t bytes = free_memory();
    int64_t group = hy_group_smallest(&limits);
    bytes = smaller(bytes, group < INT64_MAX ? group : -1);
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

/* The first `size` - 1 characters of a file of a PCI device. */
static void read_device(const char *device, const char *name, char *text, size_t size)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/%s", device, name);
    FILE *file = fopen(path, "re");
    text[0] = '\0';
    if (file) {
        (void)fgets(text, (int)size, file);
        (void)fclose(file);
    }
}

bool host_has_nvidia_gpu(void)
{
    char vendor[16];
    char class[16];
    bool found = access("/dev/nvidiactl", F_OK) == 0;
    DIR *devices = opendir("/sys/bus/pci/devices");
    for (struct dirent *entry; devices && !found && (entry = readdir(devices));) {
        read_device(entry->d_name, "vendor", vendor, sizeof vendor);
        read_device(entry->d_name, "class", class, sizeof class);
        /* Class 3: display controllers, those without an outlet included. */
        found = strncmp(vendor, "0x10de", 6) == 0 && strncmp(class, "0x03", 4) == 0;
    }
    if (devices) {
        (void)closedir(devices);
    }
    return found;
}

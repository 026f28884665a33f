/* SPDX-License-Identifier: MIT */
/*
 * Limits of the control group of this process and of all groups above it, in both generations of
 * control groups. A container may show its own group as the root of the tree, while the process is
 * told of a path that leads nowhere there: groups that are not found are passed over, and the root
 * always counts.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

#define MOUNT "/sys/fs/cgroup"

bool hy_group_line(const char *folder, const char *name, char *line, int size)
{
    char path[PATH_MAX + 64];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    line[0] = '\0';
    FILE *file = fopen(path, "re");
    if (!file) {
        return false;
    }
    bool got = fgets(line, size, file) != NULL;
    if (!got) {
        line[0] = '\0';
    }
    (void)fclose(file);
    return got;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The smallest limit of the group at `mount` + `path` and of those above it, up to `mount`. */
static int64_t smallest_up(hy_group_limit *limit, const char *mount, const char *path)
{
    char folder[PATH_MAX];
    int length = snprintf(folder, sizeof folder, "%s%s", mount, path);
    if (length < 0 || length >= (int)sizeof folder || strstr(path, "/..")) {
        return limit(mount); /* a group outside the tree that is seen from here */
    }
    int64_t smallest = INT64_MAX;
    size_t root = strlen(mount);
    for (;;) {
        smallest = smaller(smallest, limit(folder));
        char *last = strrchr(folder + root, '/');
        if (!last) {
            return smallest;
        }
        *last = '\0';
    }
}

/* Is `name` among the words of "cpu,cpuacct"? */
static bool has_controller(const char *names, size_t length, const char *name)
{
    for (const char *at = names; at < names + length; at++) {
        size_t word = strcspn(at, ",:");
        if (word == strlen(name) && memcmp(at, name, word) == 0) {
            return true;
        }
        at += word;
    }
    return false;
}

/* Where the first generation has the groups of a controller. */
static void first_mount(const hy_group_limits *limits, char mount[PATH_MAX])
{
    (void)snprintf(mount, PATH_MAX, MOUNT "/%s", limits->controller);
}

/* A line of /proc/self/cgroup: "0::/PATH", or "4:cpu,cpuacct:/PATH" of the first generation. */
static int64_t limit_of_line(const hy_group_limits *limits, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    const char *names = strchr(line, ':');
    const char *path = names ? strchr(names + 1, ':') : NULL;
    if (!path || path[1] != '/') {
        return INT64_MAX;
    }
    names++;
    if (path == names) {
        return smallest_up(limits->second, MOUNT, path + 1);
    }
    if (has_controller(names, (size_t)(path - names), limits->controller)) {
        char mount[PATH_MAX];
        first_mount(limits, mount);
        return smallest_up(limits->first, mount, path + 1);
    }
    return INT64_MAX;
}

static int64_t own_limit(const hy_group_limits *limits)
{
    int64_t smallest = INT64_MAX;
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file) {
        return smallest;
    }
    char line[PATH_MAX];
    while (fgets(line, sizeof line, file)) {
        smallest = smaller(smallest, limit_of_line(limits, line));
    }
    (void)fclose(file);
    return smallest;
}

int64_t hy_group_smallest(const hy_group_limits *limits)
{
    char mount[PATH_MAX];
    first_mount(limits, mount);
    int64_t root = smaller(limits->second(MOUNT), limits->first(mount));
    return smaller(root, own_limit(limits));
}

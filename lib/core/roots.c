/* SPDX-License-Identifier: MIT */
/* Is a file inside one of the allowed folders? Asks /proc where an open descriptor lies. */
#include "roots.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

/* As many as the kernel follows. */
#define MAX_LINKS 40

static bool is_free(const hydra_policy *policy)
{
    return !policy || (policy->file_root_count == 0 && policy->files);
}

/* Neither folders nor everything: no file may be touched. */
static bool is_closed(const hydra_policy *policy)
{
    return policy && policy->file_root_count == 0 && !policy->files;
}

/* `path` is the folder itself or below it: "/srv/in" holds "/srv/in/a", not "/srv/inner". */
static bool holds(const char *root, const char *path)
{
    size_t length = strlen(root);
    if (length == 1) {
        return path[0] == '/';
    }
    return strncmp(root, path, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static hydra_status refuse(const char *name, hy_diag *diag)
{
    return hy_fail(diag, HYDRA_ERR_PERMISSION,
                   "%s: lies outside the folders that the policy allows", name);
}

static hydra_status refuse_all(const char *name, hy_diag *diag)
{
    return hy_fail(diag, HYDRA_ERR_PERMISSION, "%s: the policy allows no files", name);
}

hydra_status hy_roots_check_fd(const hydra_policy *policy, int fd, const char *name, hy_diag *diag)
{
    if (is_free(policy)) {
        return HYDRA_OK;
    }
    if (is_closed(policy)) {
        return refuse_all(name, diag);
    }
    char link[32];
    char path[PATH_MAX];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path);
    if (length < 0 || length == (ssize_t)sizeof path) {
        return hy_fail(diag, HYDRA_ERR_PERMISSION,
                       "%s: cannot be held against the allowed folders: %s", name,
                       length < 0 ? "there is no /proc" : "its path is too long");
    }
    path[length] = '\0';
    for (int32_t i = 0; i < policy->file_root_count; i++) {
        if (holds(policy->file_roots[i], path)) {
            return HYDRA_OK;
        }
    }
    return refuse(name, diag);
}

/* Cut the last part off. False: nothing is left above it. */
static bool cut_last(char *path)
{
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] == '/') {
        length--;
    }
    while (length > 0 && path[length - 1] != '/') {
        length--;
    }
    if (length > 0) {
        path[length] = '\0';
        return length > 1 || path[0] != '/';
    }
    return false;
}

/* Make `path`, which has room for `capacity` bytes, the place that it links to. False: it is not a
 * link. */
static bool follow_link(char *path, size_t capacity)
{
    char link[PATH_MAX];
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') {
        path[--length] = '\0';
    }
    ssize_t size = readlink(path, link, sizeof link);
    const char *slash = size > 0 && link[0] != '/' ? strrchr(path, '/') : NULL;
    size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
    if (size <= 0 || folder + (size_t)size >= capacity) {
        return false;
    }
    memcpy(path + folder, link, (size_t)size);
    path[folder + (size_t)size] = '\0';
    return true;
}

/* A place holder of `path` or of the nearest folder above it; of a link that leads nowhere, of the
 * place where it would lead. */
static int open_nearest(char *path, size_t capacity)
{
    int links = 0;
    int fd = open(path, O_PATH | O_CLOEXEC);
    while (fd < 0) {
        bool followed = links < MAX_LINKS && follow_link(path, capacity);
        links += followed;
        bool more = followed || cut_last(path);
        const char *place = more ? path : path[0] == '/' ? "/" : ".";
        fd = open(place, O_PATH | O_CLOEXEC);
        if (!more) {
            break;
        }
    }
    return fd;
}

hydra_status hy_roots_check_path(const hydra_policy *policy, const char *path, const char *name,
                                 hy_diag *diag)
{
    if (is_free(policy)) {
        return HYDRA_OK;
    }
    if (is_closed(policy)) {
        return refuse_all(name, diag);
    }
    size_t length = strlen(path);
    size_t capacity = length + PATH_MAX + 1; /* room for a link */
    char *copy = hy_calloc(capacity, 1);
    if (!copy) {
        return hy_fail_memory(diag);
    }
    memcpy(copy, path, length);
    int fd = open_nearest(copy, capacity);
    int error = errno;
    hy_free(copy);
    if (fd < 0) {
        return hy_fail_errno(diag, error, name, "looking at its folder");
    }
    hydra_status status = hy_roots_check_fd(policy, fd, name, diag);
    (void)close(fd);
    return status;
}

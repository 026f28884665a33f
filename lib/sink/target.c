/* SPDX-License-Identifier: MIT */
/*
 * From a path to an open folder and a name in it. Everything after this goes through the folder's
 * descriptor, so that nobody who renames a folder on the way changes where the file ends up.
 */
#include "sink_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As many links in a row as Linux follows. */
#define MAX_LINKS 40

static int open_folder(int base, const char *path)
{
    const int flags = O_DIRECTORY | O_CLOEXEC;
    int folder;
    do {
        folder = openat(base, path, O_RDONLY | flags);
        if (folder < 0 && errno == EACCES) {
            /* A folder that may be written but not listed: good enough for all but fsync. */
            folder = openat(base, path, O_PATH | flags);
        }
    } while (folder < 0 && errno == EINTR);
    return folder;
}

/* Move the target to `path`, which is relative to the folder it is in now. Cuts `path` up. */
static hydra_status enter(hy_target *target, char *path, const char *shown, hy_diag *diag)
{
    char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *parent = ".";
    if (!*name) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: names a folder, not a file", shown);
    }
    char *copy = hy_strdup(name);
    if (!copy) {
        return hy_fail_memory(diag);
    }
    if (slash) {
        *slash = '\0';
        parent = slash == path ? "/" : path;
    }
    int folder = open_folder(target->folder >= 0 ? target->folder : AT_FDCWD, parent);
    if (folder < 0) {
        hydra_status status = hy_fail_errno(diag, errno, shown, "opening its folder");
        hy_free(copy);
        return status;
    }
    hy_target_close(target);
    target->folder = folder;
    target->name = copy;
    return HYDRA_OK;
}

/* Refuse anything but a regular file, or a link to one, or nothing. `info` tells of the name
 * itself; `target->exists` whether there is anything. */
static hydra_status check_kind(hy_target *target, struct stat *info, const char *shown,
                               hy_diag *diag)
{
    struct stat end;
    target->exists = fstatat(target->folder, target->name, info, AT_SYMLINK_NOFOLLOW) == 0;
    if (!target->exists) {
        return errno == ENOENT ? HYDRA_OK : hy_fail_errno(diag, errno, shown, "looking at it");
    }
    /* Also asks the kernel whether the link may be followed, and sees through the links in /proc
     * whose text is not a path. */
    if (fstatat(target->folder, target->name, &end, 0) != 0) {
        return errno == ENOENT ? HYDRA_OK : hy_fail_errno(diag, errno, shown, "looking at it");
    }
    if (S_ISDIR(end.st_mode)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: is a folder, not a file", shown);
    }
    if (!S_ISREG(end.st_mode)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: is not a regular file", shown);
    }
    /* Set-user-ID and its kin were given to the old content, not to the new. */
    target->mode = end.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
    return HYDRA_OK;
}

/* Follow the link that the target is. */
static hydra_status follow(hy_target *target, const char *shown, hy_diag *diag)
{
    char link[PATH_MAX];
    ssize_t length = readlinkat(target->folder, target->name, link, sizeof link);
    if (length < 0 || length == (ssize_t)sizeof link) {
        return hy_fail_errno(diag, length < 0 ? errno : ENAMETOOLONG, shown, "following a link");
    }
    link[length] = '\0';
    return enter(target, link, shown, diag);
}

hydra_status hy_target_find(hy_target *target, const char *path, const hydra_policy *policy,
                            hy_diag *diag)
{
    *target = (hy_target){.folder = -1};
    if (!*path) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "the output path is empty");
    }
    hydra_status status = hy_roots_check_path(policy, path, path, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    char *copy = hy_strdup(path);
    if (!copy) {
        return hy_fail_memory(diag);
    }
    status = enter(target, copy, path, diag);
    hy_free(copy);
    return status;
}

hydra_status hy_target_open(hy_target *target, const char *path, const hydra_policy *policy,
                            hy_diag *diag)
{
    hydra_status status = hy_target_find(target, path, policy, diag);
    for (int links = 0; status == HYDRA_OK; links++) {
        struct stat info;
        status = check_kind(target, &info, path, diag);
        if (status != HYDRA_OK || !target->exists || !S_ISLNK(info.st_mode)) {
            break;
        }
        status = links < MAX_LINKS ? follow(target, path, diag)
                                   : hy_fail_errno(diag, ELOOP, path, "following a link");
    }
    return status == HYDRA_OK ? hy_roots_check_fd(policy, target->folder, path, diag) : status;
}

void hy_target_close(hy_target *target)
{
    if (target->folder >= 0) {
        (void)close(target->folder);
    }
    target->folder = -1;
    hy_free(target->name);
    target->name = NULL;
}

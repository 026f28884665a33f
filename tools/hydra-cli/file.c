/* SPDX-License-Identifier: MIT */
/* Small results (a frame, a project) as carefully as the library writes videos. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* As many links in a row as Linux follows. */
#define MAX_LINKS 40

/* Of a name in the temporary one; file systems take 255 bytes, some fewer. */
#define MAX_STEM_BYTES 100

int file_write_fd(int file, const void *data, size_t size)
{
    const char *from = data;
    while (size > 0) {
        ssize_t done = write(file, from, size);
        if (done < 0 && errno != EINTR) {
            return errno;
        }
        if (done > 0) {
            from += done;
            size -= (size_t)done;
        }
    }
    return 0;
}

int file_write_pipe(const char *path, const void *data, size_t size)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) {
        return errno;
    }
    int error = file_write_fd(file, data, size);
    return close(file) != 0 && !error ? errno : error;
}

/* The length of "FOLDER/" in "FOLDER/NAME". */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* What the link at `path` says, as a path; the caller frees it. NULL with errno, EINVAL if it is no
 * link. */
static char *read_link(const char *path)
{
    char text[PATH_MAX];
    char *result = NULL;
    ssize_t size = readlink(path, text, sizeof text);
    if (size < 0 || size == (ssize_t)sizeof text) {
        errno = size < 0 ? errno : ENAMETOOLONG;
        return NULL;
    }
    int folder = text[0] == '/' ? 0 : (int)folder_length(path);
    return asprintf(&result, "%.*s%.*s", folder, path, (int)size, text) < 0 ? NULL : result;
}

/* The file that `path` is in the end, existing or not; the caller frees it. NULL with errno. */
static char *follow(const char *path)
{
    char *at = strdup(path);
    for (int links = 0; at && links < MAX_LINKS; links++) {
        char *next = read_link(at);
        if (!next && (errno == EINVAL || errno == ENOENT)) {
            return at;
        }
        int error = errno;
        free(at);
        errno = error;
        at = next;
    }
    if (at) {
        free(at);
        errno = ELOOP;
    }
    return NULL;
}

/* How much of a name goes into another, up to the end of a UTF-8 sequence. */
static int stem_length(const char *name)
{
    size_t length = strlen(name);
    if (length > MAX_STEM_BYTES) {
        length = MAX_STEM_BYTES;
        while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    return (int)length;
}

/* ".NAME.0123456789abcdef.part" beside it; the caller frees it. NULL with errno. */
static char *temporary_name(const char *path)
{
    unsigned long long random = 0;
    char *result = NULL;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
        return NULL;
    }
    size_t folder = folder_length(path);
    if (asprintf(&result, "%.*s.%.*s.%016llx.part", (int)folder, path, stem_length(path + folder),
                 path + folder, random) < 0) {
        errno = ENOMEM;
        return NULL;
    }
    return result;
}

/* The permissions of what is there, before the first byte: it may be a secret. 0 or errno. */
static int keep_mode(int file, const char *path)
{
    struct stat old;
    if (stat(path, &old) != 0) {
        return errno == ENOENT ? 0 : errno;
    }
    /* Set-user-ID and its kin were given to the old content. */
    return fchmod(file, old.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO)) != 0 ? errno : 0;
}

/* As rename(2), but EEXIST when the name is taken. File systems that cannot do that can give a
 * second name, or else only be looked at just before. */
static int rename_new(const char *from, const char *to)
{
    struct stat info;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return -1;
    }
    if (link(from, to) == 0) {
        (void)unlink(from);
        return 0;
    }
    if (errno == EEXIST) {
        return -1;
    }
    if (lstat(to, &info) == 0) {
        errno = EEXIST;
        return -1;
    }
    return errno == ENOENT ? rename(from, to) : -1;
}

static int fill(int file, const char *path, bool replace, const void *data, size_t size)
{
    int error = replace ? keep_mode(file, path) : 0;
    if (!error) {
        error = file_write_fd(file, data, size);
    }
    return !error && fsync(file) != 0 ? errno : error;
}

/* On failure the temporary file is gone. */
static int write_and_rename(const char *temporary, const char *path, bool replace, const void *data,
                            size_t size)
{
    int file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file < 0) {
        return errno;
    }
    int error = fill(file, path, replace, data, size);
    if (close(file) != 0 && !error) {
        error = errno;
    }
    if (!error && (replace ? rename(temporary, path) : rename_new(temporary, path)) != 0) {
        error = errno;
    }
    if (error) {
        (void)unlink(temporary);
    }
    return error;
}

int file_write(const char *path, bool replace, const void *data, size_t size)
{
    char *end = follow(path);
    char *temporary = end ? temporary_name(end) : NULL;
    int error = temporary ? write_and_rename(temporary, end, replace, data, size) : errno;
    free(temporary);
    free(end);
    return error;
}

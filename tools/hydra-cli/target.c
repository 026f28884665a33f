/* SPDX-License-Identifier: MIT */
/*
 * Looks at the output before minutes of work go into it. The library has the last word: it checks
 * again when it opens the target.
 */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIELD(name) offsetof(cli_settings, name)

static const arg_option target_options[] = {
    {.name = "output",
     .letter = 'o',
     .value = "FILE",
     .help = "where the result goes",
     .kind = ARG_TEXT,
     .offset = FIELD(output)},
    {.name = "overwrite",
     .letter = 'y',
     .help = "replace the output if it exists",
     .kind = ARG_FLAG,
     .offset = FIELD(overwrite)},
    {.name = "json",
     .help = "print the result, or the error, as JSON",
     .kind = ARG_FLAG,
     .offset = FIELD(json)},
    {.name = "quiet",
     .letter = 'q',
     .help = "print nothing when all went well",
     .kind = ARG_FLAG,
     .offset = FIELD(quiet)},
    {.name = "help",
     .letter = 'h',
     .help = "print this text",
     .kind = ARG_FLAG,
     .offset = FIELD(help)},
};

const arg_group target_group = {"Output", target_options,
                                sizeof target_options / sizeof target_options[0]};

static int refuse(const cli_settings *settings, hydra_status status, const char *reason)
{
    char *text = NULL;
    if (asprintf(&text, "output %s: %s", settings->output, reason) < 0) {
        text = NULL;
    }
    int code = cli_fail(settings, CLI_OUTPUT, status, text ? text : reason);
    free(text);
    return code;
}

static hydra_status status_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return HYDRA_ERR_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
        return HYDRA_ERR_SPACE;
    case EACCES:
    case EPERM:
    case EROFS:
        return HYDRA_ERR_PERMISSION;
    default:
        return HYDRA_ERR_IO;
    }
}

static int refuse_errno(const cli_settings *settings, int error, const char *what)
{
    char reason[160];
    const char *cause = strerrordesc_np(error);
    (void)snprintf(reason, sizeof reason, "%s: %s", what, cause ? cause : "unknown error");
    return refuse(settings, status_of(error), reason);
}

static bool is_same_file(const struct stat *a, const char *path)
{
    struct stat b;
    return path && stat(path, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

static bool is_an_input(const struct stat *target, const cli_settings *settings, char **inputs,
                        int count)
{
    bool found = is_same_file(target, settings->music);
    for (int i = 0; i < count && !found; i++) {
        found = is_same_file(target, inputs[i]);
    }
    return found;
}

static int check_existing(const struct stat *target, const cli_settings *settings, char **inputs,
                          int count)
{
    if (S_ISDIR(target->st_mode)) {
        return refuse(settings, HYDRA_ERR_ARGUMENT, "is a folder");
    }
    if (!S_ISREG(target->st_mode)) {
        return refuse(settings, HYDRA_ERR_ARGUMENT, "is not a regular file");
    }
    if (is_an_input(target, settings, inputs, count)) {
        return refuse(settings, HYDRA_ERR_ARGUMENT, "is also an input");
    }
    if (!settings->overwrite) {
        return refuse(settings, HYDRA_ERR_ARGUMENT, "exists already; --overwrite replaces it");
    }
    return CLI_OK;
}

/* "FOLDER" of "FOLDER/NAME", "." for a bare name; the caller frees it. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) {
        return strdup(".");
    }
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static int check_folder(const cli_settings *settings)
{
    struct stat info;
    char *folder = folder_of(settings->output);
    if (!folder) {
        return cli_fail(settings, CLI_FAILED, HYDRA_ERR_MEMORY, "out of memory");
    }
    int error = stat(folder, &info) != 0           ? errno
                : !S_ISDIR(info.st_mode)           ? ENOTDIR
                : access(folder, W_OK | X_OK) != 0 ? errno
                                                   : 0;
    free(folder);
    return error ? refuse_errno(settings, error, "its folder") : CLI_OK;
}

int target_check(const cli_settings *settings, char **inputs, int count)
{
    const char *path = settings->output;
    struct stat target;
    if (strncasecmp(path, "file:", 5) == 0) {
        return refuse(settings, HYDRA_ERR_ARGUMENT, "give a path, not a URI");
    }
    if (stat(path, &target) == 0) {
        int code = check_existing(&target, settings, inputs, count);
        return code ? code : check_folder(settings);
    }
    if (errno != ENOENT) {
        return refuse_errno(settings, errno, "cannot be looked at");
    }
    return path[strlen(path) - 1] == '/' ? refuse(settings, HYDRA_ERR_ARGUMENT, "is a folder")
                                         : check_folder(settings);
}

static int write_all(int file, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t done = write(file, data, size);
        if (done < 0 && errno != EINTR) {
            return errno;
        }
        if (done > 0) {
            data += done;
            size -= (size_t)done;
        }
    }
    return 0;
}

/* 0 or errno; on failure the temporary file is gone. */
static int write_and_rename(const char *temporary, const char *path, const void *data, size_t size)
{
    int file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) {
        return errno;
    }
    int error = write_all(file, data, size);
    if (close(file) != 0 && !error) {
        error = errno;
    }
    if (!error && rename(temporary, path) != 0) {
        error = errno;
    }
    if (error) {
        (void)unlink(temporary);
    }
    return error;
}

int target_write(const cli_settings *settings, const void *data, size_t size)
{
    char *temporary = NULL;
    if (asprintf(&temporary, "%s.%ld.part", settings->output, (long)getpid()) < 0) {
        return cli_fail(settings, CLI_FAILED, HYDRA_ERR_MEMORY, "out of memory");
    }
    int error = write_and_rename(temporary, settings->output, data, size);
    free(temporary);
    return error ? refuse_errno(settings, error, "cannot be written") : CLI_OK;
}

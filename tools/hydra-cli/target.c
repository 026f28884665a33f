/* SPDX-License-Identifier: MIT */
/*
 * Looks at the output before minutes of work go into it. The library has the last word: it checks
 * again when it opens the target.
 */
#include "target.h"

#include "file.h"
#include "message.h"
#include "remote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FIELD(name) offsetof(cli_settings, name)

static const arg_option target_options[] = {
    {.name = "output",
     .letter = 'o',
     .value = "FILE",
     .help = "a path, - for standard output; of render also s3://BUCKET/KEY",
     .kind = ARG_TEXT,
     .offset = FIELD(output)},
    {.name = "overwrite",
     .letter = 'y',
     .help = "replace the output if it exists",
     .kind = ARG_SET,
     .offset = FIELD(overwrite),
     .set_to = CLI_OVERWRITE_YES},
    {.name = "no-overwrite",
     .letter = 'n',
     .help = "never replace the output, even after -y",
     .kind = ARG_SET,
     .offset = FIELD(overwrite),
     .set_to = CLI_OVERWRITE_NO},
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
const arg_group target_place_group = {"Output", target_options + 1,
                                      sizeof target_options / sizeof target_options[0] - 1};

bool target_is_stdout(const char *path)
{
    return strcmp(path, "-") == 0;
}

static int refuse(const cli_settings *settings, const char *path, const char *reason)
{
    char *text = NULL;
    if (asprintf(&text, "output %s: %s", path, reason) < 0) {
        text = NULL;
    }
    int code = cli_fail(settings, CLI_OUTPUT, HYDRA_ERR_ARGUMENT, text ? text : reason);
    free(text);
    return code;
}

static int refuse_errno(const cli_settings *settings, const char *path, int error, const char *what)
{
    return cli_fail_errno(settings, CLI_OUTPUT, error, path, what);
}

static int fail_memory(const cli_settings *settings)
{
    return cli_fail(settings, CLI_FAILED, HYDRA_ERR_MEMORY, "out of memory");
}

static bool is_same_file(const struct stat *a, const char *path)
{
    struct stat b;
    return path && stat(path, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

static bool is_an_input(const struct stat *target, const cli_settings *settings, char **inputs,
                        int count)
{
    bool found = is_same_file(target, settings->music) || is_same_file(target, settings->project);
    for (int i = 0; i < count && !found; i++) {
        found = is_same_file(target, inputs[i]);
    }
    return found;
}

static int refuse_existing(const cli_settings *settings, const char *path)
{
    return refuse(settings, path,
                  settings->overwrite == CLI_OVERWRITE_NO
                      ? "exists already and is kept (--no-overwrite)"
                      : "exists already; -y or --overwrite replaces it");
}

/* /dev/null: the bytes are thrown away. */
static bool is_null_device(const struct stat *target)
{
    return S_ISCHR(target->st_mode) && target->st_rdev == makedev(1, 3);
}

/* What takes bytes one after another and is not replaced. */
static bool is_in_order(const struct stat *target)
{
    return S_ISFIFO(target->st_mode) || is_null_device(target);
}

static int check_existing(const struct stat *target, const cli_settings *settings, const char *path,
                          char **inputs, int count)
{
    if (S_ISDIR(target->st_mode)) {
        return refuse(settings, path, "is a folder");
    }
    if (is_in_order(target)) {
        return CLI_OK;
    }
    if (!S_ISREG(target->st_mode)) {
        return refuse(settings, path, "is neither a regular file nor a pipe");
    }
    if (is_an_input(target, settings, inputs, count)) {
        return refuse(settings, path, "is also an input");
    }
    return settings->overwrite == CLI_OVERWRITE_YES ? CLI_OK : refuse_existing(settings, path);
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

/* 0 or errno. */
static int look_at_folder(const char *path)
{
    struct stat info;
    char *folder = folder_of(path);
    if (!folder) {
        return ENOMEM;
    }
    int error = stat(folder, &info) != 0           ? errno
                : !S_ISDIR(info.st_mode)           ? ENOTDIR
                : access(folder, W_OK | X_OK) != 0 ? errno
                                                   : 0;
    free(folder);
    return error;
}

static int check_folder(const cli_settings *settings, const char *path)
{
    int error = look_at_folder(path);
    return error == ENOMEM ? fail_memory(settings)
           : error         ? refuse_errno(settings, path, error, "its folder")
                           : CLI_OK;
}

bool target_can_be_made(const cli_settings *settings)
{
    const char *path = settings->output;
    struct stat info;
    if (target_is_stdout(path) || remote_is_remote(path)) {
        return true;
    }
    bool in_the_way =
        settings->overwrite != CLI_OVERWRITE_YES && stat(path, &info) == 0 && S_ISREG(info.st_mode);
    return !in_the_way && look_at_folder(path) == 0;
}

static int check_stdout(const cli_settings *settings, const char *path)
{
    int flags = fcntl(STDOUT_FILENO, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) {
        return refuse(settings, path, "standard output is closed");
    }
    return isatty(STDOUT_FILENO)
               ? refuse(settings, path,
                        "standard output is a terminal; send it to a file or a program")
               : CLI_OK;
}

int target_check(const cli_settings *settings, const char *path, char **inputs, int count)
{
    struct stat target;
    if (target_is_stdout(path)) {
        return check_stdout(settings, path);
    }
    if (remote_is_remote(path)) {
        char shown[REMOTE_SHOWN_BYTES];
        bool ok = strcmp(settings->verb, "render") == 0 && path == settings->output;
        return ok ? CLI_OK
                  : refuse(settings, remote_shown(path, shown),
                           "only a video that is rendered goes to a server");
    }
    if (strncasecmp(path, "file:", 5) == 0) {
        return refuse(settings, path, "give a path, not a URI");
    }
    if (stat(path, &target) == 0) {
        int code = check_existing(&target, settings, path, inputs, count);
        return code || is_in_order(&target) ? code : check_folder(settings, path);
    }
    if (errno != ENOENT) {
        return refuse_errno(settings, path, errno, "cannot be looked at");
    }
    return path[strlen(path) - 1] == '/' ? refuse(settings, path, "is a folder")
                                         : check_folder(settings, path);
}

/* A name such as "fd:3" is a file here: the folder in front says so. */
char *target_destination(const char *path, int *descriptor)
{
    char *destination = NULL;
    struct stat target;
    *descriptor = -1;
    if (target_is_stdout(path)) {
        return strdup("fd:1");
    }
    if (remote_is_remote(path)) {
        return strdup(path);
    }
    if (stat(path, &target) == 0 && is_null_device(&target)) {
        *descriptor = open(path, O_WRONLY | O_CLOEXEC);
    }
    if (*descriptor >= 0) {
        return asprintf(&destination, "fd:%d", *descriptor) < 0 ? NULL : destination;
    }
    const char *prefix = path[strcspn(path, ":/")] == ':' ? "./" : "";
    return asprintf(&destination, "%s%s", prefix, path) < 0 ? NULL : destination;
}

int target_write(const cli_settings *settings, const char *path, const void *data, size_t size)
{
    struct stat target;
    int error = target_is_stdout(path) ? file_write_fd(STDOUT_FILENO, data, size)
                : stat(path, &target) == 0 && is_in_order(&target)
                    ? file_write_pipe(path, data, size)
                    : file_write(path, settings->overwrite == CLI_OVERWRITE_YES, data, size);
    return error == EEXIST ? refuse_existing(settings, path)
           : error         ? refuse_errno(settings, path, error, "cannot be written")
                           : CLI_OK;
}

/* SPDX-License-Identifier: MIT */
/* Reads the file or standard input, at most as much as the library takes. */
#include "project_json.h"

#include "json_edit.h"
#include "message.h"
#include "project.h"
#include "project_override.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One byte more than a project may have, so that the library is the one who refuses it. */
#define MAX_BYTES (((size_t)16 << 20) + 1)

/* 0 or errno; *text is set even then. */
static int read_all(int file, char **text, size_t *size)
{
    size_t capacity = 65536;
    *size = 0;
    *text = malloc(capacity);
    while (*text && *size < MAX_BYTES) {
        ssize_t got = read(file, *text + *size, capacity - *size);
        if (got == 0) {
            return 0;
        }
        if (got < 0 && errno != EINTR) {
            return errno;
        }
        *size += got > 0 ? (size_t)got : 0;
        if (*size == capacity) {
            char *more = realloc(*text, capacity * 2);
            if (!more) {
                return ENOMEM;
            }
            *text = more;
            capacity *= 2;
        }
    }
    return *text ? 0 : ENOMEM;
}

/* 0 or errno; the caller frees *text. */
static int read_project(const char *path, char **text, size_t *size)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int file = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    *text = NULL;
    if (file < 0) {
        return errno;
    }
    int error = read_all(file, text, size);
    if (!is_stdin) {
        (void)close(file);
    }
    return error;
}

static int load_file(const cli_settings *settings, hydra_compose *c)
{
    char *text = NULL;
    size_t size = 0;
    int error = read_project(settings->project, &text, &size);
    if (error) {
        free(text);
        return cli_fail_errno(settings, error == ENOMEM ? CLI_FAILED : CLI_INPUT, error,
                              project_name(settings), "cannot be read");
    }
    hydra_status status = hydra_compose_load_json(c, text, size);
    free(text);
    return status == HYDRA_OK ? CLI_OK
                              : cli_fail_issues(settings, cli_code(settings, status), status, c,
                                                project_name(settings));
}

/* Put `text`, made of the project that is in `c`, in its place; frees it. NULL = out of memory. */
static int reload(const cli_settings *settings, hydra_compose *c, char *text)
{
    if (!text) {
        return cli_fail(settings, CLI_FAILED, HYDRA_ERR_MEMORY, "out of memory");
    }
    hydra_status status = hydra_compose_load_json(c, text, strlen(text));
    free(text);
    /* The file was fine, so an option is not; lines of this text mean nothing to anybody. */
    return status == HYDRA_OK ? CLI_OK : cli_fail_issues(settings, CLI_USAGE, status, c, NULL);
}

static int override(const cli_settings *settings, hydra_compose *c)
{
    const char *json = NULL;
    hydra_status status = hydra_compose_to_json(c, &json);
    return status == HYDRA_OK ? reload(settings, c, project_override(settings, json))
                              : cli_fail_compose(settings, status, c);
}

int project_edit(const cli_settings *settings, hydra_compose *c, const char *path,
                 const char *value)
{
    const json_edit edit = {path, &value, 1, false};
    const char *json = NULL;
    hydra_status status = hydra_compose_to_json(c, &json);
    return status == HYDRA_OK ? reload(settings, c, json_edit_text(json, &edit, 1))
                              : cli_fail_compose(settings, status, c);
}

int project_load(const cli_settings *settings, hydra_compose *c)
{
    int code = load_file(settings, c);
    return code == CLI_OK && project_is_overridden(settings) ? override(settings, c) : code;
}

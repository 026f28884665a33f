/* SPDX-License-Identifier: MIT */
/* Errors, warnings and issues, and the exit codes that they lead to. */
#include "message.h"

#include "json.h"
#include "terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void cli_print_clean(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
    }
}

static void begin_line(const char *kind, const char *color)
{
    bool colored = terminal_has_colors();
    fprintf(stderr, "hydra-cli: %s%s:%s ", colored ? color : "", kind, colored ? "\x1b[0m" : "");
}

static void print_line(const char *kind, const char *color, const char *text)
{
    begin_line(kind, color);
    cli_print_clean(stderr, text);
    fputc('\n', stderr);
}

void cli_warn(const char *text)
{
    print_line("warning", "\x1b[1;33m", text);
}

void cli_note(const char *text)
{
    fputs("hydra-cli: ", stderr);
    cli_print_clean(stderr, text);
    fputc('\n', stderr);
}

FILE *cli_json_stream(const cli_settings *settings)
{
    return settings->output && strcmp(settings->output, "-") == 0 ? stderr : stdout;
}

static void json_failure(json_writer *json, int code, hydra_status status, const char *text)
{
    json_open(json, NULL, '{');
    json_bool(json, "ok", false);
    json_text(json, "status", hydra_status_name(status));
    json_text(json, "error", text);
    json_integer(json, "exit_code", code);
}

/* What a first project in another folder, or a first upload, runs into. */
static void hint(const cli_settings *settings, hydra_status status, const char *text)
{
    bool is_path = !strstr(text, "://");
    if (status == HYDRA_ERR_NOT_FOUND && is_path && settings->project &&
        strchr(settings->project, '/')) {
        cli_note("paths in a project count from the current folder, not from the project's");
    }
    if (status == HYDRA_ERR_AUTH && strncmp(text, "no credentials", 14) == 0) {
        cli_note("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with "
                 "--aws-profile; --anonymous is for public buckets");
    }
    if (status == HYDRA_ERR_EXISTS && !is_path) {
        cli_note("-y or --overwrite replaces it");
    }
}

int cli_fail(const cli_settings *settings, int code, hydra_status status, const char *text)
{
    print_line("error", "\x1b[1;31m", text);
    hint(settings, status, text);
    if (settings->json) {
        json_writer json = {.out = cli_json_stream(settings)};
        json_failure(&json, code, status, text);
        json_close(&json, '}');
    }
    return code;
}

/* The output was looked at before the library got to work, so what is missing or refused now is an
 * input. */
int cli_code(const cli_settings *settings, hydra_status status)
{
    switch (status) {
    case HYDRA_OK:
        return CLI_OK;
    case HYDRA_ERR_ARGUMENT:
        /* In a project the values are an input, not the command line's. */
        return settings->project ? CLI_INPUT : CLI_USAGE;
    case HYDRA_ERR_NOT_FOUND:
    case HYDRA_ERR_PERMISSION:
    case HYDRA_ERR_FORMAT:
    case HYDRA_ERR_UNSUPPORTED:
    case HYDRA_ERR_LIMIT:
    case HYDRA_ERR_NETWORK:
    case HYDRA_ERR_TIMEOUT:
    case HYDRA_ERR_AUTH:
    case HYDRA_ERR_SERVER:
        return CLI_INPUT;
    case HYDRA_ERR_SPACE:
    case HYDRA_ERR_EXISTS:
        return CLI_OUTPUT;
    case HYDRA_ERR_DEADLINE:
        return CLI_DEADLINE;
    default:
        return CLI_FAILED;
    }
}

static const char *compose_text(hydra_status status, const hydra_compose *c)
{
    const char *text = c ? hydra_compose_error(c) : "";
    return *text ? text : hydra_status_text(status);
}

int cli_fail_compose(const cli_settings *settings, hydra_status status, const hydra_compose *c)
{
    return cli_fail(settings, cli_code(settings, status), status, compose_text(status, c));
}

static hydra_status status_of_errno(int error)
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
    case ENOMEM:
        return HYDRA_ERR_MEMORY;
    default:
        return HYDRA_ERR_IO;
    }
}

int cli_fail_errno(const cli_settings *settings, int code, int error, const char *name,
                   const char *what)
{
    char *text = NULL;
    const char *cause = strerrordesc_np(error);
    if (asprintf(&text, "%s: %s: %s", name, what, cause ? cause : "unknown error") < 0) {
        text = NULL;
    }
    code = cli_fail(settings, code, status_of_errno(error), text ? text : what);
    free(text);
    return code;
}

int cli_usage(const char *verb, const char *text)
{
    print_line("error", "\x1b[1;31m", text);
    fprintf(stderr, "Try \"hydra-cli help%s%s\".\n", *verb ? " " : "", verb);
    return CLI_USAGE;
}

static void print_issue(const hydra_issue *issue, const char *name)
{
    begin_line("error", "\x1b[1;31m");
    if (name) {
        cli_print_clean(stderr, name);
        if (issue->line > 0) {
            fprintf(stderr, ":%d:%d", issue->line, issue->column);
        }
        fputs(": ", stderr);
    }
    if (*issue->pointer) {
        cli_print_clean(stderr, issue->pointer);
        fputs(": ", stderr);
    }
    cli_print_clean(stderr, issue->text);
    fputc('\n', stderr);
}

static void json_issue(json_writer *json, const hydra_issue *issue, bool with_lines)
{
    json_open(json, NULL, '{');
    json_text(json, "status", hydra_status_name(issue->status));
    json_text(json, "pointer", issue->pointer);
    json_integer(json, "line", with_lines ? issue->line : 0);
    json_integer(json, "column", with_lines ? issue->column : 0);
    json_text(json, "text", issue->text);
    json_close(json, '}');
}

int cli_fail_issues(const cli_settings *settings, int code, hydra_status status,
                    const hydra_compose *c, const char *name)
{
    int32_t count = hydra_compose_issue_count(c);
    hydra_issue issue = {.struct_size = sizeof issue};
    if (count == 0) {
        return cli_fail(settings, code, status, compose_text(status, c));
    }
    for (int32_t i = 0; i < count; i++) {
        if (hydra_compose_issue(c, i, &issue) == HYDRA_OK) {
            print_issue(&issue, name);
        }
    }
    hint(settings, status, compose_text(status, c));
    if (settings->json) {
        json_writer json = {.out = cli_json_stream(settings)};
        json_failure(&json, code, status, compose_text(status, c));
        json_open(&json, "issues", '[');
        for (int32_t i = 0; i < count; i++) {
            if (hydra_compose_issue(c, i, &issue) == HYDRA_OK) {
                json_issue(&json, &issue, name != NULL);
            }
        }
        json_close(&json, ']');
        json_close(&json, '}');
    }
    return code;
}

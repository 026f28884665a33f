/* SPDX-License-Identifier: MIT */
/* The event loop: it sleeps until the job or a signal has something to say. */
#include "job.h"

#include "interrupt.h"
#include "message.h"
#include "output.h"
#include "progress.h"
#include "remote.h"
#include "target.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Hand all waiting events to the display. True after the last one. */
static bool take_events(hydra_render *job, progress *p)
{
    hydra_event event = {.struct_size = sizeof event};
    while (hydra_render_next_event(job, &event) == HYDRA_OK && event.kind != HYDRA_EVENT_NONE) {
        progress_event(p, &event);
        if (event.kind == HYDRA_EVENT_DONE) {
            return true;
        }
    }
    return false;
}

static void cancel(hydra_render *job, progress *p)
{
    progress_clear(p);
    cli_note("cancelling; once more ends the program at once, and may leave a .part file");
    hydra_render_cancel(job);
}

/* Until the job has ended, whatever the reason. */
static void watch(hydra_render *job, int signal_fd, progress *p)
{
    struct pollfd wakers[] = {
        {.fd = hydra_render_fd(job), .events = POLLIN},
        {.fd = signal_fd, .events = POLLIN},
    };
    while (!take_events(job, p)) {
        progress_tick(p);
        (void)poll(wakers, 2, progress_timeout_ms(p));
        if (interrupt_signal() && wakers[1].fd >= 0) {
            cancel(job, p);
            wakers[1].fd = -1;
        }
    }
    progress_clear(p);
}

/* A reader that went away is a matter of the output; the status alone does not say so. */
static bool reader_is_gone(const cli_settings *settings)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    return target_is_stdout(settings->output) && poll(&out, 1, 0) > 0 && (out.revents & POLLERR);
}

/* Inputs on a server fail with the name of the input in front. */
static bool is_about_server(const cli_settings *settings, hydra_status status, const char *text)
{
    char shown[REMOTE_SHOWN_BYTES];
    const char *name = remote_shown(settings->output, shown);
    return remote_is_remote(settings->output) &&
           (status == HYDRA_ERR_EXISTS || status == HYDRA_ERR_AUTH ||
            strncmp(text, name, strlen(name)) == 0);
}

static int code_of(const cli_settings *settings, hydra_status status, const char *text)
{
    if (is_about_server(settings, status, text)) {
        return remote_output_code(settings, status);
    }
    /* The output was looked at when the program began; its folder may have gone since, or a file of
     * that name have come. */
    bool may_be_output = status == HYDRA_ERR_NOT_FOUND || status == HYDRA_ERR_PERMISSION;
    return may_be_output && !target_can_be_made(settings) ? CLI_OUTPUT : cli_code(settings, status);
}

/* What the library says of a destination that was made for it, said of the output. */
static int fail_named(const cli_settings *settings, hydra_status status, const char *destination,
                      const char *text)
{
    char *named = NULL;
    size_t length = strlen(destination);
    if (strncmp(text, destination, length) == 0 && text[length] == ':') {
        const char *name =
            target_is_stdout(settings->output) ? "standard output" : settings->output;
        if (asprintf(&named, "%s%s", name, text + length) < 0) {
            named = NULL;
        }
    }
    int code = cli_fail(settings, code_of(settings, status, text), status, named ? named : text);
    free(named);
    return code;
}

static int fail(const cli_settings *settings, hydra_status status, const char *destination,
                const hydra_render *job)
{
    const char *text = hydra_render_error(job);
    if (status == HYDRA_ERR_CANCELLED && interrupt_signal()) {
        return cli_fail(settings, 128 + interrupt_signal(), status,
                        target_is_stdout(settings->output) ? "cancelled; the output is incomplete"
                                                           : "cancelled; nothing was left behind");
    }
    if (status == HYDRA_ERR_IO && reader_is_gone(settings)) {
        return cli_fail(settings, CLI_OUTPUT, status,
                        "standard output: the program that reads it has gone away");
    }
    return fail_named(settings, status, destination, *text ? text : hydra_status_text(status));
}

static void print_result(const cli_settings *settings, const hydra_render *job,
                         const hydra_result *result)
{
    char shown[REMOTE_SHOWN_BYTES];
    const char *name = remote_shown(settings->output, shown);
    hydra_object object = {.struct_size = sizeof object};
    bool is_object = hydra_render_object(job, &object) == HYDRA_OK;
    if (settings->json) {
        output_result_json(cli_json_stream(settings), name, job, result,
                           is_object ? &object : NULL);
    } else if (!settings->quiet && !target_is_stdout(settings->output)) {
        output_result_table(name, job, result);
        if (is_object) {
            remote_print_table(&object);
        }
    }
}

static int finish(const cli_settings *settings, const char *destination, hydra_render *job)
{
    hydra_result result = {.struct_size = sizeof result};
    hydra_status status = hydra_render_wait(job, HYDRA_AUTO);
    if (status == HYDRA_OK) {
        status = hydra_render_result(job, &result);
    }
    if (status != HYDRA_OK) {
        return fail(settings, status, destination, job);
    }
    print_result(settings, job, &result);
    return CLI_OK;
}

static int start_and_watch(const cli_settings *settings, hydra_compose *c, const char *destination,
                           int signal_fd)
{
    progress p;
    hydra_render *job = NULL;
    hydra_status status = hydra_render_start(c, destination, NULL, &job);
    if (status != HYDRA_OK) {
        const char *text = hydra_compose_error(c);
        return fail_named(settings, status, destination, *text ? text : hydra_status_text(status));
    }
    progress_begin(&p, settings);
    watch(job, signal_fd, &p);
    int code = finish(settings, destination, job);
    hydra_render_free(job);
    return code;
}

int job_run(const cli_settings *settings, hydra_compose *c)
{
    int descriptor = -1;
    char *destination = target_destination(settings->output, &descriptor);
    if (!destination) {
        return cli_fail(settings, CLI_FAILED, HYDRA_ERR_MEMORY, "out of memory");
    }
    int signal_fd = interrupt_begin();
    int code = signal_fd < 0 ? cli_fail_errno(settings, CLI_FAILED, errno, settings->output,
                                              "no pipe for signals")
                             : start_and_watch(settings, c, destination, signal_fd);
    if (signal_fd >= 0) {
        interrupt_end();
    }
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    free(destination);
    return code;
}

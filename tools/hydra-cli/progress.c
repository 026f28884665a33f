/* SPDX-License-Identifier: MIT */
/* When progress is shown, and as what. */
#include "progress.h"

#include "bar.h"
#include "json.h"
#include "message.h"
#include "terminal.h"

#include <stdio.h>
#include <time.h>

#define REDRAW_US INT64_C(100000)

static const char *const stages[] = {"waiting",   "preparing", "rendering",
                                     "finishing", "done",      "uploading"};

static const arg_word progress_words[] = {
    {"auto", CLI_PROGRESS_AUTO},
    {"bar", CLI_PROGRESS_BAR},
    {"json", CLI_PROGRESS_JSON},
    {"none", CLI_PROGRESS_NONE},
    {NULL, 0},
};

static const arg_option progress_options[] = {
    {.name = "progress",
     .value = "HOW",
     .help = "on standard error (default auto: a bar on a terminal):",
     .kind = ARG_WORD,
     .offset = offsetof(cli_settings, progress),
     .words = progress_words},
};

const arg_group progress_group = {"Progress", progress_options, 1};

static const char *stage_name(int32_t stage)
{
    bool known = stage >= 0 && stage < (int32_t)(sizeof stages / sizeof stages[0]);
    return known ? stages[stage] : stage == PROGRESS_STAGE_DOWNLOADING ? "downloading" : "working";
}

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void progress_begin(progress *p, const cli_settings *settings)
{
    *p = (progress){.mode = settings->progress, .quiet = settings->quiet};
    if (p->mode == CLI_PROGRESS_AUTO) {
        bool wanted = !settings->quiet && terminal_is_capable();
        p->mode = wanted ? CLI_PROGRESS_BAR : CLI_PROGRESS_NONE;
    }
}

static void json_progress(json_writer *json, const hydra_event *event)
{
    json_number(json, "progress", event->progress);
    json_integer(json, "frames_done", event->frames_done);
    json_integer(json, "frames", event->frames);
    json_number(json, "frames_per_s", event->frames_per_s);
    if (event->bytes_sent > 0 || event->bytes_total >= 0) {
        json_integer(json, "bytes_done", event->bytes_sent);
        json_integer(json, "bytes_total", event->bytes_total);
    }
    if (event->eta_us < 0) {
        json_null(json, "eta_us");
    } else {
        json_integer(json, "eta_us", event->eta_us);
    }
}

static void print_event(const hydra_event *event, const char *name)
{
    json_writer json = {.out = stderr, .one_line = true};
    json_open(&json, NULL, '{');
    json_text(&json, "event", name);
    json_text(&json, "stage", stage_name(event->stage));
    if (event->kind == HYDRA_EVENT_PROGRESS) {
        json_progress(&json, event);
    } else {
        if (event->kind == HYDRA_EVENT_DONE) {
            json_number(&json, "progress", event->progress);
            json_text(&json, "status", hydra_status_name(event->status));
        }
        json_text(&json, "text", event->text);
    }
    json_close(&json, '}');
}

static void show(progress *p)
{
    if (p->mode == CLI_PROGRESS_JSON) {
        print_event(&p->latest, "progress");
    } else if (terminal_is_ours()) {
        p->cells = bar_draw(&p->latest, stage_name(p->latest.stage), p->cells);
    }
    p->is_new = false;
    p->shown_us = now_us();
}

/* A change of stage does not wait for its turn: there are only a few. */
static void take_progress(progress *p, const hydra_event *event)
{
    bool other_stage = p->shown_us == 0 || event->stage != p->latest.stage;
    p->latest = *event;
    p->latest.text = NULL;
    p->is_new = true;
    if (other_stage) {
        show(p);
    }
}

static void take_text(progress *p, const hydra_event *event, const char *name)
{
    if (p->mode == CLI_PROGRESS_JSON) {
        if (p->is_new) {
            show(p);
        }
        hydra_event shown = *event;
        shown.progress = event->status == HYDRA_OK ? 1 : p->latest.progress;
        print_event(&shown, name);
    } else if (event->kind == HYDRA_EVENT_WARNING && !p->quiet) {
        progress_clear(p);
        cli_warn(event->text);
    }
}

void progress_event(progress *p, const hydra_event *event)
{
    switch (event->kind) {
    case HYDRA_EVENT_PROGRESS:
        if (p->mode != CLI_PROGRESS_NONE) {
            take_progress(p, event);
        }
        break;
    case HYDRA_EVENT_WARNING:
        take_text(p, event, "warning");
        break;
    case HYDRA_EVENT_LOG:
        take_text(p, event, "log");
        break;
    case HYDRA_EVENT_DONE:
        take_text(p, event, "done");
        break;
    default:
        break;
    }
}

int progress_timeout_ms(const progress *p)
{
    if (!p->is_new) {
        return -1;
    }
    int64_t left = p->shown_us + REDRAW_US - now_us();
    return left <= 0 ? 0 : (int)(left / 1000 + 1);
}

void progress_tick(progress *p)
{
    if (p->is_new && now_us() >= p->shown_us + REDRAW_US) {
        show(p);
    }
}

void progress_clear(progress *p)
{
    if (p->mode == CLI_PROGRESS_BAR && p->cells > 0) {
        bar_clear(p->cells);
        p->cells = 0;
        p->is_new = true;
    }
}

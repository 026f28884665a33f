/* SPDX-License-Identifier: MIT */
/* How far a job is: a bar on the terminal, or one JSON object per line, both on stderr. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <hydra/hydra.h>

#include "cli.h"

/* --progress. */
extern const arg_group progress_group;

/* Beside those of the library, of events that are made here. */
#define PROGRESS_STAGE_DOWNLOADING 100

typedef struct progress {
    int32_t mode;       /* CLI_PROGRESS_BAR, _JSON or _NONE */
    bool quiet;         /* no warnings either */
    bool is_new;        /* `latest` has not been shown */
    int64_t shown_us;   /* when something was shown last; 0 = never */
    int cells;          /* of the line that stands on the terminal */
    hydra_event latest; /* its text is NULL */
} progress;

void progress_begin(progress *p, const cli_settings *settings);
/* Take an event of the job. Its text may go away afterwards. */
void progress_event(progress *p, const hydra_event *event);
/* Milliseconds until progress_tick has something to do, -1 = nothing: the timeout of a poll. */
int progress_timeout_ms(const progress *p);
/* Show what is due; at most ten times a second. */
void progress_tick(progress *p);
/* Take the bar off the terminal, for other output. It comes back with the next tick. */
void progress_clear(progress *p);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * " 62% ########------  rendering  187 frames/s  0:04 left". No escape sequences but colours: the
 * line starts with a carriage return and blanks cover what an older, longer one left.
 */
#include "bar.h"

#include "terminal.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PERCENT_CELLS 4
#define MIN_CELLS     10
#define MAX_CELLS     30
#define TAIL_BYTES    96
#define LINE_BYTES    1024

typedef struct line {
    char text[LINE_BYTES];
    size_t used;
} line;

static void add(line *l, const char *text)
{
    size_t length = strlen(text);
    if (length < sizeof l->text - l->used) {
        memcpy(l->text + l->used, text, length + 1);
        l->used += length;
    }
}

static void add_times(line *l, const char *text, int times)
{
    for (; times > 0; times--) {
        add(l, text);
    }
}

/* "  0:04 left", "  1:02:33 left"; nothing while it is not known. */
static void write_eta(char text[TAIL_BYTES], int64_t eta_us)
{
    int64_t s = (eta_us + 999999) / 1000000;
    text[0] = '\0';
    if (eta_us < 0 || s > 359999) {
        return;
    }
    int hours = (int)(s / 3600);
    int minutes = (int)(s / 60 % 60);
    if (hours > 0) {
        (void)snprintf(text, TAIL_BYTES, "  %d:%02d:%02d left", hours, minutes, (int)(s % 60));
    } else {
        (void)snprintf(text, TAIL_BYTES, "  %d:%02d left", minutes, (int)(s % 60));
    }
}

/* "  187 frames/s", one decimal below ten; nothing while it is not known. */
static void write_speed(char text[TAIL_BYTES], double frames_per_s)
{
    text[0] = '\0';
    if (!(frames_per_s > 0) || frames_per_s > 1e6) {
        return;
    }
    long tenths = lrint(frames_per_s * 10);
    if (tenths < 100) {
        (void)snprintf(text, TAIL_BYTES, "  %ld.%ld frames/s", tenths / 10, tenths % 10);
    } else {
        (void)snprintf(text, TAIL_BYTES, "  %ld frames/s", (tenths + 5) / 10);
    }
}

/* The words after the bar, as many as leave room for one. False if none do. */
static bool write_tail(char tail[TAIL_BYTES], const hydra_event *event, const char *stage, int room)
{
    char speed[TAIL_BYTES];
    char eta[TAIL_BYTES];
    write_speed(speed, event->frames_per_s);
    write_eta(eta, event->eta_us);
    (void)snprintf(tail, TAIL_BYTES, "  %.16s%.24s%.24s", stage, speed, eta);
    if ((int)strlen(tail) + MIN_CELLS > room) {
        (void)snprintf(tail, TAIL_BYTES, "  %.16s%.24s", stage, eta);
    }
    if ((int)strlen(tail) + MIN_CELLS > room) {
        (void)snprintf(tail, TAIL_BYTES, "%.24s", eta);
    }
    return (int)strlen(tail) + MIN_CELLS <= room;
}

static void add_bar(line *l, double progress, int cells)
{
    bool utf8 = terminal_is_utf8();
    bool colors = terminal_has_colors();
    int full = (int)floor(progress * cells);
    add(l, colors ? " \x1b[32m" : " ");
    add_times(l, utf8 ? "\u2588" : "#", full);
    add(l, colors ? "\x1b[2m" : "");
    add_times(l, utf8 ? "\u2591" : "-", cells - full);
    add(l, colors ? "\x1b[0m" : "");
}

int bar_draw(const hydra_event *event, const char *stage, int before)
{
    char percent[16];
    char tail[TAIL_BYTES];
    line l = {.used = 0};
    double progress = event->progress > 0 ? fmin(event->progress, 1) : 0;
    /* The last cell stays free: some terminals break the line after it. */
    int columns = terminal_columns() - 1;
    int cells = PERCENT_CELLS;
    (void)snprintf(percent, sizeof percent, "\r%3d%%", (int)floor(progress * 100));
    add(&l, percent);
    if (write_tail(tail, event, stage, columns - PERCENT_CELLS - 1)) {
        int bar = columns - PERCENT_CELLS - 1 - (int)strlen(tail);
        bar = bar > MAX_CELLS ? MAX_CELLS : bar;
        add_bar(&l, progress, bar);
        add(&l, tail);
        cells += 1 + bar + (int)strlen(tail);
    }
    add_times(&l, " ", (before < columns ? before : columns) - cells);
    (void)fputs(l.text, stderr);
    return cells;
}

void bar_clear(int cells)
{
    int columns = terminal_columns() - 1;
    cells += 2; /* the terminal may have written ^C behind it */
    fprintf(stderr, "\r%*s\r", cells < columns ? cells : columns, "");
}

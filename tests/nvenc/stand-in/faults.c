/* SPDX-License-Identifier: MIT */
/*
 * Faults of the stand-in: "FUNCTION[@N|%PERMILLE][+]=RESULT;...". Calls are counted by name; a
 * fault strikes the Nth call (with "+" all later ones too), or by chance. "*" counts calls of every
 * name.
 */
#include "state.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_FAULTS    64
#define MAX_FUNCTIONS 160

enum action {
    FAIL,
    LOSE,
    SLEEP,
    HANG
};

struct fault {
    char function[64];
    long nth;
    int per_mille; /* -1: by number */
    bool onward;
    enum action action;
    int value; /* result, or milliseconds */
};

struct calls {
    char function[64];
    long count;
};

static struct fault faults[MAX_FAULTS];
static int fault_count;
static struct calls calls[MAX_FUNCTIONS];
static int calls_count;
static long total;
static bool lost;
static unsigned random_state = 1;
static FILE *trace;

static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static unsigned releases;
static long hanging;

static const struct result {
    const char *name;
    int code;
} results[] = {
    {"NO_ENCODE_DEVICE", 1},
    {"UNSUPPORTED_DEVICE", 2},
    {"INVALID_ENCODERDEVICE", 3},
    {"INVALID_DEVICE", 4},
    {"DEVICE_NOT_EXIST", 5},
    {"INVALID_PTR", 6},
    {"INVALID_PARAM", 8},
    {"INVALID_CALL", 9},
    {"OUT_OF_MEMORY", 10},
    {"ENCODER_NOT_INITIALIZED", 11},
    {"UNSUPPORTED_PARAM", 12},
    {"LOCK_BUSY", 13},
    {"NOT_ENOUGH_BUFFER", 14},
    {"INVALID_VERSION", 15},
    {"MAP_FAILED", 16},
    {"NEED_MORE_INPUT", 17},
    {"ENCODER_BUSY", 18},
    {"GENERIC", 20},
    {"INCOMPATIBLE_CLIENT_KEY", 21},
    {"UNIMPLEMENTED", 22},
    {"RESOURCE_REGISTER_FAILED", 23},
    {"CUDA_INVALID_VALUE", 1},
    {"CUDA_OOM", 2},
    {"CUDA_NO_DEVICE", 100},
    {"CUDA_INVALID_DEVICE", 101},
    {"CUDA_INVALID_CONTEXT", 201},
    {"CUDA_ECC", 214},
    {"CUDA_LAUNCH_FAILED", 719},
    {"CUDA_NOT_SUPPORTED", 801},
    {"CUDA_SYSTEM_NOT_READY", 802},
    {"CUDA_SYSTEM_DRIVER_MISMATCH", 803},
    {"CUDA_COMPAT_NOT_SUPPORTED", 804},
    {"CUDA_UNKNOWN", 999},
};

static bool parse_result(const char *text, struct fault *fault)
{
    long value;

    if (!strcmp(text, "lost") || !strcmp(text, "hang")) {
        fault->action = *text == 'l' ? LOSE : HANG;
        return true;
    }
    if (!strncmp(text, "sleep:", 6)) {
        fault->action = SLEEP;
        text += 6;
    }
    if (fakenv_parse_long(text, 1 << 24, &value)) {
        fault->value = (int)value;
        return value > 0;
    }
    for (size_t i = 0; fault->action == FAIL && i < sizeof(results) / sizeof(*results); i++) {
        if (!strcmp(text, results[i].name))
            fault->value = results[i].code;
    }
    return fault->value;
}

static bool parse_fault(char *text, struct fault *fault)
{
    char *result = strchr(text, '=');
    long number = 1;

    if (!result || result == text)
        return false;
    *result++ = 0;
    *fault = (struct fault){.per_mille = -1};
    if (text[strlen(text) - 1] == '+') {
        fault->onward = true;
        text[strlen(text) - 1] = 0;
    }
    char *when = strpbrk(text, "@%");
    const bool chance = when && *when == '%';
    if (when) {
        *when++ = 0;
        if (!fakenv_parse_long(when, 1L << 40, &number))
            return false;
    }
    if (chance)
        fault->per_mille = number < 1000 ? (int)number : 1000;
    else
        fault->nth = number;
    snprintf(fault->function, sizeof(fault->function), "%.63s", text);
    return parse_result(result, fault);
}

/* The list takes the place of the one before. */
bool fakenv_parse_faults(const char *list)
{
    static struct fault parsed[MAX_FAULTS];
    char *copy = strdup(list), *rest = copy;
    int count = 0;
    bool ok = copy;

    for (char *text; ok && (text = strsep(&rest, ";"));) {
        if (*text)
            ok = count < MAX_FAULTS && parse_fault(text, &parsed[count]) && ++count;
    }
    free(copy);
    if (!ok)
        return false;
    memcpy(faults, parsed, sizeof(*parsed) * (size_t)count);
    fault_count = count;
    return true;
}

void fakenv_set_seed(unsigned seed)
{
    random_state = seed;
}

static bool chance(int per_mille)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (int)((random_state >> 8) % 1000) < per_mille;
}

void fakenv_set_lost(bool is_lost)
{
    lost = is_lost;
}

void fakenv_release(void)
{
    for (int i = 0; i < fault_count; i++)
        if (faults[i].action == HANG)
            faults[i].function[0] = 0;
    releases++;
    pthread_cond_broadcast(&released);
}

void fakenv_reset_faults(void)
{
    fakenv_release();
    fault_count = 0;
    calls_count = 0;
    total = 0;
    lost = false;
    random_state = 1;
}

long fakenv_calls(const char *function)
{
    for (int i = 0; i < calls_count; i++)
        if (!strcmp(calls[i].function, function))
            return calls[i].count;
    return strcmp(function, "calls") ? 0 : total;
}

long fakenv_hanging(void)
{
    return hanging;
}

static long count_call(const char *function)
{
    int i = 0;

    total++;
    while (i < calls_count && strcmp(calls[i].function, function))
        i++;
    if (i == calls_count) {
        if (calls_count == MAX_FUNCTIONS)
            abort();
        calls[calls_count++] = (struct calls){.count = 0};
        snprintf(calls[i].function, sizeof(calls[i].function), "%s", function);
    }
    return ++calls[i].count;
}

static bool strikes(const struct fault *fault, const char *function, long count)
{
    if (!strcmp(fault->function, "*"))
        count = total;
    else if (strcmp(fault->function, function))
        return false;
    if (fault->per_mille >= 0)
        return chance(fault->per_mille);
    return count == fault->nth || (fault->onward && count > fault->nth);
}

static void hang(int milliseconds)
{
    const unsigned before = releases;
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += milliseconds % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    hanging++;
    while (releases == before && !pthread_cond_timedwait(&released, &fakenv_lock, &until))
        ;
    hanging--;
}

static void stall(int milliseconds)
{
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

    pthread_mutex_unlock(&fakenv_lock);
    nanosleep(&time, NULL);
    pthread_mutex_lock(&fakenv_lock);
}

int fakenv_enter(const char *function, int lost_code)
{
    const int hang_ms = fakenv_config().hang_ms;
    int code = 0, sleep_ms = 0;
    bool hangs = false;

    pthread_mutex_lock(&fakenv_lock);
    const long count = count_call(function);
    for (int i = 0; i < fault_count; i++) {
        if (!strikes(&faults[i], function, count))
            continue;
        if (faults[i].action == FAIL)
            code = faults[i].value;
        else if (faults[i].action == SLEEP)
            sleep_ms = faults[i].value;
        else if (faults[i].action == LOSE)
            lost = true;
        else
            hangs = true;
    }
    if (hangs)
        hang(hang_ms);
    if (sleep_ms)
        stall(sleep_ms);
    if (!code && lost)
        code = lost_code;
    pthread_mutex_unlock(&fakenv_lock);
    fakenv_trace("%s #%ld%s", function, count, code ? " -> fault" : "");
    return code;
}

bool fakenv_open_trace(const char *path)
{
    if (trace && trace != stderr)
        fclose(trace);
    trace = !*path ? NULL : strcmp(path, "-") ? fopen(path, "ae") : stderr;
    return trace || !*path;
}

void fakenv_trace(const char *format, ...)
{
    va_list arguments;

    pthread_mutex_lock(&fakenv_lock);
    if (trace) {
        va_start(arguments, format);
        vfprintf(trace, format, arguments);
        va_end(arguments);
        fputc('\n', trace);
        fflush(trace);
    }
    pthread_mutex_unlock(&fakenv_lock);
}

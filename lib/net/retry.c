/* SPDX-License-Identifier: MIT */
/*
 * When and whether to try again. Delays are random over their whole range, so that clients which
 * failed together do not come back together; the quota, shared by all calls of a client, ends
 * retries soon when nearly everything fails.
 */
#include "net.h"

#include <sys/random.h>
#include <time.h>

#define QUOTA_TOKENS   500
#define COST_TRANSIENT 14
#define COST_THROTTLE  5

#define BASE_TRANSIENT_US 50000
#define BASE_THROTTLE_US  1000000
#define MOST_US           20000000
#define MOST_ASKED_US     60000000 /* by Retry-After */
#define MOST_MORE_US      5000000  /* by x-amz-retry-after */

/* Names that were not found are looked for that often again. */
#define NAME_RETRIES 2

/* A wait looks that often whether the job was cancelled. */
#define SLICE_US 50000

void hy_retry_quota_init(hy_retry_quota *quota)
{
    atomic_init(&quota->tokens, QUOTA_TOKENS);
}

static bool take_tokens(hy_retry_quota *quota, int cost)
{
    int tokens = atomic_load(&quota->tokens);
    do {
        if (tokens < cost) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(&quota->tokens, &tokens, tokens - cost));
    return true;
}

static void give_tokens(hy_retry_quota *quota, int count)
{
    int tokens = atomic_load(&quota->tokens);
    int more;
    do {
        more = tokens + count < QUOTA_TOKENS ? tokens + count : QUOTA_TOKENS;
    } while (!atomic_compare_exchange_weak(&quota->tokens, &tokens, more));
}

uint64_t hy_retry_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) {
        struct timespec now = {0, 0};
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        seed = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 32 ^ (uint64_t)(uintptr_t)&seed;
    }
    return seed;
}

/* SplitMix64. 0 <= result < 1. */
static double next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return (double)(z >> 11) * 0x1p-53;
}

/* ---- What the server asks for ---- */

/* Microseconds; 0 = does not say. A date counts from the server's own, whose clock may differ. */
static int64_t read_retry_after(const hy_http_headers *hints)
{
    const char *text = hy_http_headers_get(hints, "Retry-After");
    if (!text) {
        return 0;
    }
    int64_t seconds = hy_decimal_clamp(text, MOST_ASKED_US / 1000000);
    int64_t date = seconds < 0 ? hy_http_date(text) : -1;
    if (date >= 0) {
        const char *sent = hy_http_headers_get(hints, "Date");
        int64_t now = sent ? hy_http_date(sent) : -1;
        seconds = date - (now >= 0 ? now : (int64_t)time(NULL));
    }
    int64_t most = MOST_ASKED_US / 1000000;
    return seconds <= 0 ? 0 : (seconds < most ? seconds : most) * 1000000;
}

int64_t hy_retry_pause(hy_retry *retry, hy_retry_class class, const hy_http_headers *hints)
{
    int64_t cap = class == HY_RETRY_THROTTLE ? BASE_THROTTLE_US : BASE_TRANSIENT_US;
    for (int32_t i = 1; i < retry->tries && cap < MOST_US; i++) {
        cap *= 2;
    }
    cap = cap < MOST_US ? cap : MOST_US;
    int64_t pause = (int64_t)((double)cap * next_random(&retry->random));
    int64_t milliseconds =
        hy_decimal_clamp(hy_http_headers_get(hints, "x-amz-retry-after"), INT32_MAX);
    if (milliseconds * 1000 > pause) {
        int64_t most = pause + MOST_MORE_US;
        pause = milliseconds * 1000 < most ? milliseconds * 1000 : most;
    }
    int64_t asked = read_retry_after(hints);
    return pause > asked ? pause : asked;
}

/* ---- Waiting ---- */

/* False: it would end after the deadline, or the job is cancelled. */
static bool sleep_for(int64_t pause_us, const hy_cancel *cancel)
{
    double end = hy_clock_s() + (double)pause_us * 1e-6;
    if (cancel && cancel->deadline_s > 0 && end >= cancel->deadline_s) {
        return false;
    }
    for (;;) {
        if (hy_cancel_requested(cancel)) {
            return false;
        }
        int64_t left = (int64_t)((end - hy_clock_s()) * 1e6);
        if (left <= 0) {
            return true;
        }
        left = left < SLICE_US ? left : SLICE_US;
        const struct timespec slice = {0, (long)left * 1000};
        (void)nanosleep(&slice, NULL);
    }
}

bool hy_retry_wait(hy_retry *retry, hy_retry_class class, const hy_http_headers *hints,
                   const hy_cancel *cancel)
{
    int cost = class == HY_RETRY_THROTTLE ? COST_THROTTLE : COST_TRANSIENT;
    retry->tries++;
    retry->spent = 0;
    retry->names += class == HY_RETRY_NAME;
    if (retry->tries >= retry->max_tries || retry->names > NAME_RETRIES ||
        hy_cancel_requested(cancel)) {
        return false;
    }
    if (retry->quota && !take_tokens(retry->quota, cost)) {
        return false;
    }
    if (!sleep_for(hy_retry_pause(retry, class, hints), cancel)) {
        if (retry->quota) {
            give_tokens(retry->quota, cost);
        }
        return false;
    }
    retry->spent = retry->quota ? cost : 0;
    return true;
}

void hy_retry_done(hy_retry *retry)
{
    if (retry->quota) {
        give_tokens(retry->quota, retry->spent > 0 ? retry->spent : 1);
    }
    retry->spent = 0;
}

bool hy_retry_status(int32_t http_status)
{
    switch (http_status) {
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return true;
    default:
        return false;
    }
}

hy_retry_class hy_retry_class_of(const hy_http_reply *reply)
{
    if (reply->unresolved) {
        return HY_RETRY_NAME;
    }
    bool throttled =
        reply->outcome == HY_HTTP_REPLY && (reply->status == 429 || reply->status == 503);
    return throttled ? HY_RETRY_THROTTLE : HY_RETRY_TRANSIENT;
}

/* SPDX-License-Identifier: MIT */
/* A client, a store on loopback that follows rules, and uploads between them. The program is linked
 * with --wrap for hy_credentials_reject and hy_s3_is_custom. */
#ifndef HY_TEST_BENCH_H
#define HY_TEST_BENCH_H

#include "s3/s3_private.h"
#include "store.h"
#include "support.h"

#define PART            ((int64_t)64 << 10)
#define THRESHOLD       (2 * PART)
#define ANY             0
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define REPLY(s, c)                                                                                \
    {                                                                                              \
        .fault = STORE_REPLIES, .status = (s), .code = (c)                                         \
    }

/* A fault of the store: requests `from`..`to` of a kind (ANY = of each part `part`). */
typedef struct rule {
    store_kind kind;
    int from, to;
    int part; /* ANY, or only this one */
    store_plan plan;
    bool cancels; /* the job is cancelled when the request arrives */
} rule;

typedef struct bench {
    store *store;
    hy_http *http;
    hy_s3 *s3;
    hydra_transfer_options transfer;
    const rule *rules;
    size_t rule_count;
    hy_cancel cancel;
    atomic_int seen[STORE_KINDS][8]; /* by part, 0 = any */
    atomic_llong sent;
    atomic_llong total; /* that is told from the begin on; 0 = not */
} bench;

/* The store stands for AWS, so that its checksums are used; false again after tear_down. */
extern bool bench_is_aws;
/* How often keys were rejected. */
extern atomic_int bench_rejected;

/* In order: set up and tear down (no upload may be left open); an upload of the pattern's bytes;
 * what the store has; an upload that works with so many parts and retries; one that fails and
 * leaves nothing; and as the muxer writes, media first, then the head. */
void bench_set_up(bench *b, const rule *rules, size_t count);
void bench_tear_down(bench *b);
/* Where so many uploads could not be aborted. */
void bench_tear_down_open(bench *b, int uploads);
hy_s3_sink_options bench_options_of(bench *b);
hydra_status bench_upload(bench *b, int64_t size, hy_s3_upload_result *result, hy_diag *diag);
void bench_check_object(bench *b, int64_t expected);
bool bench_has_object(bench *b);
void bench_check_works(bench *b, int64_t size, int32_t parts, int32_t retries);
void bench_check_fails(bench *b, int64_t size, hydra_status expected, const char *part);
hydra_status bench_write_video(hy_sink *sink, int64_t head, int64_t size, hy_diag *diag);

#endif

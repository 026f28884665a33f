/* SPDX-License-Identifier: MIT */
/* A hydra_object that owns its strings, and how one comes from what s3/ says. */
#ifndef HY_OBJECT_H
#define HY_OBJECT_H

#include <hydra/storage.h>

#include "core/core.h"
#include "s3/s3.h"

/* All zero = none. */
typedef struct hy_object {
    hydra_object is; /* its strings are owned; NULL = "" */
    bool is_set;
} hy_object;

/* An object that was sent. Moves strings out of `result`. `presign_s` > 0: with a GET URL. */
hydra_status hy_object_sent(hy_object *out, hy_s3 *s3, const char *bucket, const char *key,
                            hy_s3_upload_result *result, const char *content_type,
                            int64_t presign_s, hy_diag *diag);
/* Before anything is sent: a GET URL that is asked for (`presign_s` > 0) can be made. */
hydra_status hy_object_check_presign(hy_s3 *s3, const char *bucket, const char *key,
                                     int64_t presign_s, const hy_cancel *cancel, hy_diag *diag);
/* An object that was looked at. Moves strings out of `found`. */
hydra_status hy_object_found(hy_object *out, hy_s3 *s3, const char *bucket, const char *key,
                             hy_s3_object *found, hy_diag *diag);
/* Make a caller's struct, which is set, say nothing: what it points to is about to end. */
void hy_object_clear(hydra_object *object);
/* Fill a caller's struct, which is set. False: there is none, and it says nothing. */
bool hy_object_give(const hy_object *object, hydra_object *to);
void hy_object_free(hy_object *object);

#endif

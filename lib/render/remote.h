/* SPDX-License-Identifier: MIT */
/*
 * The remote sources of a job: fetched by threads of its own, several at a time, in the order in
 * which they are needed and not far ahead of the playhead, so that memory stays flat however long
 * the project is. Their bytes are shared with the readers and go when the last image near the
 * playhead that shows them is prepared. Private to render/.
 */
#ifndef HY_REMOTE_H
#define HY_REMOTE_H

#include <stdbool.h>

#include "render/render.h"

/* At a time. */
#define HY_REMOTE_PARALLEL 6
/* Images that are fetched ahead, the one that is needed next included, and their bytes in sum; a
 * larger image is fetched alone. */
#define HY_REMOTE_WINDOW_IMAGES 16
#define HY_REMOTE_WINDOW_BYTES  ((int64_t)128 << 20)

/* What an image or the music counts before it has come. */
#define HY_REMOTE_IMAGE_BYTES ((int64_t)12 << 20)
#define HY_REMOTE_AUDIO_BYTES ((int64_t)16 << 20)

typedef struct hy_remote hy_remote;

/* What is fetched of a project. */
typedef struct hy_remote_want {
    int32_t first; /* images from here on */
    int32_t end;   /* up to this one, which is left out */
    bool audio;
    bool keep_going; /* one that fails does not end the others */
} hy_remote_want;

/*
 * Check all URLs that are wanted and begin to fetch. Of the job it uses project, policy, fetcher
 * and cancel. `*out` = NULL when nothing that is wanted is remote; the calls below take that. The
 * bytes that are held count in `meter` (NULL = nowhere).
 */
hydra_status hy_remote_new(const hy_job *job, const hy_remote_want *want, hy_meter *meter,
                           hy_remote **out, hy_diag *diag);
/* Ends what is under way. Readers may outlive it. */
void hy_remote_free(hy_remote *remote);

/* Whether an image can be opened at once, or is known to fail. */
bool hy_remote_is_there(hy_remote *remote, int32_t image);
/* Wait until it is. Returns why one failed (with keep_going: this one), or why the job ends. */
hydra_status hy_remote_wait(hy_remote *remote, int32_t image, hy_diag *diag);
/* A fetch failed, so the job will. With keep_going: never. */
hydra_status hy_remote_check(hy_remote *remote, hy_diag *diag);
/* Images up to this one are not opened again. Any thread. */
void hy_remote_done(hy_remote *remote, int32_t image);

/* Open a source of job->project, wherever it is. Waits for a remote one, but for an image only when
 * hy_remote_is_there would say no. */
hydra_status hy_job_open_image(const hy_job *job, int32_t image, hy_reader **out, hy_diag *diag);
hydra_status hy_job_open_audio(const hy_job *job, hy_reader **out, hy_diag *diag);

#endif

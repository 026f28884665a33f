/* SPDX-License-Identifier: MIT */
/*
 * Everything behind the frames: encoder, sound, container, sink. Takes pictures in order and
 * writes packets of both tracks in the order of their decoding times. Private to render/.
 */
#ifndef HY_OUTPUT_H
#define HY_OUTPUT_H

#include "media/media.h"
#include "render/render.h"

typedef struct hy_output {
    const hy_plan *plan;
    const hy_cancel *cancel;
    hy_encoder *encoder;  /* NULL = it could not be opened */
    int32_t open_finding; /* HYDRA_PROBE_*: why not, where that is about a GPU */
    hy_reader *audio_reader;
    hy_audio *audio; /* NULL = no sound track */
    hy_packet audio_packet;
    bool audio_pending; /* audio_packet waits for its turn */
    bool audio_ended;
    hy_muxer *muxer;
    double encode_s;
    double audio_s;
    double mux_s;
    double encoded_at_s; /* hy_clock_s when the last frame was encoded; 0 = not yet */
} hy_output;

/* Encoder threads of a job: as asked for, or the context's; within the policy. */
/* Whether the music of the project, if there is any, gets into the output. */
bool hy_output_has_sound(const hy_job *job);
int32_t hy_output_threads(const hy_job *job);
hy_encoder_config hy_output_config(const hy_job *job, const hy_plan *plan);

hydra_status hy_output_open(hy_output *output, const hy_job *job, const hy_plan *plan,
                            hy_diag *diag);
/* Frame `n`, in order. The picture is the caller's again on return. */
hydra_status hy_output_frame(hy_output *output, const hy_picture *picture, int64_t n,
                             hy_diag *diag);
/* No more frames: drain, write the index, read the result back. Fills `result`. */
hydra_status hy_output_finish(hy_output *output, hydra_result *result, hy_diag *diag);
/* After a failure: HYDRA_PROBE_* where the encoder failed because of its GPU, else OK. */
int32_t hy_output_finding(const hy_output *output);
/* Accepts an output whose open failed. The sink is the caller's. */
void hy_output_close(hy_output *output);

#endif

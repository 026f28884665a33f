/* SPDX-License-Identifier: MIT */
/* H.264 through libx264, with one thread: equal pictures give equal bytes. */
#include <stdint.h>
#include <x264.h>

#include "session.h"

#include <stdlib.h>

struct coder {
    x264_t *encoder;
    x264_param_t params;
};

static void set_rate(x264_param_t *x, const NV_ENC_RC_PARAMS *rc)
{
    const bool constant_qp = rc->rateControlMode == NV_ENC_PARAMS_RC_CONSTQP;
    const bool cbr = !constant_qp && rc->rateControlMode != NV_ENC_PARAMS_RC_VBR;

    if (constant_qp) {
        x->rc.i_rc_method = X264_RC_CQP;
        x->rc.i_qp_constant = (int)rc->constQP.qpInterP;
    } else if (rc->targetQuality || rc->targetQualityLSB) {
        x->rc.i_rc_method = X264_RC_CRF;
        x->rc.f_rf_constant = (float)rc->targetQuality + (float)rc->targetQualityLSB / 256;
    } else {
        x->rc.i_rc_method = X264_RC_ABR;
        x->rc.i_bitrate = (int)(rc->averageBitRate / 1000);
    }
    if (!constant_qp && (rc->maxBitRate || cbr)) {
        const uint32_t max = cbr ? rc->averageBitRate : rc->maxBitRate;
        x->rc.i_vbv_max_bitrate = (int)(max / 1000);
        x->rc.i_vbv_buffer_size = (int)((rc->vbvBufferSize ? rc->vbvBufferSize : max) / 1000);
    }
    x->rc.i_aq_mode = rc->enableAQ ? X264_AQ_VARIANCE : X264_AQ_NONE;
}

static void set_structure(x264_param_t *x, const struct fakenv_session *s)
{
    const NV_ENC_CONFIG_H264 *h264 = &s->config.encodeCodecConfig.h264Config;

    x->i_threads = 1;
    x->i_lookahead_threads = 1;
    x->i_sync_lookahead = 0;
    x->rc.i_lookahead = 0;
    x->rc.b_mb_tree = 0;
    x->i_keyint_max = s->config.gopLength == NVENC_INFINITE_GOPLENGTH ? X264_KEYINT_MAX_INFINITE
                                                                      : (int)s->config.gopLength;
    x->i_keyint_min = x->i_keyint_max; /* an intra picture is no key frame by itself */
    x->i_scenecut_threshold = 0;
    x->i_bframe = s->config.frameIntervalP > 1 ? s->config.frameIntervalP - 1 : 0;
    x->i_bframe_adaptive = X264_B_ADAPT_NONE;
    x->i_bframe_pyramid = h264->useBFramesAsRef ? X264_B_PYRAMID_NORMAL : X264_B_PYRAMID_NONE;
    x->b_open_gop = 0;
    x->i_slice_count =
        h264->sliceMode == 3 && h264->sliceModeData > 1 ? (int)h264->sliceModeData : 0;
}

static void set_stream(x264_param_t *x, const struct fakenv_session *s)
{
    const NV_ENC_CONFIG_H264 *h264 = &s->config.encodeCodecConfig.h264Config;
    const NV_ENC_CONFIG_H264_VUI_PARAMETERS *vui = &h264->h264VUIParameters;

    x->b_annexb = 1;
    x->b_repeat_headers = h264->repeatSPSPPS;
    x->b_aud = h264->outputAUD;
    x->b_cabac = h264->entropyCodingMode != NV_ENC_H264_ENTROPY_CODING_MODE_CAVLC;
    if (h264->level)
        x->i_level_idc = (int)h264->level;
    if (s->params.darWidth && s->params.darHeight) {
        x->vui.i_sar_width = (int)(s->params.darWidth * s->params.encodeHeight);
        x->vui.i_sar_height = (int)(s->params.darHeight * s->params.encodeWidth);
    }
    if (!vui->videoSignalTypePresentFlag || fakenv_config().plain_headers)
        return;
    x->vui.i_vidformat = (int)vui->videoFormat;
    x->vui.b_fullrange = (int)vui->videoFullRangeFlag;
    if (vui->colourDescriptionPresentFlag) {
        x->vui.i_colorprim = (int)vui->colourPrimaries;
        x->vui.i_transfer = (int)vui->transferCharacteristics;
        x->vui.i_colmatrix = (int)vui->colourMatrix;
    }
}

static const char *profile_of(const GUID *guid)
{
    if (fakenv_guid_is(guid, &NV_ENC_H264_PROFILE_BASELINE_GUID))
        return "baseline";
    return fakenv_guid_is(guid, &NV_ENC_H264_PROFILE_MAIN_GUID) ? "main" : "high";
}

static void *open_coder(const struct fakenv_session *s)
{
    const NV_ENC_INITIALIZE_PARAMS *p = &s->params;
    struct coder *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    x264_param_t *x = &c->params;
    x264_param_default_preset(x,
                              s->preset <= 2   ? "ultrafast"
                              : s->preset <= 5 ? "superfast"
                                               : "veryfast",
                              NULL);
    x->i_log_level = X264_LOG_NONE;
    x->i_width = (int)p->encodeWidth;
    x->i_height = (int)p->encodeHeight;
    x->i_csp = X264_CSP_I420;
    fakenv_told_rate(s, &x->i_fps_num, &x->i_fps_den);
    x->i_timebase_den = p->frameRateNum;
    x->i_timebase_num = p->frameRateDen;
    x->b_vfr_input = 0;
    set_structure(x, s);
    set_stream(x, s);
    set_rate(x, &s->config.rcParams);
    if (!x264_param_apply_profile(x, profile_of(&s->config.profileGUID)))
        c->encoder = x264_encoder_open(x);
    if (c->encoder)
        return c;
    free(c);
    return NULL;
}

static void close_coder(void *coder)
{
    struct coder *c = coder;

    x264_encoder_close(c->encoder);
    free(c);
}

static bool headers(void *coder, struct fakenv_bytes *bytes)
{
    struct coder *c = coder;
    x264_nal_t *nals;
    int count;
    bool ok = x264_encoder_headers(c->encoder, &nals, &count) >= 0;

    for (int i = 0; ok && i < count; i++)
        if (nals[i].i_type == NAL_SPS || nals[i].i_type == NAL_PPS)
            ok = fakenv_append(bytes, nals[i].p_payload, (size_t)nals[i].i_payload);
    return ok;
}

static bool reconfigure(void *coder, const struct fakenv_session *s)
{
    struct coder *c = coder;

    set_rate(&c->params, &s->config.rcParams);
    return !x264_encoder_reconfig(c->encoder, &c->params);
}

static NV_ENC_PIC_TYPE type_of(int type)
{
    switch (type) {
    case X264_TYPE_IDR:
        return NV_ENC_PIC_TYPE_IDR;
    case X264_TYPE_I:
    case X264_TYPE_KEYFRAME:
        return NV_ENC_PIC_TYPE_I;
    case X264_TYPE_P:
        return NV_ENC_PIC_TYPE_P;
    default:
        return NV_ENC_PIC_TYPE_B;
    }
}

static void set_picture(x264_picture_t *x, const struct fakenv_picture *picture)
{
    x264_picture_init(x);
    x->i_pts = picture->number;
    x->i_type = picture->force_idr     ? X264_TYPE_IDR
                : picture->force_intra ? X264_TYPE_I
                                       : X264_TYPE_AUTO;
    x->img.i_csp = picture->planes[2] ? X264_CSP_I420 : X264_CSP_NV12;
    x->img.i_plane = picture->planes[2] ? 3 : 2;
    for (int i = 0; i < x->img.i_plane; i++) {
        /* x264 only reads them. */
        x->img.plane[i] = (uint8_t *)(uintptr_t)picture->planes[i];
        x->img.i_stride[i] = picture->strides[i];
    }
}

static int encode(void *coder, const struct fakenv_picture *picture, struct fakenv_packet *packet)
{
    struct coder *c = coder;
    x264_picture_t in, out;
    x264_nal_t *nals;
    int count, size = 0;

    if (picture) {
        set_picture(&in, picture);
        size = x264_encoder_encode(c->encoder, &nals, &count, &in, &out);
    } else {
        while (!size && x264_encoder_delayed_frames(c->encoder) > 0)
            size = x264_encoder_encode(c->encoder, &nals, &count, NULL, &out);
    }
    if (size <= 0)
        return size;
    packet->number = (uint32_t)out.i_pts;
    packet->type = type_of(out.i_type);
    /* x264 lays its NAL units out in one run. */
    return fakenv_append(packet->bytes, nals[0].p_payload, (size_t)size) ? 1 : -1;
}

const struct fakenv_coder fakenv_coder_x264 = {open_coder, headers, encode, reconfigure,
                                               close_coder};

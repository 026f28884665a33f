/* SPDX-License-Identifier: MIT */
/* HEVC through libx265, 8 bits, without a thread pool: equal pictures give equal bytes. */
#include <x265.h>

#include "session.h"

#include <stdlib.h>

struct coder {
    x265_encoder *encoder;
    x265_param *params;
    uint8_t *chroma; /* U and V of NV12, which libx265 does not take */
    int width, height;
};

static void set_rate(x265_param *x, const NV_ENC_RC_PARAMS *rc)
{
    const bool constant_qp = rc->rateControlMode == NV_ENC_PARAMS_RC_CONSTQP;
    const bool cbr = !constant_qp && rc->rateControlMode != NV_ENC_PARAMS_RC_VBR;

    if (constant_qp) {
        x->rc.rateControlMode = X265_RC_CQP;
        x->rc.qp = (int)rc->constQP.qpInterP;
    } else if (rc->targetQuality || rc->targetQualityLSB) {
        x->rc.rateControlMode = X265_RC_CRF;
        x->rc.rfConstant = rc->targetQuality + rc->targetQualityLSB / 256.0;
    } else {
        x->rc.rateControlMode = X265_RC_ABR;
        x->rc.bitrate = (int)(rc->averageBitRate / 1000);
    }
    if (!constant_qp && (rc->maxBitRate || cbr)) {
        const uint32_t max = cbr ? rc->averageBitRate : rc->maxBitRate;
        x->rc.vbvMaxBitrate = (int)(max / 1000);
        x->rc.vbvBufferSize = (int)((rc->vbvBufferSize ? rc->vbvBufferSize : max) / 1000);
    }
    x->rc.aqMode = rc->enableAQ ? X265_AQ_VARIANCE : X265_AQ_NONE;
    x->rc.cuTree = 0;
}

static void set_structure(x265_param *x, const struct fakenv_session *s)
{
    const NV_ENC_CONFIG_HEVC *hevc = &s->config.encodeCodecConfig.hevcConfig;

    x->frameNumThreads = 1;
    x->bEnableWavefront = 0;
    x->lookaheadSlices = 0;
    x->numaPools = "none";
    x->keyframeMax =
        s->config.gopLength == NVENC_INFINITE_GOPLENGTH ? -1 : (int)s->config.gopLength;
    x->keyframeMin = x->keyframeMax; /* an intra picture is no key frame by itself */
    x->scenecutThreshold = 0;
    x->bOpenGOP = 0;
    x->bframes = s->config.frameIntervalP > 1 ? s->config.frameIntervalP - 1 : 0;
    x->bFrameAdaptive = X265_B_ADAPT_NONE;
    x->bBPyramid = hevc->useBFramesAsRef != NV_ENC_BFRAME_REF_MODE_DISABLED;
    /* Without B frames no picture is held back, as the real encoder has it. */
    x->lookaheadDepth = x->bframes ? x->bframes + 1 : 0;
}

static void set_stream(x265_param *x, const struct fakenv_session *s)
{
    const NV_ENC_CONFIG_HEVC *hevc = &s->config.encodeCodecConfig.hevcConfig;
    const NV_ENC_CONFIG_HEVC_VUI_PARAMETERS *vui = &hevc->hevcVUIParameters;

    x->bAnnexB = 1;
    x->bRepeatHeaders = hevc->repeatSPSPPS;
    x->bEnableAccessUnitDelimiters = hevc->outputAUD;
    x->bEmitInfoSEI = 0;
    /* 30 times the number of the level, libx265 wants 10 times. */
    x->levelIdc = (int)hevc->level / 3;
    x->bHighTier = (int)hevc->tier;
    if (s->params.darWidth && s->params.darHeight) {
        x->vui.aspectRatioIdc = X265_EXTENDED_SAR;
        x->vui.sarWidth = (int)(s->params.darWidth * s->params.encodeHeight);
        x->vui.sarHeight = (int)(s->params.darHeight * s->params.encodeWidth);
        if (x->vui.sarWidth == x->vui.sarHeight)
            x->vui.aspectRatioIdc = 1;
    }
    if (!vui->videoSignalTypePresentFlag || fakenv_config().plain_headers)
        return;
    x->vui.bEnableVideoSignalTypePresentFlag = 1;
    x->vui.videoFormat = (int)vui->videoFormat;
    x->vui.bEnableVideoFullRangeFlag = (int)vui->videoFullRangeFlag;
    if (vui->colourDescriptionPresentFlag) {
        x->vui.bEnableColorDescriptionPresentFlag = 1;
        x->vui.colorPrimaries = (int)vui->colourPrimaries;
        x->vui.transferCharacteristics = (int)vui->transferCharacteristics;
        x->vui.matrixCoeffs = (int)vui->colourMatrix;
    }
}

static void close_coder(void *coder)
{
    struct coder *c = coder;

    if (c->encoder)
        x265_encoder_close(c->encoder);
    x265_param_free(c->params);
    free(c->chroma);
    free(c);
}

static void set_params(x265_param *x, const struct fakenv_session *s)
{
    const NV_ENC_INITIALIZE_PARAMS *p = &s->params;

    x265_param_default_preset(x, s->preset <= 5 ? "ultrafast" : "superfast", NULL);
    x->logLevel = X265_LOG_NONE;
    x->sourceWidth = (int)p->encodeWidth;
    x->sourceHeight = (int)p->encodeHeight;
    x->internalCsp = X265_CSP_I420;
    fakenv_told_rate(s, &x->fpsNum, &x->fpsDenom);
    set_structure(x, s);
    set_stream(x, s);
    set_rate(x, &s->config.rcParams);
}

static void *open_coder(const struct fakenv_session *s)
{
    struct coder *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->width = (int)s->params.encodeWidth;
    c->height = (int)s->params.encodeHeight;
    c->chroma = malloc((size_t)((c->width + 1) / 2) * (size_t)((c->height + 1) / 2) * 2);
    c->params = x265_param_alloc();
    if (c->chroma && c->params) {
        set_params(c->params, s);
        if (!x265_param_apply_profile(c->params, "main"))
            c->encoder = x265_encoder_open(c->params);
    }
    if (c->encoder)
        return c;
    close_coder(c);
    return NULL;
}

static bool append_all(struct fakenv_bytes *bytes, const x265_nal *nals, uint32_t count)
{
    bool ok = true;

    for (uint32_t i = 0; ok && i < count; i++)
        ok = fakenv_append(bytes, nals[i].payload, nals[i].sizeBytes);
    return ok;
}

static bool headers(void *coder, struct fakenv_bytes *bytes)
{
    struct coder *c = coder;
    x265_nal *nals;
    uint32_t count;

    return x265_encoder_headers(c->encoder, &nals, &count) >= 0 && append_all(bytes, nals, count);
}

static NV_ENC_PIC_TYPE type_of(int type)
{
    switch (type) {
    case X265_TYPE_IDR:
        return NV_ENC_PIC_TYPE_IDR;
    case X265_TYPE_I:
        return NV_ENC_PIC_TYPE_I;
    case X265_TYPE_P:
        return NV_ENC_PIC_TYPE_P;
    default:
        return NV_ENC_PIC_TYPE_B;
    }
}

static void split_chroma(const struct coder *c, const struct fakenv_picture *picture,
                         x265_picture *x)
{
    const int width = (c->width + 1) / 2, height = (c->height + 1) / 2;
    uint8_t *u = c->chroma, *v = u + (size_t)width * (size_t)height;

    x->planes[1] = u;
    x->planes[2] = v;
    x->stride[1] = x->stride[2] = width;
    for (int y = 0; y < height; y++) {
        const uint8_t *from = picture->planes[1] + (size_t)y * (size_t)picture->strides[1];
        for (int i = 0; i < width; i++) {
            *u++ = from[2 * i];
            *v++ = from[2 * i + 1];
        }
    }
}

static void set_picture(const struct coder *c, const struct fakenv_picture *picture,
                        x265_picture *x)
{
    x265_picture_init(c->params, x);
    x->pts = picture->number;
    x->sliceType = picture->force_idr     ? X265_TYPE_IDR
                   : picture->force_intra ? X265_TYPE_I
                                          : X265_TYPE_AUTO;
    x->bitDepth = 8;
    x->colorSpace = X265_CSP_I420;
    /* libx265 only reads them. */
    for (int i = 0; i < 3; i++) {
        x->planes[i] = (void *)(uintptr_t)picture->planes[i];
        x->stride[i] = picture->strides[i];
    }
    if (!picture->planes[2])
        split_chroma(c, picture, x);
}

static int encode(void *coder, const struct fakenv_picture *picture, struct fakenv_packet *packet)
{
    struct coder *c = coder;
    x265_picture in, out;
    x265_nal *nals;
    uint32_t count;

    if (picture)
        set_picture(c, picture, &in);
    const int result = x265_encoder_encode(c->encoder, &nals, &count, picture ? &in : NULL, &out);
    if (result <= 0)
        return result;
    packet->number = (uint32_t)out.pts;
    packet->type = type_of(out.sliceType);
    return append_all(packet->bytes, nals, count) ? 1 : -1;
}

const struct fakenv_coder fakenv_coder_x265 = {open_coder, headers, encode, NULL, close_coder};

/* SPDX-License-Identifier: MIT */
/* libnvidia-encode.so.1: its two symbols, and the life of a session. */
#include "session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fakenv_session *sessions;

struct fakenv_session *fakenv_session_find(const void *handle)
{
    pthread_mutex_lock(&lock);
    struct fakenv_session *s = sessions;
    while (s && s != handle)
        s = s->next;
    pthread_mutex_unlock(&lock);
    return s;
}

NVENCSTATUS fakenv_fail(struct fakenv_session *session, NVENCSTATUS status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(session->error, sizeof(session->error), format, arguments);
    va_end(arguments);
    fakenv_trace("  error %d: %s", status, session->error);
    return status;
}

/* GeForce drivers say out of memory at their limit. */
static bool has_room(int gpu)
{
    const struct fakenv_config config = fakenv_config();
    int all = 0, of_gpu = 0;

    for (const struct fakenv_session *s = sessions; s; s = s->next) {
        all++;
        of_gpu += s->gpu == gpu;
    }
    return (!config.max_sessions || all < config.max_sessions) &&
           (!config.max_sessions_per_gpu || of_gpu < config.max_sessions_per_gpu);
}

static void free_session(struct fakenv_session *s)
{
    fakenv_buffers_free(s);
    if (s->coder)
        s->ops->close(s->coder);
    fakenv_engine_leave(s->gpu, s->engine);
    free(s);
    fakenv_alive(FAKENV_SESSIONS, -1);
}

static void purge(void)
{
    pthread_mutex_lock(&lock);
    while (sessions) {
        struct fakenv_session *s = sessions;
        sessions = s->next;
        free_session(s);
    }
    pthread_mutex_unlock(&lock);
}

NV open_session(NV_ENC_OPEN_ENCODE_SESSION_EX_PARAMS *params, void **encoder)
{
    *encoder = NULL;
    ENTER("nvEncOpenEncodeSessionEx");
    if (params->version != NV_ENC_OPEN_ENCODE_SESSION_EX_PARAMS_VER ||
        params->apiVersion != NVENCAPI_VERSION)
        return NV_ENC_ERR_INVALID_VERSION;
    const int gpu = fakenv_context_gpu(params->device);
    if (params->deviceType != NV_ENC_DEVICE_TYPE_CUDA || gpu < 0)
        return NV_ENC_ERR_INVALID_DEVICE;
    if (!fakenv_config().gpus[gpu].has_nvenc)
        return NV_ENC_ERR_UNSUPPORTED_DEVICE;
    fakenv_on_purge(purge);
    struct fakenv_session *s = calloc(1, sizeof(*s));
    if (!s)
        return NV_ENC_ERR_OUT_OF_MEMORY;
    s->gpu = gpu;
    s->engine = -1;
    pthread_mutex_lock(&lock);
    const bool room = has_room(gpu);
    if (room) {
        s->next = sessions;
        sessions = s;
        fakenv_alive(FAKENV_SESSIONS, 1);
        *encoder = s;
    } else {
        free(s);
    }
    pthread_mutex_unlock(&lock);
    return room ? NV_ENC_SUCCESS : NV_ENC_ERR_OUT_OF_MEMORY;
}

NV destroy_encoder(void *encoder)
{
    ENTER_SESSION("nvEncDestroyEncoder");
    if (s->inputs || s->outputs)
        fakenv_trace("  note: the session has buffers left");
    pthread_mutex_lock(&lock);
    struct fakenv_session **link = &sessions;
    while (*link != s)
        link = &(*link)->next;
    *link = s->next;
    pthread_mutex_unlock(&lock);
    free_session(s);
    return NV_ENC_SUCCESS;
}

void fakenv_told_rate(const struct fakenv_session *s, uint32_t *num, uint32_t *den)
{
    *num = s->params.frameRateNum;
    *den = s->params.frameRateDen;
    if (fakenv_config().rounded_headers) {
        *num = (*num * 100 + *den / 2) / *den;
        *den = 100;
    }
}

static NVENCSTATUS check_size(struct fakenv_session *s, const NV_ENC_INITIALIZE_PARAMS *p,
                              enum fakenv_codec codec)
{
    const int width = (int)p->encodeWidth, height = (int)p->encodeHeight;

    if (width > fakenv_cap(codec, NV_ENC_CAPS_WIDTH_MAX) ||
        height > fakenv_cap(codec, NV_ENC_CAPS_HEIGHT_MAX) ||
        width < fakenv_cap(codec, NV_ENC_CAPS_WIDTH_MIN) ||
        height < fakenv_cap(codec, NV_ENC_CAPS_HEIGHT_MIN))
        return fakenv_fail(s, NV_ENC_ERR_INVALID_PARAM, "frame size not supported");
    return NV_ENC_SUCCESS;
}

static int b_ref_mode(enum fakenv_codec codec, const NV_ENC_CONFIG *config)
{
    return codec == FAKENV_H264 ? (int)config->encodeCodecConfig.h264Config.useBFramesAsRef
                                : (int)config->encodeCodecConfig.hevcConfig.useBFramesAsRef;
}

static int level(enum fakenv_codec codec, const NV_ENC_CONFIG *config)
{
    return codec == FAKENV_H264 ? (int)config->encodeCodecConfig.h264Config.level
                                : (int)config->encodeCodecConfig.hevcConfig.level;
}

static NVENCSTATUS check(struct fakenv_session *s, const NV_ENC_INITIALIZE_PARAMS *p)
{
    const enum fakenv_codec codec = fakenv_codec_of(&p->encodeGUID);
    const NV_ENC_CONFIG *config = p->encodeConfig;

    if (s->initialised)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_CALL, "initialised twice");
    if (codec == FAKENV_CODECS || !fakenv_preset_of(&p->presetGUID))
        return fakenv_fail(s, NV_ENC_ERR_INVALID_PARAM, "codec or preset");
    if (!config || !p->encodeWidth || !p->encodeHeight || !p->frameRateNum || !p->frameRateDen)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_PARAM, "size, rate or configuration missing");
    CHECK_VERSION(config, NV_ENC_CONFIG_VER);
    if (!p->enablePTD || p->enableEncodeAsync)
        return fakenv_fail(s, NV_ENC_ERR_UNSUPPORTED_PARAM,
                           "the stand-in decides picture types, "
                           "and blocks");
    if (config->frameIntervalP - 1 > fakenv_cap(codec, NV_ENC_CAPS_NUM_MAX_BFRAMES))
        return fakenv_fail(s, NV_ENC_ERR_INVALID_PARAM, "too many B frames");
    if (config->frameIntervalP > 1 && config->gopLength <= (uint32_t)config->frameIntervalP)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_PARAM, "no room for B frames between key frames");
    if (b_ref_mode(codec, config) && !fakenv_cap(codec, NV_ENC_CAPS_SUPPORT_BFRAME_REF_MODE))
        return fakenv_fail(s, NV_ENC_ERR_UNSUPPORTED_PARAM, "B frames as references");
    if (p->enableWeightedPrediction && config->frameIntervalP > 1)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_PARAM, "weighted prediction with B frames");
    return check_size(s, p, codec);
}

static const struct fakenv_coder *coder_for(enum fakenv_codec codec)
{
    if (fakenv_config().null_encoder)
        return &fakenv_coder_null;
    return codec == FAKENV_H264 ? &fakenv_coder_x264 : &fakenv_coder_x265;
}

static void trace_params(const struct fakenv_session *s)
{
    const NV_ENC_RC_PARAMS *rc = &s->config.rcParams;

    fakenv_trace("  init %s %ux%u %u/%u p%d tuning %d gop %u intervalP %d bref %d "
                 "level %d",
                 s->codec == FAKENV_H264 ? "h264" : "hevc", s->params.encodeWidth,
                 s->params.encodeHeight, s->params.frameRateNum, s->params.frameRateDen, s->preset,
                 s->params.tuningInfo, s->config.gopLength, s->config.frameIntervalP,
                 b_ref_mode(s->codec, &s->config), level(s->codec, &s->config));
    fakenv_trace("  rate %d average %u max %u vbv %u cq %u.%u qp %u/%u/%u aq %d/%d taq %d "
                 "lookahead %d/%d multipass %d zrd %d",
                 rc->rateControlMode, rc->averageBitRate, rc->maxBitRate, rc->vbvBufferSize,
                 rc->targetQuality, rc->targetQualityLSB, rc->constQP.qpInterP,
                 rc->constQP.qpInterB, rc->constQP.qpIntra, rc->enableAQ, rc->aqStrength,
                 rc->enableTemporalAQ, rc->enableLookahead, rc->lookaheadDepth, rc->multiPass,
                 rc->zeroReorderDelay);
}

NV initialize(void *encoder, NV_ENC_INITIALIZE_PARAMS *params)
{
    ENTER_SESSION("nvEncInitializeEncoder");
    CHECK_VERSION(params, NV_ENC_INITIALIZE_PARAMS_VER);
    const NVENCSTATUS status = check(s, params);
    if (status != NV_ENC_SUCCESS)
        return status;
    s->params = *params;
    s->config = *params->encodeConfig;
    s->params.encodeConfig = &s->config;
    s->codec = fakenv_codec_of(&params->encodeGUID);
    s->preset = fakenv_preset_of(&params->presetGUID);
    s->ops = coder_for(s->codec);
    s->coder = s->ops->open(s);
    if (!s->coder)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_PARAM, "the coder refused the parameters");
    s->engine = fakenv_engine_join(s->gpu);
    s->initialised = true;
    trace_params(s);
    return NV_ENC_SUCCESS;
}

NV reconfigure(void *encoder, NV_ENC_RECONFIGURE_PARAMS *params)
{
    ENTER_CODING("nvEncReconfigureEncoder");
    CHECK_VERSION(params, NV_ENC_RECONFIGURE_PARAMS_VER);
    if (!params->reInitEncodeParams.encodeConfig)
        return NV_ENC_SUCCESS;
    s->config.rcParams = params->reInitEncodeParams.encodeConfig->rcParams;
    if (s->ops->reconfigure && !s->ops->reconfigure(s->coder, s))
        return fakenv_fail(s, NV_ENC_ERR_INVALID_PARAM, "the coder refused the parameters");
    return NV_ENC_SUCCESS;
}

NV set_io_streams(void *encoder, NV_ENC_CUSTREAM_PTR input, NV_ENC_CUSTREAM_PTR output)
{
    (void)input;
    (void)output;
    ENTER_SESSION("nvEncSetIOCudaStreams");
    return NV_ENC_SUCCESS;
}

static const char *NVENCAPI last_error(void *encoder)
{
    const struct fakenv_session *s = fakenv_session_find(encoder);

    return s ? s->error : "";
}

void fakenv_list_session(NV_ENCODE_API_FUNCTION_LIST *list)
{
    list->nvEncOpenEncodeSessionEx = open_session;
    list->nvEncDestroyEncoder = destroy_encoder;
    list->nvEncInitializeEncoder = initialize;
    list->nvEncReconfigureEncoder = reconfigure;
    list->nvEncSetIOCudaStreams = set_io_streams;
    list->nvEncGetLastErrorString = last_error;
}

FAKENV_EXPORT NVENCSTATUS NVENCAPI NvEncodeAPIGetMaxSupportedVersion(uint32_t *version)
{
    ENTER("NvEncodeAPIGetMaxSupportedVersion");
    const struct fakenv_config config = fakenv_config();
    *version = (uint32_t)(config.api_major << 4 | config.api_minor);
    return NV_ENC_SUCCESS;
}

FAKENV_EXPORT NVENCSTATUS NVENCAPI NvEncodeAPICreateInstance(NV_ENCODE_API_FUNCTION_LIST *list)
{
    ENTER("NvEncodeAPICreateInstance");
    if (list->version != NV_ENCODE_API_FUNCTION_LIST_VER)
        return NV_ENC_ERR_INVALID_VERSION;
    *list = (NV_ENCODE_API_FUNCTION_LIST){.version = list->version};
    fakenv_list_session(list);
    fakenv_list_caps(list);
    fakenv_list_buffers(list);
    fakenv_list_encode(list);
    return NV_ENC_SUCCESS;
}

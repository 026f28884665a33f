/* SPDX-License-Identifier: MIT */
/* What the encoder can do, by the figures of a Tesla T4 (Turing), and the presets. */
#include "session.h"

#include <string.h>

static const char *const codec_names[FAKENV_CODECS] = {"h264", "hevc"};

static const struct cap {
    NV_ENC_CAPS cap;
    const char *name;
    int values[FAKENV_CODECS];
} caps[] = {
    {NV_ENC_CAPS_NUM_MAX_BFRAMES, "NUM_MAX_BFRAMES", {4, 5}},
    {NV_ENC_CAPS_SUPPORTED_RATECONTROL_MODES, "RC_MODES", {63, 63}},
    {NV_ENC_CAPS_SUPPORT_FIELD_ENCODING, "FIELD", {0, 0}},
    {NV_ENC_CAPS_SUPPORT_MONOCHROME, "MONOCHROME", {0, 0}},
    {NV_ENC_CAPS_SUPPORT_CABAC, "CABAC", {1, 0}},
    {NV_ENC_CAPS_SUPPORT_ADAPTIVE_TRANSFORM, "T8X8", {1, 0}},
    {NV_ENC_CAPS_WIDTH_MAX, "WIDTH_MAX", {4096, 8192}},
    {NV_ENC_CAPS_HEIGHT_MAX, "HEIGHT_MAX", {4096, 8192}},
    {NV_ENC_CAPS_WIDTH_MIN, "WIDTH_MIN", {145, 129}},
    {NV_ENC_CAPS_HEIGHT_MIN, "HEIGHT_MIN", {49, 33}},
    {NV_ENC_CAPS_SUPPORT_DYN_BITRATE_CHANGE, "DYN_BITRATE", {1, 1}},
    {NV_ENC_CAPS_SUPPORT_CONSTRAINED_ENCODING, "CONSTRAINED", {1, 1}},
    {NV_ENC_CAPS_SUPPORT_INTRA_REFRESH, "INTRA_REFRESH", {1, 1}},
    {NV_ENC_CAPS_SUPPORT_CUSTOM_VBV_BUF_SIZE, "CUSTOM_VBV", {1, 1}},
    {NV_ENC_CAPS_ASYNC_ENCODE_SUPPORT, "ASYNC", {0, 0}},
    {NV_ENC_CAPS_MB_NUM_MAX, "MB_NUM_MAX", {65536, 262144}},
    {NV_ENC_CAPS_SUPPORT_YUV444_ENCODE, "YUV444", {0, 0}},
    {NV_ENC_CAPS_SUPPORT_LOSSLESS_ENCODE, "LOSSLESS", {0, 0}},
    {NV_ENC_CAPS_SUPPORT_LOOKAHEAD, "LOOKAHEAD", {1, 1}},
    {NV_ENC_CAPS_SUPPORT_TEMPORAL_AQ, "TEMPORAL_AQ", {1, 1}},
    {NV_ENC_CAPS_SUPPORT_10BIT_ENCODE, "10BIT", {0, 0}},
    {NV_ENC_CAPS_SUPPORT_WEIGHTED_PREDICTION, "WEIGHTED", {1, 1}},
    {NV_ENC_CAPS_SUPPORT_BFRAME_REF_MODE, "BREF", {2, 3}},
    {NV_ENC_CAPS_SUPPORT_MULTIPLE_REF_FRAMES, "MULTIREF", {1, 1}},
    {NV_ENC_CAPS_NUM_ENCODER_ENGINES, "ENGINES", {1, 1}},
    {NV_ENC_CAPS_SINGLE_SLICE_INTRA_REFRESH, "SSIR", {1, 1}},
};

static const GUID *codec_guid(int codec)
{
    return codec == FAKENV_H264 ? &NV_ENC_CODEC_H264_GUID : &NV_ENC_CODEC_HEVC_GUID;
}

bool fakenv_guid_is(const GUID *a, const GUID *b)
{
    return !memcmp(a, b, sizeof(*a));
}

/* "hevc.CODEC=0" takes a codec away. */
static bool has_codec(int codec)
{
    return fakenv_capability(codec_names[codec], "CODEC", 1);
}

enum fakenv_codec fakenv_codec_of(const GUID *guid)
{
    int codec = 0;

    while (codec < FAKENV_CODECS && !(fakenv_guid_is(guid, codec_guid(codec)) && has_codec(codec)))
        codec++;
    return (enum fakenv_codec)codec;
}

int fakenv_preset_of(const GUID *guid)
{
    const GUID *const presets[] = {
        &NV_ENC_PRESET_P1_GUID, &NV_ENC_PRESET_P2_GUID, &NV_ENC_PRESET_P3_GUID,
        &NV_ENC_PRESET_P4_GUID, &NV_ENC_PRESET_P5_GUID, &NV_ENC_PRESET_P6_GUID,
        &NV_ENC_PRESET_P7_GUID,
    };

    for (int i = 0; i < 7; i++)
        if (fakenv_guid_is(guid, presets[i]))
            return i + 1;
    return 0;
}

int fakenv_cap(enum fakenv_codec codec, NV_ENC_CAPS cap)
{
    for (size_t i = 0; i < sizeof(caps) / sizeof(*caps); i++)
        if (caps[i].cap == cap)
            return fakenv_capability(codec_names[codec], caps[i].name, caps[i].values[codec]);
    return 0;
}

NV get_guid_count(void *encoder, uint32_t *count)
{
    ENTER_SESSION("nvEncGetEncodeGUIDCount");
    *count = 0;
    for (int codec = 0; codec < FAKENV_CODECS; codec++)
        *count += has_codec(codec);
    return NV_ENC_SUCCESS;
}

NV get_guids(void *encoder, GUID *guids, uint32_t size, uint32_t *count)
{
    ENTER_SESSION("nvEncGetEncodeGUIDs");
    *count = 0;
    for (int codec = 0; codec < FAKENV_CODECS; codec++) {
        if (!has_codec(codec))
            continue;
        if (*count == size)
            return fakenv_fail(s, NV_ENC_ERR_INVALID_PARAM, "no room for the codecs");
        guids[(*count)++] = *codec_guid(codec);
    }
    return NV_ENC_SUCCESS;
}

NV get_caps(void *encoder, GUID codec, NV_ENC_CAPS_PARAM *param, int *value)
{
    ENTER_SESSION("nvEncGetEncodeCaps");
    CHECK_VERSION(param, NV_ENC_CAPS_PARAM_VER);
    if (fakenv_codec_of(&codec) == FAKENV_CODECS)
        return fakenv_fail(s, NV_ENC_ERR_UNSUPPORTED_PARAM, "codec");
    *value = fakenv_cap(fakenv_codec_of(&codec), param->capsToQuery);
    fakenv_trace("  cap %d = %d", param->capsToQuery, *value);
    return NV_ENC_SUCCESS;
}

static void fill_h264(NV_ENC_CONFIG *config)
{
    NV_ENC_CONFIG_H264 *h264 = &config->encodeCodecConfig.h264Config;

    config->profileGUID = NV_ENC_H264_PROFILE_HIGH_GUID;
    h264->idrPeriod = config->gopLength;
    h264->chromaFormatIDC = 1;
    h264->h264VUIParameters.videoFormat = 5;
}

static void fill_hevc(NV_ENC_CONFIG *config)
{
    NV_ENC_CONFIG_HEVC *hevc = &config->encodeCodecConfig.hevcConfig;

    config->profileGUID = NV_ENC_HEVC_PROFILE_MAIN_GUID;
    hevc->idrPeriod = config->gopLength;
    hevc->chromaFormatIDC = 1;
    hevc->hevcVUIParameters.videoFormat = 5;
}

NV get_preset_config(void *encoder, GUID codec_id, GUID preset_id, NV_ENC_TUNING_INFO tuning,
                     NV_ENC_PRESET_CONFIG *preset_config)
{
    NV_ENC_CONFIG *config = &preset_config->presetCfg;
    const enum fakenv_codec codec = fakenv_codec_of(&codec_id);
    const int preset = fakenv_preset_of(&preset_id);
    const bool quality = tuning == NV_ENC_TUNING_INFO_HIGH_QUALITY;

    ENTER_SESSION("nvEncGetEncodePresetConfigEx");
    CHECK_VERSION(preset_config, NV_ENC_PRESET_CONFIG_VER);
    CHECK_VERSION(config, NV_ENC_CONFIG_VER);
    if (codec == FAKENV_CODECS || !preset || tuning <= NV_ENC_TUNING_INFO_UNDEFINED ||
        tuning >= NV_ENC_TUNING_INFO_COUNT)
        return fakenv_fail(s, NV_ENC_ERR_UNSUPPORTED_PARAM, "codec, preset or tuning");
    memset(config, 0, sizeof(*config));
    config->version = NV_ENC_CONFIG_VER;
    config->gopLength = 250;
    config->frameIntervalP = quality && preset >= 3 ? 3 : 1;
    config->frameFieldMode = NV_ENC_PARAMS_FRAME_FIELD_MODE_FRAME;
    config->rcParams.version = NV_ENC_RC_PARAMS_VER;
    config->rcParams.rateControlMode = quality ? NV_ENC_PARAMS_RC_VBR : NV_ENC_PARAMS_RC_CBR;
    config->rcParams.averageBitRate = 5000000;
    config->rcParams.constQP = (NV_ENC_QP){28, 28, 28};
    if (codec == FAKENV_H264)
        fill_h264(config);
    else
        fill_hevc(config);
    fakenv_trace("  preset p%d tuning %d", preset, tuning);
    return NV_ENC_SUCCESS;
}

void fakenv_list_caps(NV_ENCODE_API_FUNCTION_LIST *list)
{
    list->nvEncGetEncodeGUIDCount = get_guid_count;
    list->nvEncGetEncodeGUIDs = get_guids;
    list->nvEncGetEncodeCaps = get_caps;
    list->nvEncGetEncodePresetConfigEx = get_preset_config;
}

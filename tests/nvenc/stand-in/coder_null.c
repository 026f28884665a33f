/* SPDX-License-Identifier: MIT */
/* The encoder of null.h as a coder: the kind of each picture, and packets of the size asked for. */
#include "null.h"

#include <stdlib.h>

struct coder {
    struct fakenv_null stream;
    enum fakenv_codec codec;
    uint32_t gop;
    bool repeat_headers;
    struct fakenv_bytes padding; /* an SEI with user data, before each slice */
};

int fakenv_null_level(const struct fakenv_null *n, const struct fakenv_null_level *levels)
{
    const bool macroblocks = levels->samples < 1000;
    const double unit = macroblocks ? 256 : 1;
    const double samples = ((n->width + 15) / 16 * 16.) * ((n->height + 15) / 16 * 16.) / unit;
    const double rate = samples * n->fps_num / n->fps_den;
    int level = 0;

    for (; levels->level; levels++) {
        level = levels->level;
        if (samples <= levels->samples && rate <= levels->samples_per_second)
            break;
    }
    return level;
}

void fakenv_null_put_vui_start(const struct fakenv_null *n, struct fakenv_bits *b)
{
    const NV_ENC_CONFIG_H264_VUI_PARAMETERS *vui = &n->vui;

    fakenv_put(b, 1, n->sar_width > 0); /* aspect_ratio_info_present_flag */
    if (n->sar_width) {
        fakenv_put(b, 8, 255);
        fakenv_put(b, 16, n->sar_width);
        fakenv_put(b, 16, n->sar_height);
    }
    fakenv_put(b, 1, 0); /* overscan_info_present_flag */
    fakenv_put(b, 1, vui->videoSignalTypePresentFlag);
    if (vui->videoSignalTypePresentFlag) {
        fakenv_put(b, 3, vui->videoFormat);
        fakenv_put(b, 1, vui->videoFullRangeFlag);
        fakenv_put(b, 1, vui->colourDescriptionPresentFlag);
    }
    if (vui->videoSignalTypePresentFlag && vui->colourDescriptionPresentFlag) {
        fakenv_put(b, 8, (uint32_t)vui->colourPrimaries);
        fakenv_put(b, 8, (uint32_t)vui->transferCharacteristics);
        fakenv_put(b, 8, (uint32_t)vui->colourMatrix);
    }
    fakenv_put(b, 1, 0); /* chroma_loc_info_present_flag */
}

static bool make_padding(struct coder *c, size_t size)
{
    static const uint8_t h264_header[] = {6}, hevc_header[] = {39 << 1, 1};
    static const char fill[16] = {"grey and nothing"};
    const uint8_t *header = c->codec == FAKENV_H264 ? h264_header : hevc_header;
    struct fakenv_bits sei = {.open = 0};

    if (size < 16) /* of the UUID */
        size = 16;
    fakenv_put(&sei, 8, 5); /* user_data_unregistered */
    for (size_t left = size; fakenv_put(&sei, 8, left < 255 ? (uint32_t)left : 255), left >= 255;)
        left -= 255;
    for (size_t i = 0; i < size; i += sizeof(fill))
        sei.failed |=
            !fakenv_append(&sei.bytes, fill, size - i < sizeof(fill) ? size - i : sizeof(fill));
    fakenv_put_stop(&sei);
    const bool ok = fakenv_append_nal(&c->padding, header, c->codec == FAKENV_H264 ? 1 : 2, &sei);
    fakenv_bits_free(&sei);
    return ok;
}

static void set_h264(struct coder *c, const struct fakenv_session *s)
{
    const NV_ENC_CONFIG_H264 *h264 = &s->config.encodeCodecConfig.h264Config;
    const GUID *profile = &s->config.profileGUID;
    struct fakenv_null *n = &c->stream;

    n->vui = h264->h264VUIParameters;
    n->level = (int)h264->level;
    n->profile = fakenv_guid_is(profile, &NV_ENC_H264_PROFILE_BASELINE_GUID) ? 66
                 : fakenv_guid_is(profile, &NV_ENC_H264_PROFILE_MAIN_GUID)   ? 77
                                                                             : 100;
    c->repeat_headers = h264->repeatSPSPPS;
    if (!n->level)
        n->level = fakenv_null_h264_level(n);
}

static void set_hevc(struct coder *c, const struct fakenv_session *s)
{
    const NV_ENC_CONFIG_HEVC *hevc = &s->config.encodeCodecConfig.hevcConfig;
    struct fakenv_null *n = &c->stream;

    n->vui = hevc->hevcVUIParameters;
    n->level = (int)hevc->level;
    c->repeat_headers = hevc->repeatSPSPPS;
    if (!n->level)
        n->level = fakenv_null_hevc_level(n);
    fakenv_null_hevc_prepare(n);
}

static uint32_t divisor(uint32_t a, uint32_t b)
{
    while (b) {
        const uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Of a sample, from the aspect of the picture. */
static void set_aspect(struct fakenv_null *n, const NV_ENC_INITIALIZE_PARAMS *p)
{
    const uint32_t width = p->darWidth * p->encodeHeight, height = p->darHeight * p->encodeWidth;

    if (!width || !height)
        return;
    n->sar_width = width / divisor(width, height);
    n->sar_height = height / divisor(width, height);
}

static void close_coder(void *coder)
{
    struct coder *c = coder;

    fakenv_bits_free(&c->stream.intra);
    fakenv_bits_free(&c->stream.skipped);
    fakenv_bytes_free(&c->padding);
    free(c);
}

static void *open_coder(const struct fakenv_session *s)
{
    struct coder *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->codec = s->codec;
    c->gop = s->config.gopLength ? s->config.gopLength : 1;
    c->stream.width = s->params.encodeWidth;
    c->stream.height = s->params.encodeHeight;
    c->stream.fps_num = s->params.frameRateNum;
    c->stream.fps_den = s->params.frameRateDen;
    set_aspect(&c->stream, &s->params);
    if (c->codec == FAKENV_H264)
        set_h264(c, s);
    else
        set_hevc(c, s);
    if (make_padding(c, fakenv_config().packet_bytes))
        return c;
    close_coder(c);
    return NULL;
}

static bool headers(void *coder, struct fakenv_bytes *bytes)
{
    const struct coder *c = coder;

    return c->codec == FAKENV_H264 ? fakenv_null_h264_headers(&c->stream, bytes)
                                   : fakenv_null_hevc_headers(&c->stream, bytes);
}

static int encode(void *coder, const struct fakenv_picture *picture, struct fakenv_packet *packet)
{
    struct coder *c = coder;
    struct fakenv_null *n = &c->stream;

    if (!picture)
        return 0;
    if (!picture->number || picture->force_idr || n->since_idr == c->gop)
        packet->type = NV_ENC_PIC_TYPE_IDR;
    else
        packet->type = picture->force_intra ? NV_ENC_PIC_TYPE_I : NV_ENC_PIC_TYPE_P;
    packet->number = picture->number;
    if (packet->type == NV_ENC_PIC_TYPE_IDR) {
        n->since_idr = 0;
        n->idr_count++;
        if (c->repeat_headers && !headers(c, packet->bytes))
            return -1;
    }
    bool ok = fakenv_append(packet->bytes, c->padding.data, c->padding.size);
    ok = ok && (c->codec == FAKENV_H264 ? fakenv_null_h264_slice(n, packet->type, packet->bytes)
                                        : fakenv_null_hevc_slice(n, packet->type, packet->bytes));
    n->since_idr++;
    return ok ? 1 : -1;
}

const struct fakenv_coder fakenv_coder_null = {open_coder, headers, encode, NULL, close_coder};

/* SPDX-License-Identifier: MIT */
/* Pictures in, packets out, each ready when its engine would have done it. */
#include "session.h"

#include <string.h>

static void fill_picture(const struct fakenv_input *input, struct fakenv_picture *picture)
{
    const uint8_t *chroma = input->data + (size_t)input->pitch * input->height;
    const size_t half = (size_t)(input->pitch / 2) * ((input->height + 1) / 2);
    const bool v_first = input->format == NV_ENC_BUFFER_FORMAT_YV12;

    picture->planes[0] = input->data;
    picture->strides[0] = (int)input->pitch;
    if (input->format == NV_ENC_BUFFER_FORMAT_NV12) {
        picture->planes[1] = chroma;
        picture->strides[1] = (int)input->pitch;
        return;
    }
    picture->strides[1] = picture->strides[2] = (int)input->pitch / 2;
    picture->planes[1] = v_first ? chroma + half : chroma;
    picture->planes[2] = v_first ? chroma : chroma + half;
}

static bool wants_headers(const struct fakenv_session *s)
{
    const NV_ENC_CONFIG_H264 *h264 = &s->config.encodeCodecConfig.h264Config;
    const NV_ENC_CONFIG_HEVC *hevc = &s->config.encodeCodecConfig.hevcConfig;

    if (s->headers_sent)
        return false;
    /* Repeated ones come from the coder. */
    return s->codec == FAKENV_H264 ? !h264->repeatSPSPPS && !h264->disableSPSPPS
                                   : !hevc->repeatSPSPPS && !hevc->disableSPSPPS;
}

/* The oldest buffer takes the next packet in coding order. The result is that of coder->encode. */
static int code(struct fakenv_session *s, const struct fakenv_picture *picture)
{
    struct fakenv_output *output = s->pending_count ? s->pending[0] : NULL;

    if (!output)
        return 0;
    struct fakenv_packet packet = {.bytes = &output->bytes};
    output->bytes.size = 0;
    if (wants_headers(s) && !s->ops->headers(s->coder, &output->bytes))
        return -1;
    const int result = s->ops->encode(s->coder, picture, &packet);
    if (result <= 0)
        return result;
    s->headers_sent = true;
    s->pending_count--;
    memmove(s->pending, s->pending + 1, sizeof(*s->pending) * (size_t)s->pending_count);
    output->timestamp = s->timestamps[packet.number % FAKENV_MAX_PENDING];
    output->index = s->packets++;
    output->type = packet.type;
    output->due = fakenv_engine_book(s->gpu, s->engine);
    output->ready = true;
    fakenv_trace("  packet %u: %zu bytes type %d timestamp %lld", output->index, output->bytes.size,
                 output->type, (long long)output->timestamp);
    return 1;
}

static NVENCSTATUS drain(struct fakenv_session *s)
{
    int result = 0;

    while (!s->ended && (result = code(s, NULL)) > 0)
        ;
    s->ended = true;
    return result < 0 ? fakenv_fail(s, NV_ENC_ERR_GENERIC, "coder") : NV_ENC_SUCCESS;
}

static NVENCSTATUS find_buffers(struct fakenv_session *s, const NV_ENC_PIC_PARAMS *params,
                                struct fakenv_input **input, struct fakenv_output **output)
{
    struct fakenv_input *in = fakenv_input_find(s, params->inputBuffer, true);
    if (!in) {
        in = fakenv_input_find(s, params->inputBuffer, false);
        if (in && !in->mapped)
            return fakenv_fail(s, NV_ENC_ERR_RESOURCE_NOT_MAPPED, "the input is not mapped");
    }
    if (!in || in->locked)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_PARAM, "input buffer unknown or locked");
    if (in->format != params->bufferFmt)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_PARAM, "the buffer has another format");
    struct fakenv_output *out = fakenv_output_find(s, params->outputBitstream);
    if (!out || out->submitted || out->locked)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_PARAM, "bitstream buffer unknown or in use");
    if (s->pending_count == FAKENV_MAX_PENDING)
        return fakenv_fail(s, NV_ENC_ERR_ENCODER_BUSY, "the queue is full");
    *input = in;
    *output = out;
    return NV_ENC_SUCCESS;
}

NV encode_picture(void *encoder, NV_ENC_PIC_PARAMS *params)
{
    struct fakenv_input *input = NULL;
    struct fakenv_output *output = NULL;

    ENTER_CODING("nvEncEncodePicture");
    CHECK_VERSION(params, NV_ENC_PIC_PARAMS_VER);
    if (params->encodePicFlags & NV_ENC_PIC_FLAG_EOS)
        return drain(s);
    if (s->ended)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_CALL, "a picture after the end");
    const NVENCSTATUS status = find_buffers(s, params, &input, &output);
    if (status != NV_ENC_SUCCESS)
        return status;
    struct fakenv_picture picture = {
        .number = s->pictures,
        .force_idr = params->encodePicFlags & NV_ENC_PIC_FLAG_FORCEIDR,
        .force_intra = params->encodePicFlags & NV_ENC_PIC_FLAG_FORCEINTRA,
    };
    fill_picture(input, &picture);
    s->timestamps[s->pictures++ % FAKENV_MAX_PENDING] = params->inputTimeStamp;
    output->submitted = true;
    output->ready = false;
    output->input = input;
    input->in_flight++;
    s->pending[s->pending_count++] = output;
    const int result = code(s, &picture);
    if (result < 0)
        return fakenv_fail(s, NV_ENC_ERR_GENERIC, "coder");
    return result ? NV_ENC_SUCCESS : NV_ENC_ERR_NEED_MORE_INPUT;
}

NV lock_bitstream(void *encoder, NV_ENC_LOCK_BITSTREAM *params)
{
    ENTER_CODING("nvEncLockBitstream");
    CHECK_VERSION(params, NV_ENC_LOCK_BITSTREAM_VER);
    struct fakenv_output *output = fakenv_output_find(s, params->outputBitstream);
    if (!output || !output->submitted || output->locked)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_PARAM, "bitstream buffer not submitted");
    /* The real driver would block for ever. */
    if (!output->ready)
        return fakenv_fail(s, NV_ENC_ERR_LOCK_BUSY, "locked before its picture could be coded");
    if (params->doNotWait && output->due > fakenv_now())
        return fakenv_fail(s, NV_ENC_ERR_LOCK_BUSY, "not yet coded");
    fakenv_wait_until(output->due);
    output->locked = true;
    params->bitstreamBufferPtr = output->bytes.data;
    params->bitstreamSizeInBytes = (uint32_t)output->bytes.size;
    params->outputTimeStamp = output->timestamp;
    params->outputDuration = 0;
    params->frameIdx = output->index;
    params->pictureType = output->type;
    params->pictureStruct = NV_ENC_PIC_STRUCT_FRAME;
    params->frameAvgQP = 26;
    params->hwEncodeStatus = 2;
    params->numSlices = 1;
    return NV_ENC_SUCCESS;
}

NV unlock_bitstream(void *encoder, NV_ENC_OUTPUT_PTR handle)
{
    ENTER_SESSION("nvEncUnlockBitstream");
    struct fakenv_output *output = fakenv_output_find(s, handle);
    if (!output || !output->locked)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_CALL, "not locked");
    output->locked = output->submitted = output->ready = false;
    if (output->input)
        output->input->in_flight--;
    output->input = NULL;
    return NV_ENC_SUCCESS;
}

NV get_sequence_params(void *encoder, NV_ENC_SEQUENCE_PARAM_PAYLOAD *params)
{
    struct fakenv_bytes bytes = {.data = NULL};

    ENTER_CODING("nvEncGetSequenceParams");
    CHECK_VERSION(params, NV_ENC_SEQUENCE_PARAM_PAYLOAD_VER);
    NVENCSTATUS status = NV_ENC_SUCCESS;
    if (!s->ops->headers(s->coder, &bytes))
        status = fakenv_fail(s, NV_ENC_ERR_GENERIC, "coder");
    else if (bytes.size > params->inBufferSize)
        status = fakenv_fail(s, NV_ENC_ERR_NOT_ENOUGH_BUFFER, "headers");
    else
        memcpy(params->spsppsBuffer, bytes.data, bytes.size);
    if (status == NV_ENC_SUCCESS)
        *params->outSPSPPSPayloadSize = (uint32_t)bytes.size;
    fakenv_bytes_free(&bytes);
    return status;
}

void fakenv_list_encode(NV_ENCODE_API_FUNCTION_LIST *list)
{
    list->nvEncEncodePicture = encode_picture;
    list->nvEncLockBitstream = lock_bitstream;
    list->nvEncUnlockBitstream = unlock_bitstream;
    list->nvEncGetSequenceParams = get_sequence_params;
}

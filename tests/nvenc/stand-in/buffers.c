/* SPDX-License-Identifier: MIT */
/* Inputs (of the session, or registered and mapped memory of the client) and bitstream buffers. */
#include "session.h"

#include <stdlib.h>

/* 0: a format that the stand-in does not take. */
static size_t frame_bytes(NV_ENC_BUFFER_FORMAT format, uint32_t pitch, uint32_t height)
{
    switch (format) {
    case NV_ENC_BUFFER_FORMAT_NV12:
    case NV_ENC_BUFFER_FORMAT_YV12:
    case NV_ENC_BUFFER_FORMAT_IYUV:
        return (size_t)pitch * height + (size_t)pitch * ((height + 1) / 2);
    default:
        return 0;
    }
}

struct fakenv_input *fakenv_input_find(struct fakenv_session *s, const void *handle, bool owned)
{
    struct fakenv_input *input = s->inputs;

    while (input && (input != handle || input->owned != owned))
        input = input->next;
    return input;
}

struct fakenv_output *fakenv_output_find(struct fakenv_session *s, const void *handle)
{
    struct fakenv_output *output = s->outputs;

    while (output && output != handle)
        output = output->next;
    return output;
}

static void drop_input(struct fakenv_session *s, struct fakenv_input *input)
{
    struct fakenv_input **link = &s->inputs;

    while (*link != input)
        link = &(*link)->next;
    *link = input->next;
    for (struct fakenv_output *o = s->outputs; o; o = o->next)
        if (o->input == input)
            o->input = NULL;
    if (input->owned)
        fakenv_free(input->data);
    fakenv_alive(FAKENV_MAPPED, -input->mapped);
    fakenv_alive(input->owned ? FAKENV_INPUTS : FAKENV_REGISTERED, -1);
    free(input);
}

static void drop_output(struct fakenv_session *s, struct fakenv_output *output)
{
    struct fakenv_output **link = &s->outputs;
    int kept = 0;

    while (*link != output)
        link = &(*link)->next;
    *link = output->next;
    for (int i = 0; i < s->pending_count; i++)
        if (s->pending[i] != output)
            s->pending[kept++] = s->pending[i];
    s->pending_count = kept;
    if (output->input)
        output->input->in_flight--;
    fakenv_bytes_free(&output->bytes);
    fakenv_alive(FAKENV_BITSTREAMS, -1);
    free(output);
}

void fakenv_buffers_free(struct fakenv_session *s)
{
    while (s->inputs)
        drop_input(s, s->inputs);
    while (s->outputs)
        drop_output(s, s->outputs);
}

static struct fakenv_input *add_input(struct fakenv_session *s, NV_ENC_BUFFER_FORMAT format,
                                      uint32_t height, uint32_t pitch, uint8_t *data)
{
    struct fakenv_input *input = calloc(1, sizeof(*input));

    if (!input)
        return NULL;
    input->owned = !data;
    input->data = data ? data : fakenv_alloc(s->gpu, frame_bytes(format, pitch, height));
    if (!input->data) {
        free(input);
        return NULL;
    }
    input->format = format;
    input->height = height;
    input->pitch = pitch;
    input->next = s->inputs;
    s->inputs = input;
    fakenv_alive(input->owned ? FAKENV_INPUTS : FAKENV_REGISTERED, 1);
    return input;
}

NV create_input(void *encoder, NV_ENC_CREATE_INPUT_BUFFER *params)
{
    ENTER_CODING("nvEncCreateInputBuffer");
    CHECK_VERSION(params, NV_ENC_CREATE_INPUT_BUFFER_VER);
    const uint32_t pitch = (params->width + 511) & ~511u;
    if (!frame_bytes(params->bufferFmt, pitch, params->height))
        return fakenv_fail(s, NV_ENC_ERR_UNSUPPORTED_PARAM, "input format 0x%x", params->bufferFmt);
    params->inputBuffer = add_input(s, params->bufferFmt, params->height, pitch, NULL);
    if (!params->inputBuffer)
        return fakenv_fail(s, NV_ENC_ERR_OUT_OF_MEMORY, "no video memory left");
    return NV_ENC_SUCCESS;
}

NV destroy_input(void *encoder, NV_ENC_INPUT_PTR handle)
{
    ENTER_SESSION("nvEncDestroyInputBuffer");
    struct fakenv_input *input = fakenv_input_find(s, handle, true);
    if (!input)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_PTR, "unknown input buffer");
    drop_input(s, input);
    return NV_ENC_SUCCESS;
}

NV lock_input(void *encoder, NV_ENC_LOCK_INPUT_BUFFER *params)
{
    ENTER_CODING("nvEncLockInputBuffer");
    CHECK_VERSION(params, NV_ENC_LOCK_INPUT_BUFFER_VER);
    struct fakenv_input *input = fakenv_input_find(s, params->inputBuffer, true);
    if (!input)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_PTR, "unknown input buffer");
    if (input->locked || input->in_flight)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_CALL, "the input buffer is in use");
    input->locked = true;
    params->bufferDataPtr = input->data;
    params->pitch = input->pitch;
    return NV_ENC_SUCCESS;
}

NV unlock_input(void *encoder, NV_ENC_INPUT_PTR handle)
{
    ENTER_SESSION("nvEncUnlockInputBuffer");
    struct fakenv_input *input = fakenv_input_find(s, handle, true);
    if (!input || !input->locked)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_CALL, "not locked");
    input->locked = false;
    return NV_ENC_SUCCESS;
}

NV register_resource(void *encoder, NV_ENC_REGISTER_RESOURCE *params)
{
    ENTER_CODING("nvEncRegisterResource");
    CHECK_VERSION(params, NV_ENC_REGISTER_RESOURCE_VER);
    if (params->resourceType != NV_ENC_INPUT_RESOURCE_TYPE_CUDADEVICEPTR ||
        !params->resourceToRegister || params->pitch < params->width || params->pitch % 4 ||
        !frame_bytes(params->bufferFormat, params->pitch, params->height))
        return fakenv_fail(s, NV_ENC_ERR_RESOURCE_REGISTER_FAILED, "resource");
    params->registeredResource = add_input(s, params->bufferFormat, params->height, params->pitch,
                                           params->resourceToRegister);
    return params->registeredResource ? NV_ENC_SUCCESS : NV_ENC_ERR_OUT_OF_MEMORY;
}

NV unregister_resource(void *encoder, NV_ENC_REGISTERED_PTR handle)
{
    ENTER_SESSION("nvEncUnregisterResource");
    struct fakenv_input *input = fakenv_input_find(s, handle, false);
    if (!input)
        return fakenv_fail(s, NV_ENC_ERR_RESOURCE_NOT_REGISTERED, "unknown resource");
    drop_input(s, input);
    return NV_ENC_SUCCESS;
}

NV map_input(void *encoder, NV_ENC_MAP_INPUT_RESOURCE *params)
{
    ENTER_SESSION("nvEncMapInputResource");
    CHECK_VERSION(params, NV_ENC_MAP_INPUT_RESOURCE_VER);
    struct fakenv_input *input = fakenv_input_find(s, params->registeredResource, false);
    if (!input)
        return fakenv_fail(s, NV_ENC_ERR_RESOURCE_NOT_REGISTERED, "unknown resource");
    input->mapped++;
    fakenv_alive(FAKENV_MAPPED, 1);
    params->mappedResource = input;
    params->mappedBufferFmt = input->format;
    return NV_ENC_SUCCESS;
}

NV unmap_input(void *encoder, NV_ENC_INPUT_PTR handle)
{
    ENTER_SESSION("nvEncUnmapInputResource");
    struct fakenv_input *input = fakenv_input_find(s, handle, false);
    if (!input || !input->mapped)
        return fakenv_fail(s, NV_ENC_ERR_RESOURCE_NOT_MAPPED, "not mapped");
    input->mapped--;
    fakenv_alive(FAKENV_MAPPED, -1);
    return NV_ENC_SUCCESS;
}

NV create_bitstream(void *encoder, NV_ENC_CREATE_BITSTREAM_BUFFER *params)
{
    ENTER_CODING("nvEncCreateBitstreamBuffer");
    CHECK_VERSION(params, NV_ENC_CREATE_BITSTREAM_BUFFER_VER);
    struct fakenv_output *output = calloc(1, sizeof(*output));
    if (!output)
        return NV_ENC_ERR_OUT_OF_MEMORY;
    output->next = s->outputs;
    s->outputs = output;
    fakenv_alive(FAKENV_BITSTREAMS, 1);
    params->bitstreamBuffer = output;
    return NV_ENC_SUCCESS;
}

NV destroy_bitstream(void *encoder, NV_ENC_OUTPUT_PTR handle)
{
    ENTER_SESSION("nvEncDestroyBitstreamBuffer");
    struct fakenv_output *output = fakenv_output_find(s, handle);
    if (!output)
        return fakenv_fail(s, NV_ENC_ERR_INVALID_PTR, "unknown bitstream buffer");
    drop_output(s, output);
    return NV_ENC_SUCCESS;
}

void fakenv_list_buffers(NV_ENCODE_API_FUNCTION_LIST *list)
{
    list->nvEncCreateInputBuffer = create_input;
    list->nvEncDestroyInputBuffer = destroy_input;
    list->nvEncLockInputBuffer = lock_input;
    list->nvEncUnlockInputBuffer = unlock_input;
    list->nvEncRegisterResource = register_resource;
    list->nvEncUnregisterResource = unregister_resource;
    list->nvEncMapInputResource = map_input;
    list->nvEncUnmapInputResource = unmap_input;
    list->nvEncCreateBitstreamBuffer = create_bitstream;
    list->nvEncDestroyBitstreamBuffer = destroy_bitstream;
}

/* SPDX-License-Identifier: MIT */
/* libnvidia-encode.so.1: an encode session, its buffers, and the coders that do the work. */
#ifndef FAKENV_SESSION_H
#define FAKENV_SESSION_H

#include <ffnvcodec/dynlink_cuda.h>
#include <ffnvcodec/nvEncodeAPI.h>

#include "bytes.h"
#include "state.h"

#define FAKENV_MAX_PENDING 512

/* What a client hands in: memory of the session, or registered memory of its own. */
struct fakenv_input {
    struct fakenv_input *next;
    NV_ENC_BUFFER_FORMAT format;
    uint32_t height, pitch;
    uint8_t *data;
    bool owned;
    bool locked;
    int mapped;
    int in_flight; /* pictures whose packets were not fetched yet */
};

struct fakenv_output {
    struct fakenv_output *next;
    struct fakenv_input *input;
    struct fakenv_bytes bytes;
    uint64_t timestamp;
    uint32_t index; /* in coding order */
    NV_ENC_PIC_TYPE type;
    bool submitted, ready, locked;
    double due; /* when the engine has done this picture, of fakenv_now */
};

struct fakenv_picture {
    const uint8_t *planes[3]; /* planes[2] is NULL: NV12 */
    int strides[3];
    uint32_t number;
    bool force_idr, force_intra;
};

struct fakenv_packet {
    struct fakenv_bytes *bytes; /* appended to */
    uint32_t number;            /* of the picture */
    NV_ENC_PIC_TYPE type;
};

struct fakenv_session;

struct fakenv_coder {
    /* NULL: the parameters were refused. */
    void *(*open)(const struct fakenv_session *session);
    bool (*headers)(void *coder, struct fakenv_bytes *bytes);
    /* No picture: the rest. 1: a packet, 0: none yet, or no more; -1: failed. */
    int (*encode)(void *coder, const struct fakenv_picture *picture, struct fakenv_packet *packet);
    /* Rate control as in session->config. May be NULL. */
    bool (*reconfigure)(void *coder, const struct fakenv_session *session);
    void (*close)(void *coder);
};

extern const struct fakenv_coder fakenv_coder_x264, fakenv_coder_x265, fakenv_coder_null;

enum fakenv_codec {
    FAKENV_H264,
    FAKENV_HEVC,
    FAKENV_CODECS
};

struct fakenv_session {
    struct fakenv_session *next;
    int gpu;
    int engine; /* -1: none yet */
    enum fakenv_codec codec;
    int preset; /* 1 to 7 */
    bool initialised, ended;
    NV_ENC_INITIALIZE_PARAMS params;
    NV_ENC_CONFIG config;
    const struct fakenv_coder *ops;
    void *coder;
    struct fakenv_input *inputs;
    struct fakenv_output *outputs;
    struct fakenv_output *pending[FAKENV_MAX_PENDING]; /* submitted, without a packet */
    int pending_count;
    uint64_t timestamps[FAKENV_MAX_PENDING]; /* by picture, a ring */
    uint32_t pictures, packets;
    bool headers_sent;
    char error[256];
};

#define NV static NVENCSTATUS NVENCAPI

/* The head of an entry point: the fault for it, then the session. */
#define ENTER(name)                                                                                \
    do {                                                                                           \
        const int code = fakenv_enter(name, NV_ENC_ERR_GENERIC);                                   \
        if (code)                                                                                  \
            return (NVENCSTATUS)code;                                                              \
    } while (0)

#define ENTER_SESSION(name)                                                                        \
    ENTER(name);                                                                                   \
    struct fakenv_session *s = fakenv_session_find(encoder);                                       \
    if (!s)                                                                                        \
    return NV_ENC_ERR_INVALID_ENCODERDEVICE

#define ENTER_CODING(name)                                                                         \
    ENTER_SESSION(name);                                                                           \
    if (!s->initialised)                                                                           \
    return fakenv_fail(s, NV_ENC_ERR_ENCODER_NOT_INITIALIZED, "not initialised")

#define CHECK_VERSION(structure, wanted)                                                           \
    do {                                                                                           \
        if ((structure)->version != (wanted))                                                      \
            return fakenv_fail(s, NV_ENC_ERR_INVALID_VERSION, #wanted);                            \
    } while (0)

struct fakenv_session *fakenv_session_find(const void *handle);
NVENCSTATUS fakenv_fail(struct fakenv_session *session, NVENCSTATUS status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What headers say of the rate, which may be rounded. */
void fakenv_told_rate(const struct fakenv_session *s, uint32_t *num, uint32_t *den);

bool fakenv_guid_is(const GUID *a, const GUID *b);
/* FAKENV_CODECS: unknown. */
enum fakenv_codec fakenv_codec_of(const GUID *guid);
/* 0: unknown. */
int fakenv_preset_of(const GUID *guid);
int fakenv_cap(enum fakenv_codec codec, NV_ENC_CAPS cap);

struct fakenv_input *fakenv_input_find(struct fakenv_session *s, const void *handle, bool owned);
struct fakenv_output *fakenv_output_find(struct fakenv_session *s, const void *handle);
void fakenv_buffers_free(struct fakenv_session *s);

/* Each file puts its functions into the list. */
void fakenv_list_session(NV_ENCODE_API_FUNCTION_LIST *list);
void fakenv_list_caps(NV_ENCODE_API_FUNCTION_LIST *list);
void fakenv_list_buffers(NV_ENCODE_API_FUNCTION_LIST *list);
void fakenv_list_encode(NV_ENCODE_API_FUNCTION_LIST *list);

/*
 * The engines of a GPU, which all its sessions share. A session stays with one; a picture occupies
 * it for 1 / FAKENV_FPS seconds after those before it.
 */
int fakenv_engine_join(int gpu);
void fakenv_engine_leave(int gpu, int engine);
double fakenv_engine_book(int gpu, int engine);
double fakenv_now(void);
void fakenv_wait_until(double time);

#endif

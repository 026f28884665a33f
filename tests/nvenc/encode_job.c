/* SPDX-License-Identifier: MIT */
/* Drives an encoder of libavcodec, and the stand-in's controls. */
#include "encode_job.h"

#include <dlfcn.h>
#include <libavcodec/avcodec.h>
#include <libavutil/hwcontext.h>
#include <libavutil/opt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GREY 128

struct run {
    const struct encode_job *job;
    struct encode_result result;
    AVCodecContext *encoder;
    AVBufferRef *device;
    AVFrame *frame;
    AVPacket *packet;
    int64_t last_dts, last_pts;
};

static void *library;
static fakenv_control_fn *control_fn;
static fakenv_count_fn *count_fn;

void *standin_symbol(const char *name)
{
    void *symbol = dlsym(library, name);

    if (!symbol)
        fail_msg("libcuda.so.1 lacks %s", name);
    return symbol;
}

int standin_open(void **state)
{
    (void)state;
    av_log_set_level(AV_LOG_QUIET);
    library = dlopen("libcuda.so.1", RTLD_NOW);
    if (!library || !dlsym(library, "fakenv_control")) {
        print_error("the stand-in's libcuda.so.1 is not in LD_LIBRARY_PATH\n");
        return -1;
    }
    *(void **)&control_fn = standin_symbol("fakenv_control");
    *(void **)&count_fn = standin_symbol("fakenv_count");
    return 0;
}

int control(const char *format, ...)
{
    char command[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(command, sizeof(command), format, arguments);
    va_end(arguments);
    return control_fn(command);
}

long long count(const char *what)
{
    return count_fn(what);
}

int standin_reset(void **state)
{
    static const char *const settings[] = {
        "reset",
        "purge",
        "gpus Tesla T4:7.5",
        "api 11.1",
        "caps",
        "headers",
        "max_sessions 0",
        "max_sessions_per_gpu 0",
        "vram_mb 0",
        "encoder",
        "fps 0",
        "engines 1",
        "seed 1",
        "hang_ms 20000",
        "packet_bytes 33000",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
        assert_int_equal(control("%s", settings[i]), 0);
    assert_int_equal(count("leaks"), 0);
    return 0;
}

double seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int width_of(const struct encode_job *job)
{
    return job->width ? job->width : 320;
}

static int height_of(const struct encode_job *job)
{
    return job->height ? job->height : 240;
}

static uint8_t luma(int x, int y, int number)
{
    return (uint8_t)(16 + (x + y + number * 3) % 200);
}

static void draw(AVFrame *frame, int number)
{
    for (int y = 0; y < frame->height; y++)
        for (int x = 0; x < frame->width; x++)
            frame->data[0][y * frame->linesize[0] + x] = luma(x, y, number);
    for (int y = 0; y < frame->height / 2; y++)
        for (int x = 0; x < frame->width / 2; x++) {
            const uint8_t u = (uint8_t)(96 + y % 64), v = (uint8_t)(96 + x % 64);
            if (frame->format == AV_PIX_FMT_NV12) {
                frame->data[1][y * frame->linesize[1] + 2 * x] = u;
                frame->data[1][y * frame->linesize[1] + 2 * x + 1] = v;
            } else {
                frame->data[1][y * frame->linesize[1] + x] = u;
                frame->data[2][y * frame->linesize[2] + x] = v;
            }
        }
}

static enum AVPixelFormat format_of(const struct encode_job *job)
{
    return job->nv12 ? AV_PIX_FMT_NV12 : AV_PIX_FMT_YUV420P;
}

static int make_frames(struct run *r)
{
    AVBufferRef *reference = av_hwframe_ctx_alloc(r->device);

    if (!reference)
        return AVERROR(ENOMEM);
    AVHWFramesContext *frames = (AVHWFramesContext *)reference->data;
    frames->format = r->encoder->pix_fmt = AV_PIX_FMT_CUDA;
    frames->sw_format = format_of(r->job);
    frames->width = r->encoder->width;
    frames->height = r->encoder->height;
    r->encoder->hw_frames_ctx = reference;
    return av_hwframe_ctx_init(reference);
}

static int make_device(struct run *r)
{
    if (r->job->device == DEVICE_OF_ENCODER)
        return 0;
    const int error = av_hwdevice_ctx_create(&r->device, AV_HWDEVICE_TYPE_CUDA, NULL, NULL, 0);
    if (error < 0)
        return error;
    if (r->job->device == DEVICE_FRAMES)
        return make_frames(r);
    r->encoder->hw_device_ctx = av_buffer_ref(r->device);
    return 0;
}

static int open_encoder(struct run *r)
{
    const struct encode_job *job = r->job;
    const AVCodec *codec = avcodec_find_encoder_by_name(job->encoder ? job->encoder : "h264_nvenc");

    assert_non_null(codec);
    r->encoder = avcodec_alloc_context3(codec);
    assert_non_null(r->encoder);
    r->encoder->width = width_of(job);
    r->encoder->height = height_of(job);
    r->encoder->time_base = (AVRational){1, 30};
    r->encoder->framerate = (AVRational){30, 1};
    r->encoder->pix_fmt = format_of(job);
    r->encoder->gop_size = 15;
    if (job->global_header)
        r->encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    int error = make_device(r);
    if (error < 0)
        return error;
    r->result.stage = STAGE_OPEN;
    AVDictionary *options = NULL;
    error = av_dict_parse_string(&options, job->options ? job->options : "", "=", ":", 0);
    if (error >= 0)
        error = avcodec_open2(r->encoder, codec, &options);
    if (error >= 0 && av_dict_count(options))
        error = AVERROR_OPTION_NOT_FOUND;
    av_dict_free(&options);
    r->result.extradata_bytes = r->encoder->extradata_size;
    return error;
}

static void keep(struct run *r)
{
    struct encode_result *result = &r->result;
    const AVPacket *p = r->packet;

    result->received++;
    result->keys += (p->flags & AV_PKT_FLAG_KEY) != 0;
    result->dts_wrong |= p->dts > p->pts || (result->received > 1 && p->dts <= r->last_dts);
    result->reordered |= result->received > 1 && p->pts < r->last_pts;
    r->last_dts = p->dts;
    r->last_pts = p->pts;
    result->stream = realloc(result->stream, result->size + (size_t)p->size);
    assert_non_null(result->stream);
    memcpy(result->stream + result->size, p->data, (size_t)p->size);
    result->size += (size_t)p->size;
}

/* 0, AVERROR_EOF or another error. */
static int receive(struct run *r)
{
    int error;

    while ((error = avcodec_receive_packet(r->encoder, r->packet)) >= 0) {
        keep(r);
        av_packet_unref(r->packet);
    }
    return error == AVERROR(EAGAIN) ? 0 : error;
}

static int send(struct run *r)
{
    AVFrame *frame = r->frame, *uploaded = NULL;
    int error = av_frame_make_writable(frame);

    draw(frame, r->result.sent);
    frame->pts = r->result.sent;
    if (error >= 0 && r->job->device == DEVICE_FRAMES) {
        r->result.stage = STAGE_UPLOAD;
        uploaded = av_frame_alloc();
        assert_non_null(uploaded);
        error = av_hwframe_get_buffer(r->encoder->hw_frames_ctx, uploaded, 0);
        if (error >= 0)
            error = av_hwframe_transfer_data(uploaded, frame, 0);
        uploaded->pts = frame->pts;
    }
    if (error >= 0) {
        r->result.stage = STAGE_SEND;
        error = avcodec_send_frame(r->encoder, uploaded ? uploaded : frame);
    }
    av_frame_free(&uploaded);
    r->result.sent += error >= 0;
    return error;
}

static int encode_all(struct run *r)
{
    const int frames = r->job->frames ? r->job->frames : 30;
    int error = 0;

    while (error >= 0 && r->result.sent < frames) {
        error = send(r);
        if (error < 0)
            return error;
        r->result.stage = STAGE_RECEIVE;
        error = receive(r);
    }
    if (error < 0)
        return error;
    r->result.stage = STAGE_SEND;
    error = avcodec_send_frame(r->encoder, NULL);
    if (error < 0)
        return error;
    r->result.stage = STAGE_RECEIVE;
    return receive(r);
}

struct encode_result encode_run(const struct encode_job *job)
{
    struct run r = {.job = job, .result = {.stage = STAGE_DEVICE}};

    r.packet = av_packet_alloc();
    r.frame = av_frame_alloc();
    assert_true(r.packet && r.frame);
    r.frame->format = format_of(job);
    r.frame->width = width_of(job);
    r.frame->height = height_of(job);
    assert_true(av_frame_get_buffer(r.frame, 0) >= 0);
    int error = open_encoder(&r);
    if (error >= 0)
        error = encode_all(&r);
    if (error == AVERROR_EOF) {
        r.result.stage = STAGE_DONE;
        error = 0;
    }
    r.result.error = error;
    av_frame_free(&r.frame);
    av_packet_free(&r.packet);
    avcodec_free_context(&r.encoder);
    av_buffer_unref(&r.device);
    return r.result;
}

void encode_result_free(struct encode_result *result)
{
    free(result->stream);
    result->stream = NULL;
}

void assert_encoded(const struct encode_result *result, int frames)
{
    if (result->error)
        fail_msg("stage %d: %s", result->stage, av_err2str(result->error));
    assert_int_equal(result->stage, STAGE_DONE);
    assert_int_equal(result->sent, frames);
    assert_int_equal(result->received, frames);
    assert_false(result->dts_wrong);
}

static double mean_difference(const AVFrame *frame, bool grey, int number)
{
    int64_t sum = 0;

    for (int y = 0; y < frame->height; y++)
        for (int x = 0; x < frame->width; x++)
            sum += abs(frame->data[0][y * frame->linesize[0] + x] -
                       (grey ? GREY : luma(x, y, number)));
    return (double)sum / frame->width / frame->height;
}

struct decoding {
    AVCodecContext *decoder;
    AVFrame *frame;
    bool grey;
    int count;
    double difference;
};

static void decode(struct decoding *d, const AVPacket *packet)
{
    assert_int_equal(avcodec_send_packet(d->decoder, packet), 0);
    while (avcodec_receive_frame(d->decoder, d->frame) >= 0) {
        const double difference = mean_difference(d->frame, d->grey, d->count++);
        if (difference > d->difference)
            d->difference = difference;
    }
}

int decode_count(const struct encode_job *job, const struct encode_result *result, bool grey,
                 double *difference)
{
    const bool hevc = job->encoder && !strcmp(job->encoder, "hevc_nvenc");
    const AVCodec *codec = avcodec_find_decoder(hevc ? AV_CODEC_ID_HEVC : AV_CODEC_ID_H264);
    struct decoding d = {.grey = grey, .frame = av_frame_alloc()};
    AVCodecParserContext *parser = av_parser_init((int)codec->id);
    AVPacket *packet = av_packet_alloc();
    size_t used = 0;

    d.decoder = avcodec_alloc_context3(codec);
    assert_true(d.frame && d.decoder && parser && packet);
    d.decoder->thread_count = 1;
    d.decoder->err_recognition = AV_EF_EXPLODE | AV_EF_CRCCHECK | AV_EF_BITSTREAM;
    assert_int_equal(avcodec_open2(d.decoder, codec, NULL), 0);
    do {
        const int left = (int)(result->size - used);
        /* av_parser_parse2 reads beyond the end, but for the last call. */
        const uint8_t *data = left ? result->stream + used : NULL;
        used += (size_t)av_parser_parse2(parser, d.decoder, &packet->data, &packet->size, data,
                                         left, AV_NOPTS_VALUE, AV_NOPTS_VALUE, 0);
        if (packet->size)
            decode(&d, packet);
        if (!left)
            break;
    } while (true);
    decode(&d, NULL);
    av_packet_free(&packet);
    av_parser_close(parser);
    av_frame_free(&d.frame);
    avcodec_free_context(&d.decoder);
    if (difference)
        *difference = d.difference;
    return d.count;
}

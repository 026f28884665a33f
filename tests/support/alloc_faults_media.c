/* SPDX-License-Identifier: MIT */
/* Stands between the library and what it asks FFmpeg and the kernel for. */
#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswresample/swresample.h>

#include "alloc_faults.h"

/* ---- FFmpeg's allocators ---- */

/* Declares both names of a function and lets it return `failure` when its turn has come. */
#define WRAP(type, name, parameters, arguments, failure)                                           \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return test_allocation_fails_now() ? (failure) : __real_##name arguments;                  \
    }

WRAP(AVFrame *, av_frame_alloc, (void), (), NULL)
WRAP(AVPacket *, av_packet_alloc, (void), (), NULL)
WRAP(void *, av_malloc, (size_t size), (size), NULL)
WRAP(void *, av_mallocz, (size_t size), (size), NULL)
WRAP(char *, av_strdup, (const char *text), (text), NULL)
WRAP(char *, av_strndup, (const char *text, size_t size), (text, size), NULL)
WRAP(AVCodecContext *, avcodec_alloc_context3, (const AVCodec *codec), (codec), NULL)
WRAP(AVCodecParameters *, avcodec_parameters_alloc, (void), (), NULL)
WRAP(AVFormatContext *, avformat_alloc_context, (void), (), NULL)
WRAP(AVStream *, avformat_new_stream, (AVFormatContext * format, const AVCodec *codec),
     (format, codec), NULL)
WRAP(AVBufferRef *, av_buffer_create,
     (uint8_t * data, size_t size, void (*release)(void *, uint8_t *), void *user, int flags),
     (data, size, release, user, flags), NULL)
WRAP(int, av_new_packet, (AVPacket * packet, int size), (packet, size), AVERROR(ENOMEM))
WRAP(int, av_frame_get_buffer, (AVFrame * frame, int align), (frame, align), AVERROR(ENOMEM))
WRAP(int, avcodec_open2, (AVCodecContext * context, const AVCodec *codec, AVDictionary **options),
     (context, codec, options), AVERROR(ENOMEM))

WRAP(int, avcodec_parameters_from_context,
     (AVCodecParameters * parameters, const AVCodecContext *context), (parameters, context),
     AVERROR(ENOMEM))
WRAP(int, avcodec_parameters_to_context,
     (AVCodecContext * context, const AVCodecParameters *parameters), (context, parameters),
     AVERROR(ENOMEM))
WRAP(int, avcodec_parameters_copy, (AVCodecParameters * to, const AVCodecParameters *from),
     (to, from), AVERROR(ENOMEM))
WRAP(int, avformat_write_header, (AVFormatContext * format, AVDictionary **options),
     (format, options), AVERROR(ENOMEM))
WRAP(int, swr_init, (struct SwrContext * swr), (swr), AVERROR(ENOMEM))
WRAP(AVIOContext *, avio_alloc_context,
     (unsigned char *buffer, int size, int writes, void *user, int (*read)(void *, uint8_t *, int),
      int (*write)(void *, uint8_t *, int), int64_t (*seek)(void *, int64_t, int)),
     (buffer, size, writes, user, read, write, seek), NULL)

/* ---- Pages for large pictures ---- */

static atomic_int live_maps;

void *__real_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *block, size_t size);
int __wrap_munmap(void *block, size_t size);

void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (test_allocation_fails_now()) {
        return MAP_FAILED;
    }
    atomic_fetch_add(&live_maps, 1);
    return __real_mmap64(at, size, protection, flags, fd, offset);
}

int __wrap_munmap(void *block, size_t size)
{
    atomic_fetch_sub(&live_maps, 1);
    return __real_munmap(block, size);
}

int test_live_maps(void)
{
    return atomic_load(&live_maps);
}

/* SPDX-License-Identifier: MIT */
/* Makers of HEIC and AVIF with the encoders of libheif and FFmpeg. */
#include <stdlib.h>
#include <string.h>

#include <libavformat/avformat.h>

#if HY_HAVE_HEIF
#include <libheif/heif.h>
#endif

#include "media.h"
#include "support.h"

/* ---- FFmpeg's AVIF ---- */

test_file test_make_avif10(const uint16_t *yuv420, int32_t width, int32_t height)
{
    test_file coded = test_make_picture("libaom-av1", "yuv420p10le", (const uint8_t *)yuv420, width,
                                        height, "still-picture=1:crf=1:cpu-used=8");
    AVFormatContext *format = NULL;
    assert_true(avformat_alloc_output_context2(&format, NULL, "avif", NULL) >= 0);
    AVStream *stream = avformat_new_stream(format, NULL);
    assert_non_null(stream);
    stream->time_base = (AVRational){1, 25};
    *stream->codecpar = (AVCodecParameters){
        .codec_type = AVMEDIA_TYPE_VIDEO,
        .codec_id = AV_CODEC_ID_AV1,
        .format = AV_PIX_FMT_YUV420P10,
        .width = width,
        .height = height,
        .color_range = AVCOL_RANGE_MPEG,
        .color_primaries = AVCOL_PRI_BT709,
        .color_trc = AVCOL_TRC_IEC61966_2_1,
        .color_space = AVCOL_SPC_BT709,
        .extradata = av_mallocz(coded.size + AV_INPUT_BUFFER_PADDING_SIZE),
        .extradata_size = (int)coded.size,
    };
    memcpy(stream->codecpar->extradata, coded.data, coded.size); /* begins with the header */
    assert_int_equal(avio_open_dyn_buf(&format->pb), 0);
    assert_true(avformat_write_header(format, NULL) >= 0);
    AVPacket *packet = av_packet_alloc();
    packet->data = coded.data;
    packet->size = (int)coded.size;
    packet->pts = 0;
    packet->dts = 0;
    packet->duration = 1;
    packet->flags = AV_PKT_FLAG_KEY;
    assert_true(av_interleaved_write_frame(format, packet) >= 0);
    assert_int_equal(av_write_trailer(format), 0);
    av_packet_free(&packet);
    uint8_t *data = NULL;
    int size = avio_close_dyn_buf(format->pb, &data);
    test_file file = {0};
    test_file_append(&file, data, (size_t)size);
    av_free(data);
    avformat_free_context(format);
    test_file_free(&coded);
    return file;
}

/* ---- libheif's encoder ---- */

#if HY_HAVE_HEIF

#define assert_heif(call)                                                                          \
    do {                                                                                           \
        struct heif_error error_ = (call);                                                         \
        if (error_.code != heif_error_Ok) {                                                        \
            fail_msg("libheif: %s", error_.message);                                               \
        }                                                                                          \
    } while (0)

static struct heif_image *make_image(const void *samples, int32_t width, int32_t height,
                                     const test_heif *how)
{
    int bits = how->bits ? how->bits : 8;
    enum heif_chroma layout =
        how->alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB;
    if (bits > 8) {
        layout =
            how->alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE;
    }
    struct heif_image *image = NULL;
    assert_heif(heif_image_create(width, height, heif_colorspace_RGB, layout, &image));
    assert_heif(heif_image_add_plane(image, heif_channel_interleaved, width, height, bits));
    int stride = 0;
    uint8_t *plane = heif_image_get_plane(image, heif_channel_interleaved, &stride);
    size_t row = (size_t)width * (how->alpha ? 4 : 3) * (bits > 8 ? 2 : 1);
    for (int32_t y = 0; y < height; y++) {
        memcpy(plane + (ptrdiff_t)y * stride, (const uint8_t *)samples + row * (size_t)y, row);
    }
    if (how->premultiplied) {
        heif_image_set_premultiplied_alpha(image, 1);
    }
    if (how->icc) {
        assert_heif(heif_image_set_raw_color_profile(image, "prof", how->icc, how->icc_size));
    }
    return image;
}

static struct heif_error take_bytes(struct heif_context *context, const void *data, size_t size,
                                    void *user)
{
    (void)context;
    test_file_append(user, data, size);
    return (struct heif_error){heif_error_Ok, heif_suberror_Unspecified, ""};
}

static void encode(struct heif_context *context, struct heif_image *image, const test_heif *how)
{
    struct heif_encoder *encoder = NULL;
    assert_heif(heif_context_get_encoder_for_format(
        context, how->av1 ? heif_compression_AV1 : heif_compression_HEVC, &encoder));
    assert_heif(heif_encoder_set_lossy_quality(encoder, 95));
    assert_heif(heif_encoder_set_parameter_string(encoder, "chroma", "444"));
    struct heif_encoding_options *options = heif_encoding_options_alloc();
    struct heif_color_profile_nclx *nclx = heif_nclx_color_profile_alloc();
    assert_non_null(options);
    assert_non_null(nclx);
    if (how->primaries) {
        assert_heif(heif_nclx_color_profile_set_color_primaries(nclx, (uint16_t)how->primaries));
        assert_heif(
            heif_nclx_color_profile_set_transfer_characteristics(nclx, (uint16_t)how->transfer));
        assert_heif(heif_image_set_nclx_color_profile(image, nclx));
        options->output_nclx_profile = nclx;
        options->macOS_compatibility_workaround_no_nclx_profile = 0;
        options->save_two_colr_boxes_when_ICC_and_nclx_available = 1;
    }
    options->image_orientation =
        how->orientation ? (enum heif_orientation)how->orientation : heif_orientation_normal;
    assert_heif(heif_context_encode_image(context, image, encoder, options, NULL));
    heif_nclx_color_profile_free(nclx);
    heif_encoding_options_free(options);
    heif_encoder_release(encoder);
}

test_file test_make_heif(const void *samples, int32_t width, int32_t height, const test_heif *how)
{
    struct heif_context *context = heif_context_alloc();
    assert_non_null(context);
    struct heif_image *image = make_image(samples, width, height, how);
    encode(context, image, how);
    struct heif_writer writer = {1, take_bytes};
    test_file file = {0};
    assert_heif(heif_context_write(context, &writer, &file));
    heif_image_release(image);
    heif_context_free(context);
    return file;
}

#endif

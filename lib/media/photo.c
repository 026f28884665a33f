/* SPDX-License-Identifier: MIT */
/*
 * Photos: recognition by the first bytes, the limits of the policy, and the order of calls. What
 * a file is called does not matter; what is not a photo for us is named, if it is something known.
 */
#include "photo.h"

#include <string.h>

/* One way to recognise a file: bytes at an offset. */
typedef struct signature {
    size_t offset;
    const char *bytes;
    size_t length;
    const char *format;
    const hy_photo_decoder *decoder; /* NULL: known, but not read */
} signature;

#define SIGNATURE(offset, bytes, format, decoder)                                                  \
    {                                                                                              \
        offset, bytes, sizeof(bytes) - 1, format, decoder                                          \
    }

static const signature signatures[] = {
    SIGNATURE(0, "\xff\xd8\xff", "JPEG", &hy_photo_jpeg),
    SIGNATURE(0, "\x89PNG\r\n\x1a\n", "PNG", &hy_photo_png),
    SIGNATURE(0, "GIF87a", "GIF", &hy_photo_gif),
    SIGNATURE(0, "GIF89a", "GIF", &hy_photo_gif),
    SIGNATURE(8, "WEBP", "WebP", &hy_photo_webp),
    SIGNATURE(8, "CR\x02", "Canon raw", NULL), /* inside a TIFF header, so ahead of it */
    SIGNATURE(0, "II*\0", "TIFF", &hy_photo_tiff),
    SIGNATURE(0, "MM\0*", "TIFF", &hy_photo_tiff),
    SIGNATURE(4, "ftypavif", "AVIF", &hy_photo_heif),
    SIGNATURE(4, "ftypavis", "AVIF", &hy_photo_heif),
    SIGNATURE(4, "ftyphei", "HEIC", &hy_photo_heif), /* heic, heix, heim, heis */
    SIGNATURE(4, "ftyphev", "HEIC", &hy_photo_heif), /* hevc, hevx, ...: sequences with a cover */
    SIGNATURE(4, "ftypmif1", "HEIF", &hy_photo_heif),
    SIGNATURE(4, "ftypmsf1", "HEIF", &hy_photo_heif),
    SIGNATURE(4, "ftypcrx ", "Canon raw", NULL),
    SIGNATURE(4, "ftypM4A", "MPEG-4 audio", NULL),
    SIGNATURE(4, "ftyp", "MPEG-4 video", NULL),
    SIGNATURE(0, "II+\0", "BigTIFF", NULL),
    SIGNATURE(0, "MM\0+", "BigTIFF", NULL),
    SIGNATURE(0, "IIU\0", "Panasonic raw", NULL),
    SIGNATURE(0, "IIRO", "Olympus raw", NULL),
    SIGNATURE(0, "FUJIFILMCCD-RAW", "Fujifilm raw", NULL),
    SIGNATURE(0, "\xff\x0a", "JPEG XL", NULL),
    SIGNATURE(4, "JXL \r\n\x87\n", "JPEG XL", NULL),
    SIGNATURE(4, "jP  \r\n\x87\n", "JPEG 2000", NULL),
    SIGNATURE(0, "\xff\x4f\xff\x51", "JPEG 2000", NULL),
    SIGNATURE(0, "8BPS", "Photoshop", NULL),
    SIGNATURE(0, "<svg", "SVG", NULL),
    SIGNATURE(0, "%PDF", "PDF", NULL),
    SIGNATURE(0, "%!PS", "PostScript", NULL),
    SIGNATURE(0, "gimp xcf", "GIMP", NULL),
    SIGNATURE(0, "\0\0\x01\0", "an icon", NULL),
    SIGNATURE(0, "\x1a\x45\xdf\xa3", "Matroska video", NULL),
    SIGNATURE(8, "AVI LIST", "AVI video", NULL),
    SIGNATURE(8, "WAVE", "sound", NULL),
    SIGNATURE(0, "OggS", "sound", NULL),
    SIGNATURE(0, "fLaC", "sound", NULL),
    SIGNATURE(0, "ID3", "sound", NULL),
};

static const signature bmp = {0, "BM", 2, "BMP", &hy_photo_bmp};

/* Less than the shortest header: too little to tell one format from another. */
#define MIN_BYTES 16

static bool matches(const signature *s, const uint8_t *data, size_t size)
{
    return size >= s->offset + s->length && memcmp(data + s->offset, s->bytes, s->length) == 0;
}

/* "BM" alone may begin a text: the size of the second header is one of a few numbers. */
static bool is_bmp(const uint8_t *data, size_t size)
{
    if (!matches(&bmp, data, size) || size < 18) {
        return false;
    }
    uint32_t header = hy_read_le32(data + 14);
    return header == 12 || header == 16 || (header >= 40 && header <= 124 && header % 4 == 0);
}

static const signature *recognise(const uint8_t *data, size_t size)
{
    for (size_t i = 0; size >= MIN_BYTES && i < sizeof signatures / sizeof *signatures; i++) {
        if (matches(&signatures[i], data, size)) {
            return &signatures[i];
        }
    }
    return is_bmp(data, size) ? &bmp : NULL;
}

hydra_status hy_photo_set_size(hy_photo *photo, int64_t width, int64_t height, hy_diag *diag)
{
    const char *format = photo->info.format;
    if (width <= 0 || height <= 0) {
        return hy_fail(diag, HYDRA_ERR_FORMAT, "%s: the %s file has no pixels (%lld x %lld)",
                       photo->name, format, (long long)width, (long long)height);
    }
    if (width > photo->max_side_px || height > photo->max_side_px) {
        return hy_fail(diag, HYDRA_ERR_LIMIT,
                       "%s: %lld x %lld pixels: a side is longer than max_image_side_px = %lld",
                       photo->name, (long long)width, (long long)height,
                       (long long)photo->max_side_px);
    }
    if (width > photo->max_pixels / height) {
        return hy_fail(diag, HYDRA_ERR_LIMIT,
                       "%s: %lld x %lld pixels are more than max_image_pixels = %lld", photo->name,
                       (long long)width, (long long)height, (long long)photo->max_pixels);
    }
    photo->info.width = (int32_t)width;
    photo->info.height = (int32_t)height;
    return HYDRA_OK;
}

int64_t hy_photo_picture_bytes(const hy_photo *photo, int64_t bytes_per_pixel)
{
    return (int64_t)photo->info.width * photo->info.height * bytes_per_pixel;
}

/* Room for one picture as it is decoded and one as rows. */
static int64_t usual_bytes(const hy_photo *photo)
{
    const hy_row_format *rows = &photo->info.rows;
    return 2 * hy_photo_picture_bytes(photo, rows->channels * (rows->bits / 8));
}

static hydra_status check_memory(hy_photo *photo, hy_diag *diag)
{
    hy_photo_info *info = &photo->info;
    if (info->decode_bytes == 0) {
        info->decode_bytes = usual_bytes(photo);
    }
    if (info->decode_bytes > photo->max_decode_bytes) {
        return hy_fail(diag, HYDRA_ERR_LIMIT,
                       "%s: decoding %s of %d x %d pixels may need %lld bytes, more than "
                       "max_decode_bytes = %lld",
                       photo->name, info->format, (int)info->width, (int)info->height,
                       (long long)info->decode_bytes, (long long)photo->max_decode_bytes);
    }
    return HYDRA_OK;
}

hydra_status hy_photo_cut_short(const hy_photo *photo, hy_diag *diag)
{
    return hy_fail(diag, HYDRA_ERR_FORMAT, "%s: the %s file is cut short", photo->name,
                   photo->info.format);
}

hydra_status hy_photo_damaged(const hy_photo *photo, const char *detail, hy_diag *diag)
{
    return hy_fail(diag, HYDRA_ERR_FORMAT, "%s: the %s file is damaged (%s)", photo->name,
                   photo->info.format, detail);
}

static hydra_status open_photo(hy_photo *photo, const char *name, hy_diag *diag)
{
    if (photo->size == 0) {
        return hy_fail(diag, HYDRA_ERR_FORMAT, "%s: the file is empty", name);
    }
    const signature *found = recognise(photo->data, photo->size);
    if (!found) {
        return hy_fail(diag, HYDRA_ERR_FORMAT, "%s: not a picture that libhydra knows", name);
    }
    if (!found->decoder) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED,
                       "%s: this is %s, which libhydra does not read; JPEG or PNG will do", name,
                       found->format);
    }
    photo->name = hy_strdup(name);
    if (!photo->name) {
        return hy_fail_memory(diag);
    }
    photo->decoder = found->decoder;
    photo->info.format = found->format;
    photo->info.orientation = 1;
    hydra_status status = photo->decoder->open(photo, diag);
    return status == HYDRA_OK ? check_memory(photo, diag) : status;
}

hydra_status hy_photo_open(const uint8_t *data, size_t size, const char *name,
                           const hydra_policy *policy, hy_photo **out, hy_diag *diag)
{
    *out = NULL;
    hy_photo *photo = hy_calloc(1, sizeof *photo);
    if (!photo) {
        return hy_fail_memory(diag);
    }
    photo->data = data;
    photo->size = size;
    photo->max_pixels = policy->max_image_pixels;
    photo->max_side_px = policy->max_image_side_px;
    photo->max_decode_bytes = policy->max_decode_bytes;
    hydra_status status = open_photo(photo, name, diag);
    if (status != HYDRA_OK) {
        hy_photo_close(photo);
        return status;
    }
    *out = photo;
    return HYDRA_OK;
}

const hy_photo_info *hy_photo_info_of(const hy_photo *photo)
{
    return &photo->info;
}

int64_t hy_photo_work_bytes(const hy_photo *photo, int64_t file_bytes)
{
    return photo->info.decode_bytes + (photo->in_place ? 0 : file_bytes);
}

void hy_photo_halve(hy_photo *photo, int32_t halvings)
{
    hy_photo_info *info = &photo->info;
    photo->halvings = halvings < info->max_halvings ? halvings : info->max_halvings;
    info->max_halvings = 0;
    info->width = (info->width + (1 << photo->halvings) - 1) >> photo->halvings;
    info->height = (info->height + (1 << photo->halvings) - 1) >> photo->halvings;
}

hydra_status hy_photo_decode(hy_photo *photo, hy_rows_fn *rows, void *user, hy_diag *diag)
{
    if (photo->decoded) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: decoded for a second time", photo->name);
    }
    photo->decoded = true;
    return photo->decoder->decode(photo, rows, user, diag);
}

void hy_photo_close(hy_photo *photo)
{
    if (!photo) {
        return;
    }
    if (photo->decoder && photo->decoder->close) {
        photo->decoder->close(photo);
    }
    hy_free(photo->name);
    hy_free(photo);
}

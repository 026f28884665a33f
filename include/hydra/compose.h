/* SPDX-License-Identifier: MIT */
/**
 * @file compose.h  The project: a canvas, photos one after another, cuts between them, music.
 *
 * A compose describes a video and holds no pixels. Adding an image or music only notes where it
 * is; files are opened by hydra_compose_render and hydra_compose_frame (see render.h).
 */
#ifndef HYDRA_COMPOSE_H
#define HYDRA_COMPOSE_H

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "export.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A video in the making. Opaque. Thread: one at a time. */
typedef struct hydra_compose hydra_compose;

/** "The library decides", where a field says so. */
#define HYDRA_AUTO (-1)

/** A rectangle in fractions of a picture: 0,0 is the top left corner, 1,1 the bottom right. */
typedef struct hydra_rect {
    double x;      /**< Left edge, 0..1. */
    double y;      /**< Top edge, 0..1. */
    double width;  /**< 0..1, greater than 0. */
    double height; /**< 0..1, greater than 0. */
} hydra_rect;

/** Canvas presets. */
enum {
    HYDRA_CANVAS_9_16 = 0, /**< 1080 x 1920: Reels, Shorts, TikTok. */
    HYDRA_CANVAS_16_9 = 1, /**< 1920 x 1080. */
    HYDRA_CANVAS_1_1 = 2,  /**< 1080 x 1080. */
    HYDRA_CANVAS_4_5 = 3   /**< 1080 x 1350. */
};

/** Picture size and frame rate of the video. */
typedef struct hydra_canvas_options {
    uint32_t struct_size;    /**< Set by hydra_canvas_options_init. */
    int32_t preset;          /**< HYDRA_CANVAS_*, used while the size is 0, 0. Default 9:16. */
    int32_t width_px;        /**< Even, 64..4096; or 0 with height_px 0 (default) = the preset's. */
    int32_t height_px;       /**< Even, 64..4096; or 0. */
    int32_t fps_num;         /**< Frames per second, numerator. Default 30. */
    int32_t fps_den;         /**< Denominator, 1..1,001. Default 1. The rate is 1..120. */
    uint32_t background_rgb; /**< 0xRRGGBB, under transparent photos. Default black. */
} hydra_canvas_options;

/** How a photo is laid on the canvas. Words and meaning are those of CSS object-fit. */
enum {
    HYDRA_FIT_COVER = 0,   /**< Fills the canvas, keeps its shape, overflow is cut off. */
    HYDRA_FIT_CONTAIN = 1, /**< Wholly visible, keeps its shape, a backdrop fills the rest. */
    HYDRA_FIT_FILL = 2     /**< Stretched to the canvas. */
};

/** What fills the rest with HYDRA_FIT_CONTAIN. */
enum {
    HYDRA_BACKDROP_COLOR = 0, /**< One colour, backdrop_rgb. */
    HYDRA_BACKDROP_BLUR = 1   /**< A blurred copy of the photo that covers the canvas. */
};

/** Camera motion over a photo. All of them stay inside the picture: no border ever shows. */
enum {
    HYDRA_MOTION_NONE = 0,
    HYDRA_MOTION_ZOOM_IN = 1,   /**< From the whole fitted picture to 1 + amount times larger. */
    HYDRA_MOTION_ZOOM_OUT = 2,  /**< The other way round. */
    HYDRA_MOTION_PAN_LEFT = 3,  /**< The view moves left by amount x its width. */
    HYDRA_MOTION_PAN_RIGHT = 4, /**< The view moves right. */
    HYDRA_MOTION_PAN_UP = 5,    /**< The view moves up by amount x its height. */
    HYDRA_MOTION_PAN_DOWN = 6,  /**< The view moves down. */
    HYDRA_MOTION_RECT = 7       /**< From rectangle `start` to rectangle `end`. */
};

/** Progress along a motion, from 0 at the first frame of the photo to 1 at its last. */
enum {
    HYDRA_EASING_LINEAR = 0,     /**< u */
    HYDRA_EASING_SMOOTHSTEP = 1, /**< 3u^2 - 2u^3 */
    HYDRA_EASING_IN = 2,         /**< Cubic: u^3 */
    HYDRA_EASING_OUT = 3,        /**< Cubic: 1 - (1-u)^3 */
    HYDRA_EASING_IN_OUT = 4      /**< Cubic: 4u^3, then mirrored */
};

/** One photo on the timeline. */
typedef struct hydra_image_options {
    uint32_t struct_size; /**< Set by hydra_image_options_init. */
    int32_t fit;          /**< HYDRA_FIT_*. Default cover. */
    int64_t duration_us;  /**< 1..3,600,000,000. HYDRA_AUTO (default): its share of
                               hydra_compose_set_duration, or 3 s when that is not set. */
    double focus_x;       /**< Point that cover keeps in view and zooms hold still, 0..1 of the */
    double focus_y;       /**< upright photo. Default 0.5, 0.5. */
    int32_t backdrop;     /**< HYDRA_BACKDROP_*, for contain. Default colour. */
    int32_t backdrop_rgb; /**< 0xRRGGBB. HYDRA_AUTO (default) = the canvas background. */
    int32_t motion;       /**< HYDRA_MOTION_*. Default zoom in. */
    int32_t easing;       /**< HYDRA_EASING_*. Default smoothstep. */
    double motion_amount; /**< Above 0, up to 4. HYDRA_AUTO (default) = 0.05 zoom, 0.03 pan. */
    hydra_rect start; /**< HYDRA_MOTION_RECT: first and last view, in fractions of the upright */
    hydra_rect end;   /**< photo (contain: of the canvas). Each is grown about its centre to the
                           canvas's shape, then kept inside. Default the whole picture. */
} hydra_image_options;

/** How one photo gives way to the next. A transition belongs to the cut, not to a photo. */
enum {
    HYDRA_TRANSITION_CUT = 0,      /**< At once. */
    HYDRA_TRANSITION_CROSSFADE = 1 /**< Linear blend of the two pictures. */
};

/** Where the time of a transition comes from. */
enum {
    HYDRA_OVERLAP = 0, /**< The next photo starts earlier by the transition; the video shrinks. */
    HYDRA_HOLD = 1     /**< The cut stays where it is, the transition is centred on it and both
                            photos are on screen for half of it longer; the length stays. */
};

/** The transition of a cut. */
typedef struct hydra_transition_options {
    uint32_t struct_size; /**< Set by hydra_transition_options_init. */
    int32_t kind;         /**< HYDRA_TRANSITION_*. Default crossfade. */
    int64_t duration_us;  /**< 0..60,000,000; ignored by a cut. Default 500,000. */
    int32_t mode;         /**< HYDRA_OVERLAP (default) or HYDRA_HOLD. */
    int32_t reserved;     /**< 0. */
} hydra_transition_options;

/** Every cut, in hydra_compose_set_transition. */
#define HYDRA_ALL_CUTS (-1)

/** One finding about a project. Strings are borrowed until the next call on the compose. */
typedef struct hydra_issue {
    uint32_t struct_size; /**< Set by the caller to sizeof(hydra_issue). */
    hydra_status status;  /**< What kind of error. */
    int32_t line;         /**< Line in the JSON text, from 1; 0 = not known. */
    int32_t column;       /**< Column in bytes, from 1; 0 = not known. */
    const char *pointer;  /**< JSON pointer (RFC 6901) of the value, "/images/0/fit"; "" = all. */
    const char *text;     /**< What is wrong, with "did you mean" where a word is close. */
} hydra_issue;

/** What plays on when the music is shorter than the pictures. */
enum {
    HYDRA_AUDIO_SILENCE = 0,
    HYDRA_AUDIO_LOOP = 1 /**< The same music again, joined by a 30 ms crossfade (no click). */
};

/** What is taken of the music, and how loud. */
typedef struct hydra_audio_options {
    uint32_t struct_size; /**< Set by hydra_audio_options_init. */
    int32_t when_short;   /**< HYDRA_AUDIO_SILENCE (default) or HYDRA_AUDIO_LOOP. */
    int64_t start_us;     /**< First moment of the music that is used. Default 0. All times here are
                               at most 10^15. */
    int64_t duration_us;  /**< How much from there, 1..; HYDRA_AUTO (default) = to its end. */
    double gain_db;       /**< -60..+24. Default 0. Peaks beyond full scale are limited. */
    int64_t fade_in_us;   /**< From the first frame, 0.. Default 0. */
    int64_t fade_out_us;  /**< Up to the last frame, 0.. Default 1,000,000. */
} hydra_audio_options;

/** Fill with the defaults. @param options Not NULL. Thread: any. Since 0.1. */
HYDRA_API void hydra_canvas_options_init(hydra_canvas_options *options);
/** Fill with the defaults. @param options Not NULL. Thread: any. Since 0.1. */
HYDRA_API void hydra_image_options_init(hydra_image_options *options);
/** Fill with the defaults. @param options Not NULL. Thread: any. Since 0.1. */
HYDRA_API void hydra_transition_options_init(hydra_transition_options *options);
/** Fill with the defaults. @param options Not NULL. Thread: any. Since 0.1. */
HYDRA_API void hydra_audio_options_init(hydra_audio_options *options);

/**
 * Start an empty video: 1080 x 1920, 30 frames per second, black, hard cuts, no sound.
 *
 * @param context  What to share with other jobs. NULL = a private one. A reference is kept.
 * @param out      Receives the compose; the caller owns it. Set to NULL on failure.
 * @return HYDRA_OK
 *         HYDRA_ERR_ARGUMENT  `out` is NULL
 *         HYDRA_ERR_MEMORY
 * Thread: any. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_new(hydra_context *context, hydra_compose **out);

/**
 * Free a compose, its last result and output bytes. Jobs that it started go on.
 *
 * @param c  NULL does nothing.
 * Thread: owner of `c`. Since 0.1.
 */
HYDRA_API void hydra_compose_free(hydra_compose *c);

/**
 * What went wrong in the last call on `c`, if it failed: the input's name and the cause.
 *
 * @param c  NULL gives "".
 * @return Text, "" after a call that worked. Borrowed until the next call on `c`. Never NULL.
 * Thread: owner of `c`. Since 0.1.
 */
HYDRA_API const char *hydra_compose_error(const hydra_compose *c);

/**
 * Set picture size, frame rate and background.
 *
 * @param c        Compose handle, not NULL.
 * @param options  NULL for defaults. Copied.
 * @return HYDRA_OK
 *         HYDRA_ERR_ARGUMENT  a value is out of range; the error text names it
 *         HYDRA_ERR_STATE     a render is running
 * On failure the canvas is unchanged. Thread: owner of `c`. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_set_canvas(hydra_compose *c,
                                                const hydra_canvas_options *options);

/**
 * Set the length of the whole video.
 *
 * Photos whose duration is HYDRA_AUTO share equally what the others leave.
 *
 * @param c            Compose handle, not NULL.
 * @param duration_us  1..36,000,000,000, or HYDRA_AUTO = the sum of the photos.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT, HYDRA_ERR_STATE. Thread: owner of `c`. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_set_duration(hydra_compose *c, int64_t duration_us);

/**
 * Add a still image at the end of the video track.
 *
 * JPEG, PNG, WebP, BMP, GIF and TIFF (first picture); HEIC and AVIF with the feature "heif".
 * EXIF orientation and ICC profiles are honoured.
 *
 * @param c        Compose handle, not NULL. Must not be rendering.
 * @param uri      Path, or file:, http:, https: or s3: URI, UTF-8, not NULL. Copied. Opened, or
 *                 fetched, at render time; whether the policy allows it is asked then, too.
 *                 `s3://BUCKET/KEY` and https URLs of objects on Amazon S3: see docs/api.md.
 * @param options  NULL for defaults. Copied.
 * @return HYDRA_OK
 *         HYDRA_ERR_ARGUMENT     a value is out of range; the error text names it
 *         HYDRA_ERR_UNSUPPORTED  another URI scheme
 *         HYDRA_ERR_LIMIT        more images than the policy allows
 *         HYDRA_ERR_STATE        a render is running
 *         HYDRA_ERR_MEMORY
 * On failure the timeline is unchanged. Thread: owner of `c`. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_add_image(hydra_compose *c, const char *uri,
                                               const hydra_image_options *options);

/**
 * Add a still image from bytes of an image file in memory.
 *
 * @param c        Compose handle, not NULL.
 * @param data     Not NULL. Copied.
 * @param size     Bytes, 1 .. policy.max_image_bytes.
 * @param name     How error texts call it; NULL = "image N". Copied.
 * @param options  NULL for defaults. Copied.
 * @return As hydra_compose_add_image. Thread: owner of `c`. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_add_image_memory(hydra_compose *c, const void *data,
                                                      size_t size, const char *name,
                                                      const hydra_image_options *options);

/**
 * Number of images added so far.
 *
 * @param c  May be NULL.
 * @return 0.. ; 0 for NULL. Thread: owner of `c`. Since 0.1.
 */
HYDRA_API int32_t hydra_compose_image_count(const hydra_compose *c);

/**
 * Set the transition of one cut, or of all.
 *
 * Cut i lies between image i and image i + 1. A transition must fit into the two images beside it
 * together with their other transition; that is checked when the video is planned (render, frame,
 * plan), since durations may still change.
 *
 * @param c        Compose handle, not NULL.
 * @param cut      0 .. image count - 2; or HYDRA_ALL_CUTS: every cut, also those of images that
 *                 are added later, except where a single cut is set afterwards.
 * @param options  NULL for defaults: a crossfade of 0.5 s, overlapping. Copied.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT, HYDRA_ERR_STATE. Thread: owner of `c`. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_set_transition(hydra_compose *c, int32_t cut,
                                                    const hydra_transition_options *options);

/**
 * Set the music, replacing what was set before.
 *
 * Any file whose sound FFmpeg decodes. The track of the video is 48 kHz stereo AAC-LC, exactly as
 * long as the pictures. Without music the video has no sound track.
 *
 * @param c        Compose handle, not NULL.
 * @param uri      As for hydra_compose_add_image. NULL takes the music away. Music from a server
 *                 stays in memory for the job.
 * @param options  NULL for defaults. Copied.
 * @return HYDRA_OK
 *         HYDRA_ERR_ARGUMENT     a value is out of range; the error text names it
 *         HYDRA_ERR_UNSUPPORTED  another URI scheme
 *         HYDRA_ERR_STATE        a render is running
 *         HYDRA_ERR_MEMORY
 * On failure the music is unchanged. Thread: owner of `c`. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_set_audio(hydra_compose *c, const char *uri,
                                               const hydra_audio_options *options);

/**
 * Set the music from bytes of a sound file in memory.
 *
 * @param c        Compose handle, not NULL.
 * @param data     Not NULL. Copied.
 * @param size     Bytes, 1 .. policy.max_audio_bytes.
 * @param name     How error texts call it; NULL = "audio". Copied.
 * @param options  NULL for defaults. Copied.
 * @return As hydra_compose_set_audio. Thread: owner of `c`. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_set_audio_memory(hydra_compose *c, const void *data,
                                                      size_t size, const char *name,
                                                      const hydra_audio_options *options);

/**
 * Plan the timeline and describe it: size, rate, each image's frames, each cut, the music.
 *
 * For people and tests. The format is not promised.
 *
 * @param c     Compose handle, not NULL.
 * @param text  Receives UTF-8 text, borrowed until the next call on `c`.
 * @return HYDRA_OK
 *         HYDRA_ERR_ARGUMENT  `text` is NULL, no image, or the timeline does not add up
 *         HYDRA_ERR_LIMIT     longer than the policy allows
 *         HYDRA_ERR_MEMORY
 * Thread: owner of `c`. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_plan_text(hydra_compose *c, const char **text);

/**
 * Replace the whole project by one described in JSON (docs/project.md, `"hydra": 1`).
 *
 * Paths in it are as in hydra_compose_add_image. It may hold render options ("output"), which
 * then apply to renders that are given none.
 *
 * @param c     Compose handle, not NULL.
 * @param json  UTF-8 text, not NULL. Not kept.
 * @param size  Bytes, at most 16 MiB.
 * @return HYDRA_OK
 *         HYDRA_ERR_FORMAT    not JSON: line and column are in the issue
 *         HYDRA_ERR_ARGUMENT  a key, word or value is wrong; all of them are issues
 *         HYDRA_ERR_UNSUPPORTED  a source's URI scheme is not file:
 *         HYDRA_ERR_LIMIT     too large, too deep, or more images than the policy allows
 *         HYDRA_ERR_STATE, HYDRA_ERR_MEMORY
 * On failure the project is unchanged; the status and hydra_compose_error are those of the first
 * issue.
 * Thread: owner of `c`. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_load_json(hydra_compose *c, const char *json, size_t size);

/**
 * Write the project as JSON. Loading that text gives the same project.
 *
 * @param c     Compose handle, not NULL.
 * @param json  Receives UTF-8 text, borrowed until the next call on `c`.
 * @return HYDRA_OK
 *         HYDRA_ERR_ARGUMENT     `json` is NULL
 *         HYDRA_ERR_UNSUPPORTED  a source is bytes in memory, or its name is no UTF-8; the text
 *                                names it
 *         HYDRA_ERR_LIMIT        the text would be longer than 16 MiB
 *         HYDRA_ERR_MEMORY
 * Thread: owner of `c`. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_to_json(hydra_compose *c, const char **json);

/**
 * The JSON Schema (draft 2020-12) of the project format.
 *
 * @return UTF-8 text. Static, never NULL. Thread: any. Since 0.1.
 */
HYDRA_API const char *hydra_project_schema(void);

/**
 * Look at everything that a render would use, without rendering: the timeline, each photo's header
 * and colour profile, the music.
 *
 * @param c  Compose handle, not NULL.
 * @return HYDRA_OK, or the status of the first issue; all are then at hydra_compose_issue.
 * Thread: owner of `c`; reads files. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_check(hydra_compose *c);

/**
 * Number of issues that the last hydra_compose_load_json or hydra_compose_check found.
 *
 * @param c  May be NULL.
 * @return 0.. ; 0 for NULL. Thread: owner of `c`. Since 0.1.
 */
HYDRA_API int32_t hydra_compose_issue_count(const hydra_compose *c);

/**
 * One issue.
 *
 * @param c      Compose handle, not NULL.
 * @param index  0 .. hydra_compose_issue_count() - 1.
 * @param issue  Filled. `struct_size` must be set.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT. Thread: owner of `c`. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_issue(const hydra_compose *c, int32_t index,
                                           hydra_issue *issue);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/**
 * @file render.h  From a compose to a finished, verified video, or to one frame of it.
 *
 * hydra_compose_render blocks until the video is complete; hydra_render_start gives a job that runs
 * by itself and is asked for events. Either way nothing appears under its final name before it has
 * been written, read again and found correct; on failure nothing is left behind.
 * Frames depend on the project alone: the same input gives the same frames on any number of
 * threads.
 */
#ifndef HYDRA_RENDER_H
#define HYDRA_RENDER_H

#include <stddef.h>
#include <stdint.h>

#include "compose.h"
#include "encoder.h"
#include "export.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How much work the encoder spends: time against quality and size (docs/encoding.md). */
enum {
    HYDRA_PROFILE_DRAFT = 0,   /**< Fast look at the result, not for publishing. */
    HYDRA_PROFILE_DEFAULT = 1, /**< The quality of x264's preset fast at crf 20, as H.264 several
                                    times faster. For publishing on platforms, which encode
                                    again. */
    HYDRA_PROFILE_QUALITY = 2, /**< Somewhat better in a smaller file, slower. */
    HYDRA_PROFILE_BEST = 3     /**< Archive: x264's preset slow at crf 18. */
};

/** How a render encodes, and how long it may take. */
typedef struct hydra_render_options {
    uint32_t struct_size;       /**< Set by hydra_render_options_init. */
    int32_t encoder;            /**< HYDRA_ENCODER_*. Default auto. */
    int32_t profile;            /**< HYDRA_PROFILE_*. Default default. */
    int32_t video_bitrate_kbps; /**< 50..500,000; 0 (default) = constant quality. */
    double crf;         /**< Constant quality, 0..51, lower is better; HYDRA_AUTO (default) =
                             the profile's. A scale of its own for each encoder. H.264: below 1
                             counts as 1, x264's lossless mode is not High profile. Not together
                             with video_bitrate_kbps. */
    const char *preset; /**< Preset name of x264, which x265 has too, "fast": replaces the
                             profile's tuning; NULL (default). Checked for every encoder. Borrowed
                             for the call. */
    int32_t audio_bitrate_kbps; /**< AAC, 32..320. Default 160. */
    int32_t threads;            /**< Encoder threads, 1..128; 0 (default) = the context's. */
    int64_t deadline_us; /**< Wall clock for the whole job, waiting included, 1..; 0 (default)
                              = the policy's max_render_us. */
    int32_t when_busy;   /**< HYDRA_BUSY_*, beyond the context's budget. Default wait. */
    int32_t in_order;    /**< HYDRA_IN_ORDER_*, for outputs that cannot go back. Default
                              fragmented. */
    int32_t when_exists; /**< HYDRA_EXISTS_*, for outputs that are files or objects. Default
                              replace. */
    int32_t codec;       /**< HYDRA_CODEC_*. Default H.264. */
    int64_t gpu_wait_us; /**< Longest wait for a GPU that is busy, 0..; then encoder auto goes on
                              without it, and encoder nvenc is HYDRA_ERR_BUSY. HYDRA_AUTO (default)
                              = 2 s with encoder auto, else up to the job's deadline, which then is
                              HYDRA_ERR_DEADLINE. With when_busy = HYDRA_BUSY_FAIL there is no
                              wait. */
} hydra_render_options;

/** What a job does while the memory budget of its context is taken. */
enum {
    HYDRA_BUSY_WAIT = 0, /**< Waits for its turn, first come, first served, up to its deadline. */
    HYDRA_BUSY_FAIL = 1  /**< Fails at once with HYDRA_ERR_BUSY. */
};

/** MP4 for outputs that cannot go back: pipes, FIFOs, `-`, `pull:`. */
enum {
    HYDRA_IN_ORDER_FRAGMENTED = 0, /**< Fragmented MP4: plays while it grows, no memory needed. */
    HYDRA_IN_ORDER_BUFFERED = 1    /**< The usual file with its index in front, kept in memory until
                                        it is complete: at most policy.max_output_bytes. */
};

/** What a render does about a file that has the name of its output. */
enum {
    HYDRA_EXISTS_REPLACE = 0, /**< Replaces it when the video is complete. */
    HYDRA_EXISTS_FAIL = 1     /**< Fails with HYDRA_ERR_EXISTS: before anything is rendered, or
                                   at the end if the file came meanwhile. It stays as it is. */
};

/**
 * Receives the bytes of a video. All calls come from the thread that called the render, one at a
 * time. Each byte is written once (so that there is no further attempt after the first write, see
 * hydra_attempt), but not in order: the head of an MP4 file (ftyp, moov), at
 * offset 0, comes last, when the rest is known. The first write is not at 0.
 */
typedef struct hydra_writer {
    uint32_t struct_size; /**< sizeof(hydra_writer). */
    uint32_t reserved;    /**< 0. */
    void *user;           /**< Passed back to the functions. */
    /** Store `size` bytes at `offset`. Required. Return 0, or any other number to stop the render
        with HYDRA_ERR_IO; the number appears in the error text. */
    int32_t (*write)(void *user, int64_t offset, const void *data, size_t size);
    /** Read back `size` bytes from `offset`, written before. Optional: with it the library reads
        the whole result again; without it only the index is checked. Return 0 on success. */
    int32_t (*read)(void *user, int64_t offset, void *data, size_t size);
} hydra_writer;

/** What was made, as read back from the finished output. Strings are borrowed, see below. */
typedef struct hydra_result {
    uint32_t struct_size;        /**< Set by the caller to sizeof(hydra_result). */
    int32_t width_px;            /**< Picture width. */
    int32_t height_px;           /**< Picture height. */
    int32_t fps_num;             /**< Frame rate, numerator. */
    int32_t fps_den;             /**< Frame rate, denominator. */
    int32_t has_audio;           /**< 1 = there is a sound track. */
    int64_t frames;              /**< Pictures. */
    int64_t audio_samples;       /**< Samples that play, at 48 kHz. */
    int64_t duration_us;         /**< Length of the pictures. */
    int64_t av_offset_us;        /**< End of sound minus end of pictures. */
    int64_t bytes;               /**< Size of the output. */
    int64_t moov_offset;         /**< Where the MP4 index starts; -1 if not MP4. */
    int64_t moov_bytes;          /**< Size of the index. */
    int64_t moov_reserved_bytes; /**< Room that was kept for it; 0 = none, as in fragments. */
    int64_t pool_peak_bytes;     /**< Most memory held in pictures at one time. */
    double decode_s;             /**< Seconds spent on photos, summed over threads. This and the
                                      next four: of all attempts. */
    double compose_s;            /**< Seconds spent on frames, summed over threads. */
    double encode_s;             /**< Seconds spent in the video encoder's calls. */
    double audio_s;              /**< Seconds spent on sound. */
    double mux_s;                /**< Seconds spent on writing and on reading back. */
    double total_s;              /**< Wall clock of the whole render. */
    const char *encoder;         /**< "nvenc", "x264", ... */
    const char *encoder_reason;  /**< Why this encoder: "asked for", what stood in the way of a
                                      better one, or how the attempt before failed. */
    const char *container;       /**< "mp4" or "y4m". */
    const char *video_codec;     /**< "h264" or "hevc". */
    const char *video_profile;   /**< "High"; HEVC: "Main". */
    const char *pixel_format;    /**< "yuv420p". */
    const char *color_range;     /**< "tv": limited. */
    const char *color_primaries; /**< "bt709". */
    const char *color_transfer;  /**< "bt709". */
    const char *color_matrix;    /**< "bt709". */
    const char *audio_codec;     /**< "aac", "" without sound. */
    int32_t video_level;         /**< Level of either codec x 10, 41 = 4.1. */
    int32_t key_frames;          /**< Pictures at which playing can start. */
    int64_t ready_us;            /**< From the last encoded frame to the complete output under its
                                      name: index, verification, what was left to write or send. */
    int32_t attempts;            /**< Attempts that it took, 1..: see hydra_attempt. */
    int32_t reserved;            /**< 0. */
} hydra_result;

/**
 * One attempt of a render to make its video.
 *
 * With HYDRA_ENCODER_AUTO a render whose encoder fails because of its GPU, or makes a video there
 * that is found wrong, throws away what is made so far and begins anew with the next encoder, from
 * the first frame: also late, and while parts of it were sent to a store. What a photo makes the
 * job say is said again then. Failures that have nothing to do with a GPU end the render. So does
 * one of a GPU after bytes have left that cannot be called back: HYDRA_ERR_ENCODER.
 */
typedef struct hydra_attempt {
    uint32_t struct_size; /**< Set by the caller to sizeof(hydra_attempt). */
    int32_t encoder;      /**< HYDRA_ENCODER_*. */
    int32_t finding;     /**< HYDRA_PROBE_*: why the encoder failed; HYDRA_PROBE_OK = it did not, or
                              not because of a GPU. */
    hydra_status status; /**< How the attempt ended. HYDRA_OK: the video was made and found
                              correct. */
    const char *name;    /**< Of the encoder: "nvenc". Static. */
    int64_t frames;      /**< Pictures that the encoder took. */
    double seconds;      /**< Wall clock. */
    char text[HYDRA_REASON_BYTES]; /**< What went wrong; "" = nothing. */
} hydra_attempt;

/** Fill with the defaults. @param options Not NULL. Thread: any. Since 0.1. */
HYDRA_API void hydra_render_options_init(hydra_render_options *options);

/**
 * Render to a file, to an object in a store, or to a URL that takes a PUT.
 *
 * The video grows under a temporary name beside the target, is read again, and takes the target's
 * name, replacing a file of that name, only when it is correct and on disk. A file that is replaced
 * leaves its permission bits to the new one; whether it may be replaced is up to its folder's
 * permissions, not its own.
 *
 * @param c            Compose handle with at least one image.
 * An object (see storage.h) is sent while it is made and is there, complete, at the end. For a PUT
 * the video is kept in memory, at most policy.max_output_bytes.
 *
 * @param destination  Path or file: URI, UTF-8, whose folder must exist; `s3://BUCKET/KEY`;
 *                     `https://...`, `http://...` for a PUT. A URL's query is in no error text.
 * @param options      NULL for defaults.
 * @return HYDRA_OK; hydra_compose_result tells what was made
 *         HYDRA_ERR_ARGUMENT     an option is out of range, the timeline does not add up, the
 *                                target is a folder, not a regular file, one of the inputs, or
 *                                a destination of hydra_render_start only
 *         HYDRA_ERR_STATE        a render is running
 *         HYDRA_ERR_NOT_FOUND    an input or the target's folder
 *         HYDRA_ERR_PERMISSION, HYDRA_ERR_IO, HYDRA_ERR_SPACE  reading or writing
 *         HYDRA_ERR_FORMAT, HYDRA_ERR_LIMIT  an input; LIMIT also the memory of the whole job
 *         HYDRA_ERR_UNSUPPORTED  an input, the encoder, or a destination's URI scheme
 *         HYDRA_ERR_DEADLINE     options->deadline_us or policy.max_render_us has passed
 *         HYDRA_ERR_BUSY         other jobs hold the context's budget, and options->when_busy is
 *                                HYDRA_BUSY_FAIL
 *         HYDRA_ERR_EXISTS       options->when_exists is HYDRA_EXISTS_FAIL, and there is one
 *         HYDRA_ERR_AUTH, HYDRA_ERR_NETWORK, HYDRA_ERR_TIMEOUT, HYDRA_ERR_SERVER  a server
 *         HYDRA_ERR_ENCODER      the encoder failed; also: a GPU did, and bytes of the video had
 *                                gone out already
 *         HYDRA_ERR_VERIFY, HYDRA_ERR_MEMORY
 * On failure the target is as before and nothing is left behind, with one exception: when only the
 * last step fails, which puts the new name on disk (syncing the folder), the complete new file is
 * in place. The compose can be rendered again. Thread: owner of `c`; blocks. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_render(hydra_compose *c, const char *destination,
                                            const hydra_render_options *options);

/**
 * Render to memory; the bytes are then at hydra_compose_output.
 *
 * @param c        Compose handle with at least one image.
 * @param options  NULL for defaults.
 * @return As hydra_compose_render; HYDRA_ERR_SPACE beyond policy.max_output_bytes.
 * Thread: owner of `c`; blocks. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_render_memory(hydra_compose *c,
                                                   const hydra_render_options *options);

/**
 * Render into functions of the host.
 *
 * @param c        Compose handle with at least one image.
 * @param writer   Not NULL. Copied; what it points to must live until the call returns.
 * @param options  NULL for defaults.
 * @return As hydra_compose_render. Thread: owner of `c`; blocks. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_render_writer(hydra_compose *c, const hydra_writer *writer,
                                                   const hydra_render_options *options);

/**
 * Ask the running render or hydra_compose_upload of `c`, or the next one, to stop with
 * HYDRA_ERR_CANCELLED. Returns at once. How long it may take and what is left behind is told at
 * hydra_render_cancel. Jobs of hydra_render_start are not concerned.
 *
 * @param c  NULL does nothing.
 * Thread: any, but not together with hydra_compose_free. Since 0.1.
 */
HYDRA_API void hydra_compose_cancel(hydra_compose *c);

/**
 * What the last render of `c` made, if it was successful. Every render that starts forgets the
 * result of the one before.
 *
 * @param c       Compose handle, not NULL.
 * @param result  Filled; struct_size must be set. Its strings are borrowed until the next render
 *                of `c` or its end.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT, HYDRA_ERR_STATE (nothing rendered). Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_result(const hydra_compose *c, hydra_result *result);

/**
 * How an attempt of the last render of `c` ended, also of a render that failed.
 *
 * @param c        Compose handle, not NULL.
 * @param index    0.. , in the order of the attempts.
 * @param attempt  Filled; struct_size must be set.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT, HYDRA_ERR_STATE (a render is running, or there were not so
 *         many attempts: none when it ended before the first one). Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_attempt(const hydra_compose *c, int32_t index,
                                             hydra_attempt *attempt);

/**
 * The bytes of the last render of `c`, if it went to memory and was successful. Every render that
 * starts frees the bytes of the one before.
 *
 * @param c           Compose handle, not NULL.
 * @param data, size  Receive the bytes, borrowed until the next render of `c` or its end.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT, HYDRA_ERR_STATE (not rendered to memory). Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_output(const hydra_compose *c, const void **data,
                                            size_t *size);

/**
 * The render options of this project, for renders that are given none.
 *
 * @param c        Compose handle, not NULL.
 * @param options  NULL for defaults. Copied, with its strings.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT, HYDRA_ERR_STATE, HYDRA_ERR_MEMORY. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_set_output(hydra_compose *c,
                                                const hydra_render_options *options);

/** What a render will need. */
typedef struct hydra_estimate {
    uint32_t struct_size; /**< Set by the caller to sizeof(hydra_estimate). */
    int32_t reserved;     /**< 0. */
    int64_t frames;       /**< Pictures. */
    int64_t duration_us;  /**< Length of the video. */
    int64_t memory_bytes; /**< Most memory at one time: pictures, decoders, encoder, sound, index.
                               An output that is kept in memory comes on top: output_bytes. */
    int64_t output_bytes; /**< Size of the output; with constant quality a rough guess. */
    double seconds;       /**< Wall clock on this machine when nothing else runs; a rough guess. */
} hydra_estimate;

/**
 * Estimate memory, size and time of a render. Reads the photos' headers.
 *
 * @param c         Compose handle, not NULL.
 * @param options   As for the render. NULL = the project's.
 * @param estimate  Filled. `struct_size` must be set.
 * @return HYDRA_OK, or as hydra_compose_check. Thread: owner of `c`. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_estimate(hydra_compose *c, const hydra_render_options *options,
                                              hydra_estimate *estimate);

/** A render that runs by itself. Opaque. Thread: one at a time, hydra_render_cancel any. */
typedef struct hydra_render hydra_render;

/** Where a job is. A job goes forward, in the order of these numbers but for UPLOADING; once per
    further attempt (see hydra_attempt) it goes back to PREPARING. */
enum {
    HYDRA_STAGE_WAITING = 0,   /**< For its share of the context's memory budget. */
    HYDRA_STAGE_PREPARING = 1, /**< Opening inputs and encoder, decoding the first photo. */
    HYDRA_STAGE_RENDERING = 2, /**< Frames are composed and encoded. */
    HYDRA_STAGE_FINISHING = 3, /**< Index, verification, commit. */
    HYDRA_STAGE_DONE = 4,      /**< Finished, failed or cancelled. */
    HYDRA_STAGE_UPLOADING = 5  /**< After FINISHING, before DONE: the last parts go out, for an
                                    output on a server only. */
};

/** Kinds of events. */
enum {
    HYDRA_EVENT_NONE = 0,     /**< There is none now. */
    HYDRA_EVENT_PROGRESS = 1, /**< Progress, stage, ETA. Only the latest is kept. */
    HYDRA_EVENT_WARNING = 2,  /**< Something the user should know; `text`. */
    HYDRA_EVENT_LOG = 3,      /**< What the job is doing; `text`. */
    HYDRA_EVENT_OUTPUT = 4,   /**< `pull:` bytes wait where none did before: call
                                   hydra_render_read until it gives none. */
    HYDRA_EVENT_DONE = 5      /**< The last event: `status`, and `text` if it failed. */
};

/** One event. */
typedef struct hydra_event {
    uint32_t struct_size; /**< Set by the caller to sizeof(hydra_event). */
    int32_t kind;         /**< HYDRA_EVENT_*. */
    int32_t stage;        /**< HYDRA_STAGE_*. */
    hydra_status status;  /**< HYDRA_EVENT_DONE: how the job ended. */
    double progress;      /**< 0..1, never falls. */
    int64_t eta_us;       /**< Time left, from the speed so far; -1 = not known yet. */
    int64_t frames_done;  /**< Pictures that were handed to the encoder, in this attempt. */
    int64_t frames;       /**< Pictures in all; 0 = not known yet. */
    double frames_per_s;  /**< Speed of the pictures after the first; 0 = not known yet. */
    const char *text;     /**< UTF-8, "" for progress. Borrowed until the next call on the job. */
    int64_t bytes_sent;   /**< Of an output on a server: bytes that have left, those of earlier
                               attempts included. Else 0. Never falls. */
    int64_t bytes_total;  /**< Of these in all; -1 = nothing is sent, or the size of the video is
                               not known yet: until its last frame is encoded. */
} hydra_event;

/**
 * Start a render and return at once.
 *
 * A snapshot of the project is taken: `c` may be changed, rendered again or freed while the job
 * runs.
 *
 * @param c            Compose handle, not NULL.
 * @param destination  As hydra_compose_render, and destinations that get their bytes in order:
 *                     `pull:` (the host takes them by hydra_render_read); `fd:N`, a file descriptor
 *                     that is open for writing and no terminal; `-`, standard output; the path of a
 *                     FIFO. A descriptor is duplicated: the host's stays open, and the host may
 *                     close it when this call is back. A FIFO's reader may come later. A file of
 *                     such a name is `./-` or `./fd:1`.
 * @param options      NULL = the project's. Copied, with its strings.
 * @param out          Receives the job; the caller owns it. Set to NULL on failure.
 * @return HYDRA_OK             the job has started; what goes wrong later is its result
 *         HYDRA_ERR_ARGUMENT   a value is out of range, `out` or `destination` is NULL, a
 *                              descriptor cannot be written
 *         HYDRA_ERR_STATE      a render of `c` is running that blocks
 *         HYDRA_ERR_PERMISSION  the FIFO lies outside of policy.file_roots, or policy.schemes does
 *                              not allow the destination
 *         HYDRA_ERR_UNSUPPORTED  a URI scheme that is not handled
 *         HYDRA_ERR_NOT_FOUND  the FIFO is removed just then
 *         HYDRA_ERR_MEMORY, HYDRA_ERR_IO (no thread, no descriptor)
 * Thread: owner of `c`. Since 0.1.
 */
HYDRA_API hydra_status hydra_render_start(hydra_compose *c, const char *destination,
                                          const hydra_render_options *options, hydra_render **out);

/**
 * Wait for the end of a job.
 *
 * @param render      The job, not NULL.
 * @param timeout_us  Longest wait, 0.. ; HYDRA_AUTO = as long as it takes.
 * @return HYDRA_ERR_TIMEOUT  still running
 *         otherwise how the job ended: as hydra_compose_render, or HYDRA_ERR_CANCELLED
 * A `pull:` job ends only when its bytes have been read. Thread: owner of `render`. Since 0.1.
 */
HYDRA_API hydra_status hydra_render_wait(hydra_render *render, int64_t timeout_us);

/**
 * Take the next event, without waiting.
 *
 * @param render  The job, not NULL.
 * @param event   Filled; kind HYDRA_EVENT_NONE when there is none. `struct_size` must be set.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT. Thread: owner of `render`. Since 0.1.
 */
HYDRA_API hydra_status hydra_render_next_event(hydra_render *render, hydra_event *event);

/**
 * A file descriptor that is readable (poll, epoll, select) while events wait. The host only polls
 * it: it must not read, write or close it. Valid until hydra_render_free.
 *
 * @param render  May be NULL.
 * @return The descriptor; -1 for NULL. Thread: any. Since 0.1.
 */
HYDRA_API int32_t hydra_render_fd(const hydra_render *render);

/**
 * Take output bytes of a `pull:` job, in order.
 *
 * The job keeps at most 1 MiB that was not read and waits beyond that.
 *
 * @param render            The job, not NULL.
 * @param buffer, capacity  Where to put them, 1.. bytes.
 * @param offset            Receives their place in the file. May be NULL.
 * @param got               Receives how many: 0 = none now, or the end (hydra_render_wait tells).
 *                          After a failure what was not taken is gone.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT, HYDRA_ERR_STATE (not a `pull:` job).
 * Thread: owner of `render`. Since 0.1.
 */
HYDRA_API hydra_status hydra_render_read(hydra_render *render, void *buffer, size_t capacity,
                                         int64_t *offset, size_t *got);

/**
 * Ask a job to stop. Returns at once; may be called again, and after the end.
 *
 * The job ends with HYDRA_ERR_CANCELLED after the foreign call that is running and leaves nothing
 * behind; only bytes that went out in order cannot be called back. The longest such calls: one
 * frame of the encoder, some rows of a JPEG photo, all of a photo in another format (of a HEIC grid
 * a row of tiles), syncing the finished file. A job that is already finished stays finished.
 *
 * @param render  NULL does nothing.
 * Thread: any, but not together with hydra_render_free. Since 0.1.
 */
HYDRA_API void hydra_render_cancel(hydra_render *render);

/**
 * What a job made that ended well.
 *
 * @param render  The job, not NULL.
 * @param result  Filled; struct_size must be set. Its strings live as long as the job.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT, HYDRA_ERR_STATE (still running, or it failed).
 * Thread: owner of `render`. Since 0.1.
 */
HYDRA_API hydra_status hydra_render_result(const hydra_render *render, hydra_result *result);

/**
 * How an attempt of a job ended, also of a job that failed.
 *
 * @param render   The job, not NULL.
 * @param index    0.. , in the order of the attempts.
 * @param attempt  Filled; struct_size must be set.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT, HYDRA_ERR_STATE (still running, or there were not so many
 *         attempts: none when it ended before the first one). Thread: owner of `render`. Since 0.1.
 */
HYDRA_API hydra_status hydra_render_attempt(const hydra_render *render, int32_t index,
                                            hydra_attempt *attempt);

/**
 * What went wrong in a job: the input's name and the cause.
 *
 * @param render  NULL gives "".
 * @return Text, "" while the job runs and after success. Lives as long as the job. Never NULL.
 * Thread: owner of `render`. Since 0.1.
 */
HYDRA_API const char *hydra_render_error(const hydra_render *render);

/**
 * Cancel a job that still runs, wait for its end, free it.
 *
 * @param render  NULL does nothing.
 * Thread: owner of `render`. Since 0.1.
 */
HYDRA_API void hydra_render_free(hydra_render *render);

/** One composed picture. Opaque. Thread: one at a time. */
typedef struct hydra_frame hydra_frame;

/** Forms of a frame. */
enum {
    HYDRA_FRAME_RGB24 = 0, /**< 8 bit R, G, B, R, ... sRGB values, full range. One plane. */
    HYDRA_FRAME_I420 = 1,  /**< Planes Y, U, V as the encoder gets them: BT.709, limited range. */
    HYDRA_FRAME_PNG = 2    /**< A whole PNG file, sRGB. */
};

/**
 * Compose one frame without encoding: a poster, a preview, a test.
 *
 * Only the photos that are visible then are opened.
 *
 * @param c        Compose handle, not NULL.
 * @param time_us  0 .. length - 1. The frame that is on screen at that time.
 * @param format   HYDRA_FRAME_*.
 * @param out      Receives the frame; the caller owns it. Set to NULL on failure.
 * @return As hydra_compose_render, without the statuses that concern output, encoder and budget;
 *         HYDRA_ERR_DEADLINE after policy.max_render_us. Thread: owner of `c`; blocks. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_frame(hydra_compose *c, int64_t time_us, int32_t format,
                                           hydra_frame **out);

/** Free a frame. @param frame NULL does nothing. Since 0.1. */
HYDRA_API void hydra_frame_free(hydra_frame *frame);

/** Width in pixels. @param frame May be NULL. @return 64..4096; 0 for NULL. Since 0.1. */
HYDRA_API int32_t hydra_frame_width(const hydra_frame *frame);

/** Height in pixels. @param frame May be NULL. @return 64..4096; 0 for NULL. Since 0.1. */
HYDRA_API int32_t hydra_frame_height(const hydra_frame *frame);

/** Its number in the video. @param frame May be NULL. @return 0.. ; -1 for NULL. Since 0.1. */
HYDRA_API int64_t hydra_frame_number(const hydra_frame *frame);

/**
 * Bytes of the frame: rows (I420: planes Y, U, V) one after another without gaps, or the PNG.
 *
 * @param frame  May be NULL.
 * @param size   Receives the number of bytes; may be NULL.
 * @return Borrowed until hydra_frame_free; NULL for NULL. Since 0.1.
 */
HYDRA_API const void *hydra_frame_data(const hydra_frame *frame, size_t *size);

#ifdef __cplusplus
}
#endif
#endif

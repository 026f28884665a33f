/* SPDX-License-Identifier: MIT */
/* The options that describe a video. The ranges here are those of the public headers. */
#include "project.h"

#include "number.h"

#include <string.h>

#define FIELD(name)  offsetof(cli_settings, name)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define MICROSECONDS INT64_C(1000000)

static const arg_word motion_words[] = {
    {"none", HYDRA_MOTION_NONE},           {"zoom-in", HYDRA_MOTION_ZOOM_IN},
    {"zoom-out", HYDRA_MOTION_ZOOM_OUT},   {"pan-left", HYDRA_MOTION_PAN_LEFT},
    {"pan-right", HYDRA_MOTION_PAN_RIGHT}, {"pan-up", HYDRA_MOTION_PAN_UP},
    {"pan-down", HYDRA_MOTION_PAN_DOWN},   {NULL, 0},
};

static const arg_word easing_words[] = {
    {"linear", HYDRA_EASING_LINEAR}, {"smoothstep", HYDRA_EASING_SMOOTHSTEP},
    {"in", HYDRA_EASING_IN},         {"out", HYDRA_EASING_OUT},
    {"in-out", HYDRA_EASING_IN_OUT}, {NULL, 0},
};

static const arg_word transition_words[] = {
    {"cut", HYDRA_TRANSITION_CUT},
    {"crossfade", HYDRA_TRANSITION_CROSSFADE},
    {NULL, 0},
};

static const arg_word mode_words[] = {
    {"overlap", HYDRA_OVERLAP},
    {"hold", HYDRA_HOLD},
    {NULL, 0},
};

static const arg_word profile_words[] = {
    {"draft", HYDRA_PROFILE_DRAFT},
    {"default", HYDRA_PROFILE_DEFAULT},
    {"quality", HYDRA_PROFILE_QUALITY},
    {"best", HYDRA_PROFILE_BEST},
    {NULL, 0},
};

static const arg_word encoder_words[] = {
    {"auto", HYDRA_ENCODER_AUTO},   {"x264", HYDRA_ENCODER_X264}, {"x265", HYDRA_ENCODER_X265},
    {"nvenc", HYDRA_ENCODER_NVENC}, {"raw", HYDRA_ENCODER_RAW},   {NULL, 0},
};

static const arg_word codec_words[] = {
    {"h264", HYDRA_CODEC_H264},
    {"hevc", HYDRA_CODEC_HEVC},
    {NULL, 0},
};

static const arg_word in_order_words[] = {
    {"fragmented", HYDRA_IN_ORDER_FRAGMENTED},
    {"buffered", HYDRA_IN_ORDER_BUFFERED},
    {NULL, 0},
};

static bool parse_size(const char *text, void *target)
{
    static const arg_word presets[] = {
        {"9:16", HYDRA_CANVAS_9_16},
        {"16:9", HYDRA_CANVAS_16_9},
        {"1:1", HYDRA_CANVAS_1_1},
        {"4:5", HYDRA_CANVAS_4_5},
        {NULL, 0},
    };
    hydra_canvas_options *canvas = &((cli_settings *)target)->canvas;
    const arg_word *preset = args_find_word(presets, text, strlen(text));
    canvas->width_px = 0;
    canvas->height_px = 0;
    if (preset) {
        canvas->preset = preset->value;
        return true;
    }
    return number_pair(text, 'x', &canvas->width_px, &canvas->height_px);
}

static bool parse_fps(const char *text, void *target)
{
    hydra_canvas_options *canvas = &((cli_settings *)target)->canvas;
    return number_rate(text, &canvas->fps_num, &canvas->fps_den);
}

static bool parse_background(const char *text, void *target)
{
    return number_color(text, &((cli_settings *)target)->canvas.background_rgb);
}

static bool parse_fit(const char *text, void *target)
{
    static const struct {
        const char *name;
        int32_t fit;
        int32_t backdrop;
    } fits[] = {
        {"cover", HYDRA_FIT_COVER, HYDRA_BACKDROP_COLOR},
        {"contain", HYDRA_FIT_CONTAIN, HYDRA_BACKDROP_COLOR},
        {"blur", HYDRA_FIT_CONTAIN, HYDRA_BACKDROP_BLUR},
        {"fill", HYDRA_FIT_FILL, HYDRA_BACKDROP_COLOR},
    };
    hydra_image_options *image = &((cli_settings *)target)->image;
    for (size_t i = 0; i < COUNT(fits); i++) {
        if (strcmp(text, fits[i].name) == 0) {
            image->fit = fits[i].fit;
            image->backdrop = fits[i].backdrop;
            return true;
        }
    }
    return false;
}

/* One motion, or several with commas that the photos take in turn. */
static bool parse_motion(const char *text, void *target)
{
    cli_settings *settings = target;
    settings->motion_count = 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        const arg_word *word = args_find_word(motion_words, text, length);
        if (!word || settings->motion_count == CLI_MAX_MOTIONS) {
            return false;
        }
        settings->motions[settings->motion_count++] = word->value;
        if (!text[length]) {
            return true;
        }
        text += length + 1;
    }
}

/* Whether there is such a GPU, the library finds out. */
static bool parse_gpu(const char *text, void *target)
{
    bool is_uuid = strncmp(text, "GPU-", 4) == 0;
    size_t length = strlen(text);
    size_t digits = strspn(text, "0123456789");
    ((cli_settings *)target)->gpu = text;
    if (is_uuid) {
        return length > 4 && length < 64 &&
               strspn(text + 4, "0123456789abcdefABCDEF-") == length - 4;
    }
    return strcmp(text, "none") == 0 || (length > 0 && length <= 3 && digits == length);
}

static const arg_option picture_options[] = {
    {.name = "duration",
     .value = "SECONDS",
     .help = "length of the whole video (default: the photos')",
     .kind = ARG_SECONDS,
     .offset = FIELD(duration_us),
     .min = 1,
     .max = 36000 * MICROSECONDS},
    {.name = "image-duration",
     .value = "SECONDS",
     .help = "time of each photo (default: 3, or its share of --duration)",
     .kind = ARG_SECONDS,
     .offset = FIELD(image.duration_us),
     .min = 1,
     .max = 3600 * MICROSECONDS},
    {.name = "size",
     .value = "SIZE",
     .help = "9:16 (default), 16:9, 1:1, 4:5 or WIDTHxHEIGHT",
     .kind = ARG_CUSTOM,
     .parse = parse_size,
     .expected = "9:16, 16:9, 1:1, 4:5 or WIDTHxHEIGHT"},
    {.name = "fps",
     .value = "RATE",
     .help = "30 (default), 25, 29.97, 30000/1001, ...",
     .kind = ARG_CUSTOM,
     .parse = parse_fps,
     .expected = "frames per second, such as 30, 29.97 or 30000/1001"},
    {.name = "fit",
     .value = "FIT",
     .help = "cover (default), contain, blur (contain on a blurred copy), fill",
     .kind = ARG_CUSTOM,
     .parse = parse_fit,
     .expected = "cover, contain, blur or fill"},
    {.name = "background",
     .value = "RRGGBB",
     .help = "colour under transparent and contained photos (default 000000)",
     .kind = ARG_CUSTOM,
     .parse = parse_background,
     .expected = "a colour such as 1a2b3c"},
    {.name = "motion",
     .value = "MOTION,...",
     .help = "photos take them in turn (default zoom-in,zoom-out); also none,\n"
             "                                    pan-left, pan-right, pan-up, pan-down",
     .kind = ARG_CUSTOM,
     .parse = parse_motion,
     .expected = "up to 16 of none, zoom-in, zoom-out, pan-left, pan-right, pan-up, pan-down, "
                 "with commas"},
    {.name = "motion-amount",
     .value = "AMOUNT",
     .help = "how far a motion goes (default 0.05 zoom, 0.03 pan)",
     .kind = ARG_NUMBER,
     .offset = FIELD(image.motion_amount),
     .min = 1,
     .max = 4 * MICROSECONDS},
    {.name = "easing",
     .value = "EASING",
     .help = "pace of a motion (default smoothstep):",
     .kind = ARG_WORD,
     .offset = FIELD(image.easing),
     .words = easing_words},
    {.name = "transition",
     .value = "KIND",
     .help = "between photos (default crossfade):",
     .kind = ARG_WORD,
     .offset = FIELD(transition.kind),
     .words = transition_words},
    {.name = "transition-duration",
     .value = "SECONDS",
     .help = "default 0.5",
     .kind = ARG_SECONDS,
     .offset = FIELD(transition.duration_us),
     .min = 0,
     .max = 60 * MICROSECONDS},
    {.name = "transition-mode",
     .value = "MODE",
     .help = "the video shrinks (default), or the cuts stay where they are:",
     .kind = ARG_WORD,
     .offset = FIELD(transition.mode),
     .words = mode_words},
    {.name = "threads",
     .value = "N",
     .help = "worker threads (default: the CPUs this process may use)",
     .kind = ARG_INTEGER,
     .offset = FIELD(threads),
     .min = 1,
     .max = 256},
};

static const arg_option music_options[] = {
    {.name = "music",
     .value = "FILE",
     .help = "a sound file",
     .kind = ARG_TEXT,
     .offset = FIELD(music)},
    {.name = "music-start",
     .value = "SECONDS",
     .help = "where in the music to begin (default 0)",
     .kind = ARG_SECONDS,
     .offset = FIELD(audio.start_us),
     .max = 360000 * MICROSECONDS},
    {.name = "music-loop",
     .help = "play it again when it is shorter than the pictures",
     .kind = ARG_FLAG,
     .offset = FIELD(music_loop)},
    {.name = "gain",
     .value = "DB",
     .help = "louder or softer, -60 to 24 (default 0)",
     .kind = ARG_NUMBER,
     .offset = FIELD(audio.gain_db),
     .min = -60 * MICROSECONDS,
     .max = 24 * MICROSECONDS},
    {.name = "fade-in",
     .value = "SECONDS",
     .help = "default 0",
     .kind = ARG_SECONDS,
     .offset = FIELD(audio.fade_in_us),
     .max = 36000 * MICROSECONDS},
    {.name = "fade-out",
     .value = "SECONDS",
     .help = "default 1",
     .kind = ARG_SECONDS,
     .offset = FIELD(audio.fade_out_us),
     .max = 36000 * MICROSECONDS},
};

static const arg_option source_options[] = {
    {.name = "project",
     .value = "FILE",
     .help = "a project in JSON, whatever its name; - is standard input",
     .kind = ARG_TEXT,
     .offset = FIELD(project)},
};

static const arg_option encoding_options[] = {
    {.name = "profile",
     .value = "PROFILE",
     .help = "work that the encoder spends (if not given, default):",
     .kind = ARG_WORD,
     .offset = FIELD(render.profile),
     .words = profile_words},
    {.name = "encoder",
     .value = "ENCODER",
     .help = "which encoder (default auto); raw writes YUV4MPEG2:",
     .kind = ARG_WORD,
     .offset = FIELD(render.encoder),
     .words = encoder_words},
    {.name = "codec",
     .value = "CODEC",
     .help = "codec of the pictures (default h264):",
     .kind = ARG_WORD,
     .offset = FIELD(render.codec),
     .words = codec_words},
    {.name = "crf",
     .value = "N",
     .help = "constant quality, 0 to 51, lower is better",
     .kind = ARG_NUMBER,
     .offset = FIELD(render.crf),
     .max = 51000000},
    {.name = "bitrate",
     .value = "KBPS",
     .help = "bits per second of the pictures instead of constant quality",
     .kind = ARG_INTEGER,
     .offset = FIELD(render.video_bitrate_kbps),
     .min = 50,
     .max = 500000},
    {.name = "preset",
     .value = "NAME",
     .help = "x264 or x265 preset in place of the profile: fast, medium, ...",
     .kind = ARG_TEXT,
     .offset = FIELD(render.preset)},
    {.name = "audio-bitrate",
     .value = "KBPS",
     .help = "bits per second of the sound, 32 to 320 (default 160)",
     .kind = ARG_INTEGER,
     .offset = FIELD(render.audio_bitrate_kbps),
     .min = 32,
     .max = 320},
    {.name = "in-order",
     .value = "FORM",
     .help = "MP4 for pipes and standard output (default fragmented):",
     .kind = ARG_WORD,
     .offset = FIELD(render.in_order),
     .words = in_order_words},
    {.name = "deadline",
     .value = "SECONDS",
     .help = "give up when the render is not finished by then",
     .kind = ARG_SECONDS,
     .offset = FIELD(render.deadline_us),
     .min = 1,
     .max = PROJECT_MAX_RENDER_US},
};

static const arg_option gpu_options[] = {
    {.name = "gpu",
     .value = "GPU",
     .help = "GPU that may encode: none, an index, a UUID (default: any)",
     .kind = ARG_CUSTOM,
     .parse = parse_gpu,
     .expected = "none, an index such as 0, or a UUID such as GPU-8932f937"},
};

const arg_group project_source = {"Project", source_options, COUNT(source_options)};
const arg_group project_pictures = {"Pictures", picture_options, COUNT(picture_options)};
const arg_group project_music = {"Music", music_options, COUNT(music_options)};
const arg_group project_encoding = {"Encoding", encoding_options, COUNT(encoding_options)};
const arg_group project_encoder = {"Encoding", encoding_options + 1, 2};
const arg_group project_gpu = {"GPU", gpu_options, COUNT(gpu_options)};

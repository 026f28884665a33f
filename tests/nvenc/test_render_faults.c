/* SPDX-License-Identifier: MIT */
/*
 * Every way in which a GPU is known to fail, under whole renders: test_render_faults PAGE. Each
 * case is rendered with encoder auto, which must end in a correct file, and with encoder nvenc, and
 * is one row of the table of faults in PAGE, docs/gpu.md. Where a part of the driver is missing,
 * the program runs itself with other libraries: test_render_faults --case NUMBER.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "render_case.h"

#define FRAMES 48

/* What a call that hangs costs here. */
#define STALL_US INT64_C(600000)

/* What stays of a GPU that is lost: the context, or all that libavcodec has of a session with 16
 * pictures: itself, the context, buffers and what is in them. */
#define CONTEXT 1
#define SESSION 2
#define ALL     50

/* Of the process's memory, as docs/gpu.md tells. */
#define LOSSES       10
#define MOST_LOST_KB 64

typedef enum course {
    ON_GPU,     /* it is made by nvenc in spite of all, also with encoder nvenc */
    NOT_TRIED,  /* nvenc is known not to work */
    NOT_OPENED, /* nvenc does not open */
    MADE_AGAIN  /* nvenc fails later */
} course;

typedef struct fault_case {
    const char *name; /* in the table */
    const char *settings[3];
    int32_t finding; /* HYDRA_PROBE_* */
    const char *words;
    course course;
    int64_t frames; /* that nvenc took */
    int leaks;      /* objects of the driver that stay, of a hang when the call has returned */
    bool hangs;
    int32_t codec;
    int32_t profile;
    const char *libraries; /* instead of the stand-in; "" = none */
} fault_case;

#define DRAFT   HYDRA_PROFILE_DRAFT
#define QUALITY HYDRA_PROFILE_QUALITY
#define DEFAULT HYDRA_PROFILE_DEFAULT
#define H264    HYDRA_CODEC_H264
#define HEVC    HYDRA_CODEC_HEVC

static const fault_case cases[] = {
    /* The driver */
    {.name = "no driver",
     .finding = HYDRA_PROBE_NO_DRIVER,
     .words = "libcuda.so.1 is missing",
     .course = NOT_TRIED,
     .libraries = ""},
    {.name = "container without the `video` capability",
     .finding = HYDRA_PROBE_NO_VIDEO,
     .words = "NVIDIA_DRIVER_CAPABILITIES=compute,video,utility",
     .course = NOT_TRIED,
     .libraries = "-no-video"},
    {.name = "libcuda lacks a function",
     .finding = HYDRA_PROBE_OLD_DRIVER,
     .words = "found one without cu",
     .course = NOT_TRIED,
     .libraries = "-no-cuda-symbol"},
    {.name = "libnvidia-encode lacks a function",
     .finding = HYDRA_PROBE_OLD_DRIVER,
     .words = "found one without NvEncodeAPI",
     .course = NOT_TRIED,
     .libraries = "-no-nvenc-symbol"},
    {.name = "driver older than FFmpeg wants",
     .settings = {"api 11.0"},
     .finding = HYDRA_PROBE_OLD_DRIVER,
     .words = "470.57.02 (NVENC 11.1) or newer is needed",
     .course = NOT_TRIED},
    {.name = "libcuda and kernel module differ (803)",
     .settings = {"fault cuInit@1+=CUDA_SYSTEM_DRIVER_MISMATCH"},
     .finding = HYDRA_PROBE_BROKEN_DRIVER,
     .words = "do not fit together",
     .course = NOT_TRIED},
    {.name = "cuda-compat that does not fit (804)",
     .settings = {"fault cuInit@1+=CUDA_COMPAT_NOT_SUPPORTED"},
     .finding = HYDRA_PROBE_BROKEN_DRIVER,
     .words = "keep libraries for forward compatibility (cuda-compat) out",
     .course = NOT_TRIED},
    {.name = "cuInit fails (999)",
     .settings = {"fault cuInit@1+=CUDA_UNKNOWN"},
     .finding = HYDRA_PROBE_BROKEN_DRIVER,
     .words = "does not start",
     .course = NOT_TRIED},
    {.name = "process forked from one with CUDA (3)",
     .settings = {"fault cuInit@1+=3"},
     .finding = HYDRA_PROBE_BROKEN_DRIVER,
     .words = "forked from one that uses CUDA",
     .course = NOT_TRIED},
    {.name = "sandbox without GPUs (304)",
     .settings = {"fault cuInit@1+=304"},
     .finding = HYDRA_PROBE_BROKEN_DRIVER,
     .words = "the system refuses its calls",
     .course = NOT_TRIED},
    {.name = "driver hangs when it is loaded",
     .settings = {"fault cuInit=hang"},
     .finding = HYDRA_PROBE_STALLED,
     .words = "see whether nvidia-smi does",
     .course = NOT_TRIED,
     .hangs = true},
    {.name = "no GPU visible (100)",
     .settings = {"fault cuInit@1+=CUDA_NO_DEVICE"},
     .finding = HYDRA_PROBE_NO_GPU,
     .words = "--gpus all",
     .course = NOT_TRIED},
    {.name = "empty list of GPUs",
     .settings = {"gpus"},
     .finding = HYDRA_PROBE_NO_GPU,
     .words = "CUDA_VISIBLE_DEVICES",
     .course = NOT_TRIED},
    /* Opening */
    {.name = "GPU without an encoder",
     .settings = {"gpus NVIDIA A100:8.0:nonvenc"},
     .finding = HYDRA_PROBE_NO_ENCODER,
     .words = "has no encoder for H.264",
     .course = NOT_OPENED},
    {.name = "the same, another GPU has one",
     .settings = {"gpus NVIDIA A100:8.0:nonvenc;Tesla T4:7.5"},
     .course = ON_GPU},
    {.name = "GPU without HEVC",
     .settings = {"caps hevc.CODEC=0"},
     .finding = HYDRA_PROBE_NO_ENCODER,
     .words = "has no encoder for HEVC",
     .course = NOT_OPENED,
     .codec = HEVC},
    {.name = "session limit of the driver",
     .settings = {"max_sessions 1", "fault nvEncOpenEncodeSessionEx@1+=OUT_OF_MEMORY"},
     .finding = HYDRA_PROBE_BUSY,
     .words = "takes no further encoder session",
     .course = NOT_OPENED},
    {.name = "the same, one is free in time",
     .settings = {"fault nvEncOpenEncodeSessionEx@1=OUT_OF_MEMORY;"
                  "nvEncOpenEncodeSessionEx@2=OUT_OF_MEMORY"},
     .course = ON_GPU},
    {.name = "no video memory for a context",
     .settings = {"fault cuCtxCreate_v2@1+=CUDA_OOM"},
     .finding = HYDRA_PROBE_NO_MEMORY,
     .words = "has no video memory left",
     .course = NOT_OPENED},
    {.name = "no video memory for the encoder",
     .settings = {"fault nvEncInitializeEncoder@1+=OUT_OF_MEMORY"},
     .finding = HYDRA_PROBE_NO_MEMORY,
     .words = "has no video memory left",
     .course = NOT_OPENED},
    {.name = "no video memory for buffers",
     .settings = {"fault nvEncCreateInputBuffer@1+=OUT_OF_MEMORY"},
     .finding = HYDRA_PROBE_NO_MEMORY,
     .words = "has no video memory left",
     .course = NOT_OPENED},
    {.name = "video memory for half of the buffers",
     .settings = {"fault nvEncCreateBitstreamBuffer@10=OUT_OF_MEMORY"},
     .course = ON_GPU},
    {.name = "no B frames as references",
     .settings = {"caps BREF=0"},
     .course = ON_GPU,
     .profile = QUALITY},
    {.name = "no temporal AQ",
     .settings = {"caps TEMPORAL_AQ=0"},
     .course = ON_GPU,
     .profile = QUALITY},
    {.name = "no look-ahead",
     .settings = {"caps LOOKAHEAD=0"},
     .course = ON_GPU,
     .profile = QUALITY},
    {.name = "no B frames",
     .settings = {"caps NUM_MAX_BFRAMES=0"},
     .course = ON_GPU,
     .profile = QUALITY},
    {.name = "size not supported",
     .settings = {"caps WIDTH_MIN=320"},
     .finding = HYDRA_PROBE_NOT_SUPPORTED,
     .words = "not 160 x 96",
     .course = NOT_OPENED},
    {.name = "settings refused (8)",
     .settings = {"fault nvEncInitializeEncoder@1+=INVALID_PARAM"},
     .finding = HYDRA_PROBE_NOT_SUPPORTED,
     .words = "refuses the settings",
     .course = NOT_OPENED},
    {.name = "driver fails to open (20)",
     .settings = {"fault nvEncInitializeEncoder@1+=GENERIC"},
     .finding = HYDRA_PROBE_FAILED,
     .words = "does not open its encoder",
     .course = NOT_OPENED},
    {.name = "GPU lost before it opens",
     .settings = {"fault cuCtxCreate_v2=lost"},
     .finding = HYDRA_PROBE_LOST,
     .words = "was lost",
     .course = NOT_OPENED},
    {.name = "GPU lost while it opens",
     .settings = {"fault nvEncInitializeEncoder=lost"},
     .finding = HYDRA_PROBE_LOST,
     .words = "was lost",
     .course = NOT_OPENED,
     .leaks = SESSION},
    {.name = "device does not exist (5)",
     .settings = {"fault nvEncOpenEncodeSessionEx@1+=DEVICE_NOT_EXIST"},
     .finding = HYDRA_PROBE_LOST,
     .words = "was lost (NVENC error 5)",
     .course = NOT_OPENED,
     .leaks = CONTEXT},
    {.name = "hang while it opens",
     .settings = {"fault nvEncInitializeEncoder=hang"},
     .finding = HYDRA_PROBE_STALLED,
     .words = "gave no answer",
     .course = NOT_OPENED,
     .leaks = CONTEXT,
     .hangs = true},
    /* Encoding */
    {.name = "error at the first frame",
     .settings = {"fault nvEncEncodePicture@1=GENERIC"},
     .finding = HYDRA_PROBE_FAILED,
     .words = "did not encode",
     .course = MADE_AGAIN},
    {.name = "error in the middle",
     .settings = {"fault nvEncEncodePicture@25=GENERIC"},
     .finding = HYDRA_PROBE_FAILED,
     .words = "did not encode",
     .course = MADE_AGAIN,
     .frames = 24},
    {.name = "error at the last frame",
     .settings = {"fault nvEncEncodePicture@48=GENERIC"},
     .finding = HYDRA_PROBE_FAILED,
     .words = "did not encode",
     .course = MADE_AGAIN,
     .frames = 47},
    {.name = "error after the last frame",
     .settings = {"fault nvEncEncodePicture@49=GENERIC"},
     .finding = HYDRA_PROBE_FAILED,
     .words = "did not encode",
     .course = MADE_AGAIN,
     .frames = 48},
    {.name = "the encoder is busy for good (18)",
     .settings = {"fault nvEncEncodePicture@25+=ENCODER_BUSY"},
     .finding = HYDRA_PROBE_FAILED,
     .words = "did not encode",
     .course = MADE_AGAIN,
     .frames = 24},
    {.name = "locking a packet fails (8)",
     .settings = {"fault nvEncLockBitstream@25=INVALID_PARAM"},
     .finding = HYDRA_PROBE_FAILED,
     .words = "did not encode",
     .course = MADE_AGAIN,
     .frames = 38},
    {.name = "locking a packet fails (14)",
     .settings = {"fault nvEncLockBitstream@25=NOT_ENOUGH_BUFFER"},
     .finding = HYDRA_PROBE_FAILED,
     .words = "did not encode",
     .course = MADE_AGAIN,
     .frames = 38},
    {.name = "a packet is dropped as busy (18)",
     .settings = {"fault nvEncLockBitstream@25=ENCODER_BUSY"},
     .finding = HYDRA_PROBE_FAILED,
     .words = "lost 1 of 48 frames",
     .course = MADE_AGAIN,
     .frames = 48},
    {.name = "locking the last packet fails",
     .settings = {"fault nvEncLockBitstream@48=GENERIC"},
     .finding = HYDRA_PROBE_FAILED,
     .words = "did not encode",
     .course = MADE_AGAIN,
     .frames = 48},
    {.name = "device does not exist, in the middle",
     .settings = {"fault nvEncEncodePicture@25+=DEVICE_NOT_EXIST;"
                  "nvEncOpenEncodeSessionEx@2+=DEVICE_NOT_EXIST"},
     .finding = HYDRA_PROBE_LOST,
     .words = "was lost (NVENC error 5)",
     .course = MADE_AGAIN,
     .frames = 24,
     .leaks = CONTEXT},
    {.name = "GPU lost at the first frame",
     .settings = {"fault nvEncEncodePicture@1=lost"},
     .finding = HYDRA_PROBE_LOST,
     .words = "was lost",
     .course = MADE_AGAIN,
     .leaks = ALL},
    {.name = "GPU lost in the middle",
     .settings = {"fault nvEncEncodePicture@25=lost"},
     .finding = HYDRA_PROBE_LOST,
     .words = "was lost",
     .course = MADE_AGAIN,
     .frames = 24,
     .leaks = ALL},
    {.name = "GPU lost in the middle, HEVC",
     .settings = {"fault nvEncLockInputBuffer@25=lost"},
     .finding = HYDRA_PROBE_LOST,
     .words = "was lost",
     .course = MADE_AGAIN,
     .frames = 24,
     .leaks = ALL,
     .codec = HEVC},
    {.name = "GPU lost at the last frame",
     .settings = {"fault nvEncEncodePicture@48=lost"},
     .finding = HYDRA_PROBE_LOST,
     .words = "was lost",
     .course = MADE_AGAIN,
     .frames = 47,
     .leaks = ALL},
    {.name = "GPU lost after the last frame",
     .settings = {"fault nvEncEncodePicture@49=lost"},
     .finding = HYDRA_PROBE_LOST,
     .words = "was lost",
     .course = MADE_AGAIN,
     .frames = 48,
     .leaks = ALL},
    {.name = "GPU lost at the last packet",
     .settings = {"fault nvEncLockBitstream@48=lost"},
     .finding = HYDRA_PROBE_LOST,
     .words = "was lost",
     .course = MADE_AGAIN,
     .frames = 48,
     .leaks = ALL},
    {.name = "memory of the GPU is damaged (214)",
     .settings = {"fault cuCtxPushCurrent_v2@50+=CUDA_ECC"},
     .finding = HYDRA_PROBE_LOST,
     .words = "ECC",
     .course = MADE_AGAIN,
     .frames = 20,
     .leaks = ALL},
    {.name = "hang at the first frame",
     .settings = {"fault nvEncEncodePicture@1=hang"},
     .finding = HYDRA_PROBE_STALLED,
     .words = "gave no answer",
     .course = MADE_AGAIN,
     .leaks = CONTEXT,
     .hangs = true},
    {.name = "hang in the middle",
     .settings = {"fault nvEncEncodePicture@25=hang"},
     .finding = HYDRA_PROBE_STALLED,
     .words = "gave no answer",
     .course = MADE_AGAIN,
     .frames = 24,
     .leaks = CONTEXT,
     .hangs = true},
    {.name = "hang at a packet",
     .settings = {"fault nvEncLockBitstream@25=hang"},
     .finding = HYDRA_PROBE_STALLED,
     .words = "gave no answer",
     .course = MADE_AGAIN,
     .frames = 38,
     .leaks = CONTEXT,
     .hangs = true},
    {.name = "hang at the last packet",
     .settings = {"fault nvEncLockBitstream@48=hang"},
     .finding = HYDRA_PROBE_STALLED,
     .words = "gave no answer",
     .course = MADE_AGAIN,
     .frames = 48,
     .leaks = CONTEXT,
     .hangs = true},
    /* Closing: the video is complete */
    {.name = "error at the close",
     .settings = {"fault nvEncDestroyEncoder=GENERIC"},
     .course = ON_GPU,
     .leaks = 1},
    {.name = "GPU lost at the close",
     .settings = {"fault nvEncDestroyEncoder=lost"},
     .course = ON_GPU,
     .leaks = SESSION},
    {.name = "hang at the close",
     .settings = {"fault nvEncDestroyEncoder=hang"},
     .course = ON_GPU,
     .leaks = CONTEXT,
     .hangs = true},
};
#define CASES (sizeof cases / sizeof *cases)

static char *folder;
static const char *page; /* docs/gpu.md */

/* ---- One render ---- */

typedef struct trial {
    const fault_case *fault;
    bool strict;
    bool has_standin;
    char *path;
    case_census before;
    case_outcome outcome;
    int32_t finding; /* that the context gives for nvenc afterwards */
    hydra_context *context;
} trial;

#define check(t, holds)                                                                            \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            fail_trial((t), __LINE__, #holds);                                                     \
        }                                                                                          \
    } while (0)

static void fail_trial(const trial *t, int line, const char *what)
{
    const case_outcome *o = &t->outcome;
    fprintf(stderr, "%s, %s: line %d: not %s\n", t->fault->name, t->strict ? "strict" : "auto",
            line, what);
    fprintf(stderr, "  %s \"%s\", reason \"%s\"\n", hydra_status_name(o->status), o->text,
            o->reason);
    for (int32_t i = 0; i < o->attempt_count; i++) {
        const hydra_attempt *a = &o->attempts[i];
        fprintf(stderr, "  attempt %d: %s, %lld frames, %s, %s \"%s\"\n", (int)i, a->name,
                (long long)a->frames, hydra_status_name(a->status), hydra_finding_name(a->finding),
                a->text);
    }
    if (t->has_standin) {
        fprintf(stderr, "  leaks %lld\n", count("leaks"));
    }
    fail();
}

static bool is_about_open(const fault_case *fault)
{
    return fault->course == NOT_TRIED || fault->course == NOT_OPENED;
}

static void begin(trial *t)
{
    const fault_case *fault = t->fault;
    if (t->has_standin) {
        assert_int_equal(standin_reset(NULL), 0);
    }
    for (size_t i = 0; t->has_standin && i < 3 && fault->settings[i]; i++) {
        assert_int_equal(control("%s", fault->settings[i]), 0);
    }
    t->before = case_census_take();
}

static void render(trial *t)
{
    const fault_case *fault = t->fault;
    const case_context options = {
        .stall_us = fault->hangs ? STALL_US : 0,
    };
    int32_t profile = fault->profile ? fault->profile : DEFAULT;
    hydra_render_options how =
        case_options(t->strict ? HYDRA_ENCODER_NVENC : HYDRA_ENCODER_AUTO, fault->codec, profile);
    if (is_about_open(fault)) {
        how.gpu_wait_us = 0;
    }
    t->context = case_context_new(&options);
    hydra_compose *c = t->context ? case_compose(t->context, FRAMES) : NULL;
    assert_non_null(c);
    case_outcome_take(c, hydra_compose_render(c, t->path, &how), &t->outcome);
    hydra_compose_free(c);
}

static int32_t finding_of(hydra_context *context)
{
    hydra_encoder_info info = {.struct_size = sizeof info};
    for (int32_t i = 0; i < hydra_encoder_count(); i++) {
        if (hydra_encoder_probe(context, i, &info) == HYDRA_OK &&
            info.encoder == HYDRA_ENCODER_NVENC) {
            return info.finding;
        }
    }
    return -1;
}

/* ---- What came of it ---- */

static const char *fallback_of(const fault_case *fault)
{
    return fault->codec == HEVC ? "x265" : "x264";
}

static hydra_status strict_status(const fault_case *fault)
{
    switch (fault->finding) {
    case HYDRA_PROBE_BUSY:
        return HYDRA_ERR_BUSY;
    case HYDRA_PROBE_NO_MEMORY:
    case HYDRA_PROBE_LOST:
    case HYDRA_PROBE_STALLED:
    case HYDRA_PROBE_FAILED:
        return HYDRA_ERR_ENCODER;
    default:
        return HYDRA_ERR_UNSUPPORTED;
    }
}

static void check_file(const trial *t)
{
    size_t size;
    uint8_t *file = test_read_file(t->path, &size);
    const char *wrong = case_video_fault(file, size, FRAMES);
    if (wrong) {
        fail_trial(t, __LINE__, wrong);
    }
    free(file);
    check(t, t->outcome.result.frames == FRAMES);
    check(t, t->outcome.result.duration_us == FRAMES * INT64_C(1000000) / 30);
    check(t, test_count_entries(folder) == 1);
    assert_int_equal(unlink(t->path), 0);
}

static void check_failed_attempt(const trial *t)
{
    const hydra_attempt *first = &t->outcome.attempts[0];
    check(t, first->encoder == HYDRA_ENCODER_NVENC);
    check(t, first->finding == t->fault->finding);
    check(t, first->status == strict_status(t->fault));
    check(t, first->frames == t->fault->frames);
    check(t, strstr(first->text, t->fault->words));
}

static void check_strict(const trial *t)
{
    const case_outcome *o = &t->outcome;
    check(t, o->status == strict_status(t->fault));
    check(t, strstr(o->text, t->fault->words));
    check(t, o->attempt_count == (t->fault->course != NOT_TRIED));
    check(t, test_count_entries(folder) == 0);
}

static void check_auto(const trial *t)
{
    const case_outcome *o = &t->outcome;
    check(t, o->status == HYDRA_OK);
    check(t, strcmp(o->result.encoder, fallback_of(t->fault)) == 0);
    check(t, strstr(o->reason, t->fault->words));
    check(t, o->attempt_count == (t->fault->course == NOT_TRIED ? 1 : 2));
    check(t, o->result.attempts == o->attempt_count);
    check_file(t);
}

static void check_outcome(const trial *t)
{
    const case_outcome *o = &t->outcome;
    if (t->fault->course == ON_GPU) {
        check(t, o->status == HYDRA_OK);
        check(t, strcmp(o->result.encoder, "nvenc") == 0);
        check(t, o->attempt_count == 1);
        check_file(t);
        return;
    }
    if (t->strict) {
        check_strict(t);
    } else {
        check_auto(t);
    }
    if (t->fault->course == NOT_TRIED) {
        check(t, t->finding == t->fault->finding);
    } else {
        check_failed_attempt(t);
    }
}

/* Nothing may be left, but for what the driver keeps. */
static void check_remains(const trial *t)
{
    if (t->fault->hangs) {
        check(t, count("hanging") == 1);
        check(t, case_census_holds(&t->before, 1));
        assert_int_equal(control("release"), 0);
        check(t, case_census_holds(&t->before, 0)); /* the lane has cleared up */
    }
    if (t->has_standin) {
        check(t, count("leaks") == t->fault->leaks);
        assert_int_equal(control("purge"), 0); /* with the threads of what codes in there */
        check(t, count("leaks") == 0);
    }
    check(t, case_census_holds(&t->before, 0));
}

static void try_case(const fault_case *fault, bool strict, bool has_standin)
{
    trial t = {.fault = fault, .strict = strict, .has_standin = has_standin};
    t.path = test_path(folder, "video.mp4");
    begin(&t);
    render(&t);
    t.finding = fault->course == NOT_TRIED ? finding_of(t.context) : HYDRA_PROBE_OK;
    hydra_context_free(t.context);
    check_outcome(&t);
    check_remains(&t);
    free(t.path);
}

/* ---- Runs ---- */

static const fault_case *only; /* NULL = all of the stand-in */

/* The program itself, with other libraries of the driver. */
static void run_with_libraries(size_t number)
{
    char argument[16];
    (void)snprintf(argument, sizeof argument, "%zu", number);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char path[4096];
        const char *folders = getenv("LD_LIBRARY_PATH"); /* the last one counts */
        const char *last = strrchr(folders, ':') ? strrchr(folders, ':') + 1 : folders;
        const char *libraries = cases[number].libraries;
        (void)snprintf(path, sizeof path, "%s%s", libraries[0] ? last : "", libraries);
        (void)setenv("LD_LIBRARY_PATH", path, 1);
        (void)execl("/proc/self/exe", "test_render_faults", "--case", argument, (char *)NULL);
        _exit(126);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 77)) {
        fail_msg("%s: a process of its own fails", cases[number].name);
    }
}

static void every_fault(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        if (cases[i].libraries) {
            run_with_libraries(i);
        } else {
            try_case(&cases[i], false, true);
            try_case(&cases[i], true, true);
        }
    }
}

static const fault_case *case_named(const char *name)
{
    for (size_t i = 0; i < CASES; i++) {
        if (strcmp(cases[i].name, name) == 0) {
            return &cases[i];
        }
    }
    fail_msg("no case \"%s\"", name);
    return NULL;
}

static long memory_kb(void)
{
    (void)malloc_trim(0);
    return (long)(mallinfo2().uordblks / 1024);
}

/* What libavcodec keeps of its own of a session that is lost, beside the driver's. */
static void a_lost_gpu_costs_little(void **state)
{
    (void)state;
    const fault_case *fault = case_named("GPU lost in the middle");
    try_case(fault, true, true);
    long before_kb = memory_kb();
    for (int i = 0; i < LOSSES; i++) {
        try_case(fault, true, true);
    }
    long each_kb = (memory_kb() - before_kb) / LOSSES;
    print_message("a lost GPU costs %ld KB\n", each_kb);
    assert_true(each_kb <= MOST_LOST_KB);
}

static void one_fault(void **state)
{
    (void)state;
    try_case(only, false, false);
    try_case(only, true, false);
}

/* ---- The page ---- */

static void write_job(const fault_case *fault, FILE *out)
{
    const char *encoder = fallback_of(fault);
    const char *status = hydra_status_name(strict_status(fault));
    switch (fault->course) {
    case ON_GPU:
        fprintf(out, "made by nvenc");
        break;
    case NOT_TRIED:
    case NOT_OPENED:
        fprintf(out, "%s / `%s`", encoder, status);
        break;
    case MADE_AGAIN:
        fprintf(out, "anew with %s after %lld frames / `%s`", encoder, (long long)fault->frames,
                status);
        break;
    }
}

static void write_row(const fault_case *fault, FILE *out)
{
    fprintf(out, "| %s | ", fault->name);
    if (fault->finding != HYDRA_PROBE_OK) {
        fprintf(out, "`%s` | %s", hydra_finding_name(fault->finding), fault->words);
    } else {
        fprintf(out, "| ");
    }
    fprintf(out, " | ");
    write_job(fault, out);
    fprintf(out, fault->leaks ? " | %d |\n" : " | none |\n", fault->leaks);
}

/* The table of the page is that of the cases, row by row. */
static void the_page_has_every_fault(void **state)
{
    (void)state;
    char *table = NULL;
    size_t size;
    FILE *out = open_memstream(&table, &size);
    assert_non_null(out);
    fprintf(out,
            "| fault | class | message | the job | leaks |\n| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < CASES; i++) {
        write_row(&cases[i], out);
    }
    fprintf(out, "\n");
    (void)fclose(out);
    uint8_t *file = test_read_file(page, &size);
    char *text = strndup((const char *)file, size);
    assert_non_null(text);
    free(file);
    if (!strstr(text, table)) {
        fprintf(stderr, "%s: the table of faults should be:\n%s", page, table);
        fail();
    }
    free(text);
    free(table);
}

static int open_folder(void **state)
{
    folder = test_folder_new();
    return only ? 0 : standin_open(state);
}

static int close_folder(void **state)
{
    (void)state;
    test_folder_free(folder);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--case") == 0) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(one_fault)};
        only = &cases[strtoul(argv[2], NULL, 10)];
        return cmocka_run_group_tests(tests, open_folder, close_folder);
    }
    if (argc != 2) {
        return 2;
    }
    page = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault),
        cmocka_unit_test(a_lost_gpu_costs_little),
        cmocka_unit_test(the_page_has_every_fault),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}

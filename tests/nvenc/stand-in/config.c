/* SPDX-License-Identifier: MIT */
/* The settings of the stand-in: from the environment at first use, later from fakenv_control. */
#include "state.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEFAULT_GPU "Tesla T4:7.5"

pthread_mutex_t fakenv_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct fakenv_config config = {
    .api_major = 11,
    .api_minor = 1,
    .cuda_version = 11040,
    .engines = 1,
    .packet_bytes = 33000, /* 8 Mbit/s at 30 frames a second */
    .hang_ms = 60000,
};

bool fakenv_parse_long(const char *text, long max, long *value)
{
    char *end;

    errno = 0;
    const long number = strtol(text, &end, 10);
    if (errno || end == text || *end || number < 0 || number > max)
        return false;
    *value = number;
    return true;
}

static bool parse_int(const char *text, int *value)
{
    long number;

    if (!fakenv_parse_long(text, INT_MAX, &number))
        return false;
    *value = (int)number;
    return true;
}

/* "GPU-01020304-..." or only the digits. */
static bool parse_uuid(const char *text, uint8_t uuid[16])
{
    int digits = 0;

    if (!strncmp(text, "GPU-", 4))
        text += 4;
    memset(uuid, 0, 16);
    for (; *text; text++) {
        const char digit[] = {*text, 0};
        char *end;
        if (*text == '-')
            continue;
        const unsigned long value = strtoul(digit, &end, 16);
        if (*end || digits == 32)
            return false;
        uuid[digits / 2] = (uint8_t)(uuid[digits / 2] << 4 | value);
        digits++;
    }
    return digits == 32;
}

static bool parse_gpu_option(char *option, struct fakenv_gpu *gpu)
{
    long mebibytes;

    if (!strcmp(option, "nonvenc")) {
        gpu->has_nvenc = false;
        return true;
    }
    if (!strncmp(option, "mem=", 4)) {
        if (!fakenv_parse_long(option + 4, 1L << 30, &mebibytes))
            return false;
        gpu->memory_bytes = (uint64_t)mebibytes << 20;
        return true;
    }
    if (!strncmp(option, "uuid=", 5))
        return parse_uuid(option + 5, gpu->uuid);
    return sscanf(option, "pci=%x:%x:%x", &gpu->pci_domain, &gpu->pci_bus, &gpu->pci_device) == 3;
}

/* "NAME:MAJOR.MINOR[:OPTION,...]" */
static bool parse_gpu(char *text, int index, struct fakenv_gpu *gpu)
{
    int used = 0;

    *gpu = (struct fakenv_gpu){
        .has_nvenc = true,
        .memory_bytes = UINT64_C(15360) << 20,
        .pci_bus = (unsigned)index + 1,
        .uuid[15] = (uint8_t)(index + 1),
    };
    if (sscanf(text, "%63[^:]:%d.%d%n", gpu->name, &gpu->major, &gpu->minor, &used) != 3)
        return false;
    text += used;
    if (!*text)
        return true;
    if (*text++ != ':')
        return false;
    for (char *option; (option = strsep(&text, ","));)
        if (!parse_gpu_option(option, gpu))
            return false;
    return true;
}

static bool set_gpus(const char *value)
{
    struct fakenv_gpu gpus[FAKENV_MAX_GPUS];
    char *copy = strdup(value), *rest = copy;
    int count = 0;
    bool ok = copy;

    for (char *text; ok && (text = strsep(&rest, ";"));) {
        if (*text)
            ok = count < FAKENV_MAX_GPUS && parse_gpu(text, count, &gpus[count]) && ++count;
    }
    free(copy);
    if (!ok)
        return false;
    memcpy(config.gpus, gpus, sizeof(*gpus) * (size_t)count);
    config.gpu_count = count;
    return true;
}

static bool parse_version(const char *value, int *major, int *minor)
{
    int used = 0, parsed[2];

    if (sscanf(value, "%d.%d%n", &parsed[0], &parsed[1], &used) != 2 || value[used])
        return false;
    *major = parsed[0];
    *minor = parsed[1];
    return true;
}

static bool set_api(const char *value)
{
    return parse_version(value, &config.api_major, &config.api_minor);
}

static bool set_cuda(const char *value)
{
    int major, minor;

    if (!parse_version(value, &major, &minor))
        return false;
    config.cuda_version = major * 1000 + minor * 10;
    return true;
}

static bool set_caps(const char *value)
{
    if (strlen(value) + 3 > sizeof(config.caps))
        return false;
    snprintf(config.caps, sizeof(config.caps), ",%s,", value);
    return true;
}

static bool set_max_sessions(const char *value)
{
    return parse_int(value, &config.max_sessions);
}

static bool set_max_sessions_per_gpu(const char *value)
{
    return parse_int(value, &config.max_sessions_per_gpu);
}

static bool set_vram_mb(const char *value)
{
    long mebibytes;

    if (!fakenv_parse_long(value, 1L << 30, &mebibytes))
        return false;
    config.vram_bytes = (uint64_t)mebibytes << 20;
    return true;
}

static bool set_encoder(const char *value)
{
    config.null_encoder = !strcmp(value, "null");
    return config.null_encoder || !*value;
}

static bool set_headers(const char *value)
{
    config.plain_headers = !strcmp(value, "plain");
    config.rounded_headers = !strcmp(value, "rounded");
    return config.plain_headers || config.rounded_headers || !*value;
}

static bool set_fps(const char *value)
{
    char *end;
    const double fps = strtod(value, &end);

    if (*end || !(fps >= 0))
        return false;
    config.fps = fps;
    return true;
}

static bool set_engines(const char *value)
{
    int engines;

    if (!parse_int(value, &engines) || engines < 1 || engines > FAKENV_MAX_ENGINES)
        return false;
    config.engines = engines;
    return true;
}

static bool set_packet_bytes(const char *value)
{
    long bytes;

    if (!fakenv_parse_long(value, 1 << 24, &bytes))
        return false;
    config.packet_bytes = (size_t)bytes;
    return true;
}

static bool set_hang_ms(const char *value)
{
    return parse_int(value, &config.hang_ms);
}

static bool set_seed(const char *value)
{
    long seed;

    if (!fakenv_parse_long(value, UINT_MAX, &seed))
        return false;
    fakenv_set_seed((unsigned)seed);
    return true;
}

static bool set_lost(const char *value)
{
    int lost;

    if (!parse_int(value, &lost))
        return false;
    fakenv_set_lost(lost);
    return true;
}

static const struct setting {
    const char *variable;
    bool (*set)(const char *value);
} settings[] = {
    {"FAKENV_GPUS", set_gpus},
    {"FAKENV_API", set_api},
    {"FAKENV_CUDA", set_cuda},
    {"FAKENV_CAPS", set_caps},
    {"FAKENV_MAX_SESSIONS", set_max_sessions},
    {"FAKENV_MAX_SESSIONS_PER_GPU", set_max_sessions_per_gpu},
    {"FAKENV_VRAM_MB", set_vram_mb},
    {"FAKENV_ENCODER", set_encoder},
    {"FAKENV_HEADERS", set_headers},
    {"FAKENV_FPS", set_fps},
    {"FAKENV_ENGINES", set_engines},
    {"FAKENV_PACKET_BYTES", set_packet_bytes},
    {"FAKENV_HANG_MS", set_hang_ms},
    {"FAKENV_SEED", set_seed},
    {"FAKENV_LOST", set_lost},
    {"FAKENV_FAULT", fakenv_parse_faults},
    {"FAKENV_TRACE", fakenv_open_trace},
};

bool fakenv_set(const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
        if (!strcasecmp(settings[i].variable + strlen("FAKENV_"), name))
            return settings[i].set(value);
    return false;
}

/* A test with a wrong setting would test nothing: it ends here. */
static void init(void)
{
    pthread_mutex_lock(&fakenv_lock);
    set_gpus(DEFAULT_GPU);
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
        const char *value = getenv(settings[i].variable);
        if (!value || settings[i].set(value))
            continue;
        fprintf(stderr, "%s=%s: not understood\n", settings[i].variable, value);
        abort();
    }
    pthread_mutex_unlock(&fakenv_lock);
}

void fakenv_init(void)
{
    pthread_once(&once, init);
}

struct fakenv_config fakenv_config(void)
{
    fakenv_init();
    pthread_mutex_lock(&fakenv_lock);
    const struct fakenv_config copy = config;
    pthread_mutex_unlock(&fakenv_lock);
    return copy;
}

int fakenv_capability(const char *codec, const char *name, int value)
{
    const struct fakenv_config now = fakenv_config();
    char key[80];

    snprintf(key, sizeof(key), ",%s.%s=", codec, name);
    const char *found = strstr(now.caps, key);
    if (!found) {
        snprintf(key, sizeof(key), ",%s=", name);
        found = strstr(now.caps, key);
    }
    return found ? (int)strtol(found + strlen(key), NULL, 10) : value;
}

/* SPDX-License-Identifier: MIT */
/* Loading libcuda.so.1 and libnvidia-encode.so.1, their versions, and the list of GPUs. */
#include "gpu_cuda.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* As drivers tell theirs. */
#define NVENC_API (NVENCAPI_MAJOR_VERSION << 4 | NVENCAPI_MINOR_VERSION)

#define CONTAINER_CAPABILITIES "NVIDIA_DRIVER_CAPABILITIES=compute,video,utility"

void hy_gpu_note_missing(void *note, const char *format, const char *name)
{
    (void)format;
    (void)snprintf(note, HY_GPU_NOTE_BYTES, "%s", name);
}

const char *hy_codec_name(int32_t codec)
{
    return codec == HYDRA_CODEC_HEVC ? "HEVC" : "H.264";
}

/* The version of the kernel module, "" where it cannot be told. */
static void read_module_version(char *version, size_t size)
{
    char line[256] = "";
    version[0] = '\0';
    FILE *file = fopen("/proc/driver/nvidia/version", "re");
    if (!file) {
        return;
    }
    char *rest = fgets(line, sizeof line, file);
    (void)fclose(file);
    for (char *word; (word = strsep(&rest, " \t\n"));) {
        if (isdigit((unsigned char)word[0]) && strchr(word, '.')) {
            (void)snprintf(version, size, "%s", word);
            return;
        }
    }
}

/* ---- Loading ---- */

/* The first driver for Linux whose encoder has the interface of the headers that we are built
 * with. */
static const char *needed_driver(void)
{
    static const struct {
        int api; /* major << 4 | minor */
        const char *version;
    } firsts[] = {
        {0xb0, "455.28"},    {0xb1, "470.57.02"}, {0xc0, "520.56.06"},
        {0xc1, "530.41.03"}, {0xc2, "550.54.14"}, {0xd0, "570"},
    };
    size_t i = 0;
    while (i + 1 < sizeof firsts / sizeof firsts[0] && firsts[i].api < NVENC_API) {
        i++;
    }
    return firsts[i].version;
}

static int32_t fail_old(hy_gpu_fault *fault, const char *found)
{
    char module[64];
    read_module_version(module, sizeof module);
    return hy_gpu_fail(fault, HYDRA_PROBE_OLD_DRIVER,
                       "the NVIDIA driver is too old: version %s (NVENC %d.%d) or newer is needed, "
                       "found %s%s%s; update the driver",
                       needed_driver(), NVENCAPI_MAJOR_VERSION, NVENCAPI_MINOR_VERSION, module,
                       module[0] ? ", " : "", found);
}

static int32_t fail_memory(hy_gpu_fault *fault)
{
    return hy_gpu_fail(fault, HYDRA_PROBE_FAILED, "no memory to load the NVIDIA driver");
}

/* A library that was not found, or found and cannot be used. `note` names what was missing. */
static int32_t fail_loading(hy_gpu_fault *fault, const char *library, const char *note,
                            int32_t finding, const char *advice)
{
    const char *cause = dlerror();
    if (!note[0]) {
        return fail_memory(fault);
    }
    if (strcmp(note, library) != 0) {
        char found[HY_GPU_NOTE_BYTES + 32];
        (void)snprintf(found, sizeof found, "one without %s", note);
        return fail_old(fault, found);
    }
    size_t length = strlen(library);
    if (cause && strncmp(cause, library, length) != 0) { /* one that it needs itself */
        return hy_gpu_fail(fault, HYDRA_PROBE_BROKEN_DRIVER,
                           "%s cannot be loaded: %.300s; reinstall the NVIDIA driver", library,
                           cause);
    }
    return hy_gpu_fail(fault, finding, "%s", advice);
}

static int32_t load_cuda(hy_gpu_driver *driver, hy_gpu_fault *fault)
{
    char note[HY_GPU_NOTE_BYTES] = "";
    (void)dlerror();
    if (cuda_load_functions(&driver->cuda, note) != 0) {
        return fail_loading(fault, "libcuda.so.1", note, HYDRA_PROBE_NO_DRIVER,
                            "libcuda.so.1 is missing: install the NVIDIA driver; start a container "
                            "with the host's GPUs (--gpus all) "
                            "and " CONTAINER_CAPABILITIES);
    }
    driver->version = (hy_cu_version_fn *)dlsym(driver->cuda->lib, "cuDriverGetVersion");
    driver->total_memory = (hy_cu_memory_fn *)dlsym(driver->cuda->lib, "cuDeviceTotalMem_v2");
    driver->memory_info = (hy_cu_info_fn *)dlsym(driver->cuda->lib, "cuMemGetInfo_v2");
    driver->synchronize = (hy_cu_synchronize_fn *)dlsym(driver->cuda->lib, "cuCtxSynchronize");
    if (!driver->version || !driver->total_memory || !driver->memory_info || !driver->synchronize) {
        return fail_old(fault, "a libcuda.so.1 that lacks functions");
    }
    return HYDRA_PROBE_OK;
}

static int32_t load_encoder(hy_gpu_driver *driver, hy_gpu_fault *fault)
{
    char note[HY_GPU_NOTE_BYTES] = "";
    (void)dlerror();
    if (nvenc_load_functions(&driver->nvenc, note) != 0) {
        return fail_loading(fault, "libnvidia-encode.so.1", note, HYDRA_PROBE_NO_VIDEO,
                            "libnvidia-encode.so.1 is missing: start the container "
                            "with " CONTAINER_CAPABILITIES
                            "; on the host itself install the driver's part for encoding");
    }
    uint32_t version = 0;
    NVENCSTATUS status = driver->nvenc->NvEncodeAPIGetMaxSupportedVersion(&version);
    if (status != NV_ENC_SUCCESS) {
        return hy_gpu_fail(fault, HYDRA_PROBE_BROKEN_DRIVER,
                           "libnvidia-encode.so.1 does not tell its version (error %d); reinstall "
                           "the NVIDIA driver",
                           (int)status);
    }
    if (version < NVENC_API) {
        char found[32];
        (void)snprintf(found, sizeof found, "NVENC %u.%u", version >> 4, version & 0xf);
        return fail_old(fault, found);
    }
    driver->encode.version = NV_ENCODE_API_FUNCTION_LIST_VER;
    status = driver->nvenc->NvEncodeAPICreateInstance(&driver->encode);
    if (status != NV_ENC_SUCCESS) {
        return hy_gpu_fail(fault, HYDRA_PROBE_BROKEN_DRIVER,
                           "libnvidia-encode.so.1 does not start (error %d); reinstall the NVIDIA "
                           "driver",
                           (int)status);
    }
    return HYDRA_PROBE_OK;
}

const char *hy_gpu_cuda_error(const hy_gpu_driver *driver, CUresult result)
{
    const char *name = NULL;
    if (driver->cuda->cuGetErrorName(result, &name) != CUDA_SUCCESS || !name) {
        name = "an unknown error";
    }
    return name;
}

static int32_t fail_no_gpu(hy_gpu_fault *fault)
{
    return hy_gpu_fail(fault, HYDRA_PROBE_NO_GPU,
                       "the NVIDIA driver sees no GPU: start the container with --gpus all (or "
                       "NVIDIA_VISIBLE_DEVICES=all), and look whether CUDA_VISIBLE_DEVICES hides "
                       "them");
}

static const char *explain_start(CUresult result)
{
    switch ((int)result) {
    case HY_CUDA_NOT_INITIALIZED:
        return "this process was forked from one that uses CUDA; start it as a program of its own "
               "(exec; in Python's multiprocessing the method spawn)";
    case HY_CUDA_OPERATING_SYSTEM:
        return "the system refuses its calls; a container needs the host's devices (/dev/nvidia*), "
               "and a sandbox like gVisor support for GPUs with the capabilities compute and video";
    default:
        return "its libraries and its kernel module do not fit together; reboot after an update, "
               "and keep libraries for forward compatibility (cuda-compat) out of the container, "
               "which needs the host's /dev/nvidia-uvm, too";
    }
}

static int32_t start(hy_gpu_driver *driver, hy_gpu_fault *fault)
{
    CUresult result = driver->cuda->cuInit(0);
    if (result == HY_CUDA_NO_DEVICE) {
        return fail_no_gpu(fault);
    }
    if (result != CUDA_SUCCESS) {
        return hy_gpu_fail(fault, HYDRA_PROBE_BROKEN_DRIVER,
                           "the NVIDIA driver does not start (%s, %d): %s",
                           hy_gpu_cuda_error(driver, result), (int)result, explain_start(result));
    }
    if (driver->version(&driver->cuda_version) != CUDA_SUCCESS) {
        driver->cuda_version = 0;
    }
    return HYDRA_PROBE_OK;
}

int32_t hy_gpu_driver_open(hy_gpu_driver **out, hy_gpu_fault *fault)
{
    *out = NULL;
    hy_gpu_driver *driver = hy_calloc(1, sizeof *driver);
    if (!driver) {
        return fail_memory(fault);
    }
    atomic_init(&driver->references, 1);
    int32_t finding = load_cuda(driver, fault);
    if (finding == HYDRA_PROBE_OK) {
        finding = load_encoder(driver, fault);
    }
    if (finding == HYDRA_PROBE_OK) {
        finding = start(driver, fault);
    }
    if (finding != HYDRA_PROBE_OK) {
        hy_gpu_driver_unref(driver);
        return finding;
    }
    *out = driver;
    return HYDRA_PROBE_OK;
}

hy_gpu_driver *hy_gpu_driver_ref(hy_gpu_driver *driver)
{
    atomic_fetch_add(&driver->references, 1);
    return driver;
}

void hy_gpu_driver_unref(hy_gpu_driver *driver)
{
    if (driver && atomic_fetch_sub(&driver->references, 1) == 1) {
        nvenc_free_functions(&driver->nvenc);
        cuda_free_functions(&driver->cuda);
        hy_free(driver);
    }
}

/* ---- Devices ---- */

static void write_uuid(const CUuuid *uuid, char *text, size_t size)
{
    const unsigned char *b = (const unsigned char *)uuid->bytes;
    (void)snprintf(text, size,
                   "GPU-%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                   b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
                   b[14], b[15]);
}

/* What a driver does not tell of a GPU is no reason to leave it alone. */
static CUresult describe(const hy_gpu_driver *driver, int32_t index, hy_gpu_device *device)
{
    CUdevice cuda;
    CUuuid uuid = {{0}};
    size_t bytes = 0;
    *device = (hy_gpu_device){.index = index, .driver_version = driver->cuda_version};
    CUresult result = driver->cuda->cuDeviceGet(&cuda, index);
    if (result != CUDA_SUCCESS) {
        return result;
    }
    if (driver->cuda->cuDeviceGetName(device->name, (int)sizeof device->name, cuda) !=
        CUDA_SUCCESS) {
        (void)snprintf(device->name, sizeof device->name, "without a name");
    }
    if (driver->total_memory(&bytes, cuda) == CUDA_SUCCESS) {
        device->memory_bytes = (int64_t)bytes;
    }
    if (driver->cuda->cuDeviceGetUuid &&
        driver->cuda->cuDeviceGetUuid(&uuid, cuda) == CUDA_SUCCESS) {
        write_uuid(&uuid, device->uuid, sizeof device->uuid);
    }
    return CUDA_SUCCESS;
}

int32_t hy_gpu_driver_list(const hy_gpu_driver *driver, hy_gpu_device *list, int32_t *count,
                           hy_gpu_fault *fault)
{
    int found = 0;
    *count = 0;
    CUresult result = driver->cuda->cuDeviceGetCount(&found);
    if (result == CUDA_SUCCESS && found == 0) {
        return fail_no_gpu(fault);
    }
    for (int32_t i = 0; result == CUDA_SUCCESS && i < found && i < HY_GPU_DEVICES; i++) {
        result = describe(driver, i, &list[i]);
        *count = i + 1;
    }
    if (result != CUDA_SUCCESS) {
        return hy_gpu_fail(fault, HYDRA_PROBE_BROKEN_DRIVER,
                           "the NVIDIA driver does not list its GPUs (%s, %d); see whether "
                           "nvidia-smi does",
                           hy_gpu_cuda_error(driver, result), (int)result);
    }
    return HYDRA_PROBE_OK;
}

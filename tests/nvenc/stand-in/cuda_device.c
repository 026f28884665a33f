/* SPDX-License-Identifier: MIT */
/* libcuda.so.1: start, versions, devices, and the texts of errors. */
#include "cuda.h"

#include <stdio.h>
#include <string.h>

/* Attributes that dynlink_cuda.h does not name. */
enum {
    PCI_BUS_ID = 33,
    PCI_DEVICE_ID = 34,
    PCI_DOMAIN_ID = 50
};

static bool initialised;

/* Fills `gpu`; false: there is no such device. */
static bool find_gpu(CUdevice device, struct fakenv_gpu *gpu)
{
    const struct fakenv_config config = fakenv_config();

    if (device < 0 || device >= config.gpu_count)
        return false;
    *gpu = config.gpus[device];
    return true;
}

#define FIND_GPU(device)                                                                           \
    struct fakenv_gpu gpu;                                                                         \
    if (!find_gpu(device, &gpu))                                                                   \
    return (CUresult)CU_INVALID_DEVICE

CU cuInit(unsigned flags)
{
    ENTER();
    if (flags)
        return (CUresult)CU_INVALID_VALUE;
    if (!fakenv_config().gpu_count)
        return (CUresult)CU_NO_DEVICE;
    pthread_mutex_lock(&fakenv_lock);
    initialised = true;
    pthread_mutex_unlock(&fakenv_lock);
    return CUDA_SUCCESS;
}

static bool is_initialised(void)
{
    pthread_mutex_lock(&fakenv_lock);
    const bool result = initialised;
    pthread_mutex_unlock(&fakenv_lock);
    return result;
}

CU cuDriverGetVersion(int *version)
{
    ENTER();
    *version = fakenv_config().cuda_version;
    return CUDA_SUCCESS;
}

CU cuDeviceGetCount(int *count)
{
    ENTER();
    if (!is_initialised())
        return (CUresult)CU_NOT_INITIALIZED;
    *count = fakenv_config().gpu_count;
    return CUDA_SUCCESS;
}

CU cuDeviceGet(CUdevice *device, int ordinal)
{
    ENTER();
    if (!is_initialised())
        return (CUresult)CU_NOT_INITIALIZED;
    FIND_GPU(ordinal);
    *device = ordinal;
    return CUDA_SUCCESS;
}

CU cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device)
{
    ENTER();
    FIND_GPU(device);
    switch ((int)attribute) {
    case CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT:
        *value = 512;
        break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
        *value = gpu.major;
        break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
        *value = gpu.minor;
        break;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
        *value = 40;
        break;
    case PCI_BUS_ID:
        *value = (int)gpu.pci_bus;
        break;
    case PCI_DEVICE_ID:
        *value = (int)gpu.pci_device;
        break;
    case PCI_DOMAIN_ID:
        *value = (int)gpu.pci_domain;
        break;
    default:
        *value = 1;
        break;
    }
    return CUDA_SUCCESS;
}

CU cuDeviceGetName(char *name, int size, CUdevice device)
{
    ENTER();
    FIND_GPU(device);
    if (size < 1)
        return (CUresult)CU_INVALID_VALUE;
    snprintf(name, (size_t)size, "%s", gpu.name);
    return CUDA_SUCCESS;
}

CU cuDeviceGetUuid(CUuuid *uuid, CUdevice device)
{
    ENTER();
    FIND_GPU(device);
    memcpy(uuid->bytes, gpu.uuid, sizeof(gpu.uuid));
    return CUDA_SUCCESS;
}

CU cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice device)
{
    return cuDeviceGetUuid(uuid, device);
}

CU cuDeviceGetPCIBusId(char *text, int size, CUdevice device)
{
    ENTER();
    FIND_GPU(device);
    if (size < 13)
        return (CUresult)CU_INVALID_VALUE;
    snprintf(text, (size_t)size, "%04X:%02X:%02X.0", gpu.pci_domain, gpu.pci_bus, gpu.pci_device);
    return CUDA_SUCCESS;
}

static uint64_t limit_bytes(const struct fakenv_gpu *gpu)
{
    const uint64_t limit = fakenv_config().vram_bytes;

    return limit ? limit : gpu->memory_bytes;
}

CU cuDeviceTotalMem_v2(size_t *bytes, CUdevice device)
{
    ENTER();
    FIND_GPU(device);
    *bytes = (size_t)limit_bytes(&gpu);
    return CUDA_SUCCESS;
}

CU cuMemGetInfo_v2(size_t *unused, size_t *all)
{
    ENTER();
    const int device = fakenv_current_gpu();
    if (device < 0)
        return (CUresult)CU_INVALID_CONTEXT;
    FIND_GPU(device);
    const uint64_t used = fakenv_used_bytes(device);
    *all = (size_t)limit_bytes(&gpu);
    *unused = used < *all ? *all - (size_t)used : 0;
    return CUDA_SUCCESS;
}

CU cuDeviceComputeCapability(int *major, int *minor, CUdevice device)
{
    ENTER();
    FIND_GPU(device);
    *major = gpu.major;
    *minor = gpu.minor;
    return CUDA_SUCCESS;
}

static const struct error {
    int code;
    const char *name, *text;
} errors[] = {
    {CUDA_SUCCESS, "CUDA_SUCCESS", "no error"},
    {CU_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {CU_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {CU_NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {CU_NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {CU_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {CU_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {214, "CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error encountered"},
    {CU_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {CU_NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {802, "CUDA_ERROR_SYSTEM_NOT_READY", "system not yet initialized"},
    {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
     "system has unsupported display driver / cuda driver "
     "combination"},
    {804, "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE",
     "forward compatibility was attempted on "
     "non supported HW"},
    {999, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

static const struct error *find_error(CUresult code)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
        if (errors[i].code == (int)code)
            return &errors[i];
    return NULL;
}

CU cuGetErrorName(CUresult code, const char **name)
{
    const struct error *error = find_error(code);

    *name = error ? error->name : NULL;
    return error ? CUDA_SUCCESS : (CUresult)CU_INVALID_VALUE;
}

CU cuGetErrorString(CUresult code, const char **text)
{
    const struct error *error = find_error(code);

    *text = error ? error->text : NULL;
    return error ? CUDA_SUCCESS : (CUresult)CU_INVALID_VALUE;
}

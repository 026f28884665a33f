/* SPDX-License-Identifier: MIT */
/* What this build is. */
#include <hydra/version.h>

#include <string.h>

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

int32_t hydra_version(void)
{
    return HYDRA_VERSION;
}

const char *hydra_version_text(void)
{
    return TEXT(HYDRA_VERSION_MAJOR) "." TEXT(HYDRA_VERSION_MINOR) "." TEXT(HYDRA_VERSION_PATCH);
}

int32_t hydra_has_feature(const char *name)
{
    if (!name) {
        return 0;
    }
    if (strcmp(name, "x264") == 0) {
        return HY_HAVE_X264;
    }
    if (strcmp(name, "x265") == 0) {
        return HY_HAVE_X265;
    }
    if (strcmp(name, "nvenc") == 0) {
        return HY_HAVE_NVENC;
    }
    if (strcmp(name, "heif") == 0) {
        return HY_HAVE_HEIF;
    }
    return 0;
}

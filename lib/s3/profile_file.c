/* SPDX-License-Identifier: MIT */
/*
 * Where the profile files lie and what they say: small regular files, opened without waiting. A
 * file that is not there is like an empty one; one that cannot be read is an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "credentials.h"

#define PATH_BYTES 4096

const char *hy_env(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] != '\0' ? value : NULL;
}

/* ---- Small files ---- */

/* Until the end or until `size` bytes are there. -1 = errno says why. */
static ssize_t read_all(int fd, char *data, size_t size)
{
    size_t got = 0;
    while (got < size) {
        ssize_t n = read(fd, data + got, size - got);
        if (n == 0) {
            break;
        }
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        got += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)got;
}

/* /dev/null is how people say "none". */
static bool is_null_device(const struct stat *info)
{
    return S_ISCHR(info->st_mode) && info->st_rdev == makedev(1, 3);
}

static hydra_status check_kind(int fd, const char *path, size_t max_bytes, hy_diag *diag)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return hy_fail_errno(diag, errno, path, "looking at it");
    }
    if (!S_ISREG(info.st_mode) && !is_null_device(&info)) {
        return hy_fail(diag, HYDRA_ERR_FORMAT, "%s: not a regular file", path);
    }
    if (S_ISREG(info.st_mode) && info.st_size > (off_t)max_bytes) {
        return hy_fail(diag, HYDRA_ERR_LIMIT, "%s: larger than %zu bytes", path, max_bytes);
    }
    return HYDRA_OK;
}

static hydra_status load(int fd, const char *path, size_t max_bytes, char **text, size_t *size,
                         hy_diag *diag)
{
    hydra_status status = check_kind(fd, path, max_bytes, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    char *data = hy_calloc(max_bytes + 2, 1); /* it may grow while it is read */
    if (!data) {
        return hy_fail_memory(diag);
    }
    ssize_t got = read_all(fd, data, max_bytes + 1);
    if (got >= 0 && (size_t)got <= max_bytes) {
        *text = data;
        *size = (size_t)got;
        return HYDRA_OK;
    }
    int error = errno;
    OPENSSL_cleanse(data, max_bytes + 1);
    hy_free(data);
    return got < 0 ? hy_fail_errno(diag, error, path, "reading")
                   : hy_fail(diag, HYDRA_ERR_LIMIT, "%s: larger than %zu bytes", path, max_bytes);
}

/* A home folder that this process may not enter has no files for it. */
static bool is_missing(int error, const char *path)
{
    struct stat info;
    return error == ENOENT || error == ENOTDIR || (error == EACCES && stat(path, &info) != 0);
}

hydra_status hy_file_text(const char *path, size_t max_bytes, char **text, size_t *size,
                          bool *missing, hy_diag *diag)
{
    *text = NULL;
    *size = 0;
    /* Opening a FIFO must not wait for its other end. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int error = errno;
    if (missing) {
        *missing = fd < 0 && is_missing(error, path);
        if (*missing) {
            return HYDRA_OK;
        }
    }
    if (fd < 0) {
        return hy_fail_errno(diag, error, path, "opening");
    }
    hydra_status status = load(fd, path, max_bytes, text, size, diag);
    (void)close(fd);
    return status;
}

/* ---- Both files ---- */

/* The path that `variable` names, else `fallback` below HOME. False: none. */
static bool find_path(const char *variable, const char *fallback, hy_buffer *path)
{
    const char *home = hy_env("HOME");
    const char *value = hy_env(variable);
    if (value && strncmp(value, "~/", 2) != 0) {
        return hy_buffer_append(path, value, strlen(value) + 1);
    }
    return home && hy_buffer_print(path, "%s%s", home, value ? value + 1 : fallback) &&
           hy_buffer_append(path, "", 1);
}

static hydra_status load_file(hy_profile_file *out, const char *variable, const char *fallback,
                              bool is_config, hy_diag *diag)
{
    *out = (hy_profile_file){0};
    hy_buffer path = {.limit = PATH_BYTES};
    if (!find_path(variable, fallback, &path)) {
        hy_buffer_free(&path);
        return HYDRA_OK;
    }
    const char *name = (const char *)path.data;
    char *text = NULL;
    size_t size = 0;
    bool missing = false;
    hydra_status status = hy_file_text(name, HY_PROFILE_FILE_BYTES, &text, &size, &missing, diag);
    if (status == HYDRA_OK && !missing) {
        status = hy_profile_file_parse(out, text, size, name, is_config, diag);
    }
    if (text) {
        OPENSSL_cleanse(text, size); /* also behind a NUL */
    }
    hy_free(text);
    hy_buffer_free(&path);
    return status;
}

hydra_status hy_profiles_load(hy_profiles *out, hy_diag *diag)
{
    *out = (hy_profiles){0};
    hydra_status status = load_file(&out->credentials, "AWS_SHARED_CREDENTIALS_FILE",
                                    "/.aws/credentials", false, diag);
    if (status == HYDRA_OK) {
        status = load_file(&out->config, "AWS_CONFIG_FILE", "/.aws/config", true, diag);
    }
    if (status != HYDRA_OK) {
        hy_profiles_free(out);
    }
    return status;
}

void hy_profiles_free(hy_profiles *profiles)
{
    hy_profile_file_free(&profiles->credentials);
    hy_profile_file_free(&profiles->config);
}

bool hy_profiles_has(const hy_profiles *profiles, const char *profile)
{
    return hy_profile_file_find(&profiles->credentials, HY_SECTION_PROFILE, profile, NULL, NULL) ||
           hy_profile_file_find(&profiles->config, HY_SECTION_PROFILE, profile, NULL, NULL);
}

const char *hy_profiles_get(const hy_profiles *profiles, const char *profile, const char *name)
{
    const hy_profile_file *files[] = {&profiles->credentials, &profiles->config};
    for (size_t i = 0; i < 2; i++) {
        const char *value = hy_profile_file_find(files[i], HY_SECTION_PROFILE, profile, NULL, name);
        if (value && value[0] != '\0') {
            return value;
        }
    }
    return NULL;
}

const char *hy_profile_name(const char *wanted, bool *chosen)
{
    const char *name = wanted;
    name = name ? name : hy_env("AWS_PROFILE");
    name = name ? name : hy_env("AWS_DEFAULT_PROFILE");
    *chosen = name != NULL;
    return name ? name : "default";
}

/* ---- Settings ---- */

/* "s3 endpoint_url" of the services section that the profile names, or of the profile itself. */
static const char *find_nested(const hy_profiles *profiles, hy_section_kind kind,
                               const char *section, const char *name)
{
    char parent[64];
    const char *blank = strchr(name, ' ');
    size_t length = (size_t)(blank - name);
    if (!section || length >= sizeof parent) {
        return NULL;
    }
    memcpy(parent, name, length);
    parent[length] = '\0';
    return hy_profile_file_find(&profiles->config, kind, section, parent, blank + 1);
}

static const char *find_setting(const hy_profiles *profiles, const char *profile, const char *name)
{
    static const char services[] = "services/";
    const size_t prefix = sizeof services - 1;
    if (strncmp(name, services, prefix) == 0 && strchr(name, ' ')) {
        return find_nested(profiles, HY_SECTION_SERVICES,
                           hy_profiles_get(profiles, profile, "services"), name + prefix);
    }
    return strchr(name, ' ') ? find_nested(profiles, HY_SECTION_PROFILE, profile, name)
                             : hy_profiles_get(profiles, profile, name);
}

hydra_status hy_profile_setting(const char *profile, const char *name, char **value, hy_diag *diag)
{
    *value = NULL;
    hy_profiles profiles;
    hydra_status status = hy_profiles_load(&profiles, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    bool chosen = false;
    profile = hy_profile_name(profile, &chosen);
    const char *found = find_setting(&profiles, profile, name);
    if (chosen && !hy_profiles_has(&profiles, profile)) {
        status = hy_fail(diag, HYDRA_ERR_AUTH,
                         "profile \"%s\": neither in the config file nor "
                         "in the credentials file",
                         profile);
    } else if (found && found[0] != '\0') {
        *value = hy_strdup(found);
        status = *value ? HYDRA_OK : hy_fail_memory(diag);
    }
    hy_profiles_free(&profiles);
    return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * A file that is either there completely or not at all: written under a temporary name in the
 * target's folder, made durable, then renamed. Every step that can fail is before the rename,
 * except making the rename itself durable.
 */
#include "sink_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* A name is taken from 2^64; a second try is as good as never needed. */
#define MAX_ATTEMPTS 8

/* Of the target's name in the temporary one. File systems take 255 bytes, eCryptfs 143. */
#define MAX_STEM_BYTES  100
#define TEMP_NAME_BYTES (MAX_STEM_BYTES + sizeof "..0123456789abcdef.part")

typedef struct file_sink {
    hy_sink base;
    hy_target target;
    int fd; /* of the temporary file; -1 once committed or aborted */
    bool replace;
    char *path;
    char temp[TEMP_NAME_BYTES]; /* "" = there is none */
    struct stat info;           /* of the file under its name */
    bool has_info;
} file_sink;

static hydra_status file_write(hy_sink *sink, int64_t offset, const void *data, size_t size,
                               hy_diag *diag)
{
    const file_sink *file = (const file_sink *)sink;
    hydra_status status = hy_sink_check(sink, file->fd >= 0, offset, size, diag);
    const uint8_t *from = data;
    while (status == HYDRA_OK && size > 0) {
        ssize_t count = pwrite(file->fd, from, size, offset);
        if (count > 0) {
            from += count;
            offset += count;
            size -= (size_t)count;
        } else if (count == 0 || errno != EINTR) {
            status = hy_fail_errno(diag, count == 0 ? ENOSPC : errno, sink->name, "writing");
        }
    }
    return status;
}

static hydra_status file_read(hy_sink *sink, int64_t offset, void *data, size_t size, hy_diag *diag)
{
    const file_sink *file = (const file_sink *)sink;
    hydra_status status = hy_sink_check(sink, file->fd >= 0, offset, size, diag);
    uint8_t *to = data;
    while (status == HYDRA_OK && size > 0) {
        ssize_t count = pread(file->fd, to, size, offset);
        if (count > 0) {
            to += count;
            offset += count;
            size -= (size_t)count;
        } else if (count == 0) {
            status = hy_fail(diag, HYDRA_ERR_IO, "%s: reading back failed: the file ends early",
                             sink->name);
        } else if (errno != EINTR) {
            status = hy_fail_errno(diag, errno, sink->name, "reading back");
        }
    }
    return status;
}

static void file_abort(hy_sink *sink)
{
    file_sink *file = (file_sink *)sink;
    if (file->fd >= 0) {
        (void)close(file->fd);
        file->fd = -1;
    }
    if (file->temp[0]) {
        (void)unlinkat(file->target.folder, file->temp, 0);
        file->temp[0] = '\0';
    }
}

/* The bytes onto the disk, then the file closed: network file systems report errors there. */
static hydra_status finish_bytes(file_sink *file, hy_diag *diag)
{
    if (hy_sync_fd(file->fd) != 0) {
        return hy_fail_errno(diag, errno, file->base.name, "syncing");
    }
    int fd = file->fd;
    file->fd = -1;
    /* Linux closes the descriptor in any case, also when a signal came; the bytes are safe. */
    if (close(fd) != 0 && errno != EINTR) {
        return hy_fail_errno(diag, errno, file->base.name, "closing");
    }
    return HYDRA_OK;
}

/* The new name onto the disk. Some file systems cannot sync a folder (EINVAL), and a folder that
 * may not be listed is open in a way that cannot either (EBADF): there it is left to the system. */
static hydra_status finish_name(file_sink *file, hy_diag *diag)
{
    if (hy_sync_fd(file->target.folder) != 0 && errno != EINVAL && errno != EBADF) {
        return hy_fail_errno(diag, errno, file->base.name, "syncing its folder");
    }
    return HYDRA_OK;
}

static hydra_status refuse_existing(const file_sink *file, hy_diag *diag)
{
    return hy_fail(diag, HYDRA_ERR_EXISTS, "%s: exists already and is not to be replaced",
                   file->base.name);
}

/* Rename, unless something has the name. As rename(2), with EEXIST. */
static int rename_new(int folder, const char *from, const char *to)
{
    struct stat info;
    if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return -1;
    }
    /* Not in this file system (NFS), or not in this kernel. A second name replaces nothing either.
     */
    if (linkat(folder, from, folder, to, 0) == 0) {
        (void)unlinkat(folder, from, 0);
        return 0;
    }
    if (errno == EEXIST) {
        return -1;
    }
    if (fstatat(folder, to, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return errno == ENOENT ? renameat(folder, from, folder, to) : -1;
}

/* The temporary file gets its name. */
static hydra_status rename_temp(const file_sink *file, hy_diag *diag)
{
    const hy_target *target = &file->target;
    int result = file->replace ? renameat(target->folder, file->temp, target->folder, target->name)
                               : rename_new(target->folder, file->temp, target->name);
    if (result != 0 && !file->replace && errno == EEXIST) {
        return refuse_existing(file, diag);
    }
    return result != 0 ? hy_fail_errno(diag, errno, file->base.name, "renaming") : HYDRA_OK;
}

static hydra_status file_commit(hy_sink *sink, hy_diag *diag)
{
    file_sink *file = (file_sink *)sink;
    hydra_status status = hy_sink_check(sink, file->fd >= 0, 0, 0, diag);
    /* A second descriptor outlives the close: a rename changes the inode's time, so the file is
     * looked at after it. */
    int fd = status == HYDRA_OK ? fcntl(file->fd, F_DUPFD_CLOEXEC, 0) : -1;
    if (status == HYDRA_OK) {
        status = finish_bytes(file, diag);
    }
    if (status == HYDRA_OK) {
        status = rename_temp(file, diag);
    }
    if (fd >= 0) {
        file->has_info = status == HYDRA_OK && fstat(fd, &file->info) == 0;
        (void)close(fd);
    }
    if (status != HYDRA_OK) {
        file_abort(sink);
        return status;
    }
    file->temp[0] = '\0';
    return finish_name(file, diag);
}

bool hy_sink_file_info(const hy_sink *sink, struct stat *info)
{
    const file_sink *file = (const file_sink *)sink;
    *info = file->info;
    return file->has_info;
}

static hydra_status file_restart(hy_sink *sink, hy_diag *diag)
{
    const file_sink *file = (const file_sink *)sink;
    hydra_status status = hy_sink_check(sink, file->fd >= 0, 0, 0, diag);
    int result = 0;
    if (status == HYDRA_OK) {
        do {
            result = ftruncate(file->fd, 0);
        } while (result != 0 && errno == EINTR);
    }
    return result == 0 ? status : hy_fail_errno(diag, errno, sink->name, "emptying");
}

static void file_close(hy_sink *sink)
{
    file_sink *file = (file_sink *)sink;
    file_abort(sink);
    hy_target_close(&file->target);
    hy_free(file->path);
    hy_free(file);
}

static const hy_sink_ops file_ops = {
    .write = file_write,
    .read = file_read,
    .commit = file_commit,
    .abort = file_abort,
    .close = file_close,
    .restart = file_restart,
};

static bool random_bits(uint64_t *bits)
{
    ssize_t count;
    do {
        count = getrandom(bits, sizeof *bits, 0);
    } while (count < 0 && errno == EINTR);
    return count == (ssize_t)sizeof *bits;
}

/* ".NAME.0123456789abcdef.part": hidden, and its origin is plain if a power cut leaves it. */
static void print_temp_name(file_sink *file, uint64_t random)
{
    const char *name = file->target.name;
    size_t stem = strlen(name);
    if (stem > MAX_STEM_BYTES) {
        stem = MAX_STEM_BYTES;
        while (stem > 0 && ((unsigned char)name[stem] & 0xc0) == 0x80) {
            stem--; /* not within a UTF-8 sequence */
        }
    }
    (void)snprintf(file->temp, sizeof file->temp, ".%.*s.%016llx.part", (int)stem, name,
                   (unsigned long long)random);
}

static hydra_status create_temp(file_sink *file, hy_diag *diag)
{
    for (int attempt = 0; file->fd < 0; attempt++) {
        uint64_t random = 0;
        if (!random_bits(&random)) {
            return hy_fail_errno(diag, errno, file->base.name, "getting random bits");
        }
        print_temp_name(file, random);
        /* 0666: the umask applies, without anyone reading it (that would change it). */
        file->fd = openat(file->target.folder, file->temp,
                          O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (file->fd < 0) {
            file->temp[0] = '\0';
            if ((errno != EEXIST && errno != EINTR) || attempt + 1 == MAX_ATTEMPTS) {
                return hy_fail_errno(diag, errno, file->base.name, "creating");
            }
        }
    }
    return HYDRA_OK;
}

/* A file that is replaced keeps its permissions. Before the first byte: it may be a secret. */
static hydra_status keep_mode(file_sink *file, hy_diag *diag)
{
    struct stat info;
    if (!file->target.exists) {
        return HYDRA_OK;
    }
    if (fstat(file->fd, &info) != 0 ||
        ((info.st_mode & 07777) != file->target.mode && fchmod(file->fd, file->target.mode) != 0)) {
        return hy_fail_errno(diag, errno, file->base.name, "keeping its permissions");
    }
    return HYDRA_OK;
}

hydra_status hy_sink_file_new(const char *path, bool replace, const hydra_policy *policy,
                              hy_sink **out, hy_diag *diag)
{
    *out = NULL;
    file_sink *file = hy_calloc(1, sizeof *file);
    char *copy = hy_strdup(path);
    if (!file || !copy) {
        hy_free(file);
        hy_free(copy);
        return hy_fail_memory(diag);
    }
    file->base.ops = &file_ops;
    file->base.name = copy;
    file->path = copy;
    file->fd = -1;
    file->replace = replace;
    hydra_status status = hy_target_open(&file->target, path, policy, diag);
    if (status == HYDRA_OK && !replace && file->target.exists) {
        status = refuse_existing(file, diag);
    }
    if (status == HYDRA_OK) {
        status = create_temp(file, diag);
    }
    if (status == HYDRA_OK) {
        status = keep_mode(file, diag);
    }
    if (status != HYDRA_OK) {
        file_close(&file->base);
        return status;
    }
    *out = &file->base;
    return HYDRA_OK;
}

hydra_status hy_sink_file_check_room(const hy_sink *sink, int64_t bytes, hy_diag *diag)
{
    const file_sink *file = (const file_sink *)sink;
    struct statvfs info;
    /* File systems that count no blocks do not tell. */
    if (fstatvfs(file->fd, &info) != 0 || info.f_blocks == 0 || info.f_frsize == 0 ||
        (uint64_t)bytes / info.f_frsize <= info.f_bfree) {
        return HYDRA_OK;
    }
    return hy_fail(diag, HYDRA_ERR_SPACE, "%s: needs %lld bytes; %llu are free", sink->name,
                   (long long)bytes, (unsigned long long)info.f_bfree * info.f_frsize);
}

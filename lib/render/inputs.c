/* SPDX-License-Identifier: MIT */
/* A look at every input before the work starts: is it there, is it a file, is it the target? */
#include <sys/stat.h>

#include "render/render.h"

static hydra_status check_source(const hy_source *source, int64_t max_bytes,
                                 const hydra_policy *policy, const struct stat *target,
                                 hy_diag *diag)
{
    if (source->url) {
        return hy_source_check_scheme(source, policy, diag);
    }
    hy_reader *reader;
    hydra_status status = hy_reader_open(source, max_bytes, policy, &reader, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_reader_close(reader);
    struct stat info;
    if (target && source->path && stat(source->path, &info) == 0 && info.st_dev == target->st_dev &&
        info.st_ino == target->st_ino) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: is an input and the target at once",
                       source->name);
    }
    return HYDRA_OK;
}

hydra_status hy_inputs_check(const hy_project *project, const hydra_policy *policy,
                             const char *target_path, hy_diag *diag)
{
    struct stat info;
    const struct stat *target = target_path && stat(target_path, &info) == 0 ? &info : NULL;
    hydra_status status = HYDRA_OK;
    for (int32_t i = 0; status == HYDRA_OK && i < project->image_count; i++) {
        status =
            check_source(&project->images[i].source, policy->max_image_bytes, policy, target, diag);
    }
    if (status == HYDRA_OK && project->has_audio) {
        status =
            check_source(&project->audio_source, policy->max_audio_bytes, policy, target, diag);
    }
    return status;
}

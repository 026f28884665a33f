/* SPDX-License-Identifier: MIT */
/* Shared bytes behind in-memory sources; private to core/. */
#ifndef HY_IO_PRIVATE_H
#define HY_IO_PRIVATE_H

#include "io.h"

struct hy_blob {
    atomic_int references;
    uint8_t *data;
    size_t size;
};

hydra_status hy_reader_file_open(const hy_source *source, const hydra_policy *policy,
                                 hy_reader **out, hy_diag *diag);
hydra_status hy_reader_memory_open(const hy_source *source, hy_reader **out, hy_diag *diag);

#endif

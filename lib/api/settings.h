/* SPDX-License-Identifier: MIT */
/*
 * The options of stores and transfers as callers give them: taken over the defaults and checked by
 * s3/, and copies that own their strings. What may be secret is wiped before it is freed.
 */
#ifndef HY_SETTINGS_H
#define HY_SETTINGS_H

#include <hydra/storage.h>

#include "core/core.h"

/* Over the defaults, checked; NULL = the defaults. Given keys make the source static. `out` borrows
 * the strings. HYDRA_ERR_ARGUMENT. */
hydra_status hy_store_options_take(const hydra_store_options *options, hydra_store_options *out,
                                   hy_diag *diag);
/* `out` owns its strings; free it with hy_store_options_free, also after a failure. */
hydra_status hy_store_options_copy(hydra_store_options *out, const hydra_store_options *options,
                                   hy_diag *diag);
void hy_store_options_free(hydra_store_options *options);

/* The same for transfers. */
hydra_status hy_transfer_options_take(const hydra_transfer_options *options,
                                      hydra_transfer_options *out, hy_diag *diag);
hydra_status hy_transfer_options_copy(hydra_transfer_options *out,
                                      const hydra_transfer_options *options, hy_diag *diag);
void hy_transfer_options_free(hydra_transfer_options *options);

#endif

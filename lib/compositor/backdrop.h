/* SPDX-License-Identifier: MIT */
/*
 * The blurred copy of a photo behind a photo that does not fill its asset. Made of the same rows as
 * the photo itself: a miniature is collected, blurred and enlarged to the size of the asset.
 */
#ifndef HY_COMPOSITOR_BACKDROP_H
#define HY_COMPOSITOR_BACKDROP_H

#include "compositor.h"
#include "orient.h"
#include "resize.h"

typedef struct hy_backdrop hy_backdrop;

/* `emit` gets the rows of the backdrop: as large as the asset, turned as the photo is stored. */
hydra_status hy_backdrop_new(const hy_asset_spec *spec, hy_meter *meter, hy_resized_fn *emit,
                             void *user, hy_backdrop **out, hy_diag *diag);
/* The part that collects the miniature: it takes the rows of the photo. */
hy_resizer *hy_backdrop_collector(hy_backdrop *backdrop);
/* All rows are there: blur, enlarge, emit. */
void hy_backdrop_finish(hy_backdrop *backdrop);
void hy_backdrop_free(hy_backdrop *backdrop);

#endif

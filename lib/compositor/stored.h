/* SPDX-License-Identifier: MIT */
/* A photo as its rows come: turned as stored and possibly halved, while an hy_asset_spec counts in
 * pixels of the whole, upright photo. */
#ifndef HY_COMPOSITOR_STORED_H
#define HY_COMPOSITOR_STORED_H

#include "compositor.h"

/* Size of the rows that come, and their number. */
int32_t hy_stored_width(const hy_asset_spec *spec);
int32_t hy_stored_height(const hy_asset_spec *spec);
/* Where the rectangle `upright` lies in them. */
hy_rect hy_stored_rect(const hy_asset_spec *spec, hy_rect upright);

#endif

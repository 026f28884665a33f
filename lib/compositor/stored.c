/* SPDX-License-Identifier: MIT */
/* From the upright photo to the rows that come: turned first, in whole pixels, then halved. */
#include "stored.h"

#include "orient.h"

static int32_t halved(int32_t size, int32_t halvings)
{
    return (int32_t)(((int64_t)size + (1 << halvings) - 1) >> halvings);
}

int32_t hy_stored_width(const hy_asset_spec *spec)
{
    return halved(spec->photo_width, spec->halvings);
}

int32_t hy_stored_height(const hy_asset_spec *spec)
{
    return halved(spec->photo_height, spec->halvings);
}

hy_rect hy_stored_rect(const hy_asset_spec *spec, hy_rect upright)
{
    hy_turn turn = hy_turn_of(spec->orientation);
    hy_rect stored =
        hy_turn_to_stored(turn, upright, turn.transpose ? spec->photo_height : spec->photo_width,
                          turn.transpose ? spec->photo_width : spec->photo_height);
    double factor = 1.0 / (1 << spec->halvings);
    return (hy_rect){.x = stored.x * factor,
                     .y = stored.y * factor,
                     .w = stored.w * factor,
                     .h = stored.h * factor};
}

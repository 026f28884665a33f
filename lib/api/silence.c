/* SPDX-License-Identifier: MIT */
/* Apart from the context, so that a program that is linked statically and only stores needs no
 * FFmpeg. */
#include <hydra/hydra.h>

#include "media/media.h"

void hydra_silence_ffmpeg(void)
{
    hy_silence_ffmpeg();
}

/* SPDX-License-Identifier: MIT */
/* FFmpeg's own log lines, switched off for the whole process when the host asks for it. */
#include "media.h"

#include <libavutil/log.h>

void hy_silence_ffmpeg(void)
{
    av_log_set_level(AV_LOG_QUIET);
}

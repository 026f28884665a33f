/* SPDX-License-Identifier: MIT */
/* Questions to the terminal on stderr and to the environment. */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

bool terminal_is_capable(void)
{
    const char *kind = variable("TERM");
    return isatty(STDERR_FILENO) && *kind && strcmp(kind, "dumb") != 0;
}

bool terminal_has_colors(void)
{
    return terminal_is_capable() && !*variable("NO_COLOR");
}

int terminal_columns(void)
{
    struct winsize size = {0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return 80;
    }
    return size.ws_col;
}

bool terminal_is_ours(void)
{
    pid_t foreground = tcgetpgrp(STDERR_FILENO);
    return foreground < 0 || foreground == getpgrp();
}

bool terminal_is_utf8(void)
{
    const char *locale = variable("LC_ALL");
    if (!*locale) {
        locale = variable("LC_CTYPE");
    }
    if (!*locale) {
        locale = variable("LANG");
    }
    return strcasestr(locale, "utf-8") || strcasestr(locale, "utf8");
}

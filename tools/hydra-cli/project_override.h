/* SPDX-License-Identifier: MIT */
/* Options of the command line over the values of a project. */
#ifndef PROJECT_OVERRIDE_H
#define PROJECT_OVERRIDE_H

#include "cli.h"

/* Was any option given that a project has a value for? */
bool project_is_overridden(const cli_settings *settings);

/* The project with the given options in place of its values; the caller frees it. NULL = out of
 * memory. `json` is text of hydra_compose_to_json. */
char *project_override(const cli_settings *settings, const char *json);

#endif

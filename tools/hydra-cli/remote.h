/* SPDX-License-Identifier: MIT */
/* Outputs and inputs on a server: their names, and the options that tell how to reach it. */
#ifndef REMOTE_H
#define REMOTE_H

#include "cli.h"

/* How to reach a store; how an object is written. */
extern const arg_group remote_store;
extern const arg_group remote_transfer;

/* "s3://..." */
bool remote_is_store(const char *name);
/* That, or "http://...", "https://..." */
bool remote_is_remote(const char *name);

/* A name for people: without what is behind a '?', which may be a secret. */
#define REMOTE_SHOWN_BYTES 1200

/* The library checks them and has no handle yet that could say which one it is. */
#define REMOTE_BAD_OPTIONS                                                                         \
    "the options about the storage make no sense: --endpoint is http(s)://HOST[:PORT]; look at "   \
    "--region and --aws-profile, too"
const char *remote_shown(const char *name, char shown[REMOTE_SHOWN_BYTES]);

/* What the last call has to tell besides its result. */
void remote_warn(const cli_settings *settings, const hydra_store *store);
/* The store of these options. 0, or the exit code after the error was printed. */
int remote_open(const cli_settings *settings, hydra_store **out);
/* The transfer of these options. */
void remote_transfer_options(const cli_settings *settings, hydra_transfer_options *out);

/* The exit code of a status when a server gets the output. */
int remote_output_code(const cli_settings *settings, hydra_status status);
/* What is in a store now, as members of the object that is open, or as lines. */
struct json_writer;
void remote_print_json(struct json_writer *json, const hydra_object *object);
void remote_print_table(const hydra_object *object);

/* A call on a store that may take long, run beside the display of its progress. */
typedef hydra_status remote_call(hydra_store *store, void *user);
/* `stage` names what is going on. 0, or the exit code after the error was printed; `code_of` turns
 * a status into one. */
int remote_run(const cli_settings *settings, hydra_store *store, int32_t stage, remote_call *call,
               void *user, int (*code_of)(const cli_settings *settings, hydra_status status));

#endif

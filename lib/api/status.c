/* SPDX-License-Identifier: MIT */
/* Names and sentences of hydra_status. */
#include <hydra/status.h>

#include <stddef.h>

static const struct {
    hydra_status status;
    const char *name;
    const char *text;
} table[] = {
    {HYDRA_OK, "HYDRA_OK", "Success."},
    {HYDRA_ERR_ARGUMENT, "HYDRA_ERR_ARGUMENT",
     "A value is missing, out of range or contradictory."},
    {HYDRA_ERR_STATE, "HYDRA_ERR_STATE", "The call does not fit the state of the handle."},
    {HYDRA_ERR_MEMORY, "HYDRA_ERR_MEMORY", "Memory is exhausted."},
    {HYDRA_ERR_NOT_FOUND, "HYDRA_ERR_NOT_FOUND", "A file or folder does not exist."},
    {HYDRA_ERR_PERMISSION, "HYDRA_ERR_PERMISSION", "The operating system refused access."},
    {HYDRA_ERR_IO, "HYDRA_ERR_IO", "Reading or writing failed."},
    {HYDRA_ERR_SPACE, "HYDRA_ERR_SPACE", "The destination has no room left."},
    {HYDRA_ERR_FORMAT, "HYDRA_ERR_FORMAT", "An input is damaged or not what it claims to be."},
    {HYDRA_ERR_UNSUPPORTED, "HYDRA_ERR_UNSUPPORTED", "This build or host cannot handle the input."},
    {HYDRA_ERR_LIMIT, "HYDRA_ERR_LIMIT", "An input is larger than the policy allows."},
    {HYDRA_ERR_ENCODER, "HYDRA_ERR_ENCODER", "An encoder failed."},
    {HYDRA_ERR_VERIFY, "HYDRA_ERR_VERIFY", "The finished output did not pass its own check."},
    {HYDRA_ERR_CANCELLED, "HYDRA_ERR_CANCELLED", "The job was cancelled."},
    {HYDRA_ERR_TIMEOUT, "HYDRA_ERR_TIMEOUT", "Not finished within the time that was given."},
    {HYDRA_ERR_DEADLINE, "HYDRA_ERR_DEADLINE", "The job's deadline has passed."},
    {HYDRA_ERR_BUSY, "HYDRA_ERR_BUSY", "Other jobs hold the memory budget."},
    {HYDRA_ERR_NETWORK, "HYDRA_ERR_NETWORK", "A server was not reached, or broke off."},
    {HYDRA_ERR_AUTH, "HYDRA_ERR_AUTH", "There are no credentials that the server accepts."},
    {HYDRA_ERR_SERVER, "HYDRA_ERR_SERVER", "A server answered with an error."},
    {HYDRA_ERR_EXISTS, "HYDRA_ERR_EXISTS", "It exists already and must not be replaced."},
    {HYDRA_ERR_INTERNAL, "HYDRA_ERR_INTERNAL", "A fault inside libhydra: please report it."},
};

const char *hydra_status_name(hydra_status status)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].status == status) {
            return table[i].name;
        }
    }
    return "HYDRA_UNKNOWN";
}

const char *hydra_status_text(hydra_status status)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].status == status) {
            return table[i].text;
        }
    }
    return "Unknown status.";
}

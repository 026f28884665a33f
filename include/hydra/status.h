/* SPDX-License-Identifier: MIT */
/**
 * @file status.h  The one result type of every call that can fail.
 *
 * Zero is success, errors are negative, numbers are never reused. The status says what kind of
 * thing went wrong, so that a program can decide; the handle's error text
 * (hydra_compose_error) says what exactly, so that a person can.
 */
#ifndef HYDRA_STATUS_H
#define HYDRA_STATUS_H

#include <stdint.h>

#include "export.h"

#ifdef __cplusplus
extern "C" {
#endif

/** HYDRA_OK or HYDRA_ERR_*. docs/errors.md tells of each what to do. */
typedef int32_t hydra_status;

/** What kind of thing went wrong. */
enum {
    HYDRA_OK = 0,               /**< All went well. */
    HYDRA_ERR_ARGUMENT = -1,    /**< A value is NULL, out of range or contradicts another. */
    HYDRA_ERR_STATE = -2,       /**< Right call, wrong time: rendering, nothing rendered yet. */
    HYDRA_ERR_MEMORY = -3,      /**< An allocation failed. */
    HYDRA_ERR_NOT_FOUND = -4,   /**< A source or a target's folder does not exist. */
    HYDRA_ERR_PERMISSION = -5,  /**< The operating system refuses access. */
    HYDRA_ERR_IO = -6,          /**< Reading or writing failed. */
    HYDRA_ERR_SPACE = -7,       /**< The target has no room left (disk full, quota, size limit). */
    HYDRA_ERR_FORMAT = -8,      /**< Input is damaged, cut short, or not what it claims to be. */
    HYDRA_ERR_UNSUPPORTED = -9, /**< Valid, but not handled by this build or this host. */
    HYDRA_ERR_LIMIT = -10,      /**< Input is larger than the policy allows. */
    HYDRA_ERR_ENCODER = -11,    /**< The video or audio encoder failed. */
    HYDRA_ERR_VERIFY = -12,     /**< The finished output did not pass its own check. */
    HYDRA_ERR_INTERNAL = -13,   /**< A broken promise inside the library: please report it. */
    HYDRA_ERR_CANCELLED = -14,  /**< hydra_render_cancel or its like was called. */
    HYDRA_ERR_TIMEOUT = -15,    /**< Not finished within the time that a wait was given. */
    HYDRA_ERR_DEADLINE = -16,   /**< The job's deadline passed before it was finished. */
    HYDRA_ERR_BUSY = -17,       /**< The context's memory budget is taken by other jobs. */
    HYDRA_ERR_NETWORK = -18,    /**< A server was not reached, or broke off, after all retries. */
    HYDRA_ERR_AUTH = -19,       /**< No credentials, or a server does not accept them. */
    HYDRA_ERR_SERVER = -20,     /**< A server answered with an error of its own. */
    HYDRA_ERR_EXISTS = -21      /**< There is one already, and it must not be replaced. */
};

/**
 * Name of a status, for logs.
 *
 * @param status  Any number.
 * @return "HYDRA_ERR_LIMIT"; "HYDRA_UNKNOWN" for other numbers. Static, never NULL.
 * Thread: any. Since 0.1.
 */
HYDRA_API const char *hydra_status_name(hydra_status status);

/**
 * One plain sentence for a status, where there is no handle to ask for more.
 *
 * @param status  Any number.
 * @return "An encoder failed." Static, never NULL.
 * Thread: any. Since 0.1.
 */
HYDRA_API const char *hydra_status_text(hydra_status status);

#ifdef __cplusplus
}
#endif
#endif

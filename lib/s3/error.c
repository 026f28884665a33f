/* SPDX-License-Identifier: MIT */
/*
 * What S3's errors mean: whether another try helps, which status they are, and what a person can do
 * about them. One table; codes that are not in it are judged by their HTTP status.
 */
#include <stdio.h>
#include <string.h>

#include "region.h"
#include "s3.h"

/* What to do about it. */
#define ADVICE_REGION "the bucket is in another region: set the region to that of the bucket"
#define ADVICE_REDIRECT                                                                            \
    "the server redirects, which is not followed: correct the endpoint or the region"
#define ADVICE_CLOCK                                                                               \
    "the clock of this machine and the server's are more than 15 minutes apart: set the clock"
#define ADVICE_PERMISSION                                                                          \
    "the credentials lack a permission for this, or a policy of the bucket denies it"
#define ADVICE_BUCKET   "create the bucket, or correct its name or the endpoint"
#define ADVICE_KEY      "check the key and, with versions, the version"
#define ADVICE_UPLOAD   "the upload was ended or removed meanwhile: start it anew"
#define ADVICE_SECRET   "check the secret key, and that nothing on the way changes the request"
#define ADVICE_ID       "check the access key, and that it belongs to this endpoint"
#define ADVICE_EXPIRED  "the temporary credentials have expired: get new ones"
#define ADVICE_TOKEN    "the session token does not belong to these keys or is damaged: get new ones"
#define ADVICE_EXISTS   "an object of that name is there already and was to be kept"
#define ADVICE_CHANGED  "the object is another one than before: begin anew"
#define ADVICE_BYTES    "bytes were changed on their way, or the source changed meanwhile"
#define ADVICE_SIZE     "a part is smaller or larger than the server allows: choose other parts"
#define ADVICE_LATER    "the server is overloaded or has a fault of its own: try again later"
#define ADVICE_NO_CALL  "this server cannot do that: leave the option out, or use another server"
#define ADVICE_ARGUMENT "the server does not accept a value of the request: see its message"
#define ADVICE_LOCK     "an object lock, or a storage class that must be restored first, forbids it"

typedef struct meaning {
    const char *code; /* with '*' at its end: whatever begins so */
    hy_s3_verdict verdict;
    hydra_status status;
    const char *advice;
} meaning;

static const meaning meanings[] = {
    {"AccessDenied", HY_S3_FINAL, HYDRA_ERR_PERMISSION, ADVICE_PERMISSION},
    {"AccountProblem", HY_S3_FINAL, HYDRA_ERR_PERMISSION, ADVICE_PERMISSION},
    {"AllAccessDisabled", HY_S3_FINAL, HYDRA_ERR_PERMISSION, ADVICE_PERMISSION},
    {"AuthorizationHeaderMalformed", HY_S3_FINAL, HYDRA_ERR_AUTH, ADVICE_REGION},
    {"AuthorizationQueryParametersError", HY_S3_FINAL, HYDRA_ERR_AUTH, ADVICE_REGION},
    {"BadDigest", HY_S3_SEND_ANEW, HYDRA_ERR_VERIFY, ADVICE_BYTES},
    {"BandwidthLimitExceeded", HY_S3_RETRY_THROTTLE, HYDRA_ERR_SERVER, ADVICE_LATER},
    {"ConditionalRequestConflict", HY_S3_CONFLICT, HYDRA_ERR_SERVER,
     "others write the same object: try again"},
    {"EntityTooLarge", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, ADVICE_SIZE},
    {"EntityTooSmall", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, ADVICE_SIZE},
    {"ExpiredToken*", HY_S3_RENEW_KEYS, HYDRA_ERR_AUTH, ADVICE_EXPIRED},
    {"IllegalLocationConstraintException", HY_S3_FIX_REGION, HYDRA_ERR_ARGUMENT, ADVICE_REGION},
    {"IncompleteBody", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, ADVICE_LATER},
    {"InternalError", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, ADVICE_LATER},
    {"InvalidAccessKeyId", HY_S3_FINAL, HYDRA_ERR_AUTH, ADVICE_ID},
    {"InvalidArgument", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, ADVICE_ARGUMENT},
    {"InvalidBucketName", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, ADVICE_BUCKET},
    {"InvalidClientTokenId", HY_S3_FINAL, HYDRA_ERR_AUTH, ADVICE_ID},
    {"InvalidDigest", HY_S3_FINAL, HYDRA_ERR_VERIFY, ADVICE_BYTES},
    {"InvalidObjectState", HY_S3_FINAL, HYDRA_ERR_PERMISSION, ADVICE_LOCK},
    {"InvalidPart", HY_S3_FINAL, HYDRA_ERR_VERIFY, ADVICE_BYTES},
    {"InvalidPartOrder", HY_S3_FINAL, HYDRA_ERR_SERVER, ADVICE_BYTES},
    {"InvalidRange", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, "the object has no bytes there"},
    {"InvalidSecurity", HY_S3_FINAL, HYDRA_ERR_AUTH, ADVICE_ID},
    {"InvalidStorageClass", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, ADVICE_ARGUMENT},
    {"InvalidTag", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, ADVICE_ARGUMENT},
    {"InvalidToken", HY_S3_FINAL, HYDRA_ERR_AUTH, ADVICE_TOKEN},
    {"KeyTooLongError", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, ADVICE_ARGUMENT},
    {"MalformedXML", HY_S3_FINAL, HYDRA_ERR_SERVER, ADVICE_NO_CALL},
    {"MetadataTooLarge", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, "metadata may have 2 KB in sum"},
    {"MethodNotAllowed", HY_S3_FINAL, HYDRA_ERR_PERMISSION, ADVICE_PERMISSION},
    {"NoSuchBucket", HY_S3_FINAL, HYDRA_ERR_NOT_FOUND, ADVICE_BUCKET},
    {"NoSuchKey", HY_S3_FINAL, HYDRA_ERR_NOT_FOUND, ADVICE_KEY},
    {"NoSuchUpload", HY_S3_FINAL, HYDRA_ERR_NOT_FOUND, ADVICE_UPLOAD},
    {"NoSuchVersion", HY_S3_FINAL, HYDRA_ERR_NOT_FOUND, ADVICE_KEY},
    {"NotImplemented", HY_S3_FINAL, HYDRA_ERR_SERVER, ADVICE_NO_CALL},
    {"NotSignedUp", HY_S3_FINAL, HYDRA_ERR_PERMISSION, ADVICE_PERMISSION},
    {"OperationAborted", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, ADVICE_LATER},
    {"PermanentRedirect", HY_S3_FIX_REGION, HYDRA_ERR_ARGUMENT, ADVICE_REGION},
    {"PreconditionFailed", HY_S3_FINAL, HYDRA_ERR_IO, ADVICE_CHANGED},
    {"PriorRequestNotComplete", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, ADVICE_LATER},
    {"Redirect", HY_S3_FIX_REGION, HYDRA_ERR_ARGUMENT, ADVICE_REGION},
    {"RequestExpired", HY_S3_FINAL, HYDRA_ERR_AUTH, ADVICE_CLOCK},
    {"RequestLimitExceeded", HY_S3_RETRY_THROTTLE, HYDRA_ERR_SERVER, ADVICE_LATER},
    {"RequestThrottled*", HY_S3_RETRY_THROTTLE, HYDRA_ERR_SERVER, ADVICE_LATER},
    {"RequestTimeTooSkewed", HY_S3_FIX_CLOCK, HYDRA_ERR_AUTH, ADVICE_CLOCK},
    {"RequestTimeout", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, ADVICE_LATER},
    {"ServiceUnavailable", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, ADVICE_LATER},
    {"SignatureDoesNotMatch", HY_S3_FINAL, HYDRA_ERR_AUTH, ADVICE_SECRET},
    {"SlowDown*", HY_S3_RETRY_THROTTLE, HYDRA_ERR_SERVER, ADVICE_LATER},
    {"TemporaryRedirect", HY_S3_FIX_REGION, HYDRA_ERR_ARGUMENT, ADVICE_REGION},
    {"Throttling*", HY_S3_RETRY_THROTTLE, HYDRA_ERR_SERVER, ADVICE_LATER},
    {"TokenRefreshRequired", HY_S3_RENEW_KEYS, HYDRA_ERR_AUTH, ADVICE_EXPIRED},
    {"TooManyRequests*", HY_S3_RETRY_THROTTLE, HYDRA_ERR_SERVER, ADVICE_LATER},
    {"UnauthorizedAccess", HY_S3_FINAL, HYDRA_ERR_PERMISSION, ADVICE_PERMISSION},
    {"UnrecognizedClientException", HY_S3_FINAL, HYDRA_ERR_AUTH, ADVICE_ID},
    {"XAmzContentChecksumMismatch", HY_S3_SEND_ANEW, HYDRA_ERR_VERIFY, ADVICE_BYTES},
    {"XAmzContentSHA256Mismatch", HY_S3_SEND_ANEW, HYDRA_ERR_VERIFY, ADVICE_BYTES},
};

/* Where the code is unknown, or HEAD was answered without one. */
static meaning meaning_of_status(int32_t status)
{
    meaning found = {"", hy_retry_status(status) ? HY_S3_RETRY_TRANSIENT : HY_S3_FINAL,
                     HYDRA_ERR_SERVER, NULL};
    switch (status) {
    case 301:
    case 302:
    case 307:
        return (meaning){"", HY_S3_FIX_REGION, HYDRA_ERR_ARGUMENT, ADVICE_REDIRECT};
    case 308:
        return (meaning){"", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, ADVICE_REDIRECT};
    case 401:
        return (meaning){"", HY_S3_FINAL, HYDRA_ERR_AUTH, ADVICE_ID};
    case 403:
        return (meaning){"", HY_S3_FINAL, HYDRA_ERR_PERMISSION, ADVICE_PERMISSION};
    case 404:
    case 410:
        return (meaning){"", HY_S3_FINAL, HYDRA_ERR_NOT_FOUND, ADVICE_KEY};
    case 412:
        return (meaning){"", HY_S3_FINAL, HYDRA_ERR_IO, ADVICE_CHANGED};
    case 413:
        return (meaning){"", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, ADVICE_SIZE};
    case 416:
        return (meaning){"", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, "the object has no bytes there"};
    case 429:
        found.verdict = HY_S3_RETRY_THROTTLE;
        break;
    case 501:
    case 505:
        found.advice = ADVICE_NO_CALL;
        return found;
    default:
        break;
    }
    found.advice = status >= 500 || status == 429 ? ADVICE_LATER : NULL;
    return found;
}

static bool matches(const char *pattern, const char *code)
{
    size_t length = strlen(pattern);
    return pattern[length - 1] == '*' ? strncmp(pattern, code, length - 1) == 0
                                      : strcmp(pattern, code) == 0;
}

static meaning meaning_of(const hy_s3_error *error)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (matches(meanings[i].code, error->code)) {
            return meanings[i];
        }
    }
    return meaning_of_status(error->http_status);
}

/* As for objects that are locked from their beginning. */
static bool wants_checksum(const hy_s3_error *error)
{
    bool invalid = strcmp(error->code, "InvalidRequest") == 0;
    return strcmp(error->code, "MissingContentMD5") == 0 ||
           strcmp(error->code, "MissingDigest") == 0 ||
           (invalid &&
            (strstr(error->message, "Content-MD5") || strstr(error->message, "x-amz-checksum-")));
}

hy_s3_verdict hy_s3_classify(const hy_s3_error *error)
{
    if (wants_checksum(error)) {
        return HY_S3_ADD_CHECKSUM;
    }
    meaning found = meaning_of(error);
    bool names_region = error->region[0] != '\0';
    bool malformed = strcmp(error->code, "AuthorizationHeaderMalformed") == 0 ||
                     strcmp(error->code, "AuthorizationQueryParametersError") == 0;
    /* A HEAD that went to the wrong region comes back as a bare 400. */
    bool bare = error->code[0] == '\0' && error->http_status == 400;
    return names_region && (malformed || bare) ? HY_S3_FIX_REGION : found.verdict;
}

/* ---- Reading ---- */

static void take_header(const hy_http_reply *reply, const char *name, char *out, size_t room)
{
    const char *value = hy_http_headers_get(&reply->headers, name);
    if (!out[0] && value && strlen(value) < room) {
        memcpy(out, value, strlen(value) + 1);
    }
}

hydra_status hy_s3_error_read(const hy_http_reply *reply, hy_s3_error *error, hy_diag *diag)
{
    hy_s3_root found;
    *error = (hy_s3_error){.http_status = reply->status};
    hydra_status status =
        hy_s3_xml_read(reply->body.data, reply->body.size, NULL, NULL, 0, &found, error, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    take_header(reply, "x-amz-request-id", error->request_id, sizeof error->request_id);
    take_header(reply, "x-amz-id-2", error->host_id, sizeof error->host_id);
    if (!hy_region_is_valid(error->region, strlen(error->region))) {
        error->region[0] = '\0';
    }
    take_header(reply, "x-amz-bucket-region", error->region, sizeof error->region);
    if (!hy_region_is_valid(error->region, strlen(error->region))) {
        error->region[0] = '\0';
    }
    const char *date = hy_http_headers_get(&reply->headers, "date");
    if (error->server_time_s < 0 && date) {
        error->server_time_s = hy_http_date(date);
    }
    return HYDRA_OK;
}

/* ---- For people ---- */

/* Bytes of `text` that fit into `room`, without half a character. */
static int cut(const char *text, size_t room)
{
    size_t size = strlen(text);
    if (size > room) {
        size = room;
        while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
            size--;
        }
    }
    return (int)size;
}

/* " (request id A, host id B)", of what is known. */
static void print_ids(const hy_s3_error *error, char *out, size_t size)
{
    const char *request = error->request_id;
    const char *host = error->host_id;
    (void)snprintf(out, size, "%s%s%s%s%s%s%s", request[0] || host[0] ? " (" : "",
                   request[0] ? "request id " : "", request, request[0] && host[0] ? ", " : "",
                   host[0] ? "host id " : "", host, request[0] || host[0] ? ")" : "");
}

/* Values that servers quote: those of signatures and keys are no text for people. */
static bool may_be_shown(const char *argument)
{
    static const char *const secrets[] = {"authorization", "token",    "signature",
                                          "credential",    "customer", "content-sha256"};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        if (strcasestr(argument, secrets[i])) {
            return false;
        }
    }
    return true;
}

/* What to do, with what the server says about it. */
static void print_advice(const hy_s3_error *error, const char *advice, char *out, size_t size)
{
    bool is_region =
        advice && (strcmp(advice, ADVICE_REGION) == 0 || strcmp(advice, ADVICE_REDIRECT) == 0);
    if (!advice) {
        out[0] = '\0';
    } else if (is_region && error->region[0]) {
        (void)snprintf(out, size, "; the bucket is in %s: set that region", error->region);
    } else if (strcmp(advice, ADVICE_ARGUMENT) == 0 && error->argument[0]) {
        bool shown = error->value[0] && may_be_shown(error->argument);
        (void)snprintf(out, size, "; the server does not accept %s%s%s", error->argument,
                       shown ? ": " : "", shown ? error->value : "");
    } else if (strcmp(advice, ADVICE_ARGUMENT) == 0 && error->sent[0]) {
        (void)snprintf(out, size, "; the server does not accept one of: %s", error->sent);
    } else {
        (void)snprintf(out, size, "; %s", advice);
    }
}

hydra_status hy_s3_fail(const hy_s3_error *error, const char *what, hy_diag *diag)
{
    meaning found = meaning_of(error);
    bool precondition = error->http_status == 412 || strcmp(error->code, "PreconditionFailed") == 0;
    if (precondition && error->if_none_match) {
        found = (meaning){"", HY_S3_FINAL, HYDRA_ERR_EXISTS, ADVICE_EXISTS};
    }
    char code[80];
    char ids[240];
    char advice[192];
    if (error->code[0]) {
        (void)snprintf(code, sizeof code, "%s", error->code);
    } else {
        (void)snprintf(code, sizeof code, "HTTP status %d", error->http_status);
    }
    print_ids(error, ids, sizeof ids);
    print_advice(error, found.advice, advice, sizeof advice);
    /* The ids and the advice must fit: what is long is cut, first the message, then the name. */
    size_t fixed = strlen(code) + strlen(ids) + strlen(advice) + 8;
    size_t room = fixed < HY_DIAG_BYTES ? HY_DIAG_BYTES - fixed : 0;
    int what_size = cut(what, room < 160 ? room : 160);
    room -= (size_t)what_size;
    return hy_fail(diag, found.status, "%.*s%s: %s%s%.*s%s%s", what_size, what,
                   what[what_size] ? "..." : "", code, error->message[0] ? ": " : "",
                   cut(error->message, room), error->message, ids, advice);
}

/* SPDX-License-Identifier: MIT */
#include "s3_error.h"

#include "s3_action.h"

#include <stdio.h>
#include <string.h>

void s3_error_element(char *out, size_t capacity, const char *body, const char *name) {
    char opening[64];
    snprintf(opening, sizeof opening, "<%s>", name);
    const char *text = strstr(body, opening);
    size_t size = 0;
    if (text) {
        text += strlen(opening);
        size = strcspn(text, "<");
        size = text[size] ? size : 0; /* cut off */
        size = size < capacity ? size : capacity - 1;
        for (size_t i = 0; i < size; i++)
            out[i] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : ' ');
    }
    out[size] = '\0';
}

static bool is_one_of(const char *code, const char *const *list) {
    for (; *list; list++)
        if (strcmp(code, *list) == 0)
            return true;
    return false;
}

/* S3's, and those of throttling that any service of Amazon's may answer with. */
static bool passes(long status, const char *code) {
    static const char *const codes[] = {"SlowDown",
                                        "Throttling",
                                        "ThrottlingException",
                                        "ThrottledException",
                                        "RequestThrottled",
                                        "RequestThrottledException",
                                        "TooManyRequestsException",
                                        "RequestLimitExceeded",
                                        "BandwidthLimitExceeded",
                                        "RequestTimeout",
                                        "RequestTimeoutException",
                                        "RequestTimeTooSkewed", /* signed before the sandbox was frozen */
                                        "PriorRequestNotComplete",
                                        "InternalError",
                                        "ServiceUnavailable",
                                        "ConditionalRequestConflict",
                                        "OperationAborted",
                                        "BadDigest", /* the body was damaged on its way */
                                        "XAmzContentSHA256Mismatch",
                                        NULL};
    return status == 429 || status == 500 || status == 502 || status == 503 || status == 504 || is_one_of(code, codes);
}

static enum failure_kind kind_of(const struct s3_call *call, long status, const char *code) {
    bool put = call->action->writes;
    if (strcmp(code, "EntityTooLarge") == 0)
        return FAILURE_LIMIT_EXCEEDED;
    if (strcmp(code, "KeyTooLongError") == 0 || strcmp(code, "InvalidBucketName") == 0)
        return FAILURE_BAD_REQUEST;
    if (strcmp(code, "NoSuchUpload") == 0 || strcmp(code, "InvalidPart") == 0)
        return FAILURE_OUTPUT_UNWRITABLE; /* begun anew, it may work */
    if (put)
        return status == 501 ? FAILURE_UNSUPPORTED : FAILURE_OUTPUT_DENIED;
    return status == 404                    ? FAILURE_SOURCE_NOT_FOUND
           : status == 412 || status == 416 ? FAILURE_SOURCE_CHANGED
                                            : FAILURE_SOURCE_DENIED;
}

static const char *explain(const struct s3_call *call, long status, const char *code) {
    bool put = call->action->writes;
    const struct http_request *http = &call->private.http;
    if (strcmp(code, "RequestTimeTooSkewed") == 0)
        return "; the clock of this machine is wrong";
    if (status == 412 && put && (http->private.attempt > 0 || http->private.fresh))
        return "; there is an object by this name already, perhaps from this call's first attempt, whose answer was "
               "lost";
    if (status == 412)
        return put ? "; there is an object by this name already" : "; it is not the one any more that is wanted";
    if (status == 416)
        return "; it is shorter than it was said to be";
    if (status == 501 && put && call->options->keep)
        return "; this store cannot write without overwriting (If-None-Match), let it be allowed";
    if (status == 404)
        return "";
    if (strcmp(code, "AccessDenied") == 0 || (status == 403 && !*code))
        return put ? "; the role needs s3:PutObject on it"
               : call->version
                   ? "; the role needs s3:GetObjectVersion on it"
                   : "; the role needs s3:GetObject on it, and an object that is missing looks the same to who may "
                     "not s3:ListBucket";
    if (strcmp(code, "ExpiredToken") == 0 || strcmp(code, "InvalidAccessKeyId") == 0 ||
        strcmp(code, "SignatureDoesNotMatch") == 0 || strcmp(code, "InvalidToken") == 0)
        return "; AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN are not valid together";
    return "";
}

enum http_verdict s3_error_judge(const struct s3_call *call, struct failure *failure) {
    char code[64], message[256];
    long status = call->private.http.status;
    s3_error_element(code, sizeof code, call->private.text, "Code");
    s3_error_element(message, sizeof message, call->private.text, "Message");
    const char *what = call->action->what;
    if (passes(status, code)) {
        failure_set(failure, call->action->writes ? FAILURE_OUTPUT_UNWRITABLE : FAILURE_SOURCE_UNREADABLE,
                    "%s: %s failed %d times, at last by %ld%s%s%s%s%s", call->url, what,
                    call->private.http.private.attempt + 1, status, *code ? " " : "", code, *message ? ": " : "",
                    message, explain(call, status, code));
        return HTTP_RETRY;
    }
    const char *missing = strcmp(code, "NoSuchBucket") == 0   ? "bucket"
                          : strcmp(code, "NoSuchUpload") == 0 ? "upload"
                          : call->version                     ? "version of the object"
                                                              : "object";
    if (status == 404)
        failure_set(failure, kind_of(call, status, code), "%s: there is no such %s (bucket %s, key %s)", call->url,
                    missing, call->object->bucket, call->object->path);
    else
        failure_set(failure, kind_of(call, status, code), "%s: %s was answered by %ld%s%s%s%s%s", call->url, what,
                    status, *code ? " " : "", code, *message ? ": " : "", message, explain(call, status, code));
    return HTTP_FAILED;
}

/* SPDX-License-Identifier: MIT */
#include "upload.h"

#include "../base/deadline.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARTS_MOST = 10000,   /* S3's own limit */
    AT_ONCE = 4,          /* parts under way, */
    UNDER_WAY = 64 << 20, /* and bytes of them, but for one that is larger */
    ABORT_MS = 5000,      /* that the store has to hear of the end, */
    ABORT_LATE_MS = 200   /* and where the deadline has come */
};

/* What the store has told of a part. */
struct told {
    char etag[128], checksum[45];
};

struct upload {
    struct storage *storage;
    struct s3 *s3;
    const struct url *place;
    const char *url;
    const struct storage_put_options *options;
    struct s3_upload s3_upload;
    uint64_t size;

    struct s3_call calls[AT_ONCE]; /* under way: `count` from `first` on, in a ring */
    unsigned first, count;
    size_t under_way;

    struct told *told; /* by number */
    unsigned told_count;
};

static struct s3_call call_of(const struct upload *upload, const struct s3_action *action) {
    return (struct s3_call){.action = action,
                            .object = upload->place,
                            .url = upload->url,
                            .deadline = upload->storage->deadline,
                            .options = upload->options};
}

static void release(struct upload *upload) {
    free(upload->told);
    free(upload);
}

bool upload_begin(struct upload **out, struct storage *storage, const struct url *place, const char *url,
                  const struct storage_put_options *options, struct failure *failure) {
    *out = NULL;
    struct upload *upload = calloc(1, sizeof *upload);
    if (!upload)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory", url);
    *upload = (struct upload){
        .storage = storage, .s3 = storage_s3(storage, failure), .place = place, .url = url, .options = options};
    struct s3_call call = call_of(upload, &s3_upload);
    call.upload = &upload->s3_upload;
    if (upload->s3 && storage_run(storage, &call, failure))
        *out = upload;
    else
        release(upload);
    return *out != NULL;
}

/* ---- Parts -------------------------------------------------------------------------------------------------- */

static bool end_oldest(struct upload *upload, struct failure *failure) {
    struct s3_call *call = &upload->calls[upload->first];
    bool done = s3_wait(call, failure);
    struct told *told = &upload->told[call->part - 1];
    memcpy(told->etag, call->told_etag, sizeof told->etag);
    memcpy(told->checksum, call->checksum, sizeof told->checksum);
    upload->under_way -= call->content_size;
    upload->size += call->content_size;
    free((void *)call->content);
    upload->first = (upload->first + 1) % AT_ONCE;
    upload->count--;
    return done;
}

static bool has_room(struct upload *upload, unsigned number, struct failure *failure) {
    if (number > PARTS_MOST)
        return failure_set(failure, FAILURE_LIMIT_EXCEEDED,
                           "%s: has %ju bytes and more; S3 takes no more than %d parts", upload->url,
                           (uintmax_t)upload->size, PARTS_MOST);
    if (number <= upload->told_count)
        return true;
    struct told *more = realloc(upload->told, 2 * number * sizeof *more);
    if (!more)
        return failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory", upload->url);
    memset(more + upload->told_count, 0, (2 * number - upload->told_count) * sizeof *more);
    upload->told = more;
    upload->told_count = 2 * number;
    return true;
}

bool upload_part(struct upload *upload, unsigned number, unsigned char *data, size_t size, struct failure *failure) {
    bool done = has_room(upload, number, failure);
    while (done && upload->count &&
           (upload->count == AT_ONCE || upload->under_way > UNDER_WAY || size > UNDER_WAY - upload->under_way))
        done = end_oldest(upload, failure);
    struct s3_call *call = &upload->calls[(upload->first + upload->count) % AT_ONCE];
    if (done) {
        *call = call_of(upload, &s3_upload_part);
        call->upload = &upload->s3_upload;
        call->part = number;
        call->content = data;
        call->content_size = size;
        done = s3_start(upload->s3, call, failure);
    }
    if (!done) {
        free(data);
        return false;
    }
    upload->count++;
    upload->under_way += size;
    return true;
}

/* ---- The end ------------------------------------------------------------------------------------------------ */

static char *list_parts(const struct upload *upload) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fputs("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">", out);
    for (unsigned i = 0; i < upload->told_count && upload->told[i].etag[0]; i++) {
        fprintf(out, "<Part><PartNumber>%u</PartNumber><ETag>\"%s\"</ETag>", i + 1, upload->told[i].etag);
        if (upload->s3_upload.checksums)
            fprintf(out, "<ChecksumSHA256>%s</ChecksumSHA256>", upload->told[i].checksum);
        fputs("</Part>", out);
    }
    fputs("</CompleteMultipartUpload>", out);
    bool failed = ferror(out);
    if (fclose(out) == 0 && !failed)
        return text;
    free(text);
    return NULL;
}

/* The ETag of an object in parts: MD5 of those of its parts, which are MD5s, too, where nothing is encrypted. */
static bool expected_etag(char out[128], const struct upload *upload) {
    unsigned char hash[EVP_MAX_MD_SIZE], part[16];
    unsigned size = 0, count = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context && EVP_DigestInit_ex(context, EVP_md5(), NULL) == 1;
    for (; done && count < upload->told_count && upload->told[count].etag[0]; count++) {
        const char *etag = upload->told[count].etag;
        for (size_t i = 0; done && i < sizeof part; i++)
            done = sscanf(etag + 2 * i, "%2hhx", &part[i]) == 1;
        done = done && strlen(etag) == 2 * sizeof part && EVP_DigestUpdate(context, part, sizeof part) == 1;
    }
    done = done && EVP_DigestFinal_ex(context, hash, &size) == 1;
    EVP_MD_CTX_free(context);
    for (unsigned i = 0; done && i < size; i++)
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
    if (done)
        snprintf(out + 2 * size, 16, "-%u", count);
    return done;
}

/* Of several attempts the first one may have worked, and its answer been lost: the others then fail. */
static bool is_there(const struct upload *upload) {
    struct storage_facts facts;
    struct failure failure;
    char etag[128];
    return expected_etag(etag, upload) && storage_stat(upload->storage, upload->url, &facts, &failure) &&
           facts.size == upload->size && strcmp(facts.etag, etag) == 0;
}

bool upload_complete(struct upload *upload, struct failure *failure) {
    bool done = true;
    while (done && upload->count)
        done = end_oldest(upload, failure);
    char *list = done ? list_parts(upload) : NULL;
    if (done && !list)
        done = failure_set(failure, FAILURE_OUT_OF_MEMORY, "%s: no memory", upload->url);
    if (done) {
        struct s3_call call = call_of(upload, &s3_upload_complete);
        call.upload = &upload->s3_upload;
        call.content = list;
        call.content_size = strlen(list);
        done =
            storage_run(upload->storage, &call, failure) || (call.private.http.private.attempt > 0 && is_there(upload));
    }
    free(list);
    if (done)
        release(upload);
    else
        upload_abort(upload);
    return done;
}

void upload_abort(struct upload *upload) {
    struct failure failure;
    for (unsigned i = 0; i < upload->count; i++)
        s3_cancel(&upload->calls[(upload->first + i) % AT_ONCE]); /* all at once, before any is waited for */
    while (upload->count)
        end_oldest(upload, &failure);
    int64_t now = deadline_now(), by = now + ABORT_MS, late = now + ABORT_LATE_MS;
    struct s3_call call = call_of(upload, &s3_upload_abort);
    call.upload = &upload->s3_upload;
    by = call.deadline < by ? call.deadline : by;
    call.deadline = by > late ? by : late;
    if (s3_start(upload->s3, &call, &failure)) /* what it comes to is no matter: buckets have rules for what is left */
        s3_wait(&call, &failure);
    release(upload);
}

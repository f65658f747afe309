/* SPDX-License-Identifier: MIT */
/*
 * Reading ahead. Decoders ask for a file from front to back in small pieces, one at a time; each would cost a request.
 * When reads follow each other, what comes next is asked for in blocks, the larger and the more at a time the longer
 * that has gone on; a jump gives up what was not read yet.
 */
#include "object.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_LEAST = 256 << 10, BLOCK_MOST = 2 << 20 };

struct block {
    struct s3_call call;
    bool ready;
    unsigned char data[];
};

static uint64_t end_of(const struct block *block) {
    return block->call.offset + block->call.size;
}

static void drop_first(struct object *object) {
    struct ahead *ahead = &object->ahead;
    struct block *block = ahead->blocks[0];
    struct failure failure;
    if (!block->ready) {
        s3_cancel(&block->call);
        s3_wait(&block->call, &failure);
    }
    storage_release(object->storage, block->call.size);
    free(block);
    ahead->count--;
    memmove(ahead->blocks, ahead->blocks + 1, (size_t)ahead->count * sizeof *ahead->blocks);
}

static void drop_until(struct object *object, uint64_t offset) {
    while (object->ahead.count && end_of(object->ahead.blocks[0]) <= offset)
        drop_first(object);
}

static void drop_all(struct object *object) {
    for (int i = 0; i < object->ahead.count; i++)
        if (!object->ahead.blocks[i]->ready)
            s3_cancel(&object->ahead.blocks[i]->call); /* all at once, before any is waited for */
    drop_until(object, UINT64_MAX);
}

/* False where there is no memory; reading goes on without. */
static bool ask(struct object *object, uint64_t offset, uint64_t size) {
    struct failure failure;
    if (!storage_reserve(object->storage, size))
        return false;
    struct block *block = malloc(sizeof *block + (size_t)size);
    if (block) {
        block->call = fetch_call(object, offset, block->data, size);
        block->ready = false;
        if (s3_start(object->s3, &block->call, &failure)) {
            object->ahead.blocks[object->ahead.count++] = block;
            return true;
        }
        free(block);
    }
    storage_release(object->storage, size);
    return false;
}

static void ask_for_more(struct object *object) {
    struct ahead *ahead = &object->ahead;
    uint64_t size = ahead->streak < BLOCK_LEAST ? BLOCK_LEAST : ahead->streak < BLOCK_MOST ? ahead->streak : BLOCK_MOST;
    uint64_t depth = ahead->streak / BLOCK_MOST + 1;
    for (;;) {
        uint64_t from = ahead->count ? end_of(ahead->blocks[ahead->count - 1]) : ahead->next;
        uint64_t left = object->facts.size - from;
        if (left == 0 || ahead->count == AHEAD_MOST || (uint64_t)ahead->count >= depth ||
            !ask(object, from, left < size ? left : size))
            return;
    }
}

/* The block in which the byte is. */
static struct block *find(const struct ahead *ahead, uint64_t offset) {
    for (int i = 0; i < ahead->count; i++)
        if (offset >= ahead->blocks[i]->call.offset && offset < end_of(ahead->blocks[i]))
            return ahead->blocks[i];
    return NULL;
}

static bool copy_blocks(struct object *object, uint64_t *offset, unsigned char **to, size_t *size,
                        struct failure *failure) {
    for (struct block *block; *size > 0 && (block = find(&object->ahead, *offset));) {
        bool got = block->ready || s3_wait(&block->call, failure);
        block->ready = true;
        if (!got)
            return false;
        size_t n = (size_t)(end_of(block) - *offset);
        n = n < *size ? n : *size;
        memcpy(*to, block->data + (*offset - block->call.offset), n);
        *offset += n;
        *to += n;
        *size -= n;
    }
    return true;
}

bool ahead_read(struct object *object, uint64_t offset, void *buffer, size_t size, struct failure *failure) {
    struct ahead *ahead = &object->ahead;
    pthread_mutex_lock(&ahead->lock);
    bool follows = offset == ahead->next && offset > 0;
    ahead->streak = follows ? ahead->streak + size : size;
    ahead->next = offset + size;
    if (!find(ahead, offset))
        drop_all(object);
    unsigned char *to = buffer;
    bool done = copy_blocks(object, &offset, &to, &size, failure) &&
                (size == 0 || fetch_read(object, offset, to, size, failure));
    if (done)
        drop_until(object, ahead->next);
    else
        drop_all(object); /* what failed is not asked for twice */
    if (done && follows)
        ask_for_more(object);
    pthread_mutex_unlock(&ahead->lock);
    return done;
}

void ahead_free(struct object *object) {
    drop_all(object);
}

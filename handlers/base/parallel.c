/* SPDX-License-Identifier: MIT */
#include "parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

struct run {
    bool (*each)(void *user, uint64_t index, struct failure *failure);
    void *user;
    pthread_mutex_t lock;
    uint64_t next, count;
    bool failed;
    struct failure *failure;
};

static void *work(void *argument) {
    struct run *run = argument;
    pthread_mutex_lock(&run->lock);
    while (!run->failed && run->next < run->count) {
        uint64_t index = run->next++;
        pthread_mutex_unlock(&run->lock);
        struct failure failure;
        bool done = run->each(run->user, index, &failure);
        pthread_mutex_lock(&run->lock);
        if (!done && !run->failed) {
            run->failed = true;
            *run->failure = failure;
        }
    }
    pthread_mutex_unlock(&run->lock);
    return NULL;
}

bool parallel_run(uint64_t count, int threads, bool (*each)(void *user, uint64_t index, struct failure *failure),
                  void *user, struct failure *failure) {
    struct run run = {
        .each = each, .user = user, .lock = PTHREAD_MUTEX_INITIALIZER, .count = count, .failure = failure};
    uint64_t helpers = threads > 1 ? (uint64_t)threads - 1 : 0;
    helpers = count < helpers + 1 ? (count ? count - 1 : 0) : helpers;
    pthread_t *started = helpers ? malloc(helpers * sizeof *started) : NULL;
    uint64_t n = 0;
    while (started && n < helpers && pthread_create(&started[n], NULL, work, &run) == 0)
        n++; /* fewer threads do the same */
    work(&run);
    while (n)
        pthread_join(started[--n], NULL);
    free(started);
    pthread_mutex_destroy(&run.lock);
    return !run.failed;
}

int parallel_processors(void) {
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > 0 ? count : 1;
}

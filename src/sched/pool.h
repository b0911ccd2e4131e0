/* SPDX-License-Identifier: MIT */
/*
 * The blocking pool: threads for calls that are known to block; see pool.c.
 */
#ifndef WEFT_SRC_POOL_H
#define WEFT_SRC_POOL_H

#include <stdbool.h>

#include "base/lock.h"

struct pool_job {
    /* On a thread of the pool.  The job may be gone when it returns: whoever
     * waits for it is made ready from here. */
    void (*run)(struct pool_job *job);
    struct pool_job *next;
};

/*
 * weft__pool_ready - is there a thread for one more job, now or once another job
 * is over?  Makes one at need; false: none can be made, the caller runs the job.
 */
bool weft__pool_ready(void);

/* weft__pool_put - after that, from any thread: @job will be run. */
void weft__pool_put(struct pool_job *job);

/* weft__pool_stop - the runtime ends: returns when all jobs and threads have. */
void weft__pool_stop(void);

#endif /* WEFT_SRC_POOL_H */

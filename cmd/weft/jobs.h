/* SPDX-License-Identifier: MIT */
/*
 * jobs.h - many compilers at once, a few at a time, each with its output in a file.
 */
#ifndef WEFT_CMD_JOBS_H
#define WEFT_CMD_JOBS_H

#include "argv.h"
#include "child.h"

struct job {
    struct list command;
    const char *output;   /* a file for what it says */
    struct ending ending; /* afterwards: how it went */
};

/* jobs_new - so many, empty; free() them.  Ends the process when there is no memory. */
struct job *jobs_new(size_t count);

/*
 * jobs_run - run them all, as many at a time as there are processors.
 *
 * Returns 0, or the signal that came for us meanwhile: then some were not started, and none runs.
 */
int jobs_run(struct job *jobs, size_t count);

/* job_done_well - it ran, and its exit status was 0. */
bool job_done_well(const struct job *job);

#endif /* WEFT_CMD_JOBS_H */

/* SPDX-License-Identifier: MIT */
/*
 * jobs.c - many compilers at once; see jobs.h.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include "jobs.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "complain.h"

enum { SLOTS = 64 };

struct pool {
    int pid[SLOTS];
    struct ending end[SLOTS];
    struct job *job[SLOTS];
    size_t slots, running;
    int signalled;
};

struct job *jobs_new(size_t count)
{
    struct job *jobs = calloc(count ? count : 1, sizeof *jobs);
    if (!jobs)
        exit(complain("out of memory"));
    return jobs;
}

static size_t processors(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > SLOTS ? SLOTS : (size_t)n;
}

static void start(struct pool *pool, size_t slot, struct job *job)
{
    const struct child_setup setup = {.output = job->output};
    struct ending *end = &pool->end[slot];
    pool->pid[slot] = child_start(end, job->command.item[0], &job->command, &setup);
    pool->job[slot] = job;
    if (end->signalled) {
        pool->signalled = end->signalled;
        for (size_t i = 0; i < pool->slots; i++)
            if (pool->pid[i] > 0 && i != slot)
                kill(pool->pid[i], end->signalled);
    }
    job->ending = *end;
    pool->running += pool->pid[slot] > 0;
}

static void reap(struct pool *pool)
{
    int signal = child_reap(pool->pid, pool->end, pool->slots);
    if (signal)
        pool->signalled = signal;
    for (size_t i = 0; i < pool->slots; i++)
        if (pool->job[i] && pool->pid[i] == 0) {
            pool->running -= !pool->end[i].error;
            pool->job[i]->ending = pool->end[i];
            pool->job[i] = NULL;
        }
}

int jobs_run(struct job *jobs, size_t count)
{
    struct pool pool = {.slots = processors()};
    size_t next = 0;
    while (pool.running > 0 || (next < count && !pool.signalled)) {
        for (size_t i = 0; i < pool.slots && next < count && !pool.signalled; i++)
            if (!pool.job[i])
                start(&pool, i, &jobs[next++]);
        size_t before = pool.running;
        reap(&pool);
        if (pool.running == before && pool.running > 0)
            child_await();
    }
    return pool.signalled;
}

bool job_done_well(const struct job *job)
{
    return !job->ending.error && WIFEXITED(job->ending.status) &&
           WEXITSTATUS(job->ending.status) == 0;
}

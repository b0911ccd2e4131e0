/* SPDX-License-Identifier: MIT */
/*
 * worker_pool - a fixed number of workers share the jobs of one channel.
 *
 * The jobs channel is the queue and its bound: whoever feeds it waits when the workers are behind.
 * Each worker writes to the job's own place in the results, so there is nothing to lock; waiting
 * for the group makes what they wrote visible here.
 */
#include <weft.h>

WEFT_CHAN(job_chan, int);

enum { JOBS = 8, WORKERS = 3 };

/* steps - how long the Collatz sequence of n is: work that differs from job to job. */
static int steps(long n)
{
    int count = 0;
    for (; n != 1; count++)
        n = n % 2 ? 3 * n + 1 : n / 2;
    return count;
}

static void work(job_chan_rx *jobs, int *results)
{
    weft_range (job, jobs)
        results[job] = steps(837799 + job);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int results[JOBS];
    weft_auto(job_chan, jobs) = weft_make(job_chan, WORKERS);
    weft_wg workers = {0};
    for (int i = 0; i < WORKERS; i++)
        weft_wg_go(&workers, work, weft_rx(jobs), results);

    for (int job = 0; job < JOBS; job++)
        weft_send(jobs, job);
    weft_close(jobs);
    weft_wg_wait(&workers);

    for (int job = 0; job < JOBS; job++)
        printf("job %d: %d steps\n", job, results[job]);
    return 0;
}

/*
 * Prints:
 *     job 0: 524 steps
 *     job 1: 144 steps
 *     job 2: 188 steps
 *     job 3: 144 steps
 *     job 4: 113 steps
 *     job 5: 144 steps
 *     job 6: 144 steps
 *     job 7: 144 steps
 */

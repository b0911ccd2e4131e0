/* SPDX-License-Identifier: MIT */
/* One waits for long while nothing runs: it is judged, and then the process sleeps. */
#include <sys/resource.h>
#include <weft.h>

static weft_mutex mu;

static void waiter(void)
{
    weft_scoped_lock(&mu);
}

static long switches(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return r.ru_nvcsw;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_mutex_lock(&mu);
    weft_wg_go(&wg, waiter);
    (void)weft_sleep(weft_background(), 3 * WEFT_SECOND);
    long before = switches();
    (void)weft_sleep(weft_background(), 3 * WEFT_SECOND);
    long n = switches() - before;
    if (n > 40) /* some looks of the monitor after main slept, and no more */
        printf("%ld context switches while asleep\n", n);
    weft_mutex_unlock(&mu);
    weft_wg_wait(&wg);
    puts("done");
    return 0;
}
/*
 * exit: 0
 * stdout:
 *     done
 * stderr:
 */

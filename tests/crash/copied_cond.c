/* SPDX-License-Identifier: MIT */
/* A signal to the copy of a condition variable, which nobody waits on. */
#include <weft.h>

static weft_mutex mu;
static weft_cond cond;

static void waits(void)
{
    weft_scoped_lock(&mu);
    weft_cond_wait(&cond, &mu); /* @original */
}

static void signal_copy(weft_cond copy) { weft_cond_signal(&copy); /* @copy */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_go(waits);
    while (!cond.weft_first)
        weft_yield();
    signal_copy(cond); /* @call */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     panic: cond was copied after its first use
 *     	the original was last waited on at waits copied_cond.c:@original
 *
 *     goroutine N "main" [running]:
 *     signal_copy copied_cond.c:@copy
 *     weft_main copied_cond.c:@call
 */

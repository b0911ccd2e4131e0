/* SPDX-License-Identifier: MIT */
/* A panic that nobody contains: the deferred calls run first, innermost first, then the report. */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void say(const char *s) { puts(s); }

static void inner(int n)
{
    weft_defer(say, "inner");
    weft_panic("boom %d", n); /* @boom */
}

static void worker(int n)
{
    weft_defer(say, "worker");
    inner(n); /* @call */
    say("not reached");
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int_chan *c = weft_make(int_chan, 0);
    weft_go(worker, 3); /* @go */
    weft_recv(c, NULL);
    return 0;
}
/*
 * exit: 2
 * stdout:
 *     inner
 *     worker
 * stderr:
 *     panic: boom 3
 *
 *     goroutine N [running]:
 *     inner panic_goroutine.c:@boom
 *     worker panic_goroutine.c:@call
 *     created by weft_main panic_goroutine.c:@go in goroutine N
 */

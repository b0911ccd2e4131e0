/* SPDX-License-Identifier: MIT */
/* A reader that reads again: it works until a writer comes in between. */
#include <weft.h>

static weft_rwmutex rw;

static int get(void)
{
    weft_scoped_rlock(&rw); /* @inner */
    return 1;
}

static void reads(void)
{
    weft_rwmutex_rlock(&rw); /* @outer */
    int v = get();
    weft_rwmutex_runlock(&rw); /* @end */
    printf("%d\n", v);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    reads(); /* @call */
    return 0;
}
/*
 * exit: 2
 * env: WEFT_CHECK=locks
 * stdout:
 * stderr:
 *     fatal error: lock order inversion: goroutine N locked a rwmutex for reading that it held for reading already
 *     	it was locked at reads read_again.c:@outer
 *     	and again at get read_again.c:@inner
 *
 *     goroutine N "main" [running]:
 *     reads read_again.c:@end
 *     weft_main read_again.c:@call
 */

/* SPDX-License-Identifier: MIT */
/* A reader that reads again: it works until a writer comes in between. */
#include <weft.h>

static weft_rwmutex rw;

static int get(void)
{
    weft_scoped_rlock(&rw); /* @inner */
    return 1;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_scoped_rlock(&rw); /* @outer */
    return get();           /* @call */
}
/*
 * exit: 2
 * env: WEFT_CHECK=locks
 * stderr:
 *     fatal error: lock order inversion: goroutine N locks a rwmutex for reading that it holds for reading already
 *     	it was locked at weft_main read_again.c:@outer
 *     	a writer that comes in between waits for the first, and the second for the writer
 *
 *     goroutine N "main" [running]:
 *     get read_again.c:@inner
 *     weft_main read_again.c:@call
 */

/* SPDX-License-Identifier: MIT */
/* A wait locks its mutex again, while the inner lock is still held. */
#include <weft.h>

static weft_mutex outer, inner;
static weft_cond changed;

static void waits(void)
{
    weft_scoped_lock(&outer);          /* @outer */
    weft_scoped_lock(&inner);          /* @inner */
    weft_cond_wait(&changed, &outer); /* @wait */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_wg_go(&wg, waits);
    weft_test_until_idle();
    weft_cond_signal(&changed);
    weft_wg_wait(&wg);
    return 0;
}
/*
 * exit: 2
 * env: WEFT_CHECK=locks
 * stderr:
 *     fatal error: lock order inversion
 *
 *     goroutine N [running]:
 *     waits inversion_cond.c:@wait
 *             locks mutex 0xX while it holds
 *             mutex 0xX, locked at waits inversion_cond.c:@inner
 *     ...
 *
 *     goroutine N [earlier]:
 *     waits inversion_cond.c:@inner
 *             locked mutex 0xX while it held
 *             mutex 0xX, locked at waits inversion_cond.c:@outer
 *     ...
 */

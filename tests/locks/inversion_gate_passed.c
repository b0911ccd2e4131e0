/* SPDX-License-Identifier: MIT */
/*
 * A lock that another than its holder unlocks keeps nobody apart.  Orders that
 * were seen before that was known are looked at again.
 */
#include <weft.h>

static weft_mutex gate, a, b;

static void both(weft_mutex *x, weft_mutex *y)
{
    weft_scoped_lock(&gate);
    weft_scoped_lock(x); /* @outer */
    weft_scoped_lock(y); /* @inner */
}

static void unlocks(void) { weft_mutex_unlock(&gate); }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    both(&a, &b);
    both(&b, &a);
    weft_mutex_lock(&gate);
    weft_wg wg = {0};
    weft_wg_go(&wg, unlocks);
    weft_wg_wait(&wg);
    both(&a, &b);
    puts("so far so good");
    fflush(stdout);
    both(&b, &a);
    return 0;
}
/*
 * exit: 2
 * env: WEFT_CHECK=locks
 * stdout:
 *     so far so good
 * stderr:
 *     fatal error: lock order inversion
 *
 *     goroutine N [running]:
 *     both inversion_gate_passed.c:@inner
 *     ...
 *             locks mutex 0xX while it holds
 *             mutex 0xX, locked at both inversion_gate_passed.c:@outer
 *
 *     goroutine N [earlier]:
 *     ...
 */

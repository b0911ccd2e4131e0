/* SPDX-License-Identifier: MIT */
/* Two readers are no gate for each other. */
#include <weft.h>

static weft_rwmutex shared;
static weft_mutex a, b;

static void both(weft_mutex *x, weft_mutex *y)
{
    weft_scoped_rlock(&shared); /* @shared */
    weft_scoped_lock(x);        /* @outer */
    weft_scoped_lock(y);        /* @inner */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    both(&a, &b);
    both(&b, &a);
    return 0;
}
/*
 * exit: 2
 * env: WEFT_CHECK=locks
 * stderr:
 *     fatal error: lock order inversion
 *
 *     goroutine N [running]:
 *     both inversion_gate_readers.c:@inner
 *     ...
 *             locks mutex 0xX while it holds
 *             mutex 0xX, locked at both inversion_gate_readers.c:@outer
 *             rwmutex 0xX, locked for reading at both inversion_gate_readers.c:@shared
 *
 *     goroutine N [earlier]:
 *     ...
 */

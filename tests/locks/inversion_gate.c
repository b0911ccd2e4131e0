/* SPDX-License-Identifier: MIT */
/* A lock around both orders keeps them apart, but once it is forgotten. */
#include <weft.h>

static weft_mutex gate, a, b;

static void first(void)
{
    weft_scoped_lock(&gate);
    weft_scoped_lock(&a);
    weft_scoped_lock(&b);
}

static void second(void)
{
    weft_scoped_lock(&gate); /* @gate */
    weft_scoped_lock(&b);    /* @second_b */
    weft_scoped_lock(&a);    /* @second_a */
}

static void forgetful(void)
{
    weft_scoped_lock(&a); /* @forgetful_a */
    weft_scoped_lock(&b); /* @forgetful_b */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    first();
    second();
    puts("so far so good");
    fflush(stdout);
    forgetful();
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
 *     forgetful inversion_gate.c:@forgetful_b
 *     ...
 *             locks mutex 0xX while it holds
 *             mutex 0xX, locked at forgetful inversion_gate.c:@forgetful_a
 *
 *     goroutine N [earlier]:
 *     second inversion_gate.c:@second_a
 *     ...
 *             locked mutex 0xX while it held
 *             mutex 0xX, locked at second inversion_gate.c:@second_b
 *             mutex 0xX, locked at second inversion_gate.c:@gate
 */

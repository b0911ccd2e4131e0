/* SPDX-License-Identifier: MIT */
/* What an attempt took counts as held: others wait for it. */
#include <weft.h>

static weft_mutex a, b;

static void first(void)
{
    if (weft_mutex_try_lock(&a)) { /* @try */
        weft_mutex_lock(&b);       /* @first_b */
        weft_mutex_unlock(&b);
        weft_mutex_unlock(&a);
    }
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    first();
    weft_scoped_lock(&b); /* @main_b */
    weft_scoped_lock(&a); /* @main_a */
    return 0;
}
/*
 * exit: 2
 * env: WEFT_CHECK=locks
 * stderr:
 *     fatal error: lock order inversion
 *
 *     goroutine N [running]:
 *     weft_main inversion_try.c:@main_a
 *             locks mutex 0xX while it holds
 *             mutex 0xX, locked at weft_main inversion_try.c:@main_b
 *
 *     goroutine N [earlier]:
 *     first inversion_try.c:@first_b
 *     ...
 *             locked mutex 0xX while it held
 *             mutex 0xX, locked at first inversion_try.c:@try
 */

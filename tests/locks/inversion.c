/* SPDX-License-Identifier: MIT */
/* Two orders, at different times: nothing stood still, yet it could have. */
#include <weft.h>

static weft_mutex a, b;

static void take_b(void)
{
    weft_scoped_lock(&b); /* @first_b */
}

static void first(void)
{
    weft_scoped_lock(&a); /* @first_a */
    take_b();             /* @call */
}

static void second(void)
{
    weft_scoped_lock(&b); /* @second_b */
    weft_scoped_lock(&a); /* @second_a */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_wg_go(&wg, first); /* @go_first */
    weft_wg_wait(&wg);
    weft_wg_go(&wg, second); /* @go_second */
    weft_wg_wait(&wg);
    puts("not reached");
    return 0;
}
/*
 * exit: 2
 * env: WEFT_CHECK=locks
 * stdout:
 * stderr:
 *     fatal error: lock order inversion
 *
 *     goroutine N [running]:
 *     second inversion.c:@second_a
 *             locks mutex 0xX while it holds
 *             mutex 0xX, locked at second inversion.c:@second_b
 *     created by weft_main inversion.c:@go_second in goroutine N
 *
 *     goroutine N [earlier]:
 *     take_b inversion.c:@first_b
 *     first inversion.c:@call
 *             locked mutex 0xX while it held
 *             mutex 0xX, locked at first inversion.c:@first_a
 *     created by weft_main inversion.c:@go_first in goroutine N
 */

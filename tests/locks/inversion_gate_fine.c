/* SPDX-License-Identifier: MIT */
/* Gates: one for both orders; two, of which each order has one with any other. */
#include <weft.h>

static weft_mutex gate, other, a, b, c, d;

static void both(weft_mutex *x, weft_mutex *y)
{
    weft_scoped_lock(x);
    weft_scoped_lock(y);
}

static void work(int i)
{
    {
        weft_scoped_lock(&gate);
        both(i % 2 ? &a : &b, i % 2 ? &b : &a);
    }
    if (i % 3 == 0) {
        weft_scoped_lock(&gate);
        both(&c, &d);
    } else if (i % 3 == 1) {
        weft_scoped_lock(&other);
        both(&c, &d);
    } else {
        weft_scoped_lock(&gate);
        weft_scoped_lock(&other);
        both(&d, &c);
    }
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < 300; i++) {
        weft_wg_go(&wg, work, i);
    }
    weft_wg_wait(&wg);
    puts("done");
    return 0;
}
/*
 * exit: 0
 * env: WEFT_CHECK=locks
 * stdout:
 *     done
 * stderr:
 */

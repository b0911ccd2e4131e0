/* SPDX-License-Identifier: MIT */
/* Unlocked by another before the end, by a panic that is contained, by goexit. */
#include <weft.h>

static weft_mutex mu, other;

static void unlocks(void)
{
    weft_mutex_unlock(&mu);
}

static void passes_on(void)
{
    weft_wg wg = {0};
    weft_mutex_lock(&mu);
    weft_wg_go(&wg, unlocks);
    weft_wg_wait(&wg);
}

static void panics(void)
{
    weft_scoped_lock(&other);
    weft_panic("no");
}

static void contains(void)
{
    weft_auto(weft_panic_info, p) = weft_try(panics);
}

static void leaves(void)
{
    weft_scoped_lock(&other);
    weft_goexit();
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_wg_go(&wg, passes_on);
    weft_wg_go(&wg, contains);
    weft_wg_go(&wg, leaves);
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

/* SPDX-License-Identifier: MIT */
/* The same as inversion.c, without being asked to look. */
#include <weft.h>

static weft_mutex a, b;

static void take_b(void)
{
    weft_scoped_lock(&b);
}

static void first(void)
{
    weft_scoped_lock(&a);
    take_b();
}

static void second(void)
{
    weft_scoped_lock(&b);
    weft_scoped_lock(&a);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_wg_go(&wg, first);
    weft_wg_wait(&wg);
    weft_wg_go(&wg, second);
    weft_wg_wait(&wg);
    puts("done");
    return 0;
}
/*
 * exit: 0
 * stdout:
 *     done
 * stderr:
 */

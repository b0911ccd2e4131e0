/* SPDX-License-Identifier: MIT */
/* Under Valgrind a goroutine's use of a variable that was never set is found. */
#include <weft.h>

static void look(int n)
{
    volatile int set[2];
    set[0] = n;
    if (set[1] > 3) /* @unset */
        puts("more");
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_wg_go(&wg, look, 1);
    weft_wg_wait(&wg);
    return 0;
}

/*
 * run: valgrind --error-exitcode=9
 * flags: -Wno-maybe-uninitialized -Wno-uninitialized
 * exit: 9
 * stderr:
 *     ...
 *     ==N== Conditional jump or move depends on uninitialised value(s)
 *     ...
 */

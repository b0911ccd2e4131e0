/* SPDX-License-Identifier: MIT */
/*
 * Right: one function touches the data, and it locks.
 *
 * -race finds nothing to say, however the goroutines are scheduled.
 */
#include <weft.h>

static weft_mutex mu;
static long total; /* guarded by mu */

static void add(long n)
{
    weft_scoped_lock(&mu);
    total += n;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < 10; i++)
        weft_wg_go(&wg, add, 1);
    weft_wg_wait(&wg);
    printf("%ld\n", total); /* the wait comes after all that was added: no lock is needed */
    return 0;
}

/*
 * Run: weft run -race 08_inconsistent_locking_right.c
 * Exit: 0
 * Prints:
 *     10
 */

/* SPDX-License-Identifier: MIT */
/*
 * Wrong: nine places lock, and the tenth does not.
 *
 * Both may read the same old value, and then one of the two additions is lost. It happens seldom
 * enough to pass every test. Only -race sees it, and it sees it also when nothing went wrong.
 */
#include <weft.h>

static weft_mutex mu;
static long total; /* guarded by mu */

static void add(long n)
{
    weft_scoped_lock(&mu);
    total += n;
}

static void add_quickly(long n) { total += n; /* it is only one addition */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < 9; i++)
        weft_wg_go(&wg, add, 1);
    (void)weft_sleep(weft_background(), 10 * WEFT_MILLISECOND);
    weft_wg_go(&wg, add_quickly, 1);
    weft_wg_wait(&wg);
    printf("%ld\n", total);
    return 0;
}

/*
 * Run: weft run -race 08_inconsistent_locking_wrong.c
 * Exit: 66
 * Prints:
 *     10
 * weft says:
 *     ==================
 *     WARNING: ThreadSanitizer: data race (pid=...)
 *       ... of size 8 at 0x... by thread T...:
 *         #0 add_quickly .../08_inconsistent_locking_wrong.c:19...
 *     ...
 *       Previous write of size 8 at 0x... by thread T...:
 *         #0 add .../08_inconsistent_locking_wrong.c:16...
 *     ...
 *       Thread T... 'goroutine 2 created at 08_inconsistent_locking_wrong.c:28' ...
 *     ...
 *       Thread T... 'goroutine 73 created at 08_inconsistent_locking_wrong.c:26' ...
 *     ...
 *     SUMMARY: ThreadSanitizer: data race .../08_inconsistent_locking_wrong.c:19... in add_quickly
 *     ...
 */

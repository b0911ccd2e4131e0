/* SPDX-License-Identifier: MIT */
/*
 * Panics through frames that a sanitizer counts: it must not run out of room for them, nor lose
 * sight of races.  PANICS is how many.
 */
#include <stdlib.h>
#include <weft.h>

static int hits;

static int deep(int n)
{
    volatile int here = n;
    if (n == 0)
        weft_panic("as planned");
    return deep(n - 1) + here;
}

static void hit(void) { hits++; }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    const char *text = getenv("PANICS");
    int n = text ? atoi(text) : 3000, contained = 0;
    for (int i = 0; i < n; i++) {
        weft_panic_info *p = weft_try(deep, 30);
        contained += p != NULL;
        weft_panic_info_free(p);
    }
    puts(contained == n ? "contained" : "not contained");
    weft_wg wg = {0};
    weft_wg_go(&wg, hit);
    hits++;
    weft_wg_wait(&wg);
    return 0;
}

/*
 * flags: -race
 * cc: gcc clang
 * exit: 66
 * stdout:
 *     contained
 * stderr:
 *     ...
 *     WARNING: ThreadSanitizer: data race (pid=N)
 *     ...
 *     ThreadSanitizer: reported 1 warnings
 */

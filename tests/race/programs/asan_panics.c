/* SPDX-License-Identifier: MIT */
/*
 * Panics through frames that a sanitizer counts: it must not run out of room for them, nor take
 * later frames for old ones.  PANICS is how many.
 */
#include <stdlib.h>
#include <weft.h>

static int deep(int n)
{
    volatile int here = n;
    if (n == 0)
        weft_panic("as planned");
    return deep(n - 1) + here;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    const char *text = getenv("PANICS");
    int n = text ? atoi(text) : 100000, contained = 0;
    for (int i = 0; i < n; i++) {
        weft_panic_info *p = weft_try(deep, 30);
        contained += p != NULL;
        weft_panic_info_free(p);
    }
    puts(contained == n ? "contained" : "not contained");
    return 0;
}

/*
 * flags: -asan -ubsan
 * cc: gcc clang
 * exit: 0
 * stdout:
 *     contained
 * stderr:
 */

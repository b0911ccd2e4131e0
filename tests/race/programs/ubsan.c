/* SPDX-License-Identifier: MIT */
/* Undefined behaviour in a goroutine is said, with its place, and the program goes on. */
#include <limits.h>
#include <weft.h>

static void add(volatile int *n) { *n = *n + 1; /* @add */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    volatile int n = INT_MAX;
    weft_wg wg = {0};
    weft_wg_go(&wg, add, &n);
    weft_wg_wait(&wg);
    puts("goes on");
    return 0;
}

/*
 * flags: -ubsan
 * cc: gcc clang
 * exit: 0
 * stdout:
 *     goes on
 * stderr:
 *     ubsan.c:@add: runtime error: signed integer overflow: 2147483647 + 1 cannot be represented in type 'int'
 *     ...
 */

/* SPDX-License-Identifier: MIT */
/* The first goroutine has a thread's stack, with a guard as well. */
#include <weft.h>

static __attribute__((noinline)) int recurse(int n)
{
    volatile char pad[2048];
    pad[n % 2048] = (char)n;
    return recurse(n + 1) + pad[(n + 1) % 2048]; /* @recurse */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    puts("printed before");
    return recurse(0); /* @main */
}
/*
 * exit: 2
 * stdout:
 *     printed before
 * stderr:
 *     fatal error: stack overflow
 *     	goroutine N has used up its stack of 8192 KiB; `ulimit -s` sets the size of the first one
 *
 *     goroutine N "main" [running]:
 *     ...
 *     recurse stack_overflow_main.c:@recurse
 *     ...
 */

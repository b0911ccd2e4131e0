/* SPDX-License-Identifier: MIT */
/* A goroutine that overruns its stack is named, with both ends of its stack; nothing is corrupted. */
#include <weft.h>

static __attribute__((noinline)) int recurse(int n)
{
    volatile char pad[512];
    pad[n % 512] = (char)n;
    return recurse(n + 1) + pad[(n + 1) % 512]; /* @recurse */
}

static void deep(void) { printf("%d\n", recurse(0)); /* @deep */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_go_with(&(weft_go_opts){.name = "digger"}, deep); /* @go */
    (void)weft_sleep(weft_background(), WEFT_MINUTE);
    return 0;
}
/*
 * exit: 2
 * stdout:
 * stderr:
 *     fatal error: stack overflow
 *     	goroutine N has used up its stack of 256 KiB; weft_go_with() can give it more
 *
 *     goroutine N "digger" [running]:
 *     ...
 *     recurse stack_overflow.c:@recurse
 *     ...
 *     recurse stack_overflow.c:@recurse
 *     deep stack_overflow.c:@deep
 *     created by weft_main stack_overflow.c:@go in goroutine N
 */

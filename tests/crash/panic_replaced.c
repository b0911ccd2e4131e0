/* SPDX-License-Identifier: MIT */
/* A panic in a deferred call replaces the first; the report names both, in order. */
#include <weft.h>

static void second(void) { weft_panic("second"); /* @second */ }

static void say(const char *s) { puts(s); }

static void first(void)
{
    weft_defer(say, "outer");
    weft_defer(second);
    weft_defer(say, "inner");
    weft_panic("first"); /* @first */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    first(); /* @call */
    return 0;
}
/*
 * exit: 2
 * stdout:
 *     inner
 *     outer
 * stderr:
 *     panic: first
 *     	panic: second
 *
 *     goroutine N "main" [running]:
 *     second panic_replaced.c:@second
 *     first panic_replaced.c:@first
 *     weft_main panic_replaced.c:@call
 */

/* SPDX-License-Identifier: MIT */
/* The copy of a once that is done: is it done? */
#include <weft.h>

static void init(void) {}

static void use(weft_once copy) { weft_once_do(&copy, init); /* @copy */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    static weft_once once;
    weft_once_do(&once, init); /* @original */
    use(once);                 /* @call */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     panic: once was copied after its first use
 *     	the original was begun at weft_main copied_once.c:@original
 *
 *     goroutine N "main" [running]:
 *     use copied_once.c:@copy
 *     weft_main copied_once.c:@call
 */

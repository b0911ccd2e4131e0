/* SPDX-License-Identifier: MIT */
/* A panic in a deferred call of weft_goexit() is not contained by a try that goexit has left. */
#include <weft.h>

static void fails(void) { weft_panic("while exiting"); /* @panic */ }

static void leaves(void)
{
    weft_defer(fails);
    weft_goexit(); /* @exit */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(weft_panic_info, p) = weft_try(leaves);
    puts("not reached");
    return 0;
}
/*
 * exit: 2
 * stdout:
 * stderr:
 *     panic: while exiting
 *
 *     goroutine N "main" [running]:
 *     fails panic_in_cleanup_of_goexit.c:@panic
 *     ...
 */

/* SPDX-License-Identifier: MIT */
/* The call of weft_after_func() is a goroutine like others: its report names who armed it. */
#include <weft.h>

static void later(int n) { weft_panic("after %d", n); /* @panic */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    (void)weft_after_func(WEFT_MILLISECOND, later, 1); /* @arm */
    for (;;)
        (void)weft_sleep(weft_background(), WEFT_SECOND);
}
/*
 * exit: 2
 * stdout:
 * stderr:
 *     panic: after 1
 *
 *     goroutine N [running]:
 *     later panic_in_after_func.c:@panic
 *     created by weft_main panic_in_after_func.c:@arm
 */

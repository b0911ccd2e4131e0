/* SPDX-License-Identifier: MIT */
/* An arithmetic fault, on processors that have one. */
#include <weft.h>

static volatile int zero, one = 1;

static int divide(void) { return one / zero; /* @divide */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    return divide();
}
/*
 * exit: 136
 * stderr:
 *     fatal error: integer division by zero
 *
 *     goroutine N "main" [running]:
 *     divide divide_by_zero.c:@divide
 *     ...
 */

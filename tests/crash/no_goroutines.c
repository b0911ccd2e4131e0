/* SPDX-License-Identifier: MIT */
/* Go: "If all other goroutines exit, the program crashes." */
#include <weft.h>

static void ends(void) { puts("ends"); }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_go(ends);
    weft_goexit();
}
/*
 * exit: 2
 * stdout:
 *     ends
 * stderr:
 *     fatal error: no goroutines (main called weft_goexit) - deadlock!
 */

/* SPDX-License-Identifier: MIT */
/* The same for one that was never locked: there is no place to name. */
#include <weft.h>

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_mutex mu = {0};
    weft_mutex_unlock(&mu); /* @unlock */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     fatal error: unlock of unlocked mutex
 *     	it was never locked
 *
 *     goroutine N "main" [running]:
 *     weft_main mutex_never_locked.c:@unlock
 */

/* SPDX-License-Identifier: MIT */
/* Locking a mutex again while holding it is named at once, though others still run. */
#include <weft.h>

static weft_mutex mu;

static void sleeper(void) { (void)weft_sleep(weft_background(), WEFT_HOUR); }

static void again(void) { weft_mutex_lock(&mu); /* @again */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_go(sleeper);
    weft_mutex_lock(&mu); /* @first */
    again();              /* @call */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     fatal error: deadlock: goroutine N locks a mutex that it holds already
 *     	it was locked at weft_main mutex_self.c:@first
 *
 *     goroutine N "main" [running]:
 *     again mutex_self.c:@again
 *     weft_main mutex_self.c:@call
 *     ...
 */

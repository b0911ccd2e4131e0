/* SPDX-License-Identifier: MIT */
/* Unlock of a mutex that is not locked cannot be contained: it is a fatal error. */
#include <weft.h>

static weft_mutex mu;

static void unlock(void) { weft_mutex_unlock(&mu); /* @unlock */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_mutex_lock(&mu); /* @lock */
    unlock();
    weft_auto(weft_panic_info, p) = weft_try(unlock);
    puts("not reached");
    return 0;
}
/*
 * exit: 2
 * stdout:
 * stderr:
 *     fatal error: unlock of unlocked mutex
 *     	it was last locked at weft_main mutex_unlock.c:@lock
 *
 *     goroutine N "main" [running]:
 *     unlock mutex_unlock.c:@unlock
 *     ...
 */

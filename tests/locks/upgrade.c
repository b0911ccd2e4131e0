/* SPDX-License-Identifier: MIT */
/* A reader that wants to write waits for itself, while main goes on. */
#include <weft.h>

static weft_rwmutex rw;

static void upgrades(void)
{
    weft_scoped_rlock(&rw); /* @read */
    weft_scoped_wlock(&rw); /* @write */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_go(upgrades); /* @go */
    (void)weft_sleep(weft_background(), WEFT_HOUR);
    return 0;
}
/*
 * exit: 2
 * env: WEFT_CHECK=locks
 * stderr:
 *     fatal error: deadlock: a goroutine waits for itself
 *
 *     goroutine N [rwmutex write lock]:
 *     upgrades upgrade.c:@write
 *             waits for the rwmutex locked for reading at upgrades upgrade.c:@read by goroutine N
 *     created by weft_main upgrade.c:@go in goroutine N
 */

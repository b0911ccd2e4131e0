/* SPDX-License-Identifier: MIT */
/* One after the other, by an attempt, one of the two for another; and writing after that. */
#include <weft.h>

static weft_rwmutex rw, other;

static void ends_reading(void)
{
    (void)weft_sleep(weft_background(), 10 * WEFT_MILLISECOND);
    weft_rwmutex_runlock(&rw);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_rwmutex_rlock(&rw);
    if (weft_rwmutex_try_rlock(&rw))
        weft_rwmutex_runlock(&rw);
    weft_rwmutex_rlock(&other);
    weft_rwmutex_runlock(&rw);
    weft_rwmutex_runlock(&other);
    weft_rwmutex_rlock(&rw);
    weft_rwmutex_runlock(&rw);
    weft_rwmutex_rlock(&rw);
    weft_go(ends_reading);
    weft_rwmutex_rlock(&rw);
    weft_rwmutex_runlock(&rw);
    weft_rwmutex_lock(&rw); /* waits for the other one */
    weft_rwmutex_unlock(&rw);
    puts("done");
    return 0;
}
/*
 * exit: 0
 * env: WEFT_CHECK=locks
 * stdout:
 *     done
 * stderr:
 */

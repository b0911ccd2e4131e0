/* SPDX-License-Identifier: MIT */
/* One after the other, or by an attempt; and two locks of one kind. */
#include <weft.h>

static weft_rwmutex rw, other;

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
    weft_rwmutex_lock(&rw);
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

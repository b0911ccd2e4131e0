/* SPDX-License-Identifier: MIT */
/* Against the order by attempts and by waits with a time limit, which give up. */
#include <weft.h>

static weft_mutex a, b;
static weft_rwmutex rw;

static void forth(void)
{
    weft_scoped_lock(&a);
    weft_scoped_wlock(&rw);
    weft_scoped_lock(&b);
}

static void back(void)
{
    weft_auto(weft_ctx, soon) = weft_ctx_with_timeout(weft_background(), WEFT_MILLISECOND);
    weft_scoped_lock(&b);
    if (weft_mutex_try_lock(&a))
        weft_mutex_unlock(&a);
    if (weft_rwmutex_try_lock(&rw))
        weft_rwmutex_unlock(&rw);
    if (weft_rwmutex_try_rlock(&rw))
        weft_rwmutex_runlock(&rw);
    if (weft_mutex_lock_ctx(soon, &a) == 0)
        weft_mutex_unlock(&a);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < 200; i++) {
        weft_wg_go(&wg, forth);
        weft_wg_go(&wg, back);
    }
    weft_wg_wait(&wg);
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

/* SPDX-License-Identifier: MIT */
/* Readers wait behind writers, so their orders matter too; on plain threads as well. */
#include <pthread.h>
#include <weft.h>

static weft_rwmutex config, cache;

static void *thread(void *arg)
{
    weft_rwmutex_rlock(&config); /* @thread_has */
    weft_rwmutex_lock(&cache);   /* @thread_wants */
    weft_rwmutex_unlock(&cache);
    weft_rwmutex_runlock(&config);
    return arg;
}

static void goroutine(void)
{
    weft_scoped_rlock(&cache);  /* @has */
    weft_scoped_rlock(&config); /* @wants */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    pthread_t t;
    pthread_create(&t, NULL, thread, NULL);
    pthread_join(t, NULL);
    weft_wg wg = {0};
    weft_wg_go(&wg, goroutine); /* @go */
    weft_wg_wait(&wg);
    return 0;
}
/*
 * exit: 2
 * env: WEFT_CHECK=locks
 * stderr:
 *     fatal error: lock order inversion
 *
 *     goroutine N [running]:
 *     goroutine inversion_rw.c:@wants
 *             locks rwmutex 0xX for reading while it holds
 *             rwmutex 0xX, locked for reading at goroutine inversion_rw.c:@has
 *     created by weft_main inversion_rw.c:@go in goroutine N
 *
 *     thread [earlier]:
 *     thread inversion_rw.c:@thread_wants
 *     ...
 *             locked rwmutex 0xX for writing while it held
 *             rwmutex 0xX, locked for reading at thread inversion_rw.c:@thread_has
 */

/* SPDX-License-Identifier: MIT */
/*
 * plain_pq.c - libpq as it is, in goroutines: PQexec() blocks a thread for each, and a goroutine
 * that only sleeps for a millisecond at a time goes on all the while.
 *
 * Prints the longest time between two of its rounds, in milliseconds, and the same for a plain
 * thread, which shows what else the machine was busy with.
 */
//weft: -lpq
#include <weft.h>

#include <libpq-fe.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { AT_ONCE = 40 };

struct beat {
    weft_duration worst;
    weft_time last;
};

static void beat_once(struct beat *b)
{
    weft_time now = weft_now();
    if (b->last && now - b->last > b->worst)
        b->worst = now - b->last;
    b->last = now;
}

static void beat_of_goroutine(weft_ctx *ctx, struct beat *b)
{
    while (weft_sleep(ctx, WEFT_MILLISECOND) == 0)
        beat_once(b);
}

static bool stop;

static void *beat_of_thread(void *b)
{
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        usleep(1000);
        beat_once(b);
    }
    return NULL;
}

static void query(int *failed)
{
    PGconn *pq = PQconnectdb("");
    PGresult *r = PQexec(pq, "select pg_sleep(0.3)");
    if (PQresultStatus(r) != PGRES_TUPLES_OK) {
        fprintf(stderr, "%s", PQerrorMessage(pq));
        __atomic_store_n(failed, 1, __ATOMIC_RELAXED);
    }
    PQclear(r);
    PQfinish(pq);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct beat goroutine = {0}, thread = {0};
    int failed = 0;
    weft_wg queries = {0}, beat = {0};
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
    pthread_t id;
    if (pthread_create(&id, NULL, beat_of_thread, &thread) != 0)
        return 1;
    weft_wg_go(&beat, beat_of_goroutine, ctx, &goroutine);
    for (int i = 0; i < AT_ONCE; i++)
        weft_wg_go(&queries, query, &failed);
    weft_wg_wait(&queries);
    weft_ctx_cancel(ctx);
    weft_wg_wait(&beat);
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    pthread_join(id, NULL);
    printf("%d %d\n", (int)(goroutine.worst / WEFT_MILLISECOND),
           (int)(thread.worst / WEFT_MILLISECOND));
    return failed;
}

/* SPDX-License-Identifier: MIT */
/*
 * Falling asleep and being woken from outside: threads send into the runtime
 * after random pauses, while nothing else runs.  Every message is answered.
 */
#include <pthread.h>
#include <time.h>

#include "stress.h"

WEFT_CHAN(int_chan, int);
static int_chan *ask, *answer;
static atomic_bool stop;

static void server(void)
{
    weft_range (v, ask)
        weft_send(answer, v);
}

static void *client(void *arg)
{
    (void)arg;
    for (int i = 0; !stop; i++) {
        struct timespec t = {0, (long)random_below(300) * 1000};
        if (random_below(4))
            nanosleep(&t, NULL);
        int v;
        weft_send(ask, i);
        REQUIRE(weft_recv(answer, &v));
    }
    return NULL;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    ask = weft_make(int_chan, 0);
    answer = weft_make(int_chan, 4);
    weft_wg wg = {0};
    weft_wg_go(&wg, server);
    weft_wg_go(&wg, server);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, client, NULL);
    weft_sleep(weft_background(), stress_time());
    stop = true;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    weft_close(ask);
    weft_wg_wait(&wg);
    weft_unref(ask);
    weft_unref(answer);
    puts("ok");
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Goroutines that block their threads, each until another has written to its
 * pipe, while channels and foreign threads are at work: new threads are needed
 * for anything to go on.
 */
#include <pthread.h>

#include "fault.h"

enum { PIPES = 3, VALUES = 200 };

WEFT_CHAN(int_chan, int);

static int pipes[PIPES][2];

static void read_pipe(int i, int_chan_tx *out)
{
    char c = 0;
    REQUIRE(read(pipes[i][0], &c, 1) == 1 && c == 'a' + i);
    weft_send(out, i);
}

static void write_pipes(void)
{
    for (int i = 0; i < PIPES; i++) {
        char c = (char)('a' + i);
        REQUIRE(write(pipes[i][1], &c, 1) == 1);
        weft_sleep(weft_background(), WEFT_MILLISECOND);
    }
}

static void *produce(void *out)
{
    for (int i = 0; i < VALUES; i++)
        weft_send((int_chan_tx *)out, i);
    weft_close((int_chan_tx *)out);
    return NULL;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(int_chan, done) = weft_make(int_chan, 0);
    weft_auto(int_chan, values) = weft_make(int_chan, 8);
    pthread_t thread;
    int sum = 0;
    REQUIRE(pthread_create(&thread, NULL, produce, weft_tx(values)) == 0);
    for (int i = 0; i < PIPES; i++) {
        REQUIRE(pipe(pipes[i]) == 0);
        weft_go(read_pipe, i, weft_tx(done));
    }
    weft_go(write_pipes);
    for (int i = 0; i < PIPES; i++)
        REQUIRE(weft_recv(done, NULL));
    weft_range (v, values)
        sum += v;
    REQUIRE(sum == VALUES * (VALUES - 1) / 2);
    REQUIRE(pthread_join(thread, NULL) == 0);
    puts("ok");
    return 0;
}

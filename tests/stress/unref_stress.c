/* SPDX-License-Identifier: MIT */
/*
 * The last reference goes while the other side's last operation is on its way
 * out: a send whose value has arrived, a close that has been seen, a receive
 * whose sender is satisfied.  The header is used again at once, for channels of
 * other types and sizes, which must not notice.
 */
#include <pthread.h>

#include "stress.h"

typedef struct {
    uint64_t word[5];
} wide;

WEFT_CHAN(int_chan, int);
WEFT_CHAN(wide_chan, wide);

enum { PLAYERS = 6 };

static atomic_bool stop;
static atomic_long rounds;

static void send_last(int_chan_tx *c, int v) { weft_send(c, v); }

static void close_last(int_chan_tx *c) { weft_close(c); }

static void select_last(int_chan_tx *c, int v)
{
    REQUIRE(weft_select(weft_on_send(c, v), weft_on_recv((int_chan *)NULL, NULL)) == 0);
}

static void receive_last(int_chan_rx *c, int want)
{
    int v;
    REQUIRE(weft_recv(c, &v) && v == want);
}

static void *thread_sends(void *c)
{
    weft_send((int_chan_tx *)c, 7);
    return NULL;
}

/* Another channel, very likely with the same header. */
static void use_another(void)
{
    weft_auto(wide_chan, c) = weft_make(wide_chan, (int64_t)random_below(3));
    wide v = {{1, 2, 3, 4, 5}}, got = {{0}};
    if (weft_cap(c) == 0) {
        REQUIRE(!weft_try_send(c, v));
        REQUIRE(weft_select(weft_on_recv(c, &got), weft_on_default()) == 1);
    } else {
        weft_send(c, v);
        REQUIRE(weft_len(c) == 1 && weft_recv(c, &got));
        REQUIRE(got.word[0] == 1 && got.word[4] == 5);
    }
    weft_close(c);
    REQUIRE(!weft_recv(c, &got) && got.word[4] == 0);
}

/* We hold the only reference; the other side only borrows the handle. */
static void one_round(void)
{
    int_chan *c = weft_make(int_chan, (int64_t)random_below(2));
    int v = 0, want = (int)random_below(1000);
    switch (random_below(6)) {
    case 0:
        weft_go(send_last, weft_tx(c), want);
        REQUIRE(weft_recv(c, &v) && v == want);
        break;
    case 1:
        weft_go(close_last, weft_tx(c));
        REQUIRE(!weft_recv(c, &v));
        break;
    case 2:
        weft_go(select_last, weft_tx(c), want);
        REQUIRE(weft_recv(c, &v) && v == want);
        break;
    case 3: {
        bool ok;
        weft_go(close_last, weft_tx(c));
        weft_select(weft_on_recv_ok(c, &v, &ok), weft_on_timeout(WEFT_HOUR));
        REQUIRE(!ok);
        break;
    }
    case 4:
        if (weft_cap(c) == 0) { /* with a buffer the receiver would come to nothing */
            weft_go(receive_last, weft_rx(c), want);
            weft_send(c, want);
        }
        break;
    default:
        if (random_below(8) == 0) {
            pthread_t t;
            REQUIRE(pthread_create(&t, NULL, thread_sends, weft_tx(c)) == 0);
            REQUIRE(pthread_detach(t) == 0);
            REQUIRE(weft_recv(c, &v) && v == 7);
        }
    }
    weft_unref(c);
}

static void play(void)
{
    while (!stop) {
        one_round();
        use_another();
        atomic_fetch_add(&rounds, 1);
    }
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < PLAYERS; i++)
        weft_wg_go(&wg, play);
    weft_sleep(weft_background(), stress_time());
    stop = true;
    weft_wg_wait(&wg);
    REQUIRE(rounds > 0);
    puts("ok");
    return 0;
}

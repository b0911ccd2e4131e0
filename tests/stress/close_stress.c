/* SPDX-License-Identifier: MIT */
/*
 * Closing while others send, receive and select, a new channel each time:
 * receivers all see the end, senders all panic, and the header that comes back
 * for the next channel has forgotten everything.
 */
#include "stress.h"

WEFT_CHAN(int_chan, int);

static atomic_long ends, panics, values;

static void send_for_ever(int_chan *c)
{
    for (int i = 1;; i++)
        weft_send(c, i);
}

static void sender(int_chan *arg)
{
    weft_auto(int_chan, c) = arg;
    weft_auto(weft_panic_info, p) = weft_try(send_for_ever, c);
    REQUIRE(p && strstr(weft_panic_message(p), "send on closed channel"));
    atomic_fetch_add(&panics, 1);
}

static void receiver(int_chan *arg, int kind)
{
    weft_auto(int_chan, c) = arg;
    int v = 7;
    bool ok = true;
    while (ok) {
        if (kind == 0)
            ok = weft_recv(c, &v);
        else
            weft_select(weft_on_recv_ok(c, &v, &ok), weft_on_recv(c, NULL));
        if (ok)
            atomic_fetch_add(&values, 1);
        if (kind == 1 && random_below(1000) == 0)
            weft_yield();
    }
    REQUIRE(v == 0);
    atomic_fetch_add(&ends, 1);
}

static bool closed_by(int_chan *c)
{
    int v;
    bool open;
    weft_try_recv_ok(c, &v, &open);
    return !open;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_time end = weft_now() + stress_time();
    long rounds = 0;
    while (weft_now() < end) {
        weft_auto(int_chan, c) = weft_make(int_chan, (int64_t)random_below(3));
        weft_wg wg = {0};
        ends = panics = 0;
        for (int i = 0; i < 3; i++)
            weft_wg_go(&wg, sender, weft_ref(c)); // weft:ignore noexit ends by a panic
        for (int i = 0; i < 3; i++)
            weft_wg_go(&wg, receiver, weft_ref(c), 0);
        for (uint32_t i = random_below(50); i > 0; i--)
            weft_yield();
        weft_close(c);
        REQUIRE(closed_by(c) || weft_len(c) > 0 || weft_cap(c) > 0);
        weft_wg_wait(&wg);
        REQUIRE(ends == 3 && panics == 3);
        rounds++;
    }
    REQUIRE(rounds > 0);
    puts("ok");
    return 0;
}

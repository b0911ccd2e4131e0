/* SPDX-License-Identifier: MIT */
/*
 * Panics everywhere, contained: by sends on channels that close under way, in
 * scopes that hold locks and handles, from deferred calls, across waits that
 * move the goroutine to another thread.  No lock stays held, no value is lost,
 * no goroutine ends but by its own end.
 */
#include "stress.h"

WEFT_CHAN(int_chan, int);

enum { GOROUTINES = 10 };

static weft_mutex mu;
static long inside;
static atomic_long panics, deferred, sent, received;
static atomic_bool stop;

static void count(atomic_long *n) { atomic_fetch_add(n, 1); }

static void leave(void) { inside--; }

static void fail_inside(int i)
{
    weft_defer(count, &deferred);
    weft_scoped_lock(&mu);
    REQUIRE(++inside == 1);
    weft_defer(leave);
    if (random_below(8) == 0)
        weft_yield();
    weft_panic("number %d", i);
}

static void contains(int i)
{
    weft_auto(weft_panic_info, p) = weft_try(fail_inside, i);
    REQUIRE(p && atoi(weft_panic_message(p) + 7) == i);
    atomic_fetch_add(&panics, 1);
}

static void fail_while_another_goes_by(int i)
{
    weft_defer(contains, i + 1);
    weft_auto(int_chan, c) = weft_make(int_chan, 1);
    weft_defer(weft_close, c);
    if (random_below(4) == 0)
        weft_sleep(weft_background(), 10 * WEFT_MICROSECOND);
    weft_panic("number %d", i);
}

static void send_until_closed(int_chan *c)
{
    weft_defer(count, &deferred);
    for (;;) {
        if (random_below(2))
            weft_send(c, 1);
        else
            weft_select(weft_on_send(c, 1), weft_on_recv((int_chan *)NULL, NULL));
        atomic_fetch_add(&sent, 1);
    }
}

static void send_to(int_chan *arg)
{
    weft_auto(int_chan, c) = arg;
    weft_auto(weft_panic_info, p) = weft_try(send_until_closed, c);
    REQUIRE(p && strstr(weft_panic_message(p), "send on closed channel"));
    atomic_fetch_add(&panics, 1);
}

static void close_under_way(void)
{
    weft_auto(int_chan, c) = weft_make(int_chan, (int64_t)random_below(3));
    weft_wg wg = {0};
    for (int i = 0; i < 3; i++)
        weft_wg_go(&wg, send_to, weft_ref(c)); // weft:ignore noexit ends by a panic
    for (uint32_t i = random_below(30); i > 0; i--)
        received += weft_recv(c, NULL);
    weft_close(c);
    while (weft_recv(c, NULL))
        received++;
    weft_wg_wait(&wg);
}

static void ends_by_goexit(void)
{
    weft_defer(count, &deferred);
    weft_scoped_lock(&mu);
    weft_goexit();
}

static void storm(int id)
{
    for (int i = id; !stop; i += GOROUTINES) {
        switch (random_below(4)) {
        case 0:
            contains(i);
            break;
        case 1: {
            weft_auto(weft_panic_info, p) = weft_try(fail_while_another_goes_by, i);
            REQUIRE(p && atoi(weft_panic_message(p) + 7) == i);
            break;
        }
        case 2:
            close_under_way();
            break;
        default: {
            weft_wg wg = {0};
            weft_wg_go(&wg, ends_by_goexit);
            weft_wg_wait(&wg);
        }
        }
    }
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    for (int i = 0; i < GOROUTINES; i++)
        weft_wg_go(&wg, storm, i);
    weft_sleep(weft_background(), stress_time());
    stop = true;
    weft_wg_wait(&wg);
    REQUIRE(inside == 0);
    REQUIRE(weft_mutex_try_lock(&mu));
    weft_mutex_unlock(&mu);
    REQUIRE(panics > 0 && deferred > 0);
    REQUIRE(sent == received);
    puts("ok");
    return 0;
}

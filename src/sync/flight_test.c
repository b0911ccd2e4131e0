/* SPDX-License-Identifier: MIT */
/* What singleflight promises in Go, shown for weft_flight. */
#include <stdatomic.h>
#include <string.h>

#include "weft.h"
#include "weft/test.h"

WEFT_CHAN(gate, weft_unit);

static atomic_int calls;
static int answer = 42;

static int load(gate_rx *open, int err, void **value)
{
    atomic_fetch_add(&calls, 1);
    weft_recv(open, NULL);
    *value = &answer;
    return err;
}

static void asks(weft_flight *fl, gate_rx *open, int err, atomic_int *right)
{
    void *value = NULL;
    int r = weft_flight_do(fl, "key", &value, load, open, err);
    if (r == err && value == &answer)
        atomic_fetch_add(right, 1);
}

/* "Do executes and returns the results of the given function, making sure that
 * only one execution is in-flight for a given key at a time." */
WEFT_TEST(one_call_answers_all)
{
    for (int err = 0; err >= -5; err -= 5) {
        weft_auto(gate, open) = weft_make(gate, 0);
        weft_flight fl = {0};
        weft_wg wg = {0};
        atomic_int right = 0;
        calls = 0;
        for (int i = 0; i < 10; i++)
            weft_wg_go(&wg, asks, &fl, weft_rx(open), err, &right);
        weft_test_until_idle();
        weft_check(calls == 1);
        weft_close(open);
        weft_wg_wait(&wg);
        weft_check(right == 10);
    }
}

static int named(const char *name, void **value)
{
    atomic_fetch_add(&calls, 1);
    *value = (void *)name;
    return 0;
}

/* Another key is another call; a key that has landed is asked anew. */
WEFT_TEST(keys_are_compared_by_content)
{
    weft_flight fl = {0};
    calls = 0;
    char a[] = "one", b[] = "one";
    void *value;
    weft_flight_do(&fl, a, &value, named, "first");
    weft_check(strcmp(value, "first") == 0);
    weft_flight_do(&fl, b, &value, named, "second");
    weft_check(strcmp(value, "second") == 0);
    weft_check(calls == 2);
}

static void asks_once(weft_flight *fl, gate_rx *open) { weft_flight_do(fl, "key", NULL, load, open, 0); }

/* "Forget tells the singleflight to forget about a key." */
WEFT_TEST(forget_lets_the_next_ask_anew)
{
    weft_auto(gate, open) = weft_make(gate, 0);
    weft_flight fl = {0};
    weft_wg wg = {0};
    calls = 0;
    weft_wg_go(&wg, asks_once, &fl, weft_rx(open));
    weft_test_until_idle();
    weft_flight_forget(&fl, "key");
    weft_wg_go(&wg, asks_once, &fl, weft_rx(open));
    weft_test_until_idle();
    weft_check(calls == 2);
    weft_close(open);
    weft_wg_wait(&wg);
}

static int breaks(gate_rx *open, void **value)
{
    (void)value;
    weft_recv(open, NULL);
    weft_panic("load broke");
    return 0;
}

static void ask_broken(weft_flight *fl, gate_rx *open) { weft_flight_do(fl, "key", NULL, breaks, open); }

static void contains(weft_flight *fl, gate_rx *open, atomic_int *seen)
{
    weft_auto(weft_panic_info, p) = weft_try(ask_broken, fl, open);
    if (p && strcmp(weft_panic_message(p), "load broke") == 0)
        atomic_fetch_add(seen, 1);
}

/* A panic reaches everybody who waits for the answer. */
WEFT_TEST(panic_reaches_all)
{
    weft_auto(gate, open) = weft_make(gate, 0);
    weft_flight fl = {0};
    weft_wg wg = {0};
    atomic_int seen = 0;
    for (int i = 0; i < 5; i++)
        weft_wg_go(&wg, contains, &fl, weft_rx(open), &seen);
    weft_test_until_idle();
    weft_close(open);
    weft_wg_wait(&wg);
    weft_check(seen == 5);
}

static int leaves(gate_rx *open, void **value)
{
    (void)value;
    weft_recv(open, NULL);
    weft_goexit();
    return 0;
}

static void asks_leaver(weft_flight *fl, gate_rx *open, atomic_int *cancelled)
{
    int r = weft_flight_do(fl, "key", NULL, leaves, open);
    if (r == -ECANCELED)
        atomic_fetch_add(cancelled, 1);
}

/* A call that ends by goexit leaves the others with an error, not waiting. */
WEFT_TEST(goexit_cancels_the_others)
{
    weft_auto(gate, open) = weft_make(gate, 0);
    weft_flight fl = {0};
    weft_wg wg = {0};
    atomic_int cancelled = 0;
    for (int i = 0; i < 4; i++)
        weft_wg_go(&wg, asks_leaver, &fl, weft_rx(open), &cancelled);
    weft_test_until_idle();
    weft_close(open);
    weft_wg_wait(&wg);
    weft_check(cancelled == 3);
}

static int quick(void **value)
{
    *value = &answer;
    return 0;
}

static void storms(weft_flight *fl, int rounds)
{
    const char *keys[] = {"a", "b", "c"};
    for (int i = 0; i < rounds; i++) {
        void *value = NULL;
        int r = weft_flight_do(fl, keys[weft_rand() % 3], &value, quick);
        weft_check(r == 0 && value == &answer);
        if (i % 8 == 0)
            weft_flight_forget(fl, keys[i % 3]);
    }
}

WEFT_TEST(storm_of_askers)
{
    weft_flight fl = {0};
    weft_wg wg = {0};
    for (int i = 0; i < 8; i++)
        weft_wg_go(&wg, storms, &fl, 20000);
    weft_wg_wait(&wg);
}

/* SPDX-License-Identifier: MIT */
/*
 * Selects with twenty and more cases: sends and receives, the same channel in
 * several, NULL channels among them, by goroutines that are each other's
 * partners.  Tokens are neither lost nor doubled, and no case is forgotten.
 */
#include "stress.h"

WEFT_CHAN(int_chan, int);

enum { CHANNELS = 12, MOST = 40, PLAYERS = 8, TOKENS = 5, ENOUGH = 100000 };

static int_chan *channel[CHANNELS];
static atomic_bool stop;
static atomic_long chosen[MOST], waits;

/* Takes a token from any channel, or gives one to any. */
static int take(int n)
{
    weft_case cases[MOST];
    int got[MOST] = {0};
    for (int i = 0; i < n; i++)
        cases[i] = weft_on_recv(i % 7 == 6 ? NULL : channel[i % CHANNELS], &got[i]);
    int at = weft_select_n(cases, (size_t)n);
    REQUIRE(at >= 0 && at < n && at % 7 != 6);
    for (int i = 0; i < n; i++)
        REQUIRE((got[i] != 0) == (i == at));
    atomic_fetch_add(&chosen[at], 1);
    return got[at];
}

static void give(int token, int n)
{
    weft_case cases[MOST];
    for (int i = 0; i < n; i++)
        cases[i] = weft_on_send_from(i % 7 == 6 ? NULL : channel[(i * 5) % CHANNELS], &token);
    int at = weft_select_n(cases, (size_t)n);
    REQUIRE(at >= 0 && at < n && at % 7 != 6);
    atomic_fetch_add(&chosen[at], 1);
}

/* Gives its token or takes another, whichever comes first; never both. */
static int trade(int token, int n)
{
    weft_case cases[MOST];
    int got[MOST] = {0};
    n = n > MOST - 1 ? MOST - 1 : n;
    for (int i = 0; i < n; i++)
        cases[i] = i % 2 ? weft_on_recv(channel[i % CHANNELS], &got[i])
                         : weft_on_send_from(channel[i % CHANNELS], &token);
    cases[n] = random_below(2) ? weft_on_default() : weft_on_timeout(20 * WEFT_MICROSECOND);
    int at = weft_select_n(cases, (size_t)n + 1);
    if (at == n) {
        atomic_fetch_add(&waits, 1);
        return token;
    }
    if (at % 2 == 0)
        return 0;
    give(token, 21);
    return got[at];
}

static void play(void)
{
    while (!stop) {
        int token = take(20 + (int)random_below(MOST - 20));
        if (random_below(2))
            weft_yield(); /* so that tokens are scarce, and takers wait on all channels */
        for (uint32_t i = random_below(4); i > 0 && token; i--)
            token = trade(token, 20 + (int)random_below(MOST - 20));
        if (token)
            give(token, 20 + (int)random_below(MOST - 20));
    }
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    long sum = 0;
    int v;
    for (int i = 0; i < CHANNELS; i++)
        channel[i] = weft_make(int_chan, i % 3 == 0 ? 0 : 1 + i % 3);
    for (int i = 0; i < PLAYERS; i++)
        weft_wg_go(&wg, play);
    for (int i = 1; i <= TOKENS; i++)
        give(i, 20);
    weft_sleep(weft_background(), stress_time());
    stop = true;
    weft_wg_wait(&wg);
    for (int i = 0; i < CHANNELS; i++) {
        while (weft_try_recv(channel[i], &v))
            sum += v;
        weft_unref(channel[i]);
    }
    REQUIRE(sum == TOKENS * (TOKENS + 1) / 2);
    long all = 0;
    for (int i = 0; i < MOST; i++)
        all += chosen[i];
    REQUIRE(all > 0);
    for (int i = 0; i < MOST - 1 && all > ENOUGH; i++)
        REQUIRE(i % 7 == 6 || chosen[i] > 0);
    puts("ok");
    return 0;
}

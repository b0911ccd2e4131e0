/* SPDX-License-Identifier: MIT */
/*
 * Goroutines by the thousand under the race detector: one after another, and all at once.
 *
 * MANY and ALIVE are how many; the limits are 1000000 and 20000, and with gcc 12 8000 at once.
 */
#include <stdlib.h>
#include <weft.h>

WEFT_CHAN(gate, weft_unit);

static int hits;

static void hit(void) { hits++; }

static void hit_locked(weft_mutex *mu, gate *g)
{
    weft_recv(g, NULL);
    weft_scoped_lock(mu);
    hits++;
}

static int number(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int many = number("MANY", 3000), alive = number("ALIVE", 600);
    weft_auto(gate, g) = weft_make(gate, 0);
    weft_mutex mu = {0};
    weft_wg wg = {0};
    for (int i = 0; i < many; i++) {
        weft_wg_go(&wg, hit);
        weft_wg_wait(&wg);
    }
    for (int i = 0; i < alive; i++)
        weft_wg_go(&wg, hit_locked, &mu, g);
    weft_test_until_waiting(alive, WEFT_WAIT_CHAN_RECV);
    weft_close(g);
    weft_wg_wait(&wg);
    puts(hits == many + alive ? "all" : "not all");
    return 0;
}

/*
 * flags: -race
 * cc: gcc clang
 * exit: 0
 * stdout:
 *     all
 * stderr:
 */

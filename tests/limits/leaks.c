/* SPDX-License-Identifier: MIT */
/*
 * A million goroutines are left when main returns: the report comes within a
 * second, in groups, and the status is the one of WEFT_LEAKS=fail, which the
 * caller checks.  How long it took is told by an exit handler.
 */
#include "limits.h"

enum { GOROUTINES = 1000000, MOST_MS = 1000 };

WEFT_CHAN(unit_chan, weft_unit);

static atomic_int waiting;
static weft_time returned;

static void wait_for(unit_chan *gate)
{
    atomic_fetch_add(&waiting, 1);
    weft_recv(gate, NULL);
}

static void wait_too(unit_chan *gate)
{
    atomic_fetch_add(&waiting, 1);
    weft_send(gate, WEFT_UNIT);
}

static void at_the_end(void)
{
    int ms = (int)((weft_now() - returned) / WEFT_MILLISECOND);
    verdict(ms < MOST_MS, "report of a million leaked goroutines", "after %d ms, at most %d", ms,
            MOST_MS);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    if (!enough_memory("report of a million leaked goroutines", 7))
        return 0;
    unit_chan *gate = weft_make(unit_chan, 0), *other = weft_make(unit_chan, 0);
    for (int i = 0; i < GOROUTINES; i += 2) {
        weft_go(wait_for, gate);
        weft_go(wait_too, other); // weft:ignore sendleak is to leak
    }
    while (waiting < GOROUTINES)
        weft_sleep(weft_background(), WEFT_MILLISECOND);
    REQUIRE(atexit(at_the_end) == 0);
    returned = weft_now();
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * More goroutines than one piece of the record table holds, and more that wait
 * at the same time than one piece of the stack reservation does.
 */
#include "fault.h"

enum { QUEUED = 20000, PARKED = 600 };

WEFT_CHAN(unit_chan, weft_unit);

static atomic_int count;

static void add_one(void) { atomic_fetch_add(&count, 1); }

static void wait_for(unit_chan_rx *gate)
{
    weft_recv(gate, NULL);
    add_one();
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    weft_auto(unit_chan, gate) = weft_make(unit_chan, 0);
    for (int i = 0; i < PARKED; i++)
        weft_wg_go(&wg, wait_for, weft_rx(gate));
    for (int i = 0; i < QUEUED; i++)
        weft_wg_go(&wg, add_one);
    weft_close(gate);
    weft_wg_wait(&wg);
    REQUIRE(count == QUEUED + PARKED);
    puts("ok");
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * A goroutine that uses more stack than it has: without end, or, with the
 * argument "little", some pages too many before it waits again.
 */
#include "fault.h"

WEFT_CHAN(unit_chan, weft_unit);

enum { SLOT = 256 << 10, ROOM = 1024 };

static bool little;

__attribute__((noinline)) static int deeper(size_t left)
{
    volatile char room[ROOM];
    __asm__ volatile("" : : "r"(room) : "memory"); /* all of it is needed */
    for (size_t i = 0; i < ROOM; i += 64)
        room[i] = 1;
    if (left < ROOM) {
        weft_sleep(weft_background(), WEFT_MILLISECOND);
        return room[64];
    }
    return deeper(little ? left - ROOM : left) + room[128];
}

static void overflow(void) { exit(deeper(SLOT + 8 * 4096) > 0 ? 0 : 1); }

static void wait_for(unit_chan_rx *gate) { weft_recv(gate, NULL); }

int weft_main(int argc, char **argv)
{
    little = argc == 2 && strcmp(argv[1], "little") == 0;
    weft_auto(unit_chan, gate) = weft_make(unit_chan, 0);
    /* Its stack shall have neighbours. */
    for (int i = 0; i < 20; i++)
        weft_go(wait_for, weft_rx(gate));
    weft_yield();
    weft_go_with(&(weft_go_opts){.name = "deep"}, overflow);
    weft_recv(gate, NULL);
    return 1;
}

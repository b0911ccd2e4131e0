/* SPDX-License-Identifier: MIT */
/*
 * A program in which nothing happens uses no processor time: goroutines wait
 * on channels, locks, descriptors and far timers, one blocks its thread, and
 * main sleeps.
 */
#include "limits.h"

enum { SECONDS = 5, GOROUTINES = 100 };
#define MOST_NS         (5 * WEFT_MILLISECOND)
/* A call that does not return is looked at for as long as it lasts. */
#define MOST_BLOCKED_NS (20 * WEFT_MILLISECOND)

WEFT_CHAN(unit_chan, weft_unit);

static int never[2];
static weft_mutex mu;

static void wait_for(unit_chan_rx *gate)
{
    weft_select(weft_on_recv(gate, NULL), weft_on_timeout(WEFT_HOUR));
}

static void sleeps(void) { weft_sleep(weft_background(), WEFT_HOUR); }

static void locks(void) { weft_mutex_lock(&mu); }

static void reads(void)
{
    char c;
    REQUIRE(weft_read(weft_background(), never[0], &c, 1) == 1);
}

static void blocks(void)
{
    char c;
    REQUIRE(read(never[0], &c, 1) == 1);
}

static int64_t used(void)
{
    struct rusage u;
    REQUIRE(getrusage(RUSAGE_SELF, &u) == 0);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * WEFT_SECOND +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * WEFT_MICROSECOND;
}

static void measure(const char *what, int64_t most)
{
    weft_sleep(weft_background(), 500 * WEFT_MILLISECOND); /* until all have come to rest */
    int64_t before = used();
    weft_sleep(weft_background(), SECONDS * WEFT_SECOND);
    int64_t took = used() - before;
    verdict(took < most, what, "%d us of processor time in %d s", (int)(took / 1000), SECONDS);
}

int weft_main(int argc, char **argv)
{
    REQUIRE(argc == 2);
    weft_auto(unit_chan, gate) = weft_make(unit_chan, 0);
    weft_mutex_lock(&mu);
    REQUIRE(pipe(never) == 0);
    for (int i = 0; i < GOROUTINES; i++) {
        weft_go(wait_for, weft_rx(gate));
        weft_go(sleeps);
        weft_go(locks);
        weft_go(reads);
    }
    if (strcmp(argv[1], "blocked") == 0) {
        weft_go(blocks);
        // weft:ignore lockwait others are to wait meanwhile
        measure("idle while a goroutine blocks its thread", MOST_BLOCKED_NS);
    } else {
        measure("idle", MOST_NS); // weft:ignore lockwait others are to wait
    }
    fflush(stdout);
    _exit(verdicts_failed != 0);
}

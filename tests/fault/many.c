/* SPDX-License-Identifier: MIT */
/*
 * As many goroutines as the argument says, all of them waiting at the same
 * time, and memory and threads for the program's own use still to be had.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "fault.h"

enum { MAPPINGS = 500 };

WEFT_CHAN(unit_chan, weft_unit);

static atomic_long count;

static void wait_for(unit_chan_rx *gate)
{
    atomic_fetch_add(&count, 1);
    weft_recv(gate, NULL);
    atomic_fetch_add(&count, 1);
}

static void *thread(void *arg) { return arg; }

static void use_mappings(void)
{
    static void *at[MAPPINGS];
    pthread_t t;
    REQUIRE(pthread_create(&t, NULL, thread, NULL) == 0);
    REQUIRE(pthread_join(t, NULL) == 0);
    for (int i = 0; i < MAPPINGS; i++) { /* readable and not in turn, so none are joined */
        int prot = i % 2 ? PROT_READ : PROT_NONE;
        at[i] = mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        REQUIRE(at[i] != MAP_FAILED);
    }
    for (int i = 0; i < MAPPINGS; i++)
        REQUIRE(munmap(at[i], 4096) == 0);
}

int weft_main(int argc, char **argv)
{
    REQUIRE(argc == 2);
    long n = atol(argv[1]);
    weft_wg wg = {0};
    weft_auto(unit_chan, gate) = weft_make(unit_chan, 0);
    for (long i = 0; i < n; i++)
        weft_wg_go(&wg, wait_for, weft_rx(gate));
    while (count < n)
        weft_sleep(weft_background(), WEFT_MILLISECOND);
    use_mappings();
    weft_close(gate);
    weft_wg_wait(&wg);
    REQUIRE(count == 2 * n);
    puts("ok");
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * A million goroutines wait on one channel: what each costs, that every stack
 * has its guard and all of them are one mapping, and that the memory comes back.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#include "limits.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum { GOROUTINES = 1000000, QUEUED = 20000, SAMPLE = 1000, PAGE = 4096, SLOT = 256 << 10 };
enum { MOST_BYTES = 4700, MOST_QUEUED_BYTES = 256, KEPT_PERCENT = 15, TRIES = 20 };

WEFT_CHAN(unit_chan, weft_unit);

static atomic_int waiting, woken;
static char *sample[GOROUTINES / SAMPLE];

static void nothing(void) { atomic_fetch_add(&waiting, 1); }

/* Main computes; when it takes long others run meanwhile, and it is tried again, with more. */
static void measure_queued(void)
{
    int procs = weft_procs(1);
    bool measured = false;
    for (int i = 0; i < TRIES && !measured; i++) {
        weft_wg wg = {0};
        waiting = 0;
        long before = resident(), after;
        for (int k = 0; k < QUEUED * (i + 1); k++)
            weft_wg_go(&wg, nothing);
        bool ran = waiting > 0;
        after = resident();
        weft_wg_wait(&wg);
        if (ran || after - before < QUEUED * 64) /* or their records were there */
            continue;
        long each = (after - before) / (QUEUED * (i + 1));
        verdict(each <= MOST_QUEUED_BYTES + 16, "a goroutine that has not run", "%ld bytes", each);
        measured = true;
    }
    if (!measured)
        verdict(false, "a goroutine that has not run", "others always ran while main did");
    weft_procs(procs);
}

static void wait_for(unit_chan_rx *gate, int i)
{
    if (i % SAMPLE == 0)
        sample[i / SAMPLE] = __builtin_frame_address(0);
    atomic_fetch_add(&waiting, 1);
    weft_recv(gate, NULL);
    atomic_fetch_add(&woken, 1);
}

static bool readable(char *at)
{
    char c;
    struct iovec to = {&c, 1}, from = {at, 1};
    return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == 1;
}

/* How many mappings lie between the lowest and the highest stack. */
static int stack_mappings(void)
{
    char line[512];
    uintptr_t lo = UINTPTR_MAX, hi = 0;
    int n = 0;
    for (int i = 0; i < GOROUTINES / SAMPLE; i++) {
        uintptr_t at = (uintptr_t)sample[i];
        lo = at < lo ? at : lo;
        hi = at > hi ? at : hi;
    }
    FILE *f = fopen("/proc/self/maps", "r");
    REQUIRE(f);
    while (fgets(line, sizeof line, f)) {
        char *rest;
        uintptr_t begin = strtoul(line, &rest, 16), end = strtoul(rest + 1, NULL, 16);
        n += begin <= hi && end > lo;
    }
    fclose(f);
    return n;
}

/* Below the frames of a goroutine there is a page that nobody can read, within its slot. */
static void look_at_guards(void)
{
    int guarded = 0;
    for (int i = 0; i < GOROUTINES / SAMPLE; i++) {
        char *at = sample[i], *lo = at;
        REQUIRE(readable(at));
        while (at - lo < SLOT && readable(lo))
            lo -= PAGE;
        guarded += at - lo < SLOT;
    }
    verdict(guarded == GOROUTINES / SAMPLE, "stacks are guarded", "%d of %d looked at", guarded,
            GOROUTINES / SAMPLE);
    verdict(stack_mappings() == 1, "one mapping for all stacks", "%d", stack_mappings());
}

/* A kernel may lack what two of the tests look for. */
static bool kernel_names_mappings(void)
{
    void *at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool can = prctl(0x53564d41, 0, at, PAGE, "test") == 0;
    munmap(at, PAGE);
    return can;
}

static bool kernel_guards(void)
{
    void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool can = madvise(at, PAGE, MADV_GUARD_INSTALL) == 0;
    munmap(at, PAGE);
    return can;
}

static void look_at_mappings(void)
{
    int stacks = mappings("[anon:weft stacks]"), records = mappings("[anon:weft goroutines]"),
        objects = mappings("[anon:weft objects]");
    if (kernel_names_mappings())
        verdict(stacks > 0 && records > 0 && objects > 0, "names of mappings",
                "%d of stacks, %d of goroutines, %d of objects", stacks, records, objects);
    else
        puts("SKIP names of mappings: the kernel has none");
}

static void look_at_return(long before, long peak)
{
    long now = 0;
    weft_time start = weft_now();
    do {
        weft_sleep(weft_background(), 50 * WEFT_MILLISECOND);
        now = resident();
    } while (weft_now() - start < 2 * WEFT_SECOND &&
             now - before >= (peak - before) / 100 * KEPT_PERCENT);
    verdict(now - before < (peak - before) / 100 * KEPT_PERCENT, "memory given back",
            "%ld of %ld MiB left after %d ms", (now - before) >> 20, (peak - before) >> 20,
            (int)((weft_now() - start) / WEFT_MILLISECOND));
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    measure_queued();
    if (!enough_memory("a million goroutines", 7))
        return verdicts_failed != 0;
    weft_wg wg = {0};
    weft_auto(unit_chan, gate) = weft_make(unit_chan, 0);
    waiting = 0;
    long before = resident();
    for (int i = 0; i < GOROUTINES; i++)
        weft_wg_go(&wg, wait_for, weft_rx(gate), i);
    while (waiting < GOROUTINES)
        weft_sleep(weft_background(), WEFT_MILLISECOND);
    long peak = resident(), each = (peak - before) / GOROUTINES;
    verdict(each <= MOST_BYTES, "a million goroutines wait", "%ld bytes each, at most %d", each,
            MOST_BYTES);
    look_at_mappings();
    if (kernel_guards())
        look_at_guards();
    else
        puts("SKIP stacks are guarded, in one mapping: the kernel has no MADV_GUARD_INSTALL");
    weft_time start = weft_now();
    weft_close(gate);
    weft_wg_wait(&wg);
    verdict(woken == GOROUTINES, "a million goroutines woken and joined", "in %d ms",
            (int)((weft_now() - start) / WEFT_MILLISECOND));
    look_at_return(before, peak);
    return verdicts_failed != 0;
}

/* SPDX-License-Identifier: MIT */
#include "stack/stack.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/lock.h"
#include "platform/platform.h"
#include "sanitize/sanitize.h"

#define COMMIT_CHUNK ((size_t)64 << 20)
#define MAX_RESERVE  ((size_t)1 << 40)
#define MIN_RESERVE  ((size_t)64 << 20)

/* Slots whose pages are kept when free, and how much of the top of each. */
enum { KEEP_SLOTS = 2048, TRIM_QUIET = 4096, TRIM_BUSY = 64 };
#define KEEP_TOP ((size_t)16 << 10)

/*
 * While goroutines come and go, giving a slot's pages back only to fault them in
 * again costs several times the goroutine.  So as long as anything runs, only
 * slots go back that nobody wanted for this long: `low` is how few were free at
 * any time since then, and the list is a stack, so those at its bottom.
 */
#define UNWANTED_NS ((int64_t)100 * 1000 * 1000)

/*
 * Giving a page back takes a microsecond or two, of a processor that a goroutine
 * may be due on, and who is due waits for a slice of the kernel's then.  So it is
 * done in portions: TRIM_BUSY slots a look while anything happens, which is a
 * tenth of a processor, and TRIM_QUIET when nothing does.
 */

enum guard_kind { GUARD_MADVISE, GUARD_MPROTECT, GUARD_NONE };

/* lock guards: everything below.  Free slots are kept by number, outside the
 * slots: a link inside would keep a page of each. */
static struct {
    struct lock lock;
    char *base, *bump, *committed, *end;
    uint32_t *warm, *cold; /* each with room for every slot of the reservation */
    size_t warm_count, cold_count;
    size_t low; /* the least warm_count since the last trim */
    bool used;  /* since the deep parts of the warm ones were given back */
    enum guard_kind guard;
    long protect_left; /* PROT_NONE guards that may still be made */
    bool warned;
} stacks;

static size_t list_bytes(void)
{
    return (size_t)(stacks.end - stacks.base) / STACK_SLOT * sizeof *stacks.cold;
}

static char *slot_hi(uint32_t number) { return stacks.base + ((size_t)number + 1) * STACK_SLOT; }

static uint32_t slot_number(const char *hi)
{
    return (uint32_t)((size_t)(hi - stacks.base) / STACK_SLOT - 1);
}

/* What the environment asks for and cannot have; each text is said once. */
static void warn_setting(const char *text)
{
    static const char *said[2];
    for (size_t i = 0; i < array_len(said); i++) {
        if (said[i] == text)
            return;
        if (!said[i]) {
            said[i] = text;
            dprintf(STDERR_FILENO, "weft: warning: %s; ignored\n", text);
            return;
        }
    }
}

static enum guard_kind choose_guard(void)
{
    const char *wish = getenv("WEFT_GUARD");
    if (wish && strcmp(wish, "none") == 0)
        return GUARD_NONE;
    if (wish && strcmp(wish, "mprotect") == 0)
        return GUARD_MPROTECT;
    if (wish && *wish && strcmp(wish, "madvise") != 0)
        warn_setting("WEFT_GUARD is none of madvise, mprotect, none");
    /* Leak checkers read whole mappings, and cannot see such a guard. */
    if (weft__asan || weft__valgrind)
        return GUARD_MPROTECT;
    /* An emulator may say yes to advice that it does not know. */
    if (weft__mem_guard(stacks.base, weft__page_size) == 0 && !weft__mem_readable(stacks.base))
        return GUARD_MADVISE;
    return GUARD_MPROTECT;
}

/* Under TSan the reservation stays for the life of the process: it can be told
 * of one only. */
static struct {
    char *base;
    size_t size;
} kept;

/* WEFT_STACKS=N: address space for N stacks instead of four million.  For places
 * where address space costs, such as emulators and tight limits. */
static size_t reserve_wanted(void)
{
    const char *text = getenv("WEFT_STACKS");
    if (text && *text) {
        char *end;
        unsigned long n = strtoul(text, &end, 10);
        if (*end == '\0' && n >= MIN_RESERVE / STACK_SLOT && n <= MAX_RESERVE / STACK_SLOT)
            return n * STACK_SLOT / COMMIT_CHUNK * COMMIT_CHUNK;
        warn_setting("WEFT_STACKS is not a number from 256 to 4194304");
    }
    if (weft__valgrind)
        return (size_t)4 << 30; /* it has a limit of its own, and says so at length */
    return weft__tsan || weft__asan ? (size_t)32 << 30 : MAX_RESERVE;
}

static size_t reserve(void)
{
    if (kept.base) {
        stacks.base = kept.base;
        return kept.size;
    }
    size_t size = reserve_wanted();
    for (; size >= MIN_RESERVE; size /= 2)
        if ((stacks.base = weft__mem_reserve(size, "weft stacks")))
            break;
    if (stacks.base && weft__tsan) {
        kept.base = stacks.base;
        kept.size = size;
        weft__san_stacks(stacks.base, size);
    }
    return size;
}

int weft__stacks_init(void)
{
    size_t size = reserve();
    if (!stacks.base)
        return -ENOMEM;
    stacks.bump = stacks.committed = stacks.base;
    stacks.end = stacks.base + size;
    stacks.warm = weft__mem_map(2 * list_bytes(), "weft free stacks");
    if (!stacks.warm || weft__mem_commit(stacks.base, COMMIT_CHUNK) != 0) {
        if (stacks.warm)
            weft__mem_unmap(stacks.warm, 2 * list_bytes());
        if (!kept.base)
            weft__mem_unmap(stacks.base, size);
        stacks.base = NULL;
        return -ENOMEM;
    }
    stacks.cold = stacks.warm + list_bytes() / sizeof *stacks.cold;
    stacks.committed += COMMIT_CHUNK;
    stacks.guard = choose_guard();
    /* Without guards an overflow that never ends shall at least end here. */
    if (stacks.guard == GUARD_NONE)
        weft__mem_protect(stacks.base, weft__page_size);
    /* Each PROT_NONE guard splits the mapping in two more; leave room for the
     * program's own mappings. */
    stacks.protect_left = (weft__mem_max_maps() - 4096) / 2;
    if (weft__asan)
        weft__san_root(stacks.base, size);
    return 0;
}

void weft__stacks_fini(void)
{
    if (!stacks.base)
        return;
    size_t size = (size_t)(stacks.end - stacks.base);
    if (weft__asan)
        weft__san_unroot(stacks.base, size);
    weft__san_clear(stacks.base, (size_t)(stacks.committed - stacks.base));
    for (char *lo = stacks.base; weft__valgrind && lo < stacks.bump; lo += STACK_SLOT)
        weft__san_no_stack(lo, lo + STACK_SLOT);
    weft__mem_unmap(stacks.warm, 2 * list_bytes());
    if (kept.base)
        weft__mem_drop(stacks.base, (size_t)(stacks.committed - stacks.base));
    else
        weft__mem_unmap(stacks.base, size);
    bool warned = stacks.warned;
    bytes_zero(&stacks, sizeof stacks);
    stacks.warned = warned;
}

static void warn_unguarded(void)
{
    static const char text[] =
        "weft: warning: out of memory mappings for stack guards (vm.max_map_count); "
        "further stacks are unguarded and overflows are found late\n";
    if (stacks.warned)
        return;
    stacks.warned = true;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        return;
}

/* Called with the lock held. */
static void guard_slot(char *lo)
{
    if (stacks.guard == GUARD_MADVISE) {
        if (weft__mem_guard(lo, weft__page_size) == 0)
            return;
        stacks.guard = GUARD_MPROTECT;
    }
    if (stacks.guard == GUARD_MPROTECT) {
        if (stacks.protect_left > 0 && weft__mem_protect(lo, weft__page_size) == 0) {
            stacks.protect_left--;
            return;
        }
        stacks.guard = GUARD_NONE;
        warn_unguarded();
    }
}

/* A slot that was never used.  Called with the lock held. */
static char *new_slot(void)
{
    if (stacks.bump + STACK_SLOT > stacks.end)
        return NULL;
    if (stacks.bump + STACK_SLOT > stacks.committed) {
        size_t left = (size_t)(stacks.end - stacks.committed);
        size_t n = left < COMMIT_CHUNK ? left : COMMIT_CHUNK;
        if (weft__mem_commit(stacks.committed, n) != 0)
            return NULL;
        stacks.committed += n;
    }
    char *lo = stacks.bump;
    stacks.bump += STACK_SLOT;
    guard_slot(lo);
    weft__san_stack(lo, lo + STACK_SLOT);
    return lo + STACK_SLOT;
}

static char *take_common(void)
{
    if (stacks.warm_count > 0) {
        uint32_t number = stacks.warm[--stacks.warm_count];
        if (stacks.low > stacks.warm_count)
            stacks.low = stacks.warm_count;
        return slot_hi(number);
    }
    if (stacks.cold_count > 0)
        return slot_hi(stacks.cold[--stacks.cold_count]);
    return new_slot();
}

bool weft__stack_get(struct stack_cache *cache, char **lo, char **hi)
{
    if (cache->n == 0) {
        weft__lock(&stacks.lock);
        /* Half a cache of used slots at a time, but only one new slot: a new
         * one costs a page as soon as it is touched. */
        while (cache->n < STACK_CACHE / 2 && (stacks.warm_count > 0 || cache->n == 0)) {
            char *top = take_common();
            if (!top)
                break;
            cache->slot[cache->n++] = top;
        }
        weft__unlock(&stacks.lock);
        if (cache->n == 0)
            return false;
    }
    *hi = cache->slot[--cache->n];
    *lo = *hi - STACK_SLOT;
    return true;
}

/* Called with the lock held. */
static void give_common(char *hi)
{
    stacks.warm[stacks.warm_count++] = slot_number(hi);
    stacks.used = true;
}

void weft__stack_fresh(char *lo, char *hi)
{
    char *low = weft__mem_lowest(lo + weft__page_size, hi);
    if (low == hi)
        return;
    weft__san_fresh(low, (size_t)(hi - low));
    if (low < hi - KEEP_TOP)
        weft__mem_drop(low, (size_t)(hi - low) - KEEP_TOP);
}

void weft__stack_put(struct stack_cache *cache, char *hi)
{
    if (cache->n == STACK_CACHE) {
        weft__lock(&stacks.lock);
        while (cache->n > STACK_CACHE / 2)
            give_common(cache->slot[--cache->n]);
        weft__unlock(&stacks.lock);
    }
    cache->slot[cache->n++] = hi;
}

void weft__stack_flush(struct stack_cache *cache)
{
    weft__lock(&stacks.lock);
    while (cache->n > 0)
        give_common(cache->slot[--cache->n]);
    weft__unlock(&stacks.lock);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Gives all pages of some warm slots back; neighbours in one call, over their
 * guards, which stay. */
static size_t trim_batch(size_t most)
{
    static uint32_t batch[TRIM_QUIET]; /* only the monitor trims */
    weft__lock(&stacks.lock);
    size_t n = stacks.low > KEEP_SLOTS ? stacks.low - KEEP_SLOTS : 0;
    if (n > most)
        n = most;
    /* The ones below the mark; those from the top of the list take their places. */
    size_t above = stacks.warm_count - stacks.low, moved = above < n ? above : n;
    stacks.low -= n;
    stacks.warm_count -= n;
    bytes_copy(batch, stacks.warm + stacks.low, n * sizeof *batch);
    bytes_copy(stacks.warm + stacks.low, stacks.warm + stacks.warm_count + n - moved,
               moved * sizeof *batch);
    weft__unlock(&stacks.lock);
    qsort(batch, n, sizeof *batch, by_number);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && batch[end] == batch[end - 1] + 1; end++)
            ;
        char *lo = slot_hi(batch[i]) - STACK_SLOT;
        weft__mem_drop(lo, (end - i) * STACK_SLOT);
    }
    weft__lock(&stacks.lock);
    bytes_copy(stacks.cold + stacks.cold_count, batch, n * sizeof *batch);
    stacks.cold_count += n;
    weft__unlock(&stacks.lock);
    return n;
}

/* What deep calls once touched in the slots that are kept. */
static void trim_deep(void)
{
    static uint32_t kept[KEEP_SLOTS];
    weft__lock(&stacks.lock);
    size_t n = stacks.used && stacks.warm_count <= KEEP_SLOTS ? stacks.warm_count : 0;
    stacks.warm_count -= n;
    stacks.low = stacks.warm_count;
    bytes_copy(kept, stacks.warm, n * sizeof *kept);
    stacks.used = false;
    weft__unlock(&stacks.lock);
    for (size_t i = 0; i < n; i++)
        weft__mem_drop(slot_hi(kept[i]) - STACK_SLOT, STACK_SLOT - KEEP_TOP);
    weft__lock(&stacks.lock);
    bytes_copy(stacks.warm + stacks.warm_count, kept, n * sizeof *kept);
    stacks.warm_count += n;
    weft__unlock(&stacks.lock);
}

/* From now on the mark is what is free now. */
static void mark_low(void)
{
    weft__lock(&stacks.lock);
    stacks.low = stacks.warm_count;
    weft__unlock(&stacks.lock);
}

bool weft__stacks_trim(bool idle)
{
    static int64_t marked; /* only the monitor is here */
    if (unlikely(weft__valgrind))
        return false; /* the slots' numbers would go */
    int64_t now = weft__now();
    if (idle)
        mark_low();
    else if (now - marked < UNWANTED_NS)
        return false;
    if (load_relaxed(&stacks.low) > KEEP_SLOTS)
        trim_batch(idle ? TRIM_QUIET : TRIM_BUSY);
    if (load_relaxed(&stacks.low) > KEEP_SLOTS)
        return true;
    marked = now;
    mark_low();
    if (idle && load_relaxed(&stacks.used))
        trim_deep();
    return false;
}

bool weft__stack_map(size_t size, char **lo, char **hi)
{
    size_t page = weft__page_size;
    if (size > PTRDIFF_MAX / 2)
        return false;
    size = (size + page - 1) / page * page + page;
    if (size == STACK_SLOT)
        size += page; /* the size tells the two kinds apart */
    char *at = weft__mem_map(size, "weft stack");
    if (!at)
        return false;
    if (weft__mem_protect(at, page) != 0) {
        weft__lock(&stacks.lock);
        warn_unguarded();
        weft__unlock(&stacks.lock);
    }
    weft__san_root(at + page, size - page);
    weft__san_stack(at, at + size);
    *lo = at;
    *hi = at + size;
    return true;
}

void weft__stack_unmap(char *lo, char *hi)
{
    size_t page = weft__page_size;
    weft__san_unroot(lo + page, (size_t)(hi - lo) - page);
    weft__san_clear(lo, (size_t)(hi - lo));
    weft__san_no_stack(lo, hi);
    weft__mem_unmap(lo, (size_t)(hi - lo));
}

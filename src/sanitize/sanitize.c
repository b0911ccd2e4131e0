/* SPDX-License-Identifier: MIT */
/*
 * The sanitizers' fibre interfaces, as gcc 12 and clang 14 and later have them.
 *
 * TSan: one fibre a goroutine, for its whole life and no longer: a reused one
 * would carry the old goroutine's history.  The interface made for Java's heap
 * is the one that forgets what happened at an address; our heap is the stacks.
 * ASan: every switch is announced
 * with the bounds of the stack it goes to, and a goroutine that ends passes
 * NULL as its save slot, which frees its fake frames.
 */
#define _GNU_SOURCE
#include "sanitize/sanitize.h"

#include <pthread.h>
#include <stdio.h>

#include "base/lock.h"
#include "debug/debug.h"
#include "debug/ignore.h"
#include "platform/fault.h"
#include "platform/platform.h"
#include "sanitize/valgrind.h"
#include "sched/g.h"

#define WEAK __attribute__((weak))
WEAK void *__tsan_get_current_fiber(void);
WEAK void *__tsan_create_fiber(unsigned flags);
WEAK void __tsan_destroy_fiber(void *fiber);
WEAK void __tsan_on_thread_idle(void); /* since the second runtime: gcc 13, clang 14 */
WEAK void __tsan_switch_to_fiber(void *fiber, unsigned flags);
WEAK void __tsan_set_fiber_name(void *fiber, const char *name);
WEAK void __tsan_acquire(void *addr);
WEAK void __tsan_release(void *addr);
WEAK void __tsan_read_range(const void *addr, size_t size);
WEAK void __tsan_write_range(void *addr, size_t size);
WEAK void __tsan_func_entry(void *pc);
WEAK void __tsan_func_exit(void);
WEAK void __tsan_java_init(unsigned long heap, unsigned long size);
WEAK void __tsan_java_alloc(unsigned long at, unsigned long size);
WEAK void __tsan_java_free(unsigned long at, unsigned long size);
WEAK void __tsan_atomic64_store(volatile uint64_t *at, uint64_t value, int order);
WEAK void __tsan_mutex_destroy(void *at, unsigned flags);
WEAK void AnnotateBenignRaceSized(const char *file, int line, const volatile void *at, size_t size,
                                  const char *why);
WEAK void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size);
WEAK void __sanitizer_finish_switch_fiber(void *save, const void **bottom_old, size_t *size_old);
WEAK void __asan_unpoison_memory_region(void const volatile *addr, size_t size);
WEAK void __lsan_register_root_region(const void *p, size_t size);
WEAK void __lsan_unregister_root_region(const void *p, size_t size);

enum { NO_SYNC = 1 };       /* __tsan_switch_to_fiber_no_sync */
enum { ORDER_RELEASE = 3 }; /* memory_order_release, as TSan counts them */

/* A fibre that no goroutine's history ever comes to; one may be it at a time. */
static struct {
    struct lock lock;
    void *fiber;
} neutral;

bool weft__tsan, weft__asan, weft__valgrind;

void weft__san_init(void)
{
    weft__tsan = __tsan_create_fiber && __tsan_switch_to_fiber && __tsan_acquire;
    weft__asan = __sanitizer_start_switch_fiber && __asan_unpoison_memory_region;
    weft__valgrind = valgrind_ask(0, VALGRIND_RUNS_US, 0, 0) != 0;
    if (weft__tsan && !neutral.fiber)
        neutral.fiber = __tsan_create_fiber(0); /* for good */
}

void weft__san_root(void *at, size_t size)
{
    if (__lsan_register_root_region)
        __lsan_register_root_region(at, size);
}

void weft__san_unroot(void *at, size_t size)
{
    if (__lsan_unregister_root_region)
        __lsan_unregister_root_region(at, size);
}

/* The calling thread's block, with its stack and thread-local data. */
static bool own_block(char **lo, char **hi)
{
    pthread_attr_t attr;
    void *at;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return false;
    pthread_attr_getstack(&attr, &at, &size);
    pthread_attr_destroy(&attr);
    *lo = at;
    *hi = *lo + size;
    return true;
}

void weft__san_thread(struct g *g)
{
    if (weft__tsan) {
        g->tsan_fiber = __tsan_get_current_fiber();
        /* Goroutines use their thread's errno one after the other, without an edge. */
        if (AnnotateBenignRaceSized)
            AnnotateBenignRaceSized(__FILE__, __LINE__, __errno_location(), sizeof(int), "errno");
    }
    char *lo, *hi;
    if (weft__asan && !g->stack_lo && own_block(&lo, &hi)) {
        g->stack_lo = lo;
        g->stack_hi = hi;
    }
}

noinline void weft__san_lent(bool whole)
{
    char *lo, *hi;
    if (likely(!weft__tsan) || !own_block(&lo, &hi))
        return;
    if (!whole)
        hi = (char *)((uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)15);
    lo = weft__mem_lowest(lo, hi);
    if (lo < hi)
        weft__san_fresh(lo, (size_t)(hi - lo));
}

void *weft__san_neutral(void)
{
    if (likely(!weft__tsan))
        return NULL;
    weft__lock(&neutral.lock);
    void *before = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(neutral.fiber, NO_SYNC);
    return before;
}

void weft__san_back(void *before)
{
    if (likely(!before))
        return;
    __tsan_switch_to_fiber(before, NO_SYNC);
    weft__unlock(&neutral.lock);
}

/* "file.c:36" for a place where goroutines are made.  Looked up once a place;
 * what the lookup touches and locks is no business of the program's. */
static void place_name(char *out, size_t size, uintptr_t pc)
{
    static struct lock lock;
    static struct {
        uintptr_t pc;
        char name[48];
    } places[256];
    unsigned i = (unsigned)((pc ^ pc >> 8) % array_len(places));
    ignore_begin();
    weft__lock(&lock);
    if (places[i].pc != pc) {
        struct symbol s;
        weft__symbol(pc, &s);
        if (s.file)
            snprintf(places[i].name, sizeof places[i].name, "%s:%d", s.file, s.line);
        else
            snprintf(places[i].name, sizeof places[i].name, "%s+0x%lx", s.module ? s.module : "?",
                     (unsigned long)s.module_offset);
        places[i].pc = pc;
    }
    snprintf(out, size, "%s", places[i].name);
    weft__unlock(&lock);
    ignore_end();
}

/* Reports call a fibre by its name; TSan keeps 63 bytes of it. */
static void name_fiber(struct g *g)
{
    char place[48], name[128];
    int n = 0;
    if (!__tsan_set_fiber_name)
        return;
    n += snprintf(name, sizeof name, "goroutine %llu", (unsigned long long)g->id);
    if (g->name)
        n += snprintf(name + n, sizeof name - (size_t)n, " \"%.24s\"", g->name);
    if (g->create_pc) {
        place_name(place, sizeof place, g->create_pc);
        snprintf(name + n, sizeof name - (size_t)n, " created at %s", place);
    }
    __tsan_set_fiber_name(g->tsan_fiber, name);
}

/* ---- the life of fibres ------------------------------------------------------------ */

/*
 * The first runtime, gcc 12's, takes a millisecond to make a fibre.  There ended
 * ones are used again, late: a goroutine then counts as ordered after the one
 * that had the fibre before it, so a race between such two is missed.
 * The second runtime, which is quick, forgets sooner than that by itself.
 */
enum { REUSE_AFTER = 64, KEEP_FIBERS = 128 };

/* How many the first runtime can tell apart: 8128, of which some are on their
 * way to be used again, and a few are threads. */
enum { FIRST_MAX = 8040 };
/* The second runtime's limit is the kernel's, on mappings; looked at now and then. */
enum { LOOK_EVERY = 512, LOOK_FROM = 8192, MAPS_LEFT = 3000 };

static struct {
    struct lock lock; /* guards: all below */
    void *ended[KEEP_FIBERS];
    unsigned first, count;
    uint64_t cell;
    uint32_t alive; /* atomic */
} fibers;

static bool first_runtime(void) { return !__tsan_on_thread_idle; }

static noinline void check_mappings(uint32_t alive, bool out)
{
    long used = weft__mem_count_maps(), max = weft__mem_max_maps();
    if (out || used + MAPS_LEFT > max)
        weft__fatal("race detector: %u goroutines at once use up the memory mappings that the "
                    "kernel lets a process have\n"
                    "\t`sysctl vm.max_map_count=%ld` allows more, it is %ld; or let fewer run at a "
                    "time, as behind a semaphore",
                    alive, max * 4, max);
}

static void *fiber_new(void)
{
    uint32_t alive = add_relaxed(&fibers.alive, 1) + 1;
    bool out = weft__fault(FAULT_FIBER);
    if (unlikely(first_runtime() && (out || alive > FIRST_MAX)))
        weft__fatal("race detector: this compiler's ThreadSanitizer cannot tell more than %d "
                    "goroutines at once apart\n"
                    "\tCC=clang builds with one that can; or let fewer run at a time, as behind a "
                    "semaphore",
                    FIRST_MAX);
    if (unlikely(out || (alive > LOOK_FROM && alive % LOOK_EVERY == 0)))
        check_mappings(alive, out);
    return __tsan_create_fiber(0);
}

static void fiber_free(void *fiber)
{
    add_relaxed(&fibers.alive, (uint32_t)-1);
    __tsan_destroy_fiber(fiber);
}

/* The oldest that ended, made to begin with what the caller knows. */
static void *fiber_again(void)
{
    void *fiber = NULL;
    weft__lock(&fibers.lock);
    bool short_of = load_relaxed(&fibers.alive) >= FIRST_MAX - KEEP_FIBERS;
    if (fibers.count >= REUSE_AFTER || (short_of && fibers.count > 0)) {
        fiber = fibers.ended[fibers.first];
        fibers.first = (fibers.first + 1) % KEEP_FIBERS;
        fibers.count--;
        void *self = __tsan_get_current_fiber();
        hb_publish(&fibers.cell, 1);
        __tsan_switch_to_fiber(fiber, NO_SYNC);
        hb_take(&fibers.cell);
        __tsan_switch_to_fiber(self, NO_SYNC);
    }
    weft__unlock(&fibers.lock);
    return fiber;
}

static bool fiber_keep(void *fiber)
{
    weft__lock(&fibers.lock);
    bool room = fibers.count < KEEP_FIBERS;
    if (room)
        fibers.ended[(fibers.first + fibers.count++) % KEEP_FIBERS] = fiber;
    weft__unlock(&fibers.lock);
    return room;
}

void weft__san_start(struct g *g)
{
    if (!weft__tsan || g->tsan_fiber)
        return;
    if (first_runtime())
        g->tsan_fiber = fiber_again();
    if (!g->tsan_fiber) {
        if (__tsan_func_entry && g->create_pc)
            __tsan_func_entry((void *)g->create_pc);
        g->tsan_fiber = fiber_new();
        if (__tsan_func_exit && g->create_pc)
            __tsan_func_exit();
    }
    name_fiber(g);
}

void weft__san_end(struct g *g)
{
    /* One that left its functions otherwise than by returning has them on the
     * sanitizer's list of calls for good. */
    bool whole = !(g->flags & (G_FLAG_GOEXIT | G_FLAG_CUT));
    if (weft__tsan && g->tsan_fiber && !(first_runtime() && whole && fiber_keep(g->tsan_fiber)))
        fiber_free(g->tsan_fiber);
    g->tsan_fiber = NULL;
    g->asan_fake = NULL;
}

void weft__san_leave(struct g *from, struct g *to, bool dying)
{
    if (weft__tsan)
        __tsan_switch_to_fiber(to->tsan_fiber, NO_SYNC);
    if (weft__asan)
        __sanitizer_start_switch_fiber(dying ? NULL : &from->asan_fake, to->stack_lo,
                                       (size_t)(to->stack_hi - to->stack_lo));
}

void weft__san_arrive(struct g *g)
{
    if (weft__asan)
        __sanitizer_finish_switch_fiber(g->asan_fake, NULL, NULL);
}

void weft__san_stacks(void *base, size_t size)
{
    if (weft__tsan && __tsan_java_init)
        __tsan_java_init((unsigned long)base, size);
}

void weft__san_fresh(void *lo, size_t size)
{
    if (!weft__tsan || !__tsan_java_init)
        return;
    __tsan_java_free((unsigned long)lo, size);
    __tsan_java_alloc((unsigned long)lo, size);
}

/* A stack is known to Valgrind by a number, which is kept where nobody gets: in
 * the word at its lower end, above the guard. */
static uintptr_t *number_of(char *lo) { return (uintptr_t *)(void *)(lo + weft__page_size); }

void weft__san_stack(char *lo, char *hi)
{
    if (unlikely(weft__valgrind))
        *number_of(lo) = valgrind_ask(0, VALGRIND_STACK_REGISTER, (uintptr_t)lo + weft__page_size,
                                      (uintptr_t)hi - 1);
}

void weft__san_no_stack(char *lo, char *hi)
{
    (void)hi;
    if (unlikely(weft__valgrind) && *number_of(lo) != 0)
        valgrind_ask(0, VALGRIND_STACK_DEREGISTER, *number_of(lo), 0);
}

void weft__san_clear(void *lo, size_t size)
{
    if (weft__asan)
        __asan_unpoison_memory_region(lo, size);
}

void *weft__san_try_enter(struct g *g)
{
    if (!weft__tsan)
        return NULL;
    /* The contained call continues its caller: a new fibre begins with the
     * history of the one that makes it. */
    void *outer = __tsan_get_current_fiber();
    void *inner = fiber_new();
    g->tsan_fiber = inner;
    __tsan_switch_to_fiber(inner, NO_SYNC);
    return outer;
}

void weft__san_try_leave(struct g *g, void *outer, void *at)
{
    if (!weft__tsan)
        return;
    /* By an address of its own: TSan's own edge goes by the fibre's, which the
     * next fibre may have too. */
    void *inner = g->tsan_fiber;
    __tsan_release(at);
    g->tsan_fiber = outer;
    __tsan_switch_to_fiber(outer, NO_SYNC);
    __tsan_acquire(at);
    fiber_free(inner);
}

void weft__hb_release_slow(void *at) { __tsan_release(at); }

void weft__hb_acquire_slow(void *at) { __tsan_acquire(at); }

/* Of all that TSan offers only a store replaces what was published before. */
void weft__hb_publish_slow(uint64_t *cell, uint64_t value)
{
    if (__tsan_atomic64_store)
        __tsan_atomic64_store(cell, value, ORDER_RELEASE);
    else
        store_relaxed(cell, value);
}

/* TSan takes the address for a mutex's, whose end it would count as a write. */
void weft__hb_forget_slow(void *at)
{
    if (!__tsan_mutex_destroy)
        return;
    ignore_begin();
    __tsan_mutex_destroy(at, 0);
    ignore_end();
}

struct hb_as weft__hb_as(struct g *g, void *waiter)
{
    struct hb_as as = {.self = __tsan_get_current_fiber(), .waiter = waiter};
    void *to = g->tsan_fiber;
    if (g->thread) {
        void *before = weft__san_neutral();
        to = as.ferry = fiber_new();
        weft__san_back(before);
    }
    __tsan_switch_to_fiber(to, NO_SYNC);
    if (as.ferry)
        __tsan_acquire(waiter);
    return as;
}

void weft__hb_self(struct hb_as *as)
{
    if (as->ferry)
        __tsan_release(as->waiter);
    __tsan_switch_to_fiber(as->self, NO_SYNC);
    if (as->ferry)
        fiber_free(as->ferry);
}

void weft__san_read_slow(const void *at, size_t size, void *pc)
{
    if (size == 0 || !__tsan_read_range)
        return;
    __tsan_func_entry(pc);
    __tsan_read_range(at, size);
    __tsan_func_exit();
}

void weft__san_write_slow(void *at, size_t size, void *pc)
{
    if (size == 0 || !__tsan_write_range)
        return;
    __tsan_func_entry(pc);
    __tsan_write_range(at, size);
    __tsan_func_exit();
}

/* SPDX-License-Identifier: MIT */
/*
 * WEFT_CHECK=locks: goroutines that wait while their thread holds a pthread
 * mutex.
 *
 * To know of them, the calls of pthread_mutex_lock() and its like are led
 * through the functions below: in every loaded object the linkage table's
 * entries for these names are overwritten, once, when the runtime starts and the
 * check is on.  We do not define the names ourselves, as an interposing library
 * would.  In an archive that cannot be done well: every program would pay for
 * the detour, checked or not; a static program would be left without the real
 * functions, since libc has them under no other name that can be linked to; and
 * a sanitizer's own definitions could lose against ours.  This way a program
 * that is not checked has not a single instruction more.
 *
 * Not seen: programs linked with -static, which have no such table; objects
 * loaded by dlopen() later; libc's own use of its mutexes.  With a sanitizer
 * nothing is watched, as it does the same for itself.
 *
 * A mutex belongs to the goroutine that runs on the thread.  It is listed with
 * the locks that one holds, and G_FLAG_PTHREAD is set, which parking looks at.
 * Plain threads are none of our business.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <threads.h>
#include <time.h>

#include "arch/switch.h"
#include "platform/platform.h"
#include "sanitize/sanitize.h"
#include "sched/g.h"
#include "sync/lockcheck.h"

/* ---- what the calls are led through ---------------------------------------------------- */

static noinline void locked(void *mutex, uintptr_t pc)
{
    struct g *g = weft__self();
    if (!g || g->thread || g->flags & G_FLAG_SYSTEM)
        return;
    weft__lock(&weft__held_lock);
    if (weft__held_push(g, mutex, HELD_PTHREAD, pc))
        g->flags |= G_FLAG_PTHREAD;
    weft__unlock(&weft__held_lock);
}

static noinline void unlocks(void *mutex)
{
    struct g *g = weft__self();
    if (!g || !(g->flags & G_FLAG_PTHREAD))
        return;
    weft__lock(&weft__held_lock);
    weft__held_drop(g, mutex, HELD_PTHREAD);
    struct held *h = g->held;
    while (h && h->how != HELD_PTHREAD)
        h = h->next;
    if (!h)
        g->flags &= (uint8_t)~G_FLAG_PTHREAD;
    weft__unlock(&weft__held_lock);
}

enum {
    LOCK,
    TRYLOCK,
    TIMEDLOCK,
    CLOCKLOCK,
    UNLOCK,
    MTX_LOCK,
    MTX_TRYLOCK,
    MTX_TIMEDLOCK,
    MTX_UNLOCK,
    CALLS
};

typedef void (*any_fn)(void);
static any_fn real[CALLS];

#define REAL(call, result, ...) ((result(*)(__VA_ARGS__))real[call])
#define HERE                    ((uintptr_t)__builtin_return_address(0))

/* Locked, though its last owner died with it. */
static int lock_result(int err, void *mutex, uintptr_t pc)
{
    if (err == 0 || err == EOWNERDEAD)
        locked(mutex, pc);
    return err;
}

static int watch_lock(pthread_mutex_t *m)
{
    return lock_result(REAL(LOCK, int, pthread_mutex_t *)(m), m, HERE);
}

static int watch_trylock(pthread_mutex_t *m)
{
    return lock_result(REAL(TRYLOCK, int, pthread_mutex_t *)(m), m, HERE);
}

static int watch_timedlock(pthread_mutex_t *m, const struct timespec *until)
{
    return lock_result(REAL(TIMEDLOCK, int, pthread_mutex_t *, const struct timespec *)(m, until),
                       m, HERE);
}

static int watch_clocklock(pthread_mutex_t *m, clockid_t clock, const struct timespec *until)
{
    return lock_result(REAL(CLOCKLOCK, int, pthread_mutex_t *, clockid_t,
                            const struct timespec *)(m, clock, until),
                       m, HERE);
}

static int watch_unlock(pthread_mutex_t *m)
{
    unlocks(m);
    return REAL(UNLOCK, int, pthread_mutex_t *)(m);
}

static int mtx_result(int result, void *mutex, uintptr_t pc)
{
    if (result == thrd_success)
        locked(mutex, pc);
    return result;
}

static int watch_mtx_lock(mtx_t *m) { return mtx_result(REAL(MTX_LOCK, int, mtx_t *)(m), m, HERE); }

static int watch_mtx_trylock(mtx_t *m)
{
    return mtx_result(REAL(MTX_TRYLOCK, int, mtx_t *)(m), m, HERE);
}

static int watch_mtx_timedlock(mtx_t *m, const struct timespec *until)
{
    return mtx_result(REAL(MTX_TIMEDLOCK, int, mtx_t *, const struct timespec *)(m, until), m,
                      HERE);
}

static int watch_mtx_unlock(mtx_t *m)
{
    unlocks(m);
    return REAL(MTX_UNLOCK, int, mtx_t *)(m);
}

static const struct {
    const char *name;
    any_fn watch;
} calls[CALLS] = {
    [LOCK] = {"pthread_mutex_lock", (any_fn)watch_lock},
    [TRYLOCK] = {"pthread_mutex_trylock", (any_fn)watch_trylock},
    [TIMEDLOCK] = {"pthread_mutex_timedlock", (any_fn)watch_timedlock},
    [CLOCKLOCK] = {"pthread_mutex_clocklock", (any_fn)watch_clocklock},
    [UNLOCK] = {"pthread_mutex_unlock", (any_fn)watch_unlock},
    [MTX_LOCK] = {"mtx_lock", (any_fn)watch_mtx_lock},
    [MTX_TRYLOCK] = {"mtx_trylock", (any_fn)watch_mtx_trylock},
    [MTX_TIMEDLOCK] = {"mtx_timedlock", (any_fn)watch_mtx_timedlock},
    [MTX_UNLOCK] = {"mtx_unlock", (any_fn)watch_mtx_unlock},
};

/* ---- the linkage tables ------------------------------------------------------------------ */

#if defined(__x86_64__)
enum { IN_TABLE = R_X86_64_GLOB_DAT, BY_CALL = R_X86_64_JUMP_SLOT };
#elif defined(__aarch64__)
enum { IN_TABLE = R_AARCH64_GLOB_DAT, BY_CALL = R_AARCH64_JUMP_SLOT };
#endif

/* What of an object's dynamic section is needed. */
struct object {
    uintptr_t base;
    const ElfW(Sym) * symbols;
    const char *names;
    uintptr_t relro_lo, relro_hi; /* read-only since it was loaded */
};

static uintptr_t address(const struct object *o, ElfW(Addr) at)
{
    return at < o->base ? o->base + at : at; /* the loader may have relocated it, or not */
}

static void set(const struct object *o, any_fn *slot, any_fn fn)
{
    uintptr_t page = (uintptr_t)slot & ~(weft__page_size - 1);
    bool guarded = (uintptr_t)slot >= o->relro_lo && (uintptr_t)slot < o->relro_hi;
    if (guarded && mprotect((void *)page, weft__page_size, PROT_READ | PROT_WRITE) != 0)
        return; /* then this object is not watched */
    store_relaxed(slot, fn);
    if (guarded)
        mprotect((void *)page, weft__page_size, PROT_READ);
}

static void set_all(const struct object *o, const ElfW(Rela) * rela, size_t count, bool on)
{
    for (size_t i = 0; i < count; i++) {
        unsigned type = ELF64_R_TYPE(rela[i].r_info);
        if (type != IN_TABLE && type != BY_CALL)
            continue;
        const char *name = o->names + o->symbols[ELF64_R_SYM(rela[i].r_info)].st_name;
        any_fn *slot = (any_fn *)(o->base + rela[i].r_offset);
        if (strncmp(name, "pthread_mutex_", 14) != 0 && strncmp(name, "mtx_", 4) != 0)
            continue;
        for (int c = 0; c < CALLS; c++) {
            if (!real[c] || strcmp(name, calls[c].name) != 0)
                continue;
            if (on ? load_relaxed(slot) != NULL : load_relaxed(slot) == calls[c].watch)
                set(o, slot, on ? calls[c].watch : real[c]);
        }
    }
}

/* An object that has one of the functions itself knows what it is doing. */
static bool has_them(const struct dl_phdr_info *info)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t lo = info->dlpi_addr + p->p_vaddr;
        for (int c = 0; c < CALLS && p->p_type == PT_LOAD; c++)
            if ((uintptr_t)real[c] - lo < p->p_memsz)
                return true;
    }
    return false;
}

static int visit(struct dl_phdr_info *info, size_t size, void *on)
{
    struct object o = {.base = info->dlpi_addr};
    const ElfW(Dyn) *d = NULL;
    const ElfW(Rela) *rela = NULL, *by_call = NULL;
    size_t rela_size = 0, by_call_size = 0;
    bool plain = true;
    (void)size;
    if (has_them(info))
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_DYNAMIC)
            d = (const ElfW(Dyn) *)(o.base + p->p_vaddr);
        if (p->p_type == PT_GNU_RELRO) {
            o.relro_lo = (o.base + p->p_vaddr) & ~(weft__page_size - 1);
            o.relro_hi = (o.base + p->p_vaddr + p->p_memsz) & ~(weft__page_size - 1);
        }
    }
    for (; d && d->d_tag != DT_NULL; d++)
        switch (d->d_tag) {
        case DT_SYMTAB:
            o.symbols = (const void *)address(&o, d->d_un.d_ptr);
            break;
        case DT_STRTAB:
            o.names = (const void *)address(&o, d->d_un.d_ptr);
            break;
        case DT_RELA:
            rela = (const void *)address(&o, d->d_un.d_ptr);
            break;
        case DT_RELASZ:
            rela_size = d->d_un.d_val;
            break;
        case DT_JMPREL:
            by_call = (const void *)address(&o, d->d_un.d_ptr);
            break;
        case DT_PLTRELSZ:
            by_call_size = d->d_un.d_val;
            break;
        case DT_PLTREL:
            plain = d->d_un.d_val == DT_RELA;
            break;
        default:
            break;
        }
    if (!o.symbols || !o.names || !plain)
        return 0;
    if (rela)
        set_all(&o, rela, rela_size / sizeof *rela, *(bool *)on);
    if (by_call)
        set_all(&o, by_call, by_call_size / sizeof *by_call, *(bool *)on);
    return 0;
}

void weft__pthread_watch(bool on)
{
    if (!weft__lock_check || weft__tsan || weft__asan)
        return;
    for (int c = 0; c < CALLS && on; c++)
        real[c] = (any_fn)dlsym(RTLD_DEFAULT, calls[c].name);
    dl_iterate_phdr(visit, &on);
}

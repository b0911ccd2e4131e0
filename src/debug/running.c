/* SPDX-License-Identifier: MIT */
/*
 * The stack of a goroutine that runs on another thread.
 *
 * Only that thread can tell: it is sent SIGURG, which by default does nothing
 * and which hardly any program uses.  Its handler walks the stack, and if that
 * does not come to the end, because code has no unwind tables or TSan must not
 * be called, leaves a copy for the asker to try.  It answers within a bounded
 * time or not at all.
 *
 * One question at a time; its life is one word, so that an answer that comes
 * too late finds the question gone:
 *
 *   FREE -> ASKED    the asker, who has filled in what is asked
 *   ASKED -> BUSY    the thread that answers; only it may write the trace now
 *   BUSY -> DONE     the same
 *   ASKED -> FREE    the asker, when it has waited long enough
 *   DONE -> FREE     the asker
 *
 * A signal makes some system calls return early, sleep() and poll() for
 * instance, which a dump must not do to a program that goes on.  There the
 * kernel tells where the call was made, and the stack is unwound from there.
 */
#define _GNU_SOURCE
#include "debug/running.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/switch.h"
#include "debug/debug.h"
#include "debug/regs.h"
#include "debug/sigset.h"
#include "platform/platform.h"
#include "sanitize/sanitize.h"
#include "sched/sched.h"

#define ANSWER_NS ((int64_t)200 * 1000 * 1000)

enum { FREE, ASKED, BUSY, DONE };

static struct question {
    uint32_t state; /* futex */
    uint64_t ticket;
    const struct g *g;
    uint64_t id;
    bool met; /* the goroutine was there */
    struct trace trace;
    struct regs regs;
    uintptr_t *copy; /* of the upper end of its stack, */
    size_t copied;   /* in words */
} question;

enum { COPY_WORDS = 8192 };

static struct installed urgent;

/* ---- the answering side ----------------------------------------------------------- */

/* A loop that no compiler turns into a call of memcpy(). */
static void copy_stack(struct question *q, uintptr_t sp, uintptr_t hi)
{
    const volatile uintptr_t *from = (const volatile uintptr_t *)sp;
    size_t n = (hi - sp) / sizeof *from;
    q->copied = n < COPY_WORDS ? n : COPY_WORDS;
    for (size_t i = 0; i < q->copied; i++)
        q->copy[i] = from[i];
}

static void answer(const void *context)
{
    struct question *q = &question;
    struct m *m = weft__self()->m;
    struct g *g = m->current;
    regs_of_signal(&q->regs, context);
    q->copied = 0;
    q->met = g == q->g && g->id == q->id;
    if (!q->met)
        return;
    weft__trace_begin(&q->trace, q->regs.pc);
    /* TSan may be stopped half-way in work of its own, so nothing of libc may
     * be called that it intercepts; the unwinder does. */
    if (!weft__tsan)
        weft__walk_unwind(&q->trace, 0);
    /* It may stand on another stack, which the runtime lent it for a while. */
    bool on_its_own = q->regs.sp > (uintptr_t)g->stack_lo && q->regs.sp < (uintptr_t)g->stack_hi;
    if (!q->trace.complete && q->copy && on_its_own)
        copy_stack(q, q->regs.sp & ~(sizeof(uintptr_t) - 1), (uintptr_t)g->stack_hi);
}

/* What the thread could not do itself, from the copy. */
static void complete(struct trace *t)
{
    const struct question *q = &question;
    struct trace other;
    struct bounds b = {.lo = q->regs.sp & ~(sizeof(uintptr_t) - 1), .copy = q->copy};
    *t = q->trace;
    b.copied = b.lo;
    b.hi = b.lo + q->copied * sizeof(uintptr_t);
    if (t->complete || q->copied < 2)
        return;
    weft__trace_begin(&other, 0);
    weft__walk_frames(&other, &q->regs, &b);
    if (weft__trace_better(&other, t))
        *t = other;
    weft__trace_begin(&other, 0);
    if (weft__walk_tables(&other, &q->regs, &b) && weft__trace_better(&other, t))
        *t = other;
}

static void on_urgent(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)info;
    int saved = handler_errno;
    struct g *self = weft__self();
    uint32_t asked = ASKED;
    if (self && self->m && load_acquire(&self->m->signal_request) != 0 &&
        load_relaxed(&self->m->signal_request) == load_relaxed(&question.ticket) &&
        cas_seq(&question.state, &asked, BUSY)) {
        answer(context);
        store_seq(&question.state, DONE);
        weft__futex_wake(&question.state, 1);
    }
    handler_errno = saved;
}

/* ---- the asking side ----------------------------------------------------------------- */

/* The M that runs @g, if it still exists.  The lock may be held by a thread
 * that reports that very lock broken, so it is not waited for long. */
static bool find_thread(const struct g *g, struct m **m, int *tid)
{
    int64_t until = 0;
    while (!weft__try_lock(&sched.lock)) {
        int64_t now = weft__now();
        if (until == 0)
            until = now + ANSWER_NS;
        if (now > until)
            return false;
        weft__thread_yield();
    }
    struct m *at = sched.all_m;
    while (at && at != g->m)
        at = at->all;
    if (at) {
        *m = at;
        *tid = at->tid;
    }
    weft__unlock(&sched.lock);
    return at && *tid > 0;
}

static bool send(int tid, int sig) { return syscall(SYS_tgkill, getpid(), tid, sig) == 0; }

static enum running ask(struct trace *t, const struct g *g, struct m *m, int tid)
{
    static uint64_t last_ticket;
    struct question *q = &question;
    if (!urgent.active || load_seq(&q->state) != FREE)
        return RUNNING_SILENT;
    if (last_ticket == 0) {
        /* The unwinder prepares itself when first used, which is not for handlers. */
        weft__trace_begin(t, 0);
        weft__walk_unwind(t, 0);
        weft__trace_begin(t, 0);
    }
    q->g = g;
    q->id = g->id;
    q->met = false;
    if (!q->copy)
        q->copy = weft__mem_map(COPY_WORDS * sizeof *q->copy, "weft report copy");
    store_relaxed(&q->ticket, ++last_ticket);
    store_seq(&q->state, ASKED);
    store_seq(&m->signal_request, last_ticket);
    if (!send(tid, SIGURG)) {
        store_seq(&q->state, FREE);
        return RUNNING_MOVED;
    }
    int64_t until = weft__now() + ANSWER_NS;
    for (;;) {
        uint32_t state = load_seq(&q->state);
        if (state == DONE)
            break;
        int64_t left = until - weft__now();
        if (left > 0) {
            weft__futex_wait(&q->state, state, left);
            continue;
        }
        uint32_t asked = ASKED;
        if (cas_seq(&q->state, &asked, FREE) || left < -ANSWER_NS)
            return RUNNING_SILENT; /* one that is stuck half-way keeps the place for good */
        weft__thread_sleep(1000 * 1000);
    }
    bool met = q->met;
    if (met)
        complete(t);
    store_seq(&q->state, FREE);
    return met ? RUNNING_TRACED : RUNNING_MOVED;
}

/* System calls that return early after any handler, whatever its flags. */
static const struct {
    long number;
    const char *name;
} fragile[] = {
#define CALL(name) {SYS_##name, #name},
    CALL(nanosleep) CALL(clock_nanosleep) CALL(ppoll) CALL(pselect6) CALL(epoll_pwait)
        CALL(rt_sigsuspend) CALL(rt_sigtimedwait) CALL(semop) CALL(semtimedop) CALL(msgrcv)
            CALL(msgsnd) CALL(io_getevents)
#ifdef SYS_poll
                CALL(poll) CALL(select) CALL(epoll_wait) CALL(pause)
#endif
#ifdef SYS_epoll_pwait2
                    CALL(epoll_pwait2)
#endif
#undef CALL
    /* A socket with a time limit gives up early, too. */
    {SYS_recvfrom, "recvfrom"},
    {SYS_recvmsg, "recvmsg"},
    {SYS_sendto, "sendto"},
    {SYS_sendmsg, "sendmsg"},
    {SYS_accept, "accept"},
    {SYS_accept4, "accept4"},
    {SYS_connect, "connect"},
};

struct call {
    long number;
    uintptr_t sp, pc;
};

/* What the kernel says of a thread: the system call it is in, and where. */
static bool kernel_says(int tid, struct call *c)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    /* "running", or: number, six arguments, stack pointer, program counter */
    char *at = text, *end;
    c->number = strtol(at, &end, 10);
    if (end == at)
        return false;
    unsigned long long word[8];
    for (size_t i = 0; i < array_len(word); i++) {
        at = end;
        word[i] = strtoull(at, &end, 16);
        if (end == at)
            return false;
    }
    c->sp = word[6];
    c->pc = word[7];
    return true;
}

static const char *fragile_name(long number)
{
    for (size_t i = 0; i < array_len(fragile); i++)
        if (fragile[i].number == number)
            return fragile[i].name;
    return NULL;
}

static void trace_call(struct trace *t, const struct g *g, int tid, const struct call *c)
{
    struct regs r = {.pc = c->pc + 1, .exact = true, .sp = c->sp};
    struct bounds b = {.lo = c->sp, .hi = (uintptr_t)g->stack_hi, .careful = true};
    struct call after;
    weft__trace_begin(t, 0);
    if (c->sp <= (uintptr_t)g->stack_lo || c->sp >= b.hi || !weft__walk_tables(t, &r, &b) ||
        !kernel_says(tid, &after) || after.sp != c->sp || after.pc != c->pc)
        weft__trace_begin(t, 0);
}

enum running weft__running_trace(struct trace *t, const struct g *g, bool gentle, const char **call)
{
    struct m *m = NULL;
    struct call c;
    int tid = 0;
    *call = NULL;
    weft__trace_begin(t, 0);
    if (!find_thread(g, &m, &tid))
        return RUNNING_SILENT;
    if (gentle && kernel_says(tid, &c) && (*call = fragile_name(c.number))) {
        trace_call(t, g, tid, &c);
        return RUNNING_IN_CALL;
    }
    return ask(t, g, m, tid);
}

void weft__running_init(void)
{
    weft__handler_install(&urgent, SIGURG, on_urgent, SA_RESTART, OVER_IGNORE);
}

void weft__running_fini(void) { weft__handler_remove(&urgent); }

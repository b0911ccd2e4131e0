/* SPDX-License-Identifier: MIT */
/*
 * The stack of a goroutine that runs on another thread.
 *
 * Only that thread can tell: it is sent SIGURG, which by default does nothing
 * and which hardly any program uses, and walks its own stack in the handler.
 * It answers within a bounded time or not at all.
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
} question;

static struct installed urgent;

/* ---- the answering side ----------------------------------------------------------- */

static void answer(const struct regs *r)
{
    struct question *q = &question;
    struct m *m = weft__self()->m;
    struct g *g = m->current;
    q->met = g == q->g && g->id == q->id && r->sp > (uintptr_t)g->stack_lo &&
             r->sp < (uintptr_t)g->stack_hi;
    if (!q->met)
        return;
    struct bounds b = {r->sp & ~(sizeof(uintptr_t) - 1), (uintptr_t)g->stack_hi, false};
    if (weft__tsan) {
        /* TSan may be stopped half-way in work of its own, so nothing of libc
         * may be called that it intercepts: not even memset(). */
        weft__trace_begin(&q->trace, 0);
        weft__walk_frames(&q->trace, r, &b);
        return;
    }
    /* The unwinder is right wherever the thread was stopped; frame pointers
     * help where there are no tables. */
    struct trace other;
    weft__trace_begin(&q->trace, r->pc);
    weft__walk_unwind(&q->trace, 0);
    if (q->trace.found && q->trace.complete)
        return;
    weft__trace_begin(&other, 0);
    weft__walk_frames(&other, r, &b);
    if (weft__trace_better(&other, &q->trace))
        q->trace = other;
}

static void on_urgent(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)info;
    int saved = errno;
    struct g *self = weft__self();
    uint32_t asked = ASKED;
    if (self && self->m && load_acquire(&self->m->signal_request) != 0 &&
        load_relaxed(&self->m->signal_request) == load_relaxed(&question.ticket) &&
        cas_seq(&question.state, &asked, BUSY)) {
        struct regs r;
        regs_of_signal(&r, context);
        answer(&r);
        store_seq(&question.state, DONE);
        weft__futex_wake(&question.state, 1);
    }
    errno = saved;
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

static bool send(int tid, int sig)
{
    return syscall(SYS_tgkill, getpid(), tid, sig) == 0;
}

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
        *t = q->trace;
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
    {SYS_recvfrom, "recvfrom"}, {SYS_recvmsg, "recvmsg"}, {SYS_sendto, "sendto"},
    {SYS_sendmsg, "sendmsg"}, {SYS_accept, "accept"}, {SYS_accept4, "accept4"},
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
    struct bounds b = {c->sp, (uintptr_t)g->stack_hi, true};
    struct call after;
    weft__trace_begin(t, 0);
    if (c->sp <= (uintptr_t)g->stack_lo || c->sp >= b.hi || !weft__walk_tables(t, &r, &b) ||
        !kernel_says(tid, &after) || after.sp != c->sp || after.pc != c->pc)
        weft__trace_begin(t, 0);
}

enum running weft__running_trace(struct trace *t, const struct g *g, bool gentle,
                                 const char **call)
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

void weft__running_fini(void)
{
    weft__handler_remove(&urgent);
}

/* SPDX-License-Identifier: MIT */
/*
 * Signals that end in a report: SIGQUIT, and faults.
 *
 * A handler may have stopped its thread anywhere, inside malloc too, so it does
 * not write the report.  It leaves a note and pokes the monitor, which is a
 * thread of its own and neither waits for goroutines nor holds anything of the
 * program's.  For a fault the handler waits until the report is written; the
 * goroutine's stack stands still meanwhile.  If that takes too long, because
 * the report needs the very lock that the faulting thread holds, the handler
 * writes addresses itself.
 *
 * Handlers run on an alternate stack of their thread, since an overflown stack
 * has no room for them.
 *
 * After a stack overflow the process ends with status 2; after other faults by
 * the signal, as it would have without us, so core files and exit codes stay.
 * Where the program or a sanitizer has a handler, ours is not installed, or
 * hands on whatever is no stack overflow.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/switch.h"
#include "debug/debug.h"
#include "debug/lookup.h"
#include "debug/regs.h"
#include "debug/report.h"
#include "debug/running.h"
#include "debug/sigset.h"
#include "platform/platform.h"
#include "sanitize/sanitize.h"
#include "sched/sched.h"

#define SIGNAL_STACK ((size_t)64 << 10)
#define REPORT_NS    ((int64_t)5 * 1000 * 1000 * 1000)
enum { REPORT_WAITS = 5 };
/* How far from the end of its stack a goroutine's access may lie and still be
 * taken for an overflow: large frames are touched at their far end first. */
#define OVERFLOW_REACH ((uintptr_t)64 << 10)

static struct installed quit;
static struct installed faults[] = {
    {.sig = SIGSEGV}, {.sig = SIGBUS}, {.sig = SIGFPE}, {.sig = SIGILL}};

/* Notes for the monitor.  The word `pending` says that there is one. */
enum { NOTE_QUIT = 1, NOTE_FAULT = 2 };
static uint32_t pending;

/* The fault; there is only one, by weft__dying_claim(). */
static struct {
    uint32_t reported; /* futex */
    int sig, code;
    uintptr_t address;
    struct g *g; /* who runs there, or NULL */
    bool overflow;
    struct regs regs;
    struct trace trace; /* as the thread itself could unwind it */
    void *escape;       /* while it does: where to go on after another fault */
} fault;

static void leave_note(uint32_t note)
{
    __atomic_fetch_or(&pending, note, __ATOMIC_SEQ_CST);
    weft__monitor_poke();
}

/* ---- SIGQUIT ---------------------------------------------------------------------- */

static void on_quit(int sig, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    int saved = handler_errno;
    if (load_relaxed(&sched.monitor_started)) {
        leave_note(NOTE_QUIT);
    } else {
        weft__handler_default(sig);
        raise(sig);
    }
    handler_errno = saved;
}

static void put_everyone(void *arg)
{
    struct all all = {.in_full = true};
    weft__put_all(arg, &all);
}

static void report_quit(void)
{
    struct text t;
    weft__dying();
    weft__text_fd(&t, STDERR_FILENO);
    weft__print(&t, "SIGQUIT: quit\n");
    weft__with_symbols(&t, put_everyone, &t);
    weft__flush(&t);
    weft__die(2);
}

/* ---- faults -------------------------------------------------------------------------- */

static bool in_guard(const struct g *g, uintptr_t address)
{
    uintptr_t lo = (uintptr_t)g->stack_lo;
    return lo && address >= lo - OVERFLOW_REACH && address < lo + weft__page_size;
}

/*
 * The stack pointer is where the stack ends, and the address too: an access
 * that only strayed there is another mistake.  A frame larger than the guard
 * may also have stepped over it, and run on through what lies below.
 */
static bool is_overflow(const struct g *g, int sig, uintptr_t address, uintptr_t sp)
{
    if ((sig != SIGSEGV && sig != SIGBUS) || !g || g->thread || g->flags & G_FLAG_SYSTEM ||
        !g->stack_lo || weft__in_symbols())
        return false;
    uintptr_t lo = (uintptr_t)g->stack_lo;
    if (sp < lo)
        return address >= sp - OVERFLOW_REACH && address < lo + weft__page_size;
    return in_guard(g, address) && sp < lo + weft__page_size + OVERFLOW_REACH / 4;
}

static void put_overflow(struct text *t, const struct g *g)
{
    bool slot = weft__stack_is_slot(g->stack_lo, g->stack_hi);
    size_t size = (size_t)(g->stack_hi - g->stack_lo) - (slot ? 0 : weft__page_size);
    weft__print(t, "fatal error: stack overflow\n");
    weft__print(t, "\tgoroutine %llu has used up its stack of %zu KiB; %s\n",
                (unsigned long long)g->id, size >> 10,
                g->flags & G_FLAG_MAIN ? "`ulimit -s` sets the size of the first one"
                                       : "weft_go_with() can give it more");
    if (fault.regs.sp < (uintptr_t)g->stack_lo)
        weft__print(t, "\ta frame stepped over the guard page, so other memory may be damaged; "
                       "-fstack-clash-protection prevents that\n");
}

static const char *fault_word(int sig)
{
    switch (sig) {
    case SIGSEGV:
        return "segmentation fault";
    case SIGBUS:
        return "bus error";
    case SIGFPE:
        return fault.code == FPE_INTDIV ? "integer division by zero" : "arithmetic error";
    default:
        return "illegal instruction, or a trap";
    }
}

static void put_what(struct text *t)
{
    const struct g *g = fault.g;
    weft__print(t, "fatal error: %s", fault_word(fault.sig));
    if (fault.code <= 0)
        weft__print(t, ", as a signal sent by a process");
    else if (fault.code == SI_KERNEL)
        weft__print(t, " at an address that is no possible pointer");
    else if (fault.sig != SIGFPE)
        weft__print(t, " at address 0x%llx", (unsigned long long)fault.address);
    weft__put(t, "\n", 1);
    if (fault.code > 0 && g && in_guard(g, fault.address))
        weft__print(t, "\tthat is at the lower end of the stack of goroutine %llu\n",
                    (unsigned long long)g->id);
}

static void put_fault(void *arg)
{
    struct text *t = arg;
    struct trace trace;
    if (fault.overflow)
        put_overflow(t, fault.g);
    else
        put_what(t);
    weft__trace_regs(&trace, fault.g, &fault.regs);
    if (fault.trace.found && weft__trace_better(&fault.trace, &trace))
        trace = fault.trace;
    weft__put(t, "\n", 1);
    if (fault.g && !(fault.g->flags & G_FLAG_SYSTEM)) {
        struct g copy = *fault.g;
        copy.state = G_RUNNING;
        weft__put_goroutine(t, &copy, &trace, NULL);
    } else {
        trace.whole = true;
        weft__print(t, "thread %s[running]:\n", fault.g && fault.g->m ? "of weft " : "");
        weft__put_frames(t, &trace);
    }
}

static void report_fault(bool raw)
{
    struct text t;
    weft__text_fd(&t, STDERR_FILENO);
    t.raw = raw;
    if (!raw)
        weft__flush_stdout();
    weft__with_symbols(&t, put_fault, &t);
    if (t.raw)
        weft__print(&t, "\nnames cannot be looked up now: addr2line -fie FILE OFFSET knows them\n");
    weft__flush(&t);
}

/* Hands it to whoever was there before; true if that was somebody. */
static bool hand_on(const struct kernel_action *before, int sig, siginfo_t *info, void *context)
{
    if (before->handler.plain == SIG_DFL || before->handler.plain == SIG_IGN)
        return false;
    if (before->flags & SA_SIGINFO)
        before->handler.with_info(sig, info, context);
    else
        before->handler.plain(sig);
    return true;
}

/*
 * The thread's own unwinder trusts the stack.  If that was a mistake, the fault
 * leads back to here, and only the walks remain that do not trust it.
 */
static void unwind(void *unused)
{
    (void)unused;
    weft__trace_begin(&fault.trace, fault.regs.pc);
    weft__walk_unwind(&fault.trace, 0);
}

static void try_unwind(void)
{
    if (weft__call_saved(&fault.escape, unwind, NULL) != 0)
        weft__trace_begin(&fault.trace, fault.regs.pc);
    fault.escape = NULL;
}

/* Sees to it that the report is written, by this thread if need be. */
static void let_report(void)
{
    if (weft__in_symbols() || !load_relaxed(&sched.monitor_started)) {
        report_fault(true);
        return;
    }
    if (pthread_equal(pthread_self(), sched.monitor)) {
        report_fault(fault.code > 0); /* one that was sent has interrupted nothing */
        return;
    }
    leave_note(NOTE_FAULT);
    /* The clock is not asked: TSan would see that, and may be broken itself. */
    for (unsigned i = 0; i < REPORT_WAITS && !load_seq(&fault.reported); i++)
        weft__futex_wait(&fault.reported, 0, REPORT_NS / REPORT_WAITS);
    if (!load_seq(&fault.reported))
        report_fault(true);
}

/* Until it is known whose fault it is, nothing that a sanitizer intercepts is
 * called, as it may be stopped in the middle of its own work. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
    int saved = handler_errno;
    struct installed *i = faults;
    while (i->sig != sig)
        i++;
    struct g *self = weft__self();
    struct g *g = self && self->m && self == &self->m->g0 ? self->m->current : self;
    struct regs regs; /* no initialiser: that could be a call of memset() */
    regs_of_signal(&regs, context);
    uintptr_t address = info->si_code > 0 ? (uintptr_t)info->si_addr : 0;
    bool overflow = is_overflow(g, sig, address, regs.sp);
    if (!overflow && hand_on(&i->before, sig, info, context)) {
        handler_errno = saved;
        return;
    }
    if (weft__dying_claim()) {
        fault.sig = sig;
        fault.code = info->si_code;
        fault.address = address;
        fault.g = g;
        fault.overflow = overflow;
        fault.regs = regs;
        if (!overflow && !weft__tsan)
            try_unwind();
        let_report();
        if (overflow)
            weft__die(2);
    } else if (fault.escape) {
        weft__resume_saved(fault.escape);
    } else {
        static const char text[] = "\nweft: a fault while the report was being written\n";
        if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
            weft__die(2);
    }
    /* Back to the instruction, which faults again, now without us. */
    weft__handler_default(sig);
    if (info->si_code <= 0)
        syscall(SYS_tgkill, getpid(), weft__thread_id(), sig);
    handler_errno = saved;
}

/* ---- the monitor's part ----------------------------------------------------------------- */

static noinline void read_notes(void)
{
    uint32_t notes = __atomic_exchange_n(&pending, 0, __ATOMIC_SEQ_CST);
    if (notes & NOTE_FAULT) {
        report_fault(false);
        store_seq(&fault.reported, 1);
        weft__futex_wake(&fault.reported, 1);
    } else if (notes & NOTE_QUIT) {
        report_quit();
    }
}

void weft__debug_poll(void)
{
    if (unlikely(load_relaxed(&pending) != 0))
        read_notes();
}

/* ---- in place and away --------------------------------------------------------------------- */

void weft__signals_init(void)
{
    weft__code_refresh();
    store_relaxed(&pending, 0);
    /* A second SIGQUIT ends a process whose report hangs.  Shells start jobs in
     * the background with it ignored, which is not the program's own wish. */
    weft__handler_install(&quit, SIGQUIT, on_quit, SA_RESTART | SA_RESETHAND,
                          sched.exits ? OVER_IGNORE : OVER_NOTHING);
    weft__running_init();
    for (size_t i = 0; i < array_len(faults); i++)
        weft__handler_install(&faults[i], faults[i].sig, on_fault, SA_NODEFER,
                              weft__asan || weft__tsan ? OVER_HANDLER : OVER_NOTHING);
}

void weft__signals_fini(void)
{
    for (size_t i = 0; i < array_len(faults); i++)
        weft__handler_remove(&faults[i]);
    weft__running_fini();
    weft__handler_remove(&quit);
}

void weft__signals_thread_init(struct m *m)
{
    stack_t now;
    /* The program or a sanitizer may have given the thread one already. */
    if (sigaltstack(NULL, &now) != 0 || !(now.ss_flags & SS_DISABLE))
        return;
    m->signal_stack = weft__mem_map(SIGNAL_STACK, "weft signal stack");
    if (!m->signal_stack)
        return; /* an overflow then ends the process without a report */
    stack_t ours = {.ss_sp = m->signal_stack, .ss_size = SIGNAL_STACK};
    if (sigaltstack(&ours, NULL) != 0) {
        weft__mem_unmap(m->signal_stack, SIGNAL_STACK);
        m->signal_stack = NULL;
    }
}

void weft__signals_thread_fini(struct m *m)
{
    if (!m->signal_stack)
        return;
    stack_t now, none = {.ss_flags = SS_DISABLE};
    if (sigaltstack(NULL, &now) == 0 && now.ss_sp == m->signal_stack)
        sigaltstack(&none, NULL);
    weft__mem_unmap(m->signal_stack, SIGNAL_STACK);
    m->signal_stack = NULL;
}

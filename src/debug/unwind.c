/* SPDX-License-Identifier: MIT */
/*
 * Walking a stack that stands still by unwind tables, through libdw.
 *
 * Frame pointers do not show what called a function that has none, such as most
 * of libc: after strlen(NULL) the function that made the mistake would be
 * missing.  The tables are right for every instruction.  libdw reads the stack
 * through us, within its bounds, so a damaged one costs the rest of the list
 * and no more.
 */
#ifdef WEFT_HAVE_LIBDWFL
#include <string.h>
#include <unistd.h>

#include "debug/dw.h"
#include "debug/lookup.h"
#include "debug/trace.h"

/* The walk under way; one at a time, by weft__with_symbols(). */
static struct walk {
    struct trace *trace;
    const struct regs *regs;
    const struct bounds *bounds;
} walk;

/* libdw thinks in threads; ours has this number and stands for any goroutine. */
enum { THREAD = 1 };

static pid_t next_thread(Dwfl *session, void *arg, void **thread)
{
    (void)session, (void)arg;
    if (*thread)
        return 0;
    *thread = &walk;
    return THREAD;
}

static bool get_thread(Dwfl *session, pid_t tid, void *arg, void **thread)
{
    (void)session, (void)arg;
    *thread = &walk;
    return tid == THREAD;
}

static bool memory_read(Dwfl *session, Dwarf_Addr address, Dwarf_Word *result, void *arg)
{
    (void)session, (void)arg;
    struct bounds b = *walk.bounds;
    uintptr_t words[2];
    /* Two words are read at a time; the last word of the stack is the second. */
    size_t word = sizeof words[0];
    bool last = address == b.hi - word;
    if (!weft__read(&b, last ? address - word : address, words))
        return false;
    *result = words[last];
    return true;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
    (void)arg;
    const struct regs *r = walk.regs;
#if defined(__x86_64__)
    enum { FP = 6, SP = 7, PC = 16 };
#elif defined(__aarch64__)
    enum { FP = 29, SP = 31 };
#endif
    Dwarf_Word pc = r->pc, sp = r->sp, fp = r->fp;
    for (unsigned i = 0; i < r->count; i++) {
        Dwarf_Word value = r->all[i];
        if (!weft__dw.dwfl_thread_state_registers(thread, (int)i, 1, &value))
            return false;
    }
    if (r->exact)
        pc -= 1;
    if (r->count == 0 && r->has_fp && !weft__dw.dwfl_thread_state_registers(thread, FP, 1, &fp))
        return false;
    if (r->count == 0 && sp && !weft__dw.dwfl_thread_state_registers(thread, SP, 1, &sp))
        return false;
#if defined(__x86_64__)
    return weft__dw.dwfl_thread_state_registers(thread, PC, 1, &pc);
#else
    weft__dw.dwfl_thread_state_register_pc(thread, pc);
    return true;
#endif
}

static const Dwfl_Thread_Callbacks callbacks = {.next_thread = next_thread,
                                                .get_thread = get_thread,
                                                .memory_read = memory_read,
                                                .set_initial_registers = set_registers};

static int on_frame(Dwfl_Frame *frame, void *arg)
{
    struct trace *t = arg;
    Dwarf_Addr pc;
    bool first = t->added == 0;
    if (!weft__dw.dwfl_frame_pc(frame, &pc, NULL) || pc == 0)
        return DWARF_CB_ABORT;
    if (!first && !weft__code_at(pc - 1))
        return DWARF_CB_ABORT;
    return weft__trace_add(t, first ? walk.regs->pc : pc) ? DWARF_CB_OK : DWARF_CB_ABORT;
}

bool weft__walk_tables(struct trace *t, const struct regs *r, const struct bounds *b)
{
    static bool attached;
    if (!weft__in_symbols() || !weft__dw.session)
        return false;
    if (!attached &&
        !weft__dw.dwfl_attach_state(weft__dw.session, NULL, getpid(), &callbacks, NULL))
        return false;
    attached = true;
    walk = (struct walk){t, r, b};
    weft__dw.dwfl_getthread_frames(weft__dw.session, THREAD, on_frame, t);
    weft__trace_end(t, true);
    return t->count > 0;
}
#endif

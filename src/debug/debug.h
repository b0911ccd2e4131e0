/* SPDX-License-Identifier: MIT */
/*
 * Reports: what the rest of the runtime needs to say what went wrong, where.
 *
 * All of it is always in.  Goroutines record where they were made and where
 * they wait as bare return addresses; names and lines are looked up only when a
 * report is written.  A report may be the last thing a broken process does, so
 * nothing here calls malloc itself, takes a lock without a time limit, or
 * follows a pointer that it has not checked.  (libdw, which knows the lines,
 * does use malloc; signals.c says how that is contained.)
 *
 *   text.c      the writer, without malloc
 *   words.c     reasons for waiting, durations
 *   trace.c     what a walk finds of a stack: its two ends
 *   walk.c      return addresses of a stack, by frame pointers
 *   code.c      which addresses are code, and of which file
 *   symbol.c    address to function, file and line: dwarf.c asks libdw, elf.c
 *               has names when there is none
 *   unwind.c    stacks by unwind tables, for code without frame pointers
 *   running.c   stacks of goroutines that run on other threads
 *   report.c    one goroutine; all of them
 *   group.c     a million goroutines as a few groups
 *   waitfor.h   who waits for whom: holder.c, circle.c, waitfor.c
 *   fatal.c     the end of the process
 *   leak.c, deadlock.c, dump.c, signals.c   the occasions
 */
#ifndef WEFT_SRC_DEBUG_H
#define WEFT_SRC_DEBUG_H

#include <stdarg.h>
#include <stdio.h>

#include "sched/g.h"

struct m;

#define PRINTF(string, first) __attribute__((format(printf, string, first)))

/* ---- text.c ---------------------------------------------------------------- */

/* Collects output and hands it on in large pieces, to one of three places.
 * Flush it at the end. */
struct text {
    FILE *file; /* or */
    char *room; /* a buffer of the caller's, ended by a zero byte, cut off when full; or */
    int fd;
    size_t left; /* in room */
    size_t used;
    bool raw; /* addresses only: names cannot be looked up now */
    char buffer[2048];
};

void weft__text_fd(struct text *t, int fd);
void weft__text_file(struct text *t, FILE *file);
void weft__text_buffer(struct text *t, char *room, size_t size);
void weft__print(struct text *t, const char *format, ...) PRINTF(2, 3);
void weft__vprint(struct text *t, const char *format, va_list args) PRINTF(2, 0);
void weft__put(struct text *t, const char *s, size_t n);
void weft__flush(struct text *t);

/* ---- words.c --------------------------------------------------------------- */

const char *weft__wait_word(enum wait_reason reason);

/* weft__duration - "3 seconds", "2 minutes" into @out; "" below a second. */
enum { DURATION_MAX = 32 };
const char *weft__duration(char out[DURATION_MAX], int64_t ns);

/* ---- walk.c ---------------------------------------------------------------- */

/*
 * Stacks are lists of return addresses, innermost first.  A return address
 * names the call before it, so a lookup takes the address minus one.  Where the
 * exact place of an instruction is meant (an interrupted one, a function's
 * entry) its address plus one is stored, and one rule serves both.
 */

/*
 * weft__walk - the stack of a goroutine that does not run; returns the count.
 *
 * Frames of the runtime above the call that waits are left out, and those
 * below the goroutine's function too.  When the stack cannot be read, what is
 * known of it: the waiting call.
 */
size_t weft__walk(const struct g *g, uintptr_t *pcs, size_t max);

/*
 * weft__walk_here - the calling stack, from the frame whose return address is
 * @from on: pass the __builtin_return_address(0) of the runtime's entry that
 * the user called.  0: all frames, from the caller's on.
 */
size_t weft__walk_here(uintptr_t from, uintptr_t *pcs, size_t max);

/* ---- symbol.c -------------------------------------------------------------- */

struct symbol {
    const char *function; /* NULL: unknown.  function_length bytes of it count */
    const char *file;     /* base name; NULL: unknown */
    const char *module;   /* base name of the executable or shared object, or NULL */
    int function_length;
    int line;
    uintptr_t offset;        /* from the function's start */
    uintptr_t module_offset; /* what addr2line -e module wants */
    bool runtime;            /* weft's own, not shown in stacks */
};

/* weft__symbol - the innermost function at a return address, also when it was
 * inlined.  The strings stay valid while the module stays loaded. */
void weft__symbol(uintptr_t pc, struct symbol *out);

/* weft__site - "function file.c:23" into @out, for messages; returns @out. */
const char *weft__site(char *out, size_t size, uintptr_t pc);

/* ---- report.c -------------------------------------------------------------- */

/* What chan/ and sync/ know about a wait: extra lines below the stack, each
 * indented by eight spaces.  Filled in by whoever owns the reason.  The
 * goroutine may be running on already when it is called from a dump, so
 * nothing that @g points to may be trusted to stay. */
typedef void weft__describe_fn(struct text *t, const struct g *g);
extern weft__describe_fn *weft__describe[WAIT_REASONS];
void weft__describe_wait(struct text *t, const struct g *g);

/*
 * weft__panic_report - "panic: ..." with the stack of @g, which runs here.
 *
 * Messages in the order they were raised; all but the first replaced the one
 * before.  A message may have further lines.  @pcs is the stack at the panic,
 * as weft__walk_here() gave it.
 */
void weft__panic_report(struct text *t, const struct g *g, const char *const *messages,
                        size_t count, const uintptr_t *pcs, size_t n);

/* ---- fatal.c --------------------------------------------------------------- */

/* weft__fatal - the program cannot go on: message, every goroutine, exit 2. */
void weft__fatal(const char *format, ...) PRINTF(1, 2) __attribute__((noreturn, cold));
/* weft__throw - weft itself is wrong: message, every goroutine, abort(). */
void weft__throw(const char *format, ...) PRINTF(1, 2) __attribute__((noreturn, cold));

/*
 * weft__dying - call first when a report will end the process.
 *
 * Lets one thread through and keeps all others for ever, so that reports never
 * mix; then flushes what the program has written, as far as that does not
 * block.
 */
void weft__dying(void);
/* weft__die - end the process at once; exit handlers would meet running threads. */
void weft__die(int status) __attribute__((noreturn));

/* ---- the occasions --------------------------------------------------------- */

/*
 * weft__leaks_judge - report goroutines that wait for what cannot happen any
 * more; returns how many.  @quiescent: nothing else runs.  Prints nothing and
 * returns 0 when WEFT_LEAKS is off.
 */
int weft__leaks_judge(bool quiescent);
/* weft__leaks_fail - should they turn into a failure? */
bool weft__leaks_fail(void);

void weft__deadlock(void) __attribute__((noreturn, cold));

/* weft__signals_init, _fini - the process's handlers; the monitor runs already. */
void weft__signals_init(void);
void weft__signals_fini(void);
/* weft__signals_thread_init, _fini - the calling M's own alternate stack. */
void weft__signals_thread_init(struct m *m);
void weft__signals_thread_fini(struct m *m);

/* weft__debug_poll - called by the monitor whenever it wakes: what signal
 * handlers have left to do. */
void weft__debug_poll(void);

#endif /* WEFT_SRC_DEBUG_H */

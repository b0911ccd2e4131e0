/* SPDX-License-Identifier: MIT */
/*
 * weft/debug.h - see what every goroutine is doing.
 *
 * Reports are always in; they need no debug build and cost nothing until one is
 * written:
 *
 *     goroutine 7 "feeder" [chan send, 2 minutes]:
 *     worker pipeline.c:41
 *     feed pipeline.c:60
 *             channel made at weft_main pipeline.c:20, capacity 0
 *     created by weft_main pipeline.c:66 in goroutine 1
 *
 * A panic, a deadlock, a stack overflow and goroutines leaked at the end are
 * reported so, on standard error.  So are faults, such as a bad pointer, after
 * which the process still ends by their signal; a program's own handler for
 * such a signal, if it is there before the runtime starts, is left alone.
 *
 * SIGQUIT (Ctrl-\) prints all goroutines to standard error and ends the
 * program with status 2, as in Go; a second one ends it at once.  It works
 * while all processors are busy and while everything sleeps.
 *
 * File and line come from the program's debug information (-g), read by libdw
 * (package libdw1) when it is there; else function and offset are printed, as
 * `addr2line -fie FILE OFFSET` understands them.  Stacks are whole when code
 * was compiled with -fno-omit-frame-pointer, or libdw is there.
 *
 * Environment: WEFT_SYMBOLS=off does without libdw.  WEFT_LEAKS: see weft/go.h.
 */
#ifndef WEFT_DEBUG_H
#define WEFT_DEBUG_H

#include "weft/base.h"

WEFT_BEGIN_DECLS

/**
 * weft_dump - write every goroutine to a stream: what it waits for, for how
 * long, its stack, where it was created.  The program goes on.
 *
 * The caller comes first.  The others run on meanwhile, so each is shown as it
 * was at some moment of the call.  Those that run on other threads are asked
 * by SIGURG; one inside a system call that a signal would cut short, such as
 * sleep() or poll(), is not disturbed.
 *
 * Blocks:  the thread, for about a microsecond a goroutine and frame, the
 *          first time some milliseconds longer.
 * Call in: anywhere but a signal handler.
 */
WEFT_API void weft_dump(FILE *out);

WEFT_END_DECLS

#endif /* WEFT_DEBUG_H */

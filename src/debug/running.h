/* SPDX-License-Identifier: MIT */
/* Stacks of goroutines that run on other threads; see running.c. */
#ifndef WEFT_SRC_RUNNING_H
#define WEFT_SRC_RUNNING_H

#include "debug/trace.h"

enum running {
    RUNNING_TRACED,  /* the stack is known */
    RUNNING_IN_CALL, /* it is in a system call that a signal would cut short; the
                        stack as far as it is known without */
    RUNNING_SILENT,  /* no answer */
    RUNNING_MOVED,   /* it does not run there any more: look at it again */
};

/*
 * weft__running_trace - the stack of @g, which runs on another thread.
 *
 * @gentle: the program goes on afterwards, so its system calls must not be
 * disturbed.  *call gets the name of the one it is in, or NULL.
 */
enum running weft__running_trace(struct trace *t, const struct g *g, bool gentle,
                                 const char **call);

/* weft__running_init, _fini - the signal that asks. */
void weft__running_init(void);
void weft__running_fini(void);

#endif /* WEFT_SRC_RUNNING_H */

/* SPDX-License-Identifier: MIT */
/* One signal's handler, put in place and taken away; see sigset.c. */
#ifndef WEFT_SRC_SIGSET_H
#define WEFT_SRC_SIGSET_H

#include <signal.h>
#include <stdbool.h>

typedef void handler_fn(int sig, siginfo_t *info, void *context);

/* What the kernel keeps for a signal, on x86-64 and aarch64. */
struct kernel_action {
    union {
        handler_fn *with_info;
        void (*plain)(int sig);
    } handler;
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

struct installed {
    int sig;
    bool active;
    handler_fn *handler;
    struct kernel_action before;  /* as the kernel had it */
    struct sigaction libc_before; /* as libc tells it */
};

/*
 * weft__handler_install - @handler for @sig, if the program has none of its own.
 *
 * What else may be replaced: OVER_IGNORE, an ignored signal; OVER_HANDLER, any
 * handler, because this one hands on what is not its business.
 */
enum over { OVER_NOTHING, OVER_IGNORE, OVER_HANDLER };
void weft__handler_install(struct installed *i, int sig, handler_fn *handler, unsigned long flags,
                           enum over over);
void weft__handler_remove(struct installed *i);
/* weft__handler_default - the kernel's default action from now on. */
void weft__handler_default(int sig);

#endif /* WEFT_SRC_SIGSET_H */

/* SPDX-License-Identifier: MIT */
/*
 * Handlers, as the kernel sees them.
 *
 * TSan puts itself between the program and its signals: it runs a handler only
 * when the thread makes an intercepted call next, which a thread that sleeps in
 * the runtime never does.  Our handlers touch nothing of the program's, so they
 * go past it.  They are installed through sigaction(), and then the kernel is
 * told the real one: so libc's way back from a handler is in place, whatever
 * it looks like on this CPU.
 */
#define _GNU_SOURCE
#include "debug/sigset.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sanitize/sanitize.h"

static bool kernel_get(int sig, struct kernel_action *a)
{
    return syscall(SYS_rt_sigaction, sig, NULL, a, sizeof a->mask) == 0;
}

static bool kernel_set(int sig, const struct kernel_action *a)
{
    return syscall(SYS_rt_sigaction, sig, a, NULL, sizeof a->mask) == 0;
}

void weft__handler_install(struct installed *i, int sig, handler_fn *handler, unsigned long flags,
                           enum over over)
{
    *i = (struct installed){.sig = sig, .handler = handler};
    if (!kernel_get(sig, &i->before))
        return;
    void (*before)(int) = i->before.handler.plain;
    if (before != SIG_DFL && over != OVER_HANDLER && !(over == OVER_IGNORE && before == SIG_IGN))
        return;
    struct sigaction act;
    memset(&act, 0, sizeof act);
    act.sa_sigaction = handler;
    act.sa_flags = SA_SIGINFO | SA_ONSTACK | (int)flags;
    /* A thread that is asked for its stack answers when it is back in its own code. */
    sigemptyset(&act.sa_mask);
    sigaddset(&act.sa_mask, SIGURG);
    struct kernel_action real;
    if (sigaction(sig, &act, &i->libc_before) != 0 || !kernel_get(sig, &real))
        return;
    if (real.handler.with_info != handler) {
        real.handler.with_info = handler;
        real.flags |= SA_SIGINFO | SA_ONSTACK | flags;
        if (!kernel_set(sig, &real))
            return;
    }
    i->active = true;
}

void weft__handler_remove(struct installed *i)
{
    struct kernel_action now;
    /* The program may have put its own there meanwhile. */
    if (i->active && kernel_get(i->sig, &now) && now.handler.with_info == i->handler) {
        /* What libc said it was, so that a sanitizer knows it too; and then what
         * the kernel said, which is not the same under one. */
        sigaction(i->sig, &i->libc_before, NULL);
        if (weft__tsan || weft__asan)
            kernel_set(i->sig, &i->before);
    }
    i->active = false;
}

void weft__handler_default(int sig)
{
    struct kernel_action now;
    if (!kernel_get(sig, &now))
        return;
    now.handler.plain = SIG_DFL;
    kernel_set(sig, &now);
}

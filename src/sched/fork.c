/* SPDX-License-Identifier: MIT */
/*
 * After fork(): the child has one thread and none of the runtime's.
 *
 * It shall exec or _exit.  What it does before with weft runs as on a plain
 * thread without a runtime; what would wait, or start something, says so,
 * because it would wait for ever.  The parent's set of watched descriptors is
 * shared with the child, so it is let go of there.
 */
#include <pthread.h>

#include "arch/switch.h"
#include "sched/netpoll.h"
#include "sched/sched.h"
#include "weft/panic.h"

static bool forked;

bool weft__forked(void) { return load_relaxed(&forked); }

static void in_child(void)
{
    if (!load_relaxed(&sched.running))
        return;
    store_relaxed(&forked, true);
    store_relaxed(&sched.running, false);
    store_relaxed(&sched.monitor_started, false);
    weft__netpoll_forked();
    weft__set_self(NULL);
}

void weft__watch_forks(void)
{
    static bool done;
    if (!done)
        pthread_atfork(NULL, NULL, in_child);
    done = true;
}

noinline void weft__no_runtime(const char *what)
{
    if (weft__forked())
        weft_panic("%s in the child of a fork(): the runtime and its threads stayed with the "
                   "parent; call exec or _exit",
                   what);
    weft_panic("%s needs the runtime: call it under weft_main or weft_run", what);
}

/* SPDX-License-Identifier: MIT */
/* Nobody can run, and nothing will wake anybody: the scheduler has found out. */
#include <unistd.h>

#include "debug/debug.h"
#include "debug/lookup.h"
#include "debug/report.h"
#include "debug/waitfor.h"
#include "sched/sched.h"

static void put_everyone(void *arg)
{
    struct all all = {.rest = true};
    weft__put_cycle(arg);
    weft__put_all(arg, &all);
}

static bool anybody_left(void)
{
    size_t n = weft__g_count();
    for (size_t i = 0; i < n; i++) {
        const struct g *g = weft__g_at(i);
        if (load_relaxed(&g->state) != G_DEAD && !(g->flags & G_FLAG_SYSTEM))
            return true;
    }
    return false;
}

void weft__deadlock(void)
{
    struct text t;
    weft__dying();
    weft__text_fd(&t, STDERR_FILENO);
    if (!anybody_left())
        weft__print(&t, "fatal error: no goroutines (main called weft_goexit) - deadlock!\n");
    else
        weft__print(&t, "fatal error: all goroutines are asleep - deadlock!\n%s",
                    sched.main_gone ? "the main goroutine called weft_goexit\n" : "");
    weft__with_symbols(&t, put_everyone, &t);
    weft__flush(&t);
    weft__die(2);
}

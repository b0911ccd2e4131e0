/* SPDX-License-Identifier: MIT */
/* The record of a thread that is no goroutine, made when it first waits. */
#include <pthread.h>

#include "arch/switch.h"
#include "base/alloc.h"
#include "debug/debug.h"
#include "sanitize/sanitize.h"
#include "sched/park.h"
#include "sched/sched.h"
#include "sync/lockcheck.h"

struct thread_record {
    struct g g;
    struct parker parker;
};

static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void thread_ends(void *at)
{
    struct thread_record *t = at;
    if (unlikely(t->g.held))
        weft__locks_left(&t->g);
    weft__set_self(NULL);
    weft__free(at, sizeof(struct thread_record));
    /* Whoever waits for this thread waits in vain: have it noticed. */
    if (load_relaxed(&sched.running))
        weft__monitor_poke();
}

static void key_make(void) { pthread_key_create(&key, thread_ends); }

static noinline struct g *thread_new(void)
{
    struct thread_record *t = weft__alloc_zero(sizeof *t);
    if (!t)
        weft__fatal("out of memory: no record for a thread");
    pthread_once(&key_once, key_make);
    pthread_setspecific(key, t);
    t->g.thread = &t->parker;
    t->g.state = G_RUNNING;
    t->g.flags = G_FLAG_SYSTEM;
    weft__set_self(&t->g);
    weft__san_thread(&t->g);
    return &t->g;
}

struct g *weft__current(void)
{
    struct g *g = weft__self();
    return likely(g != NULL) ? g : thread_new();
}

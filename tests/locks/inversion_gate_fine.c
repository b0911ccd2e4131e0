/* SPDX-License-Identifier: MIT */
/*
 * Gates: one for both orders; two, of which each order has one with any other;
 * a reader-writer lock that one side reads and the other writes.
 *
 * Everybody wants all of them at the same time, old ones and such as nobody has
 * used before.
 */
#include <stdlib.h>
#include <weft.h>

enum { GOROUTINES = 8, ROUNDS = 400, NEW = 4000 };

struct locks {
    weft_mutex gate, other, a, b, c, d, e, f, g, h;
    weft_rwmutex shared, outer;
};

static void both(weft_mutex *x, weft_mutex *y)
{
    weft_scoped_lock(x);
    weft_scoped_lock(y);
}

static void mutexes(struct locks *l, int i)
{
    {
        weft_scoped_lock(&l->gate);
        both(i % 2 ? &l->a : &l->b, i % 2 ? &l->b : &l->a);
    }
    if (i % 3 == 0) {
        weft_scoped_lock(&l->gate);
        both(&l->c, &l->d);
    } else if (i % 3 == 1) {
        weft_scoped_lock(&l->other);
        both(&l->c, &l->d);
    } else {
        weft_scoped_lock(&l->gate);
        weft_scoped_lock(&l->other);
        both(&l->d, &l->c);
    }
}

/* A reader's lock is a gate against writers of it. */
static void reads_and_writes(struct locks *l, int i)
{
    if (i % 2) {
        weft_scoped_rlock(&l->shared);
        both(&l->e, &l->f);
    } else {
        weft_scoped_wlock(&l->shared);
        both(&l->f, &l->e);
    }
}

/* So are those that were got by trying. */
static void tries(struct locks *l, int i)
{
    if (i % 3 == 0) {
        weft_scoped_rlock(&l->outer);
        both(&l->g, &l->h);
    } else if (i % 3 == 1 && weft_rwmutex_try_rlock(&l->outer)) {
        both(&l->g, &l->h);
        weft_rwmutex_runlock(&l->outer);
    } else if (i % 3 == 2 && weft_rwmutex_try_lock(&l->outer)) {
        both(&l->h, &l->g);
        weft_rwmutex_unlock(&l->outer);
    }
}

static void work(struct locks *l, int i, int rounds)
{
    for (int n = 0; n < rounds; n++) {
        mutexes(l, i + n);
        reads_and_writes(l, i + n);
        tries(l, i + n);
    }
}

static void together(struct locks *l, int rounds)
{
    weft_wg wg = {0};
    for (int i = 0; i < GOROUTINES; i++)
        weft_wg_go(&wg, work, l, i, rounds);
    weft_wg_wait(&wg);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    static struct locks old;
    together(&old, ROUNDS);
    for (int i = 0; i < NEW; i++) {
        struct locks *l = calloc(1, sizeof *l);
        together(l, 1);
        free(l);
    }
    puts("done");
    return 0;
}
/*
 * exit: 0
 * env: WEFT_CHECK=locks
 * procs: 1 2 8
 * stdout:
 *     done
 * stderr:
 */

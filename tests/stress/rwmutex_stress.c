/* SPDX-License-Identifier: MIT */
/*
 * Reader-writer locks, by goroutines that move between processors while they
 * read, and by threads, which have none: no two inside that must not be, no
 * wake-up lost, everybody gets in, and nobody touches a lock after the last
 * one that could.
 */
#include <pthread.h>
#include <sched.h>

#include "stress.h"

enum { GOROUTINES = 24, THREADS = 3, LOCKS = 4, SHARERS = 4, BURIED = 64 };

/* More than one: they share the places where readers are counted. */
static struct guarded {
    weft_rwmutex rw;
    atomic_int reading, writing;
    long a, b; /* plain, and always the same */
} all[LOCKS];

static atomic_long entries[GOROUTINES + THREADS];
static atomic_bool stop;

/* Some time inside or outside, mostly none. */
static void linger(void)
{
    switch (random_below(32)) {
    case 0:
        weft_sleep(weft_background(), 20 * WEFT_MICROSECOND);
        break;
    case 1:
        sched_yield();
        break;
    case 2:
    case 3:
    case 4:
    case 5:
        weft_yield();
        break;
    }
}

/* ---- inside ------------------------------------------------------------------------- */

static void write_it(struct guarded *l)
{
    REQUIRE(atomic_fetch_add(&l->writing, 1) == 0);
    REQUIRE(l->reading == 0);
    l->a++;
    linger();
    l->b++;
    REQUIRE(l->a == l->b && l->reading == 0);
    atomic_fetch_sub(&l->writing, 1);
}

static void read_it(struct guarded *l)
{
    atomic_fetch_add(&l->reading, 1);
    long a = l->a;
    REQUIRE(l->writing == 0);
    linger();
    REQUIRE(l->writing == 0 && l->a == a && l->b == a);
    atomic_fetch_sub(&l->reading, 1);
}

static void unlock(struct guarded *l, bool wrote)
{
    if (wrote)
        weft_rwmutex_unlock(&l->rw);
    else
        weft_rwmutex_runlock(&l->rw);
}

static void unlock_for_another(struct guarded *l, bool wrote)
{
    linger();
    unlock(l, wrote);
}

/* Who wrote must not come back for it before that is over: it would wait for itself. */
static void leave(struct guarded *l, bool wrote, bool goroutine)
{
    weft_wg wg = {0};
    if (!goroutine || random_below(64) != 0) {
        unlock(l, wrote);
    } else if (wrote) {
        weft_wg_go(&wg, unlock_for_another, l, wrote);
        weft_wg_wait(&wg);
    } else {
        weft_go(unlock_for_another, l, wrote);
    }
}

/* Two locks at a time only in this order, and the second without waiting. */
static void read_two(struct guarded *l)
{
    struct guarded *other = &all[random_below(LOCKS)];
    weft_rwmutex_rlock(&l->rw);
    if (other != l && weft_rwmutex_try_rlock(&other->rw)) {
        read_it(other);
        weft_rwmutex_runlock(&other->rw);
    }
    read_it(l);
    weft_rwmutex_runlock(&l->rw);
}

static void enter(bool goroutine)
{
    struct guarded *l = &all[random_below(LOCKS)];
    switch (random_below(16)) {
    case 0:
        weft_rwmutex_lock(&l->rw);
        write_it(l);
        leave(l, true, goroutine);
        break;
    case 1:
        if (!weft_rwmutex_try_lock(&l->rw))
            break;
        write_it(l);
        leave(l, true, goroutine);
        break;
    case 2:
    case 3:
        if (!weft_rwmutex_try_rlock(&l->rw))
            break;
        read_it(l);
        leave(l, false, goroutine);
        break;
    case 4:
        read_two(l);
        break;
    default:
        weft_rwmutex_rlock(&l->rw);
        read_it(l);
        leave(l, false, goroutine);
    }
}

/* ---- a lock that goes with its last user ------------------------------------------------ */

struct shared {
    weft_rwmutex rw;
    weft_mutex mu;
    int users, users_of_mu; /* guarded by the one above */
    struct guarded in;
};

static weft_mutex graves;
static struct shared *buried[BURIED]; /* guarded by graves */
static long burials;
static atomic_int live;

static bool untouched(const struct shared *s)
{
    const unsigned char *bytes = (const unsigned char *)s;
    for (size_t i = 0; i < sizeof *s; i++)
        if (bytes[i] != 1)
            return false;
    return true;
}

/* Ones: to who is late it would look as if there was something to do.  Others
 * are buried before it is looked at again. */
static void bury(struct shared *s)
{
    memset(s, 1, sizeof *s);
    weft_mutex_lock(&graves);
    struct shared **grave = &buried[burials++ % BURIED], *old = *grave;
    *grave = s;
    weft_mutex_unlock(&graves);
    if (old) {
        REQUIRE(untouched(old));
        free(old);
    }
}

static void share(struct shared *s)
{
    bool last;
    for (uint32_t i = random_below(4); i > 0; i--) {
        weft_rwmutex_rlock(&s->rw);
        read_it(&s->in);
        weft_rwmutex_runlock(&s->rw);
    }
    weft_rwmutex_lock(&s->rw);
    last = --s->users == 0;
    weft_rwmutex_unlock(&s->rw);
    if (!last)
        return;
    bury(s);
    atomic_fetch_sub(&live, 1);
}

static void share_reading(struct shared *s)
{
    bool last;
    weft_rwmutex_rlock(&s->rw);
    weft_mutex_lock(&s->mu);
    last = --s->users_of_mu == 0;
    weft_mutex_unlock(&s->mu);
    weft_rwmutex_runlock(&s->rw);
    if (last)
        share(s);
}

static void begin_sharing(void)
{
    if (atomic_fetch_add(&live, 1) > 8) {
        atomic_fetch_sub(&live, 1);
        return;
    }
    struct shared *s = calloc(1, sizeof *s);
    REQUIRE(s);
    s->users = SHARERS;
    s->users_of_mu = 2;
    for (int i = 1; i < SHARERS; i++)
        weft_go(share, s);
    for (int i = 0; i < 2; i++)
        weft_go(share_reading, s);
}

/* ---- all of it ----------------------------------------------------------------------------- */

static void contend(int id)
{
    bool goroutine = id < GOROUTINES;
    while (!stop) {
        enter(goroutine);
        linger();
        if (goroutine && random_below(64) == 0)
            begin_sharing();
        atomic_fetch_add(&entries[id], 1);
    }
}

static void *thread(void *id)
{
    contend((int)(intptr_t)id);
    return NULL;
}

/* With nobody there, everybody gets in, and nothing is left of those who were. */
static void check_free(struct guarded *l)
{
    weft_rwmutex_lock(&l->rw); /* others may still be on their way out for another */
    REQUIRE(l->a == l->b && l->reading == 0 && l->writing == 0);
    weft_rwmutex_unlock(&l->rw);
    REQUIRE(weft_rwmutex_try_lock(&l->rw));
    weft_rwmutex_unlock(&l->rw);
    REQUIRE(weft_rwmutex_try_rlock(&l->rw));
    weft_rwmutex_runlock(&l->rw);
    REQUIRE(!l->rw.weft_readers && !l->rw.weft_writers && l->rw.weft_woken == 0);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    pthread_t threads[THREADS];
    for (int i = 0; i < GOROUTINES; i++)
        weft_wg_go(&wg, contend, i);
    for (int i = 0; i < THREADS; i++)
        REQUIRE(pthread_create(&threads[i], NULL, thread, (void *)(intptr_t)(GOROUTINES + i)) == 0);
    weft_sleep(weft_background(), stress_time());
    stop = true;
    weft_wg_wait(&wg);
    for (int i = 0; i < THREADS; i++)
        REQUIRE(pthread_join(threads[i], NULL) == 0);
    while (live > 0)
        weft_sleep(weft_background(), WEFT_MILLISECOND);
    for (int i = 0; i < LOCKS; i++)
        check_free(&all[i]);
    for (int i = 0; i < GOROUTINES + THREADS; i++)
        REQUIRE(entries[i] > 0);
    for (int i = 0; i < BURIED; i++)
        if (buried[i]) {
            REQUIRE(untouched(buried[i]));
            free(buried[i]);
        }
    REQUIRE(burials > 0);
    puts("ok");
    return 0;
}

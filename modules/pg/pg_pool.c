/* SPDX-License-Identifier: MIT */
/*
 * pg_pool.c - connections that are shared.
 *
 *     acquire     the idle connection that was used last; else into the line
 *     give back   to the first in line; else to the idle ones
 *
 * Connections are opened by goroutines of their own (open_one), one for each in
 * line, as long as there are no more than max: who is in line takes what comes
 * first, an opened one or one that is given back.  So a connection that takes
 * longer to open than its requests want to wait is opened all the same, and
 * serves the next ones.  What keeps a connection from being opened is told to
 * the first in line.
 *
 * Whoever comes does not overtake those in line, and nobody is in line while a
 * connection is idle.
 *
 * Idle connections are a list in the order of their last use: the newest is
 * taken first, so that those that are too many grow old at the other end.  A
 * timer, set only while there is something to do, closes old ones and opens
 * those that min asks for.
 *
 * libpq and the server are never waited for with the lock held.
 */
#include "pg_impl.h"

WEFT_CHAN(turn_chan, weft_unit);

#define NEVER INT64_MAX

/* Somebody in line; on the stack of its goroutine. */
struct waiter {
    struct waiter *next, *prev;
    turn_chan *turn; /* capacity 1; sent to when it is out of the line */
    bool out;
    weft_pg *db;         /* what it gets; NULL: */
    struct failure fail; /* ... why it gets nothing */
};

struct weft_pg_pool {
    char *conninfo;
    weft_pg_pool_opts opts;
    // weft:ignore ctxfield it is the pool that lives so long, not a request
    weft_ctx *life; /* ends when it is closed */
    weft_wg users;  /* who may touch it: acquires until what they got is given back, openers */

    weft_mutex mu; /* guards: all below, and the fields of idle connections */
    bool closed;
    weft_pg *newest, *oldest;    /* idle */
    struct waiter *first, *last; /* in line */
    int openers;                 /* connections being opened; counted in stats.open too */
    int tries_failed;            /* in a row, for min */
    weft_timer *timer;           /* NULL until it is needed */
    weft_time timer_at;          /* when it fires; NEVER: it is not set */
    bool looking;                /* it has fired, and look_after() is at work */
    weft_pg_pool_stats stats;
};

/* ---- under the lock ---------------------------------------------------------------- */

static void push_idle(weft_pg_pool *pool, weft_pg *db)
{
    db->newer = NULL;
    db->older = pool->newest;
    *(pool->newest ? &pool->newest->newer : &pool->oldest) = db;
    pool->newest = db;
    pool->stats.idle++;
}

static void unlink_idle(weft_pg_pool *pool, weft_pg *db)
{
    *(db->newer ? &db->newer->older : &pool->newest) = db->older;
    *(db->older ? &db->older->newer : &pool->oldest) = db->newer;
    db->newer = db->older = NULL;
    pool->stats.idle--;
}

static void leave_line(weft_pg_pool *pool, struct waiter *w)
{
    *(w->prev ? &w->prev->next : &pool->first) = w->next;
    *(w->next ? &w->next->prev : &pool->last) = w->prev;
    pool->stats.waiting--;
}

/* At the end; who has been served badly, at the front. */
static void join_line(weft_pg_pool *pool, struct waiter *w, bool in_front)
{
    w->out = false;
    w->prev = in_front ? NULL : pool->last;
    w->next = in_front ? pool->first : NULL;
    *(w->prev ? &w->prev->next : &pool->first) = w;
    *(w->next ? &w->next->prev : &pool->last) = w;
    pool->stats.waiting++;
}

/* The first in line gets a connection, or the reason why not. */
static void call_first(weft_pg_pool *pool, weft_pg *db, const struct failure *why)
{
    struct waiter *w = pool->first;
    leave_line(pool, w);
    w->out = true;
    w->db = db;
    if (!db)
        pg__fail_copy(&w->fail, why);
    weft_try_send(w->turn, WEFT_UNIT); /* there is room; w may be gone after the unlock */
}

static void open_one(weft_pg_pool *pool);

/* Open as many as there are in line, within max; for min too. */
static void open_more(weft_pg_pool *pool)
{
    weft_pg_pool_stats *s = &pool->stats;
    while (!pool->closed && s->open < pool->opts.max && pool->openers < s->waiting) {
        s->open++;
        pool->openers++;
        weft_wg_add(&pool->users, 1);
        weft_go_with(&(weft_go_opts){.name = "pg connect"}, open_one, pool);
    }
}

static weft_time earlier(weft_time a, weft_time b) { return a < b ? a : b; }

/* When an idle connection is to be closed. */
static weft_time end_of(const weft_pg_pool *pool, const weft_pg *db)
{
    const weft_pg_pool_opts *o = &pool->opts;
    weft_time unused =
        o->max_idle >= 0 && pool->stats.open > o->min ? db->used + o->max_idle : NEVER;
    weft_time aged = o->max_lifetime >= 0 ? db->born + o->max_lifetime : NEVER;
    return earlier(unused, aged);
}

/* When there will be something to do that nobody comes for. */
static weft_time next_look(const weft_pg_pool *pool)
{
    weft_time next = NEVER;
    if (pool->stats.open < pool->opts.min) /* at once; after failures 1, 2, 4, 8, 16 s later */
        next = weft_now() +
               (pool->tries_failed == 0
                    ? 0
                    : WEFT_SECOND << (pool->tries_failed < 5 ? pool->tries_failed - 1 : 4));
    for (const weft_pg *db = pool->oldest; db; db = db->newer)
        next = earlier(next, end_of(pool, db));
    return next;
}

static void look_after(weft_pg_pool *pool);

static void set_timer(weft_pg_pool *pool)
{
    if (pool->closed || pool->looking)
        return;
    weft_time next = next_look(pool);
    if (next >= pool->timer_at)
        return; /* it will be early, and see */
    pool->timer_at = next;
    weft_duration in = next - weft_now();
    if (pool->timer)
        weft_timer_reset(pool->timer, in);
    else
        pool->timer = weft_after_func(in, look_after, pool);
}

static bool too_old(const weft_pg_pool *pool, const weft_pg *db)
{
    return pool->opts.max_lifetime >= 0 && weft_now() - db->born >= pool->opts.max_lifetime;
}

/*
 * A connection that nobody has: to the first in line, or to the idle ones; if it
 * is good.  Else its place is free for another, and it is given back, to be freed
 * without the lock.
 */
static weft_pg *settle(weft_pg_pool *pool, weft_pg *db)
{
    bool old = db->pq && too_old(pool, db);
    if (db->pq && !old && !pool->closed) {
        if (pool->first)
            call_first(pool, db, NULL);
        else
            push_idle(pool, db);
        db = NULL;
    } else {
        pool->stats.open--;
        pool->stats.broken += !db->pq && db->born;
        pool->stats.aged += old;
        open_more(pool);
    }
    set_timer(pool);
    return db;
}

/* ---- opening ------------------------------------------------------------------------ */

/* Connect, and count it. */
static weft_pg *make_one(weft_pg_pool *pool)
{
    weft_pg *db = pg__new();
    weft_duration limit = pool->opts.connect_timeout;
    weft_auto(weft_ctx, limited) = limit >= 0 ? weft_ctx_with_timeout(pool->life, limit) : NULL;
    int err = pg__open(limited ? limited : pool->life, db, pool->conninfo);
    weft_scoped_lock(&pool->mu);
    pool->tries_failed = err ? pool->tries_failed + 1 : 0;
    pool->stats.opened += !err;
    pool->stats.failed += err != 0;
    db->pool = pool;
    return db;
}

static void open_one(weft_pg_pool *pool)
{
    weft_pg *db = make_one(pool);
    {
        weft_scoped_lock(&pool->mu);
        pool->openers--;
        if (!db->pq && pool->first)
            call_first(pool, NULL, &db->dead);
        db = settle(pool, db);
    }
    pg__free(db);
    weft_wg_done(&pool->users); /* last: the pool may go away now */
}

/* ---- acquire ------------------------------------------------------------------------ */

static weft_pg *useless(int err, const char *words)
{
    weft_pg *db = pg__new();
    pg__fail(&db->dead, err, "", "%s", words);
    return db;
}

/* Is a connection still good?  Without a round trip if it was used of late. */
static bool healthy(weft_ctx *ctx, const weft_pg_pool *pool, weft_pg *db)
{
    if (!PQconsumeInput(db->pq) || PQisBusy(db->pq) || db->farewell.e.err ||
        PQstatus(db->pq) != CONNECTION_OK)
        return false;
    if (pool->opts.check_after < 0 || weft_now() - db->used < pool->opts.check_after)
        return true;
    struct failure f = FAILURE_NONE;
    weft_auto(weft_ctx, limited) = weft_ctx_with_timeout(ctx, PATIENCE);
    bool answers = pg__command(limited, db, "", &f) == 0;
    pg__fail_clear(&f);
    return answers || (db->pq && weft_ctx_err(ctx)); /* then it is not its fault */
}

/* Out of the pool: true, and lent; or it is no good, and is gone. */
static bool lend(weft_ctx *ctx, weft_pg_pool *pool, weft_pg *db, bool waited)
{
    bool old = too_old(pool, db), good = !old && healthy(ctx, pool, db);
    {
        weft_scoped_lock(&pool->mu);
        if (good) {
            pool->stats.acquired++;
            pool->stats.waited += waited;
            db->lent = true;
            return true;
        }
        pool->stats.aged += old;
        pool->stats.broken += !old;
        pool->stats.open--;
        open_more(pool);
    }
    pg__free(db);
    return false;
}

/* An idle one, or a place in line (NULL); err: it is closed. */
static weft_pg *take_or_join(weft_pg_pool *pool, struct waiter *w, bool again, int *err)
{
    weft_scoped_lock(&pool->mu);
    weft_pg *db = pool->newest;
    *err = pool->closed ? -ESHUTDOWN : 0;
    if (*err)
        return NULL;
    if (!again)
        weft_wg_add(&pool->users, 1);
    if (db) {
        unlink_idle(pool, db);
        return db;
    }
    if (!w->turn)
        w->turn = weft_make(turn_chan, 1);
    join_line(pool, w, again);
    open_more(pool);
    return NULL;
}

/* Until it is this one's turn: a connection; or NULL, and w->fail says why. */
static weft_pg *wait_in_line(weft_ctx *ctx, weft_pg_pool *pool, struct waiter *w)
{
    weft_time since = weft_now();
    int err = weft_recv_ctx(ctx, w->turn, NULL);
    weft_pg *unwanted = NULL;
    {
        weft_scoped_lock(&pool->mu);
        pool->stats.wait_time += weft_now() - since;
        if (!w->out)
            leave_line(pool, w);
        else if (err && w->db) /* served and ended at once: the context wins */
            unwanted = settle(pool, w->db);
        pool->stats.gave_up += err != 0;
    }
    pg__free(unwanted);
    if (!err)
        return w->db;
    pg__fail(&w->fail, err, "", "while all connections of the pool were in use or being made: %s",
             weft_strerror(err));
    return NULL;
}

weft_pg *(weft_pg_acquire)(weft_ctx *ctx, weft_pg_pool *pool)
{
    int err = weft_ctx_err(ctx);
    if (err)
        return useless(err, "the context had ended before a connection was asked for");
    struct waiter w = {.fail = FAILURE_NONE};
    weft_pg *db = NULL;
    bool again = false, waited = false;
    do {
        db = take_or_join(pool, &w, again, &err);
        if (err)
            pg__fail(&w.fail, err, "", "the pool is closed");
        else if (!db)
            waited = true, db = wait_in_line(ctx, pool, &w);
        if (!db) {
            db = pg__new();
            pg__fail_copy(&db->dead, &w.fail);
            if (!err || again) /* it counts as a user */
                weft_wg_done(&pool->users);
            break;
        }
        again = true;
    } while (!lend(ctx, pool, db, waited));
    if (w.turn)
        weft_unref(w.turn);
    pg__fail_clear(&w.fail);
    return db;
}

/* ---- give back ------------------------------------------------------------------------- */

void pg__give_back(weft_pg *db)
{
    weft_pg_pool *pool = db->pool;
    pg__fail_clear(&db->last);
    db->used = weft_now();
    {
        weft_scoped_lock(&pool->mu);
        db->lent = false;
        db = settle(pool, db);
    }
    pg__free(db);
    weft_wg_done(&pool->users); /* last: the pool may go away now */
}

/* ---- the timer --------------------------------------------------------------------------- */

/* Idle ones that are to be closed, linked by older. */
static weft_pg *take_expired(weft_pg_pool *pool)
{
    weft_time now = weft_now();
    weft_pg *expired = NULL;
    for (weft_pg *db = pool->oldest, *next; db; db = next) {
        next = db->newer;
        if (end_of(pool, db) > now)
            continue;
        bool aged = too_old(pool, db);
        unlink_idle(pool, db);
        pool->stats.aged += aged;
        pool->stats.unused += !aged;
        pool->stats.open--;
        db->older = expired;
        expired = db;
    }
    return expired;
}

static void free_all(weft_pg *db)
{
    for (weft_pg *older; db; db = older) {
        older = db->older;
        pg__free(db);
    }
}

/* One more for min, if there are too few; true when it made one. */
static bool fill(weft_pg_pool *pool)
{
    {
        weft_scoped_lock(&pool->mu);
        if (pool->closed || pool->stats.open >= pool->opts.min)
            return false;
        pool->stats.open++;
        pool->openers++;
        weft_wg_add(&pool->users, 1);
    }
    open_one(pool);
    weft_scoped_lock(&pool->mu);
    return pool->tries_failed == 0;
}

static void look_after(weft_pg_pool *pool)
{
    weft_pg *expired;
    {
        weft_scoped_lock(&pool->mu);
        pool->looking = true;
        pool->timer_at = NEVER;
        expired = take_expired(pool);
    }
    free_all(expired);
    while (fill(pool))
        ;
    weft_scoped_lock(&pool->mu);
    pool->looking = false;
    set_timer(pool);
}

/* ---- the pool itself ---------------------------------------------------------------------- */

static weft_duration or_default(weft_duration d, weft_duration otherwise)
{
    return d == 0 ? otherwise : d;
}

weft_pg_pool *weft_pg_pool_new(const char *conninfo, const weft_pg_pool_opts *opts)
{
    weft_pg_pool_opts o = opts ? *opts : (weft_pg_pool_opts){0};
    o.max = o.max ? o.max : 10;
    o.max_idle = or_default(o.max_idle, 5 * WEFT_MINUTE);
    o.max_lifetime = or_default(o.max_lifetime, WEFT_HOUR);
    o.check_after = or_default(o.check_after, 30 * WEFT_SECOND);
    o.connect_timeout = or_default(o.connect_timeout, 10 * WEFT_SECOND);
    if (o.max < 0 || o.min < 0 || o.min > o.max)
        weft_panic("weft_pg_pool_new: min is %d, max is %d", o.min, o.max);
    weft_pg_pool *pool = pg__alloc(sizeof *pool);
    pool->conninfo = strdup(conninfo);
    if (!pool->conninfo)
        weft_panic("weft_pg: out of memory");
    pool->opts = o;
    pool->life = weft_ctx_with_cancel(weft_background());
    pool->timer_at = NEVER;
    weft_scoped_lock(&pool->mu);
    set_timer(pool);
    return pool;
}

void weft_pg_pool_close(weft_pg_pool *pool)
{
    weft_pg *idle;
    struct failure closed = FAILURE_NONE;
    pg__fail(&closed, -ESHUTDOWN, "", "the pool was closed");
    {
        weft_scoped_lock(&pool->mu);
        pool->closed = true;
        for (; pool->first; pool->stats.gave_up++)
            call_first(pool, NULL, &closed);
        idle = pool->newest;
        pool->newest = pool->oldest = NULL;
        pool->stats.open -= pool->stats.idle;
        pool->stats.idle = 0;
    }
    weft_ctx_cancel(pool->life);
    free_all(idle);
    pg__fail_clear(&closed);
}

void weft_pg_pool_free(weft_pg_pool *pool)
{
    if (!pool)
        return;
    weft_pg_pool_close(pool); /* from here on nobody sets the timer */
    if (pool->timer) {
        weft_timer_stop(pool->timer);
        weft_timer_wait(pool->timer);
        weft_timer_unref(pool->timer);
    }
    weft_wg_wait(&pool->users);
    weft_ctx_unref(pool->life);
    free(pool->conninfo);
    free(pool);
}

weft_pg_pool_stats weft_pg_pool_stat(weft_pg_pool *pool)
{
    weft_scoped_lock(&pool->mu);
    weft_pg_pool_stats s = pool->stats;
    s.max = pool->opts.max;
    s.in_use = s.open - s.idle;
    return s;
}

/* SPDX-License-Identifier: MIT */
/*
 * Many goroutines: the pool, cancellation, a server that goes away.
 */
//weft: -lweft_pg -lpq -I/usr/include/postgresql
#include "pg_test.h"

#include <signal.h>
#include <unistd.h>

static weft_ctx *root(void) { return weft_background(); }

/* ---- cancellation -------------------------------------------------------------------- */

struct asked {
    weft_pg_pool *pool;
    const char *sql;
    int64_t result;
    int pid;
};

static void ask(weft_ctx *ctx, struct asked *q)
{
    weft_auto(weft_pg, db) = weft_pg_acquire(ctx, q->pool);
    q->pid = weft_pg_backend_pid(db);
    q->result = weft_pg_exec(ctx, db, q->sql);
}

/* Gone from the server: in most of five tries within 200 ms, also when the machine is busy. */
enum { TRIES = 5, MOST = 3 };

static bool gone_at_once(void)
{
    return until(SLEEPERS, 0, 10 * WEFT_SECOND) < 200 * WEFT_MILLISECOND;
}

WEFT_TEST(a_cancelled_query_is_gone_and_its_connection_serves_the_next)
{
    weft_auto(weft_pg_pool, pool) = weft_pg_pool_new("", &(weft_pg_pool_opts){.max = 1});
    int at_once = 0;
    for (int i = 0; i < TRIES; i++) {
        weft_auto(weft_ctx, client) = weft_ctx_with_cancel(root());
        struct asked q = {pool, "select pg_sleep(30)", 0, 0};
        weft_wg wg = {0};
        weft_wg_go(&wg, ask, client, &q);
        until(SLEEPERS, 1, 10 * WEFT_SECOND);
        weft_ctx_cancel(client); /* the client is gone */
        at_once += gone_at_once();
        weft_wg_wait(&wg);
        weft_check(q.result, ==, -ECANCELED);
        struct asked next = {pool, "select 1", 0, 0};
        ask(root(), &next);
        weft_check(next.result, ==, 1);
        weft_check(next.pid, ==, q.pid);
    }
    weft_check(at_once, >=, MOST);
    weft_check(weft_pg_pool_stat(pool).opened, ==, 1);
}

WEFT_TEST(a_deadline_does_the_same)
{
    weft_auto(weft_pg, db) = weft_pg_connect(root(), "");
    int pid = weft_pg_backend_pid(db), at_once = 0;
    for (int i = 0; i < TRIES; i++) {
        weft_auto(weft_ctx, soon) = weft_ctx_with_timeout(root(), 100 * WEFT_MILLISECOND);
        int64_t r = weft_pg_exec(soon, db, "select pg_sleep(30)");
        weft_check(r, ==, -ETIMEDOUT);
        weft_check(weft_pg_error_of(db)->sqlstate, ==, (const char *)"57014");
        at_once += gone_at_once();
        weft_check(weft_pg_exec(root(), db, "select 1"), ==, 1);
        weft_check(weft_pg_backend_pid(db), ==, pid);
    }
    weft_check(at_once, >=, MOST);
}

WEFT_TEST(an_ended_context_sends_nothing)
{
    weft_auto(weft_pg_pool, pool) = weft_pg_pool_new("", NULL);
    weft_auto(weft_pg, db) = weft_pg_acquire(root(), pool);
    weft_auto(weft_ctx, ended) = weft_ctx_with_timeout(root(), 0);
    weft_check(weft_pg_exec(ended, db, "create table must_not_be ()"), ==, -ETIMEDOUT);
    weft_auto(weft_pg, none) = weft_pg_acquire(ended, pool);
    weft_check(weft_pg_err(none), ==, -ETIMEDOUT);
    weft_auto(weft_pg, no_connection) = weft_pg_connect(ended, "");
    weft_check(weft_pg_err(no_connection), ==, -ETIMEDOUT);
    weft_check(witness("select count(*) from pg_class where relname = 'must_not_be'"), ==, 0);
    weft_check(weft_pg_pool_stat(pool).opened, ==, 1);
}

/* A stream, and a COPY in each direction, that the context ends in the middle. */
WEFT_TEST(streams_and_copies_are_cancelled_too)
{
    weft_auto(weft_pg, db) = weft_pg_connect(root(), "");
    int pid = weft_pg_backend_pid(db);
    MUST(weft_pg_exec(root(), db, "create temp table t (a int)"));
    const char *row;
    {
        weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(root());
        weft_auto(weft_pg_rows, r) =
            weft_pg_query_as(ctx, db, WEFT_PG_STREAM, "select generate_series(1, 1000000000)");
        for (int i = 0; i < 1000; i++)
            weft_check(weft_pg_next(ctx, r));
        weft_ctx_cancel(ctx);
        bool any = weft_pg_next(ctx, r);
        weft_check(!any);
        weft_check(weft_pg_err(r), ==, -ECANCELED);
        weft_check(weft_pg_exec(root(), db, "select 1"), ==, 1);
    }
    {
        weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(root(), 20 * WEFT_MILLISECOND);
        weft_auto(weft_pg_rows, r) =
            weft_pg_query_as(ctx, db, WEFT_PG_STREAM, "select 1 from pg_sleep(30)");
        bool any = weft_pg_next(ctx, r);
        weft_check(!any);
        weft_check(weft_pg_err(r), ==, -ETIMEDOUT);
    }
    {
        weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(root());
        weft_auto(weft_pg_pipe, out) =
            weft_pg_copy(ctx, db, "copy (select generate_series(1, 1000000000)) to stdout");
        for (int i = 0; i < 1000; i++)
            weft_check(weft_pg_copy_read(ctx, out, &row), >, 0);
        weft_ctx_cancel(ctx);
        weft_check(weft_pg_copy_read(ctx, out, &row), ==, -ECANCELED);
        weft_check(weft_pg_exec(root(), db, "select 1"), ==, 1);
    }
    {
        weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(root());
        weft_auto(weft_pg_pipe, in) = weft_pg_copy(ctx, db, "copy t from stdin");
        for (int i = 0; i < 100000; i++)
            MUST(weft_pg_copy_write(ctx, in, "1\n", 2));
        weft_ctx_cancel(ctx);
        weft_check(weft_pg_copy_write(ctx, in, "1\n", 2), ==, -ECANCELED);
        weft_check(weft_pg_copy_end(ctx, in), ==, -ECANCELED);
    }
    weft_check(number(root(), db, "select count(*) from t"), ==, 0);
    weft_check(weft_pg_backend_pid(db), ==, pid);
}

/* The server hears nothing and says nothing: we wait three seconds, not for ever. */
WEFT_TEST(a_server_that_does_not_stop_costs_the_connection)
{
    weft_auto(weft_pg, db) = weft_pg_connect(root(), "");
    int pid = weft_pg_backend_pid(db);
    weft_auto(weft_ctx, soon) = weft_ctx_with_timeout(root(), 300 * WEFT_MILLISECOND);
    weft_check(pid > 0);
    if (kill(pid, SIGSTOP) != 0)
        weft_skip("the server's processes are somebody else's");
    weft_time since = weft_now();
    int64_t r = weft_pg_exec(soon, db, "select 1");
    weft_duration took = weft_now() - since;
    kill(pid, SIGCONT);
    weft_check(r, ==, -ECONNRESET);
    weft_check(weft_pg_broken(db));
    weft_check(strstr(weft_pg_error_of(db)->message, "did not stop") != NULL);
    weft_check(took, >, 3 * WEFT_SECOND);
    weft_check(took, <, 15 * WEFT_SECOND);
    until(CONNECTIONS, 0, 10 * WEFT_SECOND);
    until_alone(); /* a cancel request may have been under way */
}

/* Has the process a SIGINT that it could not take yet?  That is what a cancel request becomes. */
static bool has_request(int pid)
{
    char path[64], line[128];
    unsigned long long pending = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        sscanf(line, "ShdPnd: %llx", &pending);
    if (f)
        fclose(f);
    return pending >> (SIGINT - 1) & 1;
}

static void go_on_when_asked(int pid)
{
    while (!has_request(pid))
        weft_sleep(root(), WEFT_MILLISECOND);
    kill(pid, SIGCONT);
}

/* The request is there before the server has read the statement: it is repeated. */
WEFT_TEST(a_request_that_comes_too_early_is_repeated)
{
    weft_auto(weft_pg, db) = weft_pg_connect(root(), "");
    int pid = weft_pg_backend_pid(db);
    weft_check(pid > 0);
    if (kill(pid, SIGSTOP) != 0)
        weft_skip("the server's processes are somebody else's");
    weft_wg wg = {0};
    weft_wg_go(&wg, go_on_when_asked, pid);
    weft_auto(weft_ctx, soon) = weft_ctx_with_timeout(root(), 200 * WEFT_MILLISECOND);
    int64_t r = weft_pg_exec(soon, db, "select pg_sleep(30)");
    weft_wg_wait(&wg);
    weft_check(r, ==, -ETIMEDOUT);
    weft_check(weft_pg_exec(root(), db, "select 1"), ==, 1);
    weft_check(weft_pg_backend_pid(db), ==, pid);
}

/*
 * Requests of every length, cancelled at every moment.  Each has its own answer
 * or the context's error; in the end nothing is left, and the connections are
 * those of the beginning or younger, but no more.
 */
struct storm {
    weft_pg_pool *pool;
    _Atomic int64_t answered, cancelled;
};

static void one_of_the_storm(struct storm *s, int i)
{
    /* Half of them may live long enough also on a machine that is busy. */
    weft_duration life = (weft_duration)(weft_rand() % (i % 2 ? 200000 : 6000)) * WEFT_MICROSECOND;
    weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(root(), life);
    weft_auto(weft_pg, db) = weft_pg_acquire(ctx, s->pool);
    weft_auto(weft_pg_rows, r) =
        weft_pg_query_as(ctx, db, i % 3 == 0 ? WEFT_PG_STREAM : 0,
                         "select $1::int from pg_sleep($2)", i, (double)(i % 4) / 1000);
    if (weft_pg_next(ctx, r)) {
        weft_check(weft_pg_int(r, 0), ==, i);
        s->answered++;
        return;
    }
    if (weft_pg_err(r) != -ETIMEDOUT)
        weft_fail("request %d: %s (%s)", i, weft_pg_error_of(r)->message,
                  weft_strerror(weft_pg_err(r)));
    s->cancelled++;
}

static void a_worker_of_the_storm(struct storm *s, int first, int n)
{
    for (int i = first; i < first + n; i++)
        one_of_the_storm(s, i);
}

WEFT_TEST(a_storm_of_cancels_leaves_nothing_behind)
{
    enum { WORKERS = 40, EACH = 75 };
    int before = descriptors();
    {
        weft_auto(weft_pg_pool, pool) = weft_pg_pool_new("", &(weft_pg_pool_opts){.max = 10});
        struct storm s = {.pool = pool};
        weft_wg wg = {0};
        for (int i = 0; i < WORKERS; i++)
            weft_wg_go(&wg, a_worker_of_the_storm, &s, i * EACH, (int)EACH);
        weft_wg_wait(&wg);
        weft_check(s.answered + s.cancelled, ==, WORKERS * EACH);
        weft_check(s.answered, >, WORKERS * EACH / 20);
        weft_check(s.cancelled, >, WORKERS * EACH / 20);
        weft_pg_pool_stats stats = weft_pg_pool_stat(pool);
        weft_check(stats.in_use, ==, 0);
        weft_check(stats.waiting, ==, 0);
        weft_check(stats.broken, ==, 0); /* every one was stopped in time */
        /* All connections work, and none is stopped by a request that came late. */
        for (int i = 0; i < 100; i++) {
            weft_auto(weft_pg, db) = weft_pg_acquire(root(), pool);
            weft_check(number(root(), db, "select 7 from pg_sleep(0.001)"), ==, 7);
        }
    }
    until(CONNECTIONS, 0, 10 * WEFT_SECOND);
    until_alone();
    weft_check(descriptors(), ==, before);
}

/* ---- the pool --------------------------------------------------------------------------- */

static void one_request(weft_pg_pool *pool, int i, int *answer, _Atomic int *answers)
{
    weft_auto(weft_pg, db) = weft_pg_acquire(root(), pool);
    weft_auto(weft_pg_rows, r) = weft_pg_query(root(), db, "select $1::int * 2", i);
    while (weft_pg_next(root(), r)) {
        *answer = (int)weft_pg_int(r, 0);
        ++*answers;
    }
    if (weft_pg_err(r))
        weft_fail("request %d: %s", i, weft_pg_error_of(r)->message);
}

WEFT_TEST(a_thousand_requests_over_ten_connections)
{
    enum { REQUESTS = 1000 };
    static int answer[REQUESTS];
    _Atomic int answers = 0;
    weft_auto(weft_pg_pool, pool) = weft_pg_pool_new("", &(weft_pg_pool_opts){.max = 10});
    weft_wg wg = {0};
    for (int i = 0; i < REQUESTS; i++)
        weft_wg_go(&wg, one_request, pool, i, &answer[i], &answers);
    weft_wg_wait(&wg);
    weft_check(answers, ==, REQUESTS);
    for (int i = 0; i < REQUESTS; i++)
        weft_check(answer[i], ==, 2 * i);
    /* Some may still be on their way to be opened: the first ones were quick. */
    weft_pg_pool_stats s;
    while (s = weft_pg_pool_stat(pool), s.idle != s.open)
        weft_sleep(root(), WEFT_MILLISECOND);
    weft_check(s.acquired, ==, REQUESTS);
    weft_check(s.waited, >, 0);
    weft_check(s.opened, <=, 10);
    weft_check(s.open, ==, s.opened);
    weft_check(witness(CONNECTIONS), ==, s.opened);
}

WEFT_CHAN(int_chan, int);

static void in_line(weft_pg_pool *pool, int number, int_chan_tx *order)
{
    weft_auto(weft_pg, db) = weft_pg_acquire(root(), pool);
    weft_send(order, number);
}

static int waiting(weft_pg_pool *pool) { return weft_pg_pool_stat(pool).waiting; }

static void until_waiting(weft_pg_pool *pool, int n)
{
    while (waiting(pool) != n)
        weft_yield();
}

WEFT_TEST(first_come_first_served)
{
    enum { LINE = 20 };
    weft_auto(weft_pg_pool, pool) = weft_pg_pool_new("", &(weft_pg_pool_opts){.max = 1});
    weft_auto(int_chan, order) = weft_make(int_chan, LINE);
    {
        weft_auto(weft_pg, db) = weft_pg_acquire(root(), pool);
        for (int i = 0; i < LINE; i++) {
            weft_go(in_line, pool, i, weft_tx(order));
            until_waiting(pool, i + 1);
        }
    }
    for (int i = 0, v; i < LINE; i++) {
        weft_recv(order, &v);
        weft_check(v, ==, i);
    }
}

static void gives_up(weft_ctx *ctx, weft_pg_pool *pool, int *err)
{
    weft_auto(weft_pg, db) = weft_pg_acquire(ctx, pool);
    *err = weft_pg_err(db);
}

WEFT_TEST(who_waits_can_give_up_or_be_sent_away)
{
    weft_auto(weft_pg_pool, pool) = weft_pg_pool_new("", &(weft_pg_pool_opts){.max = 1});
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(root());
    int cancelled = 0, closed = 0;
    weft_wg wg = {0};
    weft_auto(weft_pg, db) = weft_pg_acquire(root(), pool);
    weft_wg_go(&wg, gives_up, ctx, pool, &cancelled);
    until_waiting(pool, 1);
    weft_wg_go(&wg, gives_up, root(), pool, &closed);
    until_waiting(pool, 2);
    weft_ctx_cancel(ctx);
    until_waiting(pool, 1);
    weft_pg_pool_close(pool);
    weft_wg_wait(&wg);
    weft_check(cancelled, ==, -ECANCELED);
    weft_check(closed, ==, -ESHUTDOWN);
    int err = 0;
    gives_up(root(), pool, &err);
    weft_check(err, ==, -ESHUTDOWN);
    weft_check(weft_pg_pool_stat(pool).gave_up, ==, 2);
    /* Who has one keeps it. */
    weft_check(weft_pg_exec(root(), db, "select 1"), ==, 1);
}

static void cancel(weft_ctx *ctx)
{
    weft_defer(weft_ctx_unref, ctx);
    weft_ctx_cancel(ctx);
}

/* The end of the wait and the connection come together, in every order. */
WEFT_TEST(giving_up_loses_no_connection)
{
    weft_auto(weft_pg_pool, pool) = weft_pg_pool_new("", &(weft_pg_pool_opts){.max = 1});
    for (int i = 0; i < 2000; i++) {
        weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(root());
        int err = 1;
        weft_wg wg = {0};
        {
            weft_auto(weft_pg, db) = weft_pg_acquire(root(), pool);
            weft_wg_go(&wg, gives_up, ctx, pool, &err);
            until_waiting(pool, 1);
            weft_go(cancel, weft_ctx_ref(ctx));
            for (unsigned n = weft_rand() % 64; n > 0; n--)
                __asm__ volatile("");
            if (i % 2)
                weft_yield();
        }
        weft_wg_wait(&wg);
        weft_check(err == 0 || err == -ECANCELED);
    }
    weft_pg_pool_stats s = weft_pg_pool_stat(pool);
    weft_check(s.open, ==, 1);
    weft_check(s.idle, ==, 1);
    weft_check(s.opened, ==, 1);
    weft_check(s.acquired + s.gave_up, ==, 4000);
}

static void stat_until(weft_pg_pool *pool, int open, int idle)
{
    weft_time since = weft_now();
    for (;;) {
        weft_pg_pool_stats s = weft_pg_pool_stat(pool);
        if (s.open == open && s.idle == idle)
            return;
        if (weft_now() - since > 10 * WEFT_SECOND)
            weft_fail("open %d, idle %d; wanted %d, %d", s.open, s.idle, open, idle);
        weft_sleep(root(), WEFT_MILLISECOND);
    }
}

WEFT_TEST(min_is_kept_and_the_rest_goes_when_unused)
{
    weft_pg_pool_opts opts = {.max = 5, .min = 2, .max_idle = 50 * WEFT_MILLISECOND};
    weft_auto(weft_pg_pool, pool) = weft_pg_pool_new("", &opts);
    stat_until(pool, 2, 2);
    weft_check(weft_pg_pool_stat(pool).acquired, ==, 0);
    {
        weft_auto(weft_pg, a) = weft_pg_acquire(root(), pool);
        weft_auto(weft_pg, b) = weft_pg_acquire(root(), pool);
        weft_auto(weft_pg, c) = weft_pg_acquire(root(), pool);
        weft_auto(weft_pg, d) = weft_pg_acquire(root(), pool);
        weft_check(weft_pg_err(a) || weft_pg_err(b) || weft_pg_err(c) || weft_pg_err(d), ==, 0);
        weft_check(weft_pg_pool_stat(pool).in_use, ==, 4);
    }
    stat_until(pool, 2, 2);
    weft_check(weft_pg_pool_stat(pool).unused, ==, 2);
    until(CONNECTIONS, 2, 10 * WEFT_SECOND);
}

WEFT_TEST(old_connections_are_replaced)
{
    weft_pg_pool_opts opts = {.max = 1, .min = 1, .max_lifetime = 50 * WEFT_MILLISECOND};
    weft_auto(weft_pg_pool, pool) = weft_pg_pool_new("", &opts);
    stat_until(pool, 1, 1);
    weft_time since = weft_now();
    while (weft_pg_pool_stat(pool).aged < 3) {
        weft_check(weft_now() - since, <, 10 * WEFT_SECOND);
        weft_sleep(root(), WEFT_MILLISECOND);
    }
    weft_auto(weft_pg, db) = weft_pg_acquire(root(), pool);
    weft_check(weft_pg_exec(root(), db, "select 1"), ==, 1);
}

WEFT_TEST(broken_connections_are_replaced)
{
    weft_auto(weft_pg_pool, pool) = weft_pg_pool_new("", &(weft_pg_pool_opts){.max = 2});
    /* In use. */
    {
        weft_auto(weft_pg, db) = weft_pg_acquire(root(), pool);
        int64_t r = weft_pg_exec(root(), db, "select pg_terminate_backend(pg_backend_pid())");
        weft_check(r, ==, -ECONNRESET);
    }
    weft_check(weft_pg_pool_stat(pool).broken, ==, 1);
    weft_check(weft_pg_pool_stat(pool).open, ==, 0);
    /* Idle: noticed without a question. */
    {
        weft_auto(weft_pg, db) = weft_pg_acquire(root(), pool);
        weft_check(weft_pg_exec(root(), db, "select 1"), ==, 1);
    }
    witness("select count(pg_terminate_backend(pid)) from pg_stat_activity where "
            "backend_type = 'client backend' and application_name <> 'witness'");
    until(CONNECTIONS, 0, 10 * WEFT_SECOND);
    weft_check(weft_pg_pool_stat(pool).idle, ==, 1);
    {
        weft_auto(weft_pg, db) = weft_pg_acquire(root(), pool);
        weft_check(weft_pg_exec(root(), db, "select 1"), ==, 1);
    }
    weft_check(weft_pg_pool_stat(pool).broken, ==, 2);
    weft_check(weft_pg_pool_stat(pool).opened, ==, 3);
}

WEFT_TEST(what_was_begun_does_not_go_to_the_next)
{
    weft_auto(weft_pg_pool, pool) = weft_pg_pool_new("", &(weft_pg_pool_opts){.max = 1});
    int pid;
    {
        weft_auto(weft_pg, db) = weft_pg_acquire(root(), pool);
        pid = weft_pg_backend_pid(db);
        MUST(weft_pg_exec(root(), db, "begin; create table must_go ()"));
    }
    {
        weft_auto(weft_pg, db) = weft_pg_acquire(root(), pool);
        weft_check(number(root(), db, "select count(*) from pg_class where relname = 'must_go'"),
                   ==, 0);
        /* Released in the wrong order: first the connection. */
        weft_auto(weft_pg_tx, tx) = weft_pg_begin(root(), db);
        MUST(weft_pg_exec(root(), db, "create table must_go ()"));
        weft_auto(weft_pg_rows, r) =
            weft_pg_query_as(root(), db, WEFT_PG_STREAM, "select generate_series(1, 1000000000)");
        weft_pg_next(root(), r);
        weft_pg_close(db);
        db = NULL;
        weft_check(weft_pg_commit(root(), tx), ==, -ECANCELED);
        bool any = weft_pg_next(root(), r);
        weft_check(!any);
        weft_check(weft_pg_err(r), ==, -ECANCELED);
    }
    weft_auto(weft_pg, db) = weft_pg_acquire(root(), pool);
    weft_check(weft_pg_backend_pid(db), ==, pid);
    weft_check(number(root(), db, "select count(*) from pg_class where relname = 'must_go'"), ==,
               0);
}

WEFT_TEST(a_server_that_is_not_there)
{
    weft_pg_pool_opts opts = {.max = 3, .min = 1};
    weft_auto(weft_pg_pool, pool) = weft_pg_pool_new("host=/nowhere/at/all", &opts);
    for (int i = 0; i < 10; i++) {
        int err = 0;
        gives_up(root(), pool, &err);
        weft_check(err, ==, -ECONNREFUSED);
    }
    weft_pg_pool_stats s = weft_pg_pool_stat(pool);
    weft_check(s.failed, >=, 10);
    weft_check(s.opened, ==, 0);
    weft_check(s.in_use, <=, 1); /* the pool's own try, for min */
}

/* ---- restart ------------------------------------------------------------------------------- */

struct load {
    weft_pg_pool *pool;
    _Atomic int served, refused;
};

static void under_load(weft_ctx *ctx, struct load *l)
{
    while (weft_ctx_err(ctx) == 0) {
        weft_auto(weft_pg, db) = weft_pg_acquire(root(), l->pool);
        weft_auto(weft_pg_rows, r) =
            weft_pg_query(root(), db, "select $1::int from pg_sleep(0.002)", 42);
        if (weft_pg_next(root(), r)) {
            weft_check(weft_pg_int(r, 0), ==, 42);
            l->served++;
            continue;
        }
        const weft_pg_error *e = weft_pg_error_of(r);
        if ((e->err != -ECONNRESET && e->err != -ECONNREFUSED) || !*e->message)
            weft_fail("%s, %s: %s", weft_strerror(e->err), e->sqlstate, e->message);
        l->refused++;
        weft_sleep(root(), WEFT_MILLISECOND);
    }
}

static void until_more(_Atomic int *n, int than)
{
    weft_time since = weft_now();
    while (*n <= than) {
        if (weft_now() - since > 20 * WEFT_SECOND)
            weft_fail("it is still %d", *n);
        weft_sleep(root(), WEFT_MILLISECOND);
    }
}

WEFT_TEST(a_restart_under_load_is_survived)
{
    const char *control =
        getenv("WEFT_TEST_PG_CONTROL"); /* a command that takes stop HOW, or start */
    if (!control)
        weft_skip("WEFT_TEST_PG_CONTROL does not say how to restart the server");
    static const char *const how[] = {"fast", "immediate"};
    for (int i = 0; i < 2; i++) {
        weft_auto(weft_pg_pool, pool) = weft_pg_pool_new("", &(weft_pg_pool_opts){.max = 8});
        weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(root());
        struct load l = {.pool = pool};
        weft_wg wg = {0};
        for (int n = 0; n < 20; n++)
            weft_wg_go(&wg, under_load, ctx, &l);
        until_more(&l.served, 200);
        char command[1000];
        snprintf(command, sizeof command, "%s stop %s", control, how[i]);
        weft_check(system(command), ==, 0);
        int refused = l.refused;
        until_more(&l.refused, refused + 100); /* nobody hangs while it is down */
        snprintf(command, sizeof command, "%s start", control);
        weft_check(system(command), ==, 0);
        int served = l.served;
        until_more(&l.served, served + 200);
        refused = l.refused;
        until_more(&l.served, served + 400);
        weft_check(l.refused, ==, refused); /* all is well again */
        weft_ctx_cancel(ctx);
        weft_wg_wait(&wg);
        weft_pg_pool_stats s = weft_pg_pool_stat(pool);
        weft_check(s.broken, >, 0);
        weft_check(s.open, <=, 8);
        weft_check(s.in_use, ==, 0);
    }
}

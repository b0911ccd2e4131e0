/* SPDX-License-Identifier: MIT */
/*
 * pg_conn.c - connecting, waiting, closing.
 *
 * A connection is in one of these conditions:
 *
 *     well      pq, and nothing under way: the next statement may begin
 *     taken     pq, and a stream or a pipe is open on it: other statements are refused
 *     dead      no pq; dead says why, and every call returns that
 *
 * Whatever happens in the middle of a statement leads to one of them again: it
 * is read to its end (pg__finish), stopped first if the context ended
 * (pg__stop), or the connection is closed (pg__break).
 */
#include "pg_impl.h"

#include <poll.h>
#include <stdio.h>

void *pg__alloc(size_t size)
{
    void *p = calloc(1, size);
    if (!p)
        weft_panic("weft_pg: out of memory");
    return p;
}

weft_pg *pg__new(void)
{
    weft_pg *db = pg__alloc(sizeof *db);
    db->dead = db->last = db->farewell = (struct failure)FAILURE_NONE;
    return db;
}

/*
 * What the server says without being asked goes nowhere, rather than to
 * standard error; but the reason why it ends an idle connection is kept.
 */
static void hear(void *arg, const PGresult *notice)
{
    weft_pg *db = arg;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
        pg__fail_result(&db->farewell, notice);
}

/* ---- connecting ------------------------------------------------------------------ */

/*
 * Why it was refused.  libpq keeps no SQLSTATE for that; asked to be verbose it
 * writes "...: FATAL:  28P01: password ...", and a line about its own source.
 */
static int refused(weft_pg *db, PGconn *pq)
{
    char *words = strdup(PQerrorMessage(pq));
    if (!words)
        weft_panic("weft_pg: out of memory");
    char sqlstate[6] = "";
    for (char *at = words; (at = strstr(at, ":  ")); at++)
        if (strspn(at + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && at[8] == ':') {
            memcpy(sqlstate, at + 3, 5);
            memmove(at + 3, at + 10, strlen(at + 10) + 1);
        }
    char *all = pg__alloc(2 * strlen(words) + 1), *to = all, *rest = words;
    for (char *line; (line = strsep(&rest, "\n"));) {
        line += strspn(line, "\t ");
        if (*line && strncmp(line, "LOCATION:  ", 11) != 0)
            to = stpcpy(stpcpy(to, to > all ? "; " : ""), line);
    }
    int err = *sqlstate ? pg__errno_of(sqlstate) : -ECONNREFUSED;
    /* "starting up", "shutting down": as good as refused. */
    if (err == -ECONNRESET)
        err = -ECONNREFUSED;
    pg__fail(&db->dead, err, sqlstate, "%s", *all ? all : "libpq cannot make a connection");
    free(all);
    free(words);
    return err;
}

const char *pg__option(const PQconninfoOption *given, const PQconninfoOption *defaults,
                       const char *keyword)
{
    const PQconninfoOption *const in[] = {given, defaults};
    for (int i = 0; i < 2; i++)
        for (const PQconninfoOption *o = in[i]; o && o->keyword; o++)
            if (strcmp(o->keyword, keyword) == 0 && o->val && *o->val)
                return o->val;
    return "";
}

/*
 * libpq's steps read files with passwords and certificates, and may need more
 * stack for cryptography than goroutines have: not here.
 */
static int handshake(weft_ctx *ctx, weft_pg *db, PGconn *pq)
{
    if (!pq)
        weft_panic("weft_pg: out of memory");
    if (PQstatus(pq) == CONNECTION_BAD)
        return refused(db, pq);
    PGVerbosity verbosity = PQsetErrorVerbosity(pq, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(pq, hear, db);
    for (PostgresPollingStatusType next = PGRES_POLLING_WRITING; next != PGRES_POLLING_OK;
         next = weft_blocking(PQconnectPoll, pq)) {
        if (next == PGRES_POLLING_FAILED)
            return refused(db, pq);
        int ready =
            weft_wait_fd(ctx, PQsocket(pq), next == PGRES_POLLING_READING ? POLLIN : POLLOUT);
        if (ready < 0)
            return pg__fail(&db->dead, ready, "", "while connecting: %s", weft_strerror(ready));
    }
    PQsetErrorVerbosity(pq, verbosity);
    PQsetnonblocking(pq, 1);
    return 0;
}

/*
 * A Unix socket whose server does not keep up with accepting: a blocking connect
 * would wait, a non-blocking one fails, and nothing tells when to try again.
 */
static bool queue_full(PGconn *pq)
{
    char buf[100];
    return PQsocket(pq) < 0 && strstr(PQerrorMessage(pq), strerror_r(EAGAIN, buf, sizeof buf));
}

/* What was given, with hosts replaced by what was found: for PQconnectStartParams(). */
static PGconn *start(const PQconninfoOption *given, char *const found[3])
{
    static const char *const lists[3] = {"host", "hostaddr", "port"};
    size_t n = 0;
    for (const PQconninfoOption *o = given; o->keyword; o++)
        n++;
    const char **keywords = pg__alloc((n + 4) * sizeof *keywords);
    const char **values = pg__alloc((n + 4) * sizeof *values);
    n = 0;
    for (const PQconninfoOption *o = given; o->keyword; o++)
        if (o->val) {
            keywords[n] = o->keyword;
            values[n++] = o->val;
        }
    for (int i = 0; i < 3 && found[i]; i++) { /* of two the later counts */
        keywords[n] = lists[i];
        values[n++] = found[i];
    }
    PGconn *pq = weft_blocking(PQconnectStartParams, keywords, values, 0);
    free(keywords);
    free(values);
    return pq;
}

/* Connect as these options say. */
static int open_as(weft_ctx *ctx, weft_pg *db, const PQconninfoOption *given, char *const found[3])
{
    for (weft_duration pause = WEFT_MILLISECOND;; pause *= pause < 32 * WEFT_MILLISECOND ? 2 : 1) {
        pg__fail_clear(&db->dead);
        PGconn *pq = start(given, found);
        int err = handshake(ctx, db, pq);
        if (!err) {
            db->pq = pq;
            db->born = db->used = weft_now();
            return 0;
        }
        bool again = queue_full(pq);
        PQfinish(pq);
        if (!again)
            return err;
        if ((err = weft_sleep(ctx, pause)) != 0)
            return pg__fail(&db->dead, err, "", "while connecting, as the server is busy: %s",
                            weft_strerror(err));
    }
}

int pg__open(weft_ctx *ctx, weft_pg *db, const char *conninfo)
{
    int err = weft_ctx_err(ctx);
    if (err)
        return pg__fail(&db->dead, err, "", "before connecting: %s", weft_strerror(err));
    char *wrong = NULL, *found[3];
    PQconninfoOption *given = PQconninfoParse(conninfo, &wrong);
    if (!given) {
        err = pg__fail(&db->dead, -EINVAL, "", "%s", wrong ? wrong : "out of memory");
        PQfreemem(wrong);
        return err;
    }
    PQconninfoOption *defaults = PQconndefaults();
    /* PQconnectPoll() leaves the limit to its caller. */
    int seconds = atoi(pg__option(given, defaults, "connect_timeout"));
    weft_auto(weft_ctx, limited) =
        seconds > 0 ? weft_ctx_with_timeout(ctx, seconds * WEFT_SECOND) : NULL;
    weft_ctx *until = limited ? limited : ctx;
    err = pg__look_up(until, given, defaults, found, &db->dead);
    if (!err)
        err = open_as(until, db, given, found);
    for (int i = 0; i < 3; i++)
        free(found[i]);
    PQconninfoFree(given);
    PQconninfoFree(defaults);
    return err;
}

weft_pg *(weft_pg_connect)(weft_ctx *ctx, const char *conninfo)
{
    weft_pg *db = pg__new();
    pg__open(ctx, db, conninfo);
    return db;
}

/* ---- ending ------------------------------------------------------------------------ */

int pg__break(weft_pg *db, int err, const PGresult *result)
{
    /* What libpq noticed last is behind what the server said before. */
    PGresult *said = NULL;
    while (!result && PQstatus(db->pq) == CONNECTION_BAD && (said = PQgetResult(db->pq))) {
        if (PQresultErrorField(said, PG_DIAG_SQLSTATE)) {
            pg__fail_result(&db->farewell, said);
        }
        PQclear(said);
    }
    if (result)
        pg__fail_result(&db->dead, result);
    else if (db->farewell.e.err)
        pg__fail_copy(&db->dead, &db->farewell);
    else if (*PQerrorMessage(db->pq))
        pg__fail(&db->dead, err, "", "%s", PQerrorMessage(db->pq));
    else
        pg__fail(&db->dead, err, "", "the connection to the server broke");
    db->dead.e.err = err;
    PQfinish(db->pq);
    db->pq = NULL;
    return err;
}

void pg__free(weft_pg *db)
{
    if (!db)
        return;
    PQfinish(db->pq);
    for (struct statement *s = db->statements, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    pg__fail_clear(&db->dead);
    pg__fail_clear(&db->last);
    pg__fail_clear(&db->farewell);
    free(db);
}

void pg__end_open(weft_pg *db)
{
    if (!db->stream && !db->pipe)
        return;
    if (db->stream)
        pg__rows_cut(db->stream);
    else
        pg__pipe_cut(db->pipe);
    if (db->pq) {
        struct outcome dropped = {0};
        pg__stop(db, 0, &dropped);
        pg__outcome_clear(&dropped);
    }
}

/* End whatever is open on it, so that the next can have it. */
static void end_use(weft_pg *db)
{
    pg__enter(db, "weft_pg_close");
    pg__end_open(db);
    while (db->tx)
        pg__tx_cut(db->tx);
    if (db->pq && db->pool && PQtransactionStatus(db->pq) != PQTRANS_IDLE)
        pg__rollback_now(db, "rollback");
    pg__leave(db);
}

void weft_pg_close(weft_pg *db)
{
    if (!db)
        return;
    end_use(db);
    if (db->pool)
        pg__give_back(db);
    else
        pg__free(db);
}

/* ---- calls -------------------------------------------------------------------------- */

void pg__enter(weft_pg *db, const char *call)
{
    if (db->pool && !db->lent)
        weft_panic("%s: the connection was given back to its pool", call);
    /* acquire [pg.busy]: two goroutines may take turns */
    if (__atomic_exchange_n(&db->busy, 1, __ATOMIC_ACQUIRE))
        weft_panic("%s: another goroutine is in a call on the same connection", call);
}

void pg__leave(weft_pg *db)
{
    /* release [pg.busy] */
    __atomic_store_n(&db->busy, 0, __ATOMIC_RELEASE);
}

int pg__ready(weft_ctx *ctx, weft_pg *db, struct failure *f)
{
    int err = weft_ctx_err(ctx); /* panics for NULL, also when it would not matter */
    pg__fail_clear(f);
    if (!db->pq)
        return pg__fail_copy(f, &db->dead);
    if (pg__tx_ready(db->tx, f) != 0)
        return f->e.err;
    if (db->stream)
        return pg__fail(f, -EBUSY, "", "rows of a WEFT_PG_STREAM query are open on the connection");
    if (db->pipe)
        return pg__fail(f, -EBUSY, "", "a COPY is open on the connection");
    if (err)
        return pg__fail(f, err, "", "before the statement was sent: %s", weft_strerror(err));
    return 0;
}

bool weft_pg_broken(const weft_pg *db) { return !db->pq; }

int weft_pg_backend_pid(const weft_pg *db) { return db->pq ? PQbackendPID(db->pq) : 0; }

struct pg_conn *weft_pg_raw(weft_pg *db) { return db->pq; }

const weft_pg_error *weft_impl_pg_error(const weft_pg *db)
{
    return db->pq ? &db->last.e : &db->dead.e;
}

/* ---- waiting ------------------------------------------------------------------------- */

/* Wait for the socket; an error of the wait itself can only mean that libpq lost it. */
static int wait_socket(weft_ctx *ctx, weft_pg *db, int events)
{
    int ready = weft_wait_fd(ctx, PQsocket(db->pq), events);
    if (ready > 0)
        return ready;
    int err = weft_ctx_err(ctx);
    return err ? err : pg__break(db, -ECONNRESET, NULL);
}

int pg__read(weft_ctx *ctx, weft_pg *db)
{
    int ready = wait_socket(ctx, db, POLLIN);
    if (ready < 0)
        return ready;
    return PQconsumeInput(db->pq) ? 0 : pg__break(db, -ECONNRESET, NULL);
}

int pg__flush(weft_ctx *ctx, weft_pg *db)
{
    int left;
    while ((left = PQflush(db->pq)) > 0) {
        /* A server that cannot get rid of what it says does not listen either. */
        int ready = wait_socket(ctx, db, POLLIN | POLLOUT);
        if (ready < 0)
            return ready;
        if ((ready & ~POLLOUT) && !PQconsumeInput(db->pq))
            return pg__break(db, -ECONNRESET, NULL);
    }
    return left < 0 ? pg__break(db, -ECONNRESET, NULL) : 0;
}

int pg__result(weft_ctx *ctx, weft_pg *db, PGresult **result)
{
    int err = pg__flush(ctx, db);
    while (!err && PQisBusy(db->pq))
        err = pg__read(ctx, db);
    if (err)
        return err;
    *result = PQgetResult(db->pq);
    if (!*result && PQstatus(db->pq) == CONNECTION_BAD)
        return pg__break(db, -ECONNRESET, NULL);
    return 0;
}

void pg__outcome_add(struct outcome *o, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    bool bad = status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
    if (bad && o->bad) {
        PQclear(result); /* what came of the first */
    } else if (bad) {
        o->bad = result;
    } else {
        PQclear(o->good);
        o->good = result;
    }
}

void pg__outcome_clear(struct outcome *o)
{
    PQclear(o->good);
    PQclear(o->bad);
    *o = (struct outcome){0};
}

/* The rest of a COPY TO, unseen. */
static int skip_copy(weft_ctx *ctx, weft_pg *db)
{
    for (;;) {
        char *row = NULL;
        int n = PQgetCopyData(db->pq, &row, 1);
        PQfreemem(row);
        if (n < 0)
            return 0; /* the end, or an error: the next result tells */
        int err = n == 0 ? pg__read(ctx, db) : 0;
        if (err)
            return err;
    }
}

static int refuse_copy(weft_ctx *ctx, weft_pg *db)
{
    int err = 0;
    while (!err && PQputCopyEnd(db->pq, "it was not finished") == 0)
        err = pg__flush(ctx, db);
    return err;
}

int pg__finish(weft_ctx *ctx, weft_pg *db, struct outcome *o)
{
    for (;;) {
        PGresult *result = NULL;
        int err = pg__result(ctx, db, &result);
        if (err == 0 && !result)
            return 0;
        ExecStatusType status = err ? PGRES_EMPTY_QUERY : PQresultStatus(result);
        switch (status) {
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
            o->copied = true;
            PQclear(result);
            err = status == PGRES_COPY_IN ? refuse_copy(ctx, db) : skip_copy(ctx, db);
            break;
        case PGRES_COPY_BOTH: /* replication: nothing of ours */
            err = pg__break(db, -ECONNRESET, result);
            PQclear(result);
            break;
        default:
            if (result)
                pg__outcome_add(o, result);
        }
        if (err) {
            /* The server's last words say more than that it is gone. */
            if (!db->pq && o->bad) {
                pg__fail_result(&db->dead, o->bad);
                db->dead.e.err = err;
            }
            return err;
        }
    }
}

/* SPDX-License-Identifier: MIT */
/*
 * pg_copy.c - COPY, in and out.
 *
 * Written data gathers in libpq and is sent when there is some of it, so rows
 * can be written one by one.  A server that refuses a row says so while we go on
 * writing; libpq has seen it by the next write or at the end.
 */
#include "pg_impl.h"

enum { GATHER = 64 * 1024 }; /* bytes that may stay in libpq */

struct weft_pg_pipe {
    weft_pg *db; /* NULL: it has ended */
    bool out;    /* from the server */
    bool inside; /* it began in a transaction */
    size_t gathered;
    char *row; /* libpq's, the last that was read */
    int64_t rows;
    struct failure fail;
};

const weft_pg_error *weft_impl_pg_pipe_error(const weft_pg_pipe *p) { return &p->fail.e; }

static void leave(weft_pg_pipe *p)
{
    p->db->pipe = NULL;
    p->db = NULL;
}

void pg__pipe_cut(weft_pg_pipe *p)
{
    if (!p->fail.e.err)
        pg__fail(&p->fail, -ECANCELED, "", "the connection was released before the COPY ended");
    leave(p);
}

/* After a wait that did not end well: the context did, or the connection is broken. */
static int give_up(weft_pg_pipe *p, int err, weft_duration patience)
{
    if (p->db->pq) {
        struct outcome dropped = {0};
        pg__stop(p->db, patience, &dropped);
        pg__outcome_clear(&dropped);
        pg__fail(&p->fail, err, "", "the COPY was stopped: %s", weft_strerror(err));
    } else {
        pg__fail_copy(&p->fail, &p->db->dead);
    }
    leave(p);
    return err;
}

/*
 * Nobody wants the rest.  The server gives up a COPY FROM by itself when it is
 * told so; and in a transaction a cancel request would end all of it.
 */
static void abandon(weft_pg_pipe *p)
{
    give_up(p, -ECANCELED, p->out && !p->inside ? 0 : PATIENCE);
}

/* The data is through, or was refused: what became of it. */
static int conclude(weft_ctx *ctx, weft_pg_pipe *p)
{
    struct outcome o = {0};
    int err = pg__finish(ctx, p->db, &o);
    if (err && p->db->pq) {
        err = pg__stop(p->db, 0, &o) ? -ECONNRESET : err;
        if (p->db->pq && !o.bad && o.good) /* it had finished before */
            err = 0;
        else if (p->db->pq)
            pg__fail(&p->fail, err, "", "the COPY was stopped: %s", weft_strerror(err));
    } else if (!err && o.bad) {
        err = pg__fail_result(&p->fail, o.bad);
    }
    if (!p->db->pq)
        pg__fail_copy(&p->fail, &p->db->dead);
    if (!err && o.good)
        p->rows = strtoll(PQcmdTuples(o.good), NULL, 10);
    pg__outcome_clear(&o);
    leave(p);
    return err;
}

/* ---- the beginning ------------------------------------------------------------------ */

static void begin(weft_ctx *ctx, weft_pg *db, weft_pg_pipe *p, const char *sql)
{
    if (pg__ready(ctx, db, &p->fail) != 0)
        return;
    p->inside = PQtransactionStatus(db->pq) == PQTRANS_INTRANS;
    if (pg__send(db, 0, sql, 0, NULL, &p->fail) != 0)
        return;
    p->db = db;
    db->pipe = p;
    PGresult *result = NULL;
    int err = pg__result(ctx, db, &result);
    ExecStatusType status = err ? PGRES_FATAL_ERROR : PQresultStatus(result);
    if (err) {
        give_up(p, err, 0);
    } else if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) {
        p->out = status == PGRES_COPY_OUT;
    } else {
        struct outcome o = {0};
        if (status == PGRES_FATAL_ERROR)
            pg__fail_result(&p->fail, result);
        else
            pg__fail(&p->fail, -EINVAL, "", "the statement is no COPY from stdin or to stdout");
        if (pg__finish(ctx, db, &o) != 0 && db->pq)
            pg__stop(db, 0, &o);
        pg__outcome_clear(&o);
        leave(p);
    }
    PQclear(result);
}

weft_pg_pipe *(weft_pg_copy)(weft_ctx *ctx, weft_pg *db, const char *sql)
{
    weft_pg_pipe *p = pg__alloc(sizeof *p);
    p->fail = (struct failure)FAILURE_NONE;
    pg__enter(db, "weft_pg_copy");
    begin(ctx, db, p, sql);
    pg__leave(db);
    return p;
}

/* May a call go on?  0, or the error that ended the pipe, or that the context has. */
static int ready(weft_ctx *ctx, weft_pg_pipe *p)
{
    int err = weft_ctx_err(ctx);
    if (p->fail.e.err)
        return p->fail.e.err;
    if (!p->db)
        return pg__fail(&p->fail, -EPIPE, "", "the COPY has ended");
    return err ? give_up(p, err, 0) : 0;
}

/* ---- in -------------------------------------------------------------------------------- */

/* Everything to the server; false when the pipe ended with an error. */
static int send_gathered(weft_ctx *ctx, weft_pg_pipe *p)
{
    p->gathered = 0;
    int err = pg__flush(ctx, p->db);
    return err ? give_up(p, err, 0) : 0;
}

static int write_some(weft_ctx *ctx, weft_pg_pipe *p, const char *data, size_t n)
{
    int put, err = 0;
    while ((put = PQputCopyData(p->db->pq, data, (int)n)) == 0) /* libpq is full */
        if ((err = send_gathered(ctx, p)) != 0)
            return err;
    if (put < 0) { /* the server has ended it */
        err = conclude(ctx, p);
        return err ? err : pg__fail(&p->fail, -EPIPE, "", "the server ended the COPY");
    }
    p->gathered += n;
    return p->gathered < GATHER ? 0 : send_gathered(ctx, p);
}

int(weft_pg_copy_write)(weft_ctx *ctx, weft_pg_pipe *p, const void *data, size_t n)
{
    weft_pg *db = p->db;
    if (db)
        pg__enter(db, "weft_pg_copy_write");
    int err = ready(ctx, p);
    if (!err && p->out)
        err = pg__fail(&p->fail, -EINVAL, "", "the COPY is to stdout: it can only be read");
    for (const char *at = data; !err && n > 0;) {
        size_t some = n < GATHER ? n : GATHER;
        err = write_some(ctx, p, at, some);
        at += some;
        n -= some;
    }
    if (db)
        pg__leave(db);
    return err;
}

/* ---- out ---------------------------------------------------------------------------------- */

static ssize_t read_row(weft_ctx *ctx, weft_pg_pipe *p, const char **data)
{
    PQfreemem(p->row);
    p->row = NULL;
    for (;;) {
        int n = PQgetCopyData(p->db->pq, &p->row, 1);
        if (n > 0) {
            *data = p->row;
            p->rows++;
            return n;
        }
        if (n < 0)
            return conclude(ctx, p);
        int err = pg__read(ctx, p->db);
        if (err)
            return give_up(p, err, 0);
    }
}

ssize_t(weft_pg_copy_read)(weft_ctx *ctx, weft_pg_pipe *p, const char **data)
{
    weft_pg *db = p->db;
    *data = NULL;
    if (!db && p->out && !p->fail.e.err)
        return 0; /* the end, once more */
    if (db)
        pg__enter(db, "weft_pg_copy_read");
    ssize_t n = ready(ctx, p);
    if (n == 0 && !p->out)
        n = pg__fail(&p->fail, -EINVAL, "", "the COPY is from stdin: it can only be written");
    if (n == 0)
        n = read_row(ctx, p, data);
    if (db)
        pg__leave(db);
    return n;
}

/* ---- the end --------------------------------------------------------------------------------- */

static int64_t end(weft_ctx *ctx, weft_pg_pipe *p)
{
    int err = ready(ctx, p);
    if (err)
        return err;
    if (p->out) { /* early: what is still to come is nobody's */
        abandon(p);
        pg__fail_clear(&p->fail);
        return p->rows;
    }
    while ((err = PQputCopyEnd(p->db->pq, NULL)) == 0)
        if ((err = send_gathered(ctx, p)) != 0)
            return err;
    err = conclude(ctx, p); /* also when libpq knows that the server has ended it */
    return err ? err : p->rows;
}

int64_t(weft_pg_copy_end)(weft_ctx *ctx, weft_pg_pipe *p)
{
    weft_pg *db = p->db;
    if (!db && p->out && !p->fail.e.err)
        return p->rows;
    if (db)
        pg__enter(db, "weft_pg_copy_end");
    int64_t n = end(ctx, p);
    if (db)
        pg__leave(db);
    return n;
}

void weft_pg_pipe_free(weft_pg_pipe *p)
{
    if (!p)
        return;
    weft_pg *db = p->db;
    if (db) {
        pg__enter(db, "weft_pg_pipe_free");
        abandon(p);
        pg__leave(db);
    }
    PQfreemem(p->row);
    pg__fail_clear(&p->fail);
    free(p);
}

/* SPDX-License-Identifier: MIT */
/*
 * pg_impl.h - what the files of libweft_pg share.
 *
 *     pg_conn.c    connecting, waiting, closing
 *     pg_host.c    looking up host names
 *     pg_cancel.c  a context ended: the server is stopped, the connection kept
 *     pg_query.c   parameters, statements, preparation
 *     pg_rows.c    rows, and values in C's types
 *     pg_tx.c      transactions
 *     pg_copy.c    COPY
 *     pg_pool.c    the pool
 *     pg_error.c   failures
 *
 * libpq never waits here: the connection is non-blocking, and between its calls
 * pg__wait() waits for its socket.  So no lock or thread-local state of libpq is
 * held across a wait.
 *
 * The library stands on <weft.h> alone, as any user's code does.
 */
#ifndef WEFT_MODULES_PG_IMPL_H
#define WEFT_MODULES_PG_IMPL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* asprintf, strtod_l */
#endif

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include <weft.h>
#include <weft/pg.h>

/* How long a statement that was asked to stop, a rollback at a scope end, and
 * rows that are released early may take before the connection is given up. */
#define PATIENCE (3 * WEFT_SECOND)

/* ---- failures (pg_error.c) ---------------------------------------------------- */

/* A weft_pg_error with its texts.  All-zero but for the texts: see failure_clear(). */
struct failure {
    weft_pg_error e;
    char *texts; /* one block for all of them, or NULL */
};

#define FAILURE_NONE                                                                               \
    {                                                                                              \
        .e = {0, "", "", "", "", "", "", "", 0}, .texts = NULL                                     \
    }

/* Each of these returns err, to be passed on. */
int pg__fail(struct failure *f, int err, const char *sqlstate, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int pg__fail_result(struct failure *f, const PGresult *result);
int pg__fail_copy(struct failure *f, const struct failure *from);
void pg__fail_clear(struct failure *f);
int pg__errno_of(const char *sqlstate);

/* ---- connections --------------------------------------------------------------- */

struct statement {
    struct statement *next;
    uint64_t hash;
    unsigned number; /* its name is "weft_NUMBER" */
    char text[];
};

struct weft_pg {
    PGconn *pq;              /* NULL: broken, or never connected; dead tells why */
    struct failure dead;     /* why; also when the connection itself is well, but may not be used */
    struct failure last;     /* of the last call that returned a number */
    struct failure farewell; /* what the server said when it ended the connection */
    unsigned busy;           /* somebody is in a call; a second one panics */
    struct weft_pg_rows *stream; /* open, as is */
    struct weft_pg_pipe *pipe;
    struct weft_pg_tx *tx; /* the innermost that is open */
    struct statement *statements;
    unsigned prepared; /* how many ever */

    /* The pool's, guarded by its lock while the connection is idle. */
    struct weft_pg_pool *pool;
    struct weft_pg *older, *newer; /* in the list of idle ones */
    weft_time born, used;
    bool lent; /* out of the pool, in somebody's hands */
};

void *pg__alloc(size_t size); /* zeroed; panics when there is no memory */

weft_pg *pg__new(void);
/* pg__open - connect @db, which is not connected.  0, or the error, which is in dead too. */
int pg__open(weft_ctx *ctx, weft_pg *db, const char *conninfo);
void pg__free(weft_pg *db); /* NULL does nothing */

/* pg__option - what was given, else the default (of the environment); "" when there is neither. */
const char *pg__option(const PQconninfoOption *given, const PQconninfoOption *defaults,
                       const char *keyword);
/*
 * pg__look_up - look up host names: libpq's lists of hosts, addresses and ports, to be freed; NULLs
 * when there is nothing to look up.  0, or the error, in *f too.
 */
int pg__look_up(weft_ctx *ctx, const PQconninfoOption *given, const PQconninfoOption *defaults,
                char *found[3], struct failure *f);

/* pg__enter, pg__leave - around each call on a connection. */
void pg__enter(weft_pg *db, const char *call);
void pg__leave(weft_pg *db);
/* pg__ready - may a statement begin?  0, or the error, left in *f.  After pg__enter(). */
int pg__ready(weft_ctx *ctx, weft_pg *db, struct failure *f);

/* pg__break - close it for good because of @err; libpq's or the server's words become dead's. */
int pg__break(weft_pg *db, int err, const PGresult *result);

/* ---- waiting ---------------------------------------------------------------------- */

/*
 * These return 0; the context's error, and then the connection is as before and
 * pg__stop() must follow; or -ECONNRESET after pg__break().
 */
int pg__flush(weft_ctx *ctx, weft_pg *db);
/* pg__read - wait until something came, and take it in. */
int pg__read(weft_ctx *ctx, weft_pg *db);
/* pg__result - the next result; NULL when the statement is done. */
int pg__result(weft_ctx *ctx, weft_pg *db, PGresult **result);

/* What a statement came to: the last good result and the first bad one. */
struct outcome {
    PGresult *good, *bad;
    bool copied; /* it was a COPY, which was ended */
};
void pg__outcome_add(struct outcome *o, PGresult *result);
void pg__outcome_clear(struct outcome *o);

/* pg__finish - read to the end of the statement; COPYs are ended.  Returns as above. */
int pg__finish(weft_ctx *ctx, weft_pg *db, struct outcome *o);

/*
 * pg__stop - the statement is to stop, and the connection to stay.
 *
 * Leaves it to itself for @patience first, then asks the server.  What still
 * comes goes to *o.  0, or -ECONNRESET after pg__break().
 */
int pg__stop(weft_pg *db, weft_duration patience, struct outcome *o);

/* ---- statements -------------------------------------------------------------------- */

/* pg__send - send a statement; 0 or the error, in *f too. */
int pg__send(weft_pg *db, int flags, const char *sql, size_t n, const weft_pg_param *params,
             struct failure *f);
/* pg__run - send, and read to its end.  A statement that failed is an error, in *f too. */
int pg__run(weft_ctx *ctx, weft_pg *db, int flags, const char *sql, size_t n,
            const weft_pg_param *params, bool several, struct outcome *o, struct failure *f);
/* pg__command - without parameters or result, for our own use, within pg__enter(). */
int pg__command(weft_ctx *ctx, weft_pg *db, const char *sql, struct failure *f);

/* ---- what is open on a connection ------------------------------------------------------- */

/* pg__end_open - stop a stream or a pipe that is open. */
void pg__end_open(weft_pg *db);

/* Their handles learn that the connection is theirs no longer. */
void pg__rows_cut(weft_pg_rows *rows);
void pg__pipe_cut(weft_pg_pipe *pipe);
void pg__tx_cut(weft_pg_tx *tx);

/* pg__tx_ready - the error of an innermost transaction that was not begun, or 0; tx may be NULL. */
int pg__tx_ready(const weft_pg_tx *tx, struct failure *f);
/* pg__rollback_now - a rollback, with its own time limit; when it fails the connection is closed. */
int pg__rollback_now(weft_pg *db, const char *sql);

/* pg__give_back - a connection of a pool was released, and nothing is open on it. */
void pg__give_back(weft_pg *db);

#endif /* WEFT_MODULES_PG_IMPL_H */

/* SPDX-License-Identifier: MIT */
/*
 * weft/pg.h - PostgreSQL, with a context: queries, transactions, COPY, a pool.
 *
 *     #include <weft.h>
 *     #include <weft/pg.h>
 *
 *     static int greet(weft_ctx *ctx, weft_pg_pool *pool, int id)
 *     {
 *         weft_auto(weft_pg, db) = weft_pg_acquire(ctx, pool);
 *         weft_auto(weft_pg_rows, r) =
 *             weft_pg_query(ctx, db, "select name from users where id = $1", id);
 *         while (weft_pg_next(ctx, r))
 *             printf("Hello, %s\n", weft_pg_text(r, 0));
 *         if (weft_pg_err(r))
 *             fprintf(stderr, "greet: %s\n", weft_pg_error_of(r)->message);
 *         return weft_pg_err(r);
 *     }
 *
 * A library of its own, on libpq: link with -lweft_pg (pkg-config weft-pg, in
 * CMake find_package(weft COMPONENTS pg) and weft::pg).  `weft run` and `weft
 * build` see the #include in a source and link it; it is no part of weft.h.
 *
 * Handles.  What opens something returns a handle, never NULL, which knows
 * whether that worked.  Calls on a handle that did not open fail with its error,
 * so the example above needs one test at its end and would report a pool that
 * is closed, a server that is down and a table that is missing alike.  Handles
 * are released by the end of a weft_auto() scope, in any order.  When memory
 * runs out these calls panic.
 *
 * Errors.  Calls return negative errno values.  weft_pg_error_of() says more:
 * what the server or libpq said, and the SQLSTATE.  From SQLSTATE to errno:
 *
 *     23505 (unique)                 -EEXIST       40001, 40P01           -EAGAIN: try the
 *     other 23, 22, 42               -EINVAL         (serialization, deadlock)  transaction again
 *     3D, 3F, 42P01, 42703, 42883,   -ENOENT       57014 (by another's cancel,
 *       42704 (no such ...)                          or statement_timeout)    -ECANCELED
 *     28, 42501 (not allowed)        -EACCES       53300, 55P03           -EBUSY
 *     25006 (read only)              -EROFS        53100, 53200           -ENOSPC, -ENOMEM
 *     08, 57P (connection)           -ECONNRESET   0A (not supported)     -EOPNOTSUPP
 *     others                         -EREMOTEIO
 *
 * A connection that cannot be made is -ECONNREFUSED unless the table has its
 * SQLSTATE.  One that breaks later is -ECONNRESET; from then on it is closed and
 * all its calls fail with that error.  A pool replaces it.
 *
 * Context.  All calls wait with the goroutine, never the thread.  When the
 * context ends first, the server is asked to stop the statement (a cancel
 * request), what it still sends is read, and the call returns the context's
 * error (-ECANCELED, -ETIMEDOUT) with the connection ready for the next one.  A
 * statement that had finished before the request reached it counts as finished.
 * If the server does not stop within three seconds the connection is closed.  In
 * a transaction the rest of it fails, as after any error.
 *
 * Call in: a goroutine; or any thread while the runtime runs, which then waits
 * itself.  One connection serves one goroutine at a time: two calls on it at once
 * panic.
 */
#ifndef WEFT_PG_H
#define WEFT_PG_H

#include <sys/types.h>

#include "weft/base.h"
#include "weft/context.h"
#include "weft/panic.h"

WEFT_BEGIN_DECLS

/** weft_pg - a connection. */
typedef struct weft_pg weft_pg;
/** weft_pg_rows - what a query returned, seen row by row. */
typedef struct weft_pg_rows weft_pg_rows;
/** weft_pg_tx - a transaction; its scope end rolls back what was not committed. */
typedef struct weft_pg_tx weft_pg_tx;
/** weft_pg_pipe - data on its way by COPY. */
typedef struct weft_pg_pipe weft_pg_pipe;
/** weft_pg_pool - connections that are shared. */
typedef struct weft_pg_pool weft_pg_pool;

/* ---- errors ----------------------------------------------------------------- */

/** weft_pg_error - what went wrong.  Texts are "" when there is nothing to say, never NULL. */
typedef struct weft_pg_error {
    int err;          /* the negative errno value; 0: nothing went wrong */
    char sqlstate[6]; /* as "23505"; "" when the error is not the server's */
    const char *message;
    const char *detail, *hint;
    const char *table, *column, *constraint;
    int position; /* in the statement, in characters from 1; 0: not known */
} weft_pg_error;

/**
 * weft_pg_err - the error of a handle, a negative errno value; 0 for none.
 *
 * Of a weft_pg: of its last call that returned an int, or why it is not (or no
 * longer) connected.  Of the others: what ended them.  Any handle of this header
 * but a pool.
 */
#define weft_pg_err(handle) (weft_pg_error_of(handle)->err)

/** weft_pg_error_of - the same, with all that is known; valid until the handle's next call. */
#define weft_pg_error_of(handle)                                                                   \
    _Generic((handle),                                                                             \
        weft_pg *: weft_impl_pg_error,                                                             \
        weft_pg_rows *: weft_impl_pg_rows_error,                                                   \
        weft_pg_tx *: weft_impl_pg_tx_error,                                                       \
        weft_pg_pipe *: weft_impl_pg_pipe_error)(handle)
WEFT_API const weft_pg_error *weft_impl_pg_error(const weft_pg *db);
WEFT_API const weft_pg_error *weft_impl_pg_rows_error(const weft_pg_rows *r);
WEFT_API const weft_pg_error *weft_impl_pg_tx_error(const weft_pg_tx *tx);
WEFT_API const weft_pg_error *weft_impl_pg_pipe_error(const weft_pg_pipe *p);

/* ---- connections -------------------------------------------------------------- */

/**
 * weft_pg_connect - connect: weft_auto(weft_pg, db) = weft_pg_connect(ctx, "dbname=shop");
 *
 * @conninfo as of libpq: "host=... dbname=...", a "postgresql://" address, or ""
 * for what the PG* environment variables say.  Host names are looked up on the
 * pool of weft/blocking.h, so a slow name server holds up nobody else.
 * connect_timeout limits the whole of it.  A context that ends closes it.
 */
#define weft_pg_connect(ctx, conninfo)                                                             \
    ((weft_pg *)weft_impl_keep((weft_pg_connect)((ctx), (conninfo))))
WEFT_API weft_pg *(weft_pg_connect)(weft_ctx *ctx, const char *conninfo);

/**
 * weft_pg_close - disconnect, or give the connection back to its pool.
 *
 * Ends what is open on it: rows, a copy, a transaction (rolled back).  The
 * scope end does this.  NULL does nothing.
 *
 * Blocks: the goroutine, up to three seconds, when there is something to end.
 */
WEFT_API void weft_pg_close(weft_pg *db);

/** weft_pg_broken - true when it is not connected, and never will be again. */
WEFT_API bool weft_pg_broken(const weft_pg *db);

/** weft_pg_backend_pid - the server's process for this connection, as in pg_stat_activity; 0 when broken. */
WEFT_API int weft_pg_backend_pid(const weft_pg *db);

/**
 * weft_pg_raw - libpq's connection (a PGconn *), to ask it or set it up further,
 * as by PQsetNoticeProcessor(); it stays weft's.  NULL when broken.
 */
WEFT_API struct pg_conn *weft_pg_raw(weft_pg *db);

/* ---- parameters ----------------------------------------------------------------- */

/** weft_pg_bytes - so many bytes, for columns of the type bytea. */
typedef struct weft_pg_bytes {
    const void *data;
    size_t size;
} weft_pg_bytes;

/** weft_pg_param - one parameter; the macros below make it of an argument's C type. */
typedef struct weft_pg_param {
    int weft_kind;
    union {
        int64_t i;
        uint64_t u;
        double f;
        weft_pg_bytes b;
    } weft_v;
} weft_pg_param;

/*
 * weft_pg_query, weft_pg_exec and the like take the values of $1, $2, ... as
 * further arguments, up to sixteen: integers of any kind, float, double, bool,
 * text (char *, in the connection's encoding; a NULL pointer is SQL's null),
 * weft_pg_bytes, NULL for null.  Other types do not compile.  The server
 * decides what SQL type each $n has, and refuses a value that does not fit;
 * where it cannot tell, as in "select $1 + $2", say "$1::int".  The values are
 * not part of the statement's text: what is in them cannot become SQL.
 *
 * true and false are ints in C11; where they go to a text column write
 * (bool)true.
 */
WEFT_API weft_pg_param weft_impl_pg_int(int64_t v);
WEFT_API weft_pg_param weft_impl_pg_unsigned(uint64_t v);
WEFT_API weft_pg_param weft_impl_pg_double(double v);
WEFT_API weft_pg_param weft_impl_pg_bool(bool v);
WEFT_API weft_pg_param weft_impl_pg_text(const char *v);
WEFT_API weft_pg_param weft_impl_pg_blob(weft_pg_bytes v);
WEFT_API weft_pg_param weft_impl_pg_null(const void *v);

/** weft_pg_of - a weft_pg_param of a value, for arrays of them. */
#define weft_pg_of(value)                                                                          \
    _Generic((value),                                                                              \
        bool: weft_impl_pg_bool,                                                                   \
        signed char: weft_impl_pg_int, short: weft_impl_pg_int, int: weft_impl_pg_int,             \
        long: weft_impl_pg_int, long long: weft_impl_pg_int,                                       \
        unsigned char: weft_impl_pg_unsigned, unsigned short: weft_impl_pg_unsigned,               \
        unsigned: weft_impl_pg_unsigned, unsigned long: weft_impl_pg_unsigned,                     \
        unsigned long long: weft_impl_pg_unsigned,                                                 \
        float: weft_impl_pg_double, double: weft_impl_pg_double,                                   \
        char *: weft_impl_pg_text, const char *: weft_impl_pg_text,                                \
        weft_pg_bytes: weft_impl_pg_blob, void *: weft_impl_pg_null)(value)

/* ---- statements ------------------------------------------------------------------ */

/**
 * weft_pg_exec - run a statement: weft_pg_exec(ctx, db, sql, values...).
 *
 *     int64_t n = weft_pg_exec(ctx, db, "delete from jobs where done < $1", day);
 *
 * Rows that it returns are dropped.  Without values @sql may hold several
 * statements, separated by semicolons; the server runs them as one transaction.
 *
 * Returns: how many rows it changed, added, removed or selected (the last one's
 *          count); a negative errno value.
 */
#define weft_pg_exec(ctx, db, ...)                                                                 \
    ({                                                                                             \
        int64_t weft_impl_r = weft_pg_exec_n((ctx), (db), WEFT_IMPL_PG_SQL(__VA_ARGS__));          \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
/** weft_pg_exec_n - the same with an array of n parameters. */
WEFT_API int64_t weft_pg_exec_n(weft_ctx *ctx, weft_pg *db, const char *sql, size_t n,
                                const weft_pg_param *params);

enum {
    WEFT_PG_STREAM = 1, /* row by row, as they come: for results that are large */
    WEFT_PG_BINARY = 2, /* values in binary: exact and quicker, but see weft_pg_text() */
};

/**
 * weft_pg_query - run one statement that returns rows: weft_pg_query(ctx, db, sql, values...).
 *
 * The whole result is fetched before this returns, and the connection is free
 * for the next statement; the rows need it no longer.
 */
#define weft_pg_query(ctx, db, ...) weft_pg_query_as(ctx, db, 0, __VA_ARGS__)

/**
 * weft_pg_query_as - the same with flags: weft_pg_query_as(ctx, db, flags, sql, values...).
 *
 * With WEFT_PG_STREAM memory holds one row at a time, however many there are.
 * The connection is taken until the last row was seen or the rows are released,
 * and other statements on it are refused (-EBUSY).  Rows that are released
 * early make the server stop; in a transaction, which that would end, the rest
 * is read instead, for up to three seconds.
 */
#define weft_pg_query_as(ctx, db, flags, ...)                                                      \
    ((weft_pg_rows *)weft_impl_keep(                                                               \
        weft_pg_query_n((ctx), (db), (flags), WEFT_IMPL_PG_SQL(__VA_ARGS__))))
/** weft_pg_query_n - the same with an array of n parameters. */
WEFT_API weft_pg_rows *weft_pg_query_n(weft_ctx *ctx, weft_pg *db, int flags, const char *sql,
                                       size_t n, const weft_pg_param *params);

/**
 * weft_pg_prepare - have the server parse a statement ahead of its use.
 *
 * From then on weft_pg_query() and weft_pg_exec() with the same text on this
 * connection use what was prepared.  Preparing it again costs nothing, so with a
 * pool call it before each use.
 *
 * Returns: 0, or a negative errno value.
 */
#define weft_pg_prepare(ctx, db, sql)                                                              \
    ({                                                                                             \
        int weft_impl_r = (weft_pg_prepare)((ctx), (db), (sql));                                   \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
WEFT_API int (weft_pg_prepare)(weft_ctx *ctx, weft_pg *db, const char *sql);

/* ---- rows ------------------------------------------------------------------------- */

/**
 * weft_pg_next - go to the first row, to the next; false after the last, or on an error.
 *
 * So after the loop ask weft_pg_err().  Waits, and looks at the context, only
 * with WEFT_PG_STREAM.
 */
#define weft_pg_next(ctx, rows)                                                                    \
    ({                                                                                             \
        bool weft_impl_ok = (weft_pg_next)((ctx), (rows));                                         \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_ok;                                                                              \
    })
WEFT_API bool (weft_pg_next)(weft_ctx *ctx, weft_pg_rows *rows);

/**
 * weft_pg_int, _double, _bool, _text, _blob - a value of the current row; columns count from 0.
 *
 *              columns that have it
 *     int      smallint, integer, bigint, oid; numeric without a fraction that fits
 *     double   real, double precision; numeric and integers, to the nearest
 *     bool     boolean
 *     text     any, as the server writes it.  In binary only text and its kin,
 *              json, xml; ask for others as text, or cast them in the statement
 *     blob     bytea, decoded; any other, as it came
 *
 * A null, a column of another type, a column that is not there, or no current
 * row: the result is 0, false, NULL or {NULL, 0}, and the rows end with -EINVAL
 * (-ENODATA for a null, -ERANGE for a number too large) and a message that names
 * the column.  A null is no error for text and blob: they are NULL.
 *
 * Text ends with a zero byte.  Text and blob stay valid until the rows are
 * released, with WEFT_PG_STREAM until the next row.
 */
WEFT_API int64_t weft_pg_int(weft_pg_rows *rows, int column);
WEFT_API double weft_pg_double(weft_pg_rows *rows, int column);
WEFT_API bool weft_pg_bool(weft_pg_rows *rows, int column);
WEFT_API const char *weft_pg_text(weft_pg_rows *rows, int column);
WEFT_API weft_pg_bytes weft_pg_blob(weft_pg_rows *rows, int column);

/** weft_pg_null - is it null?  A column that is not there is an error, as above. */
WEFT_API bool weft_pg_null(weft_pg_rows *rows, int column);

/**
 * weft_pg_scan - all columns of the current row at once: weft_pg_scan(rows, &id, &name).
 *
 * Pointers to integers, float, double, bool, const char * and weft_pg_bytes, one
 * for each column; NULL passes over one.  Rules and errors are those above.
 *
 * Returns: 0, or the error that ended the rows.
 */
#define weft_pg_scan(rows, ...)                                                                    \
    weft_impl_pg_scan((rows), WEFT_IMPL_PG_COUNT(__VA_ARGS__),                                     \
                      (const weft_impl_pg_place[]){                                                \
                          WEFT_IMPL_PG_MAP(WEFT_IMPL_PG_PLACE, __VA_ARGS__)})

/** weft_pg_columns - how many columns a row has. */
WEFT_API int weft_pg_columns(const weft_pg_rows *rows);
/** weft_pg_column - the number of the first column with this name; -ENOENT, and the rows end with it. */
WEFT_API int weft_pg_column(weft_pg_rows *rows, const char *name);
/** weft_pg_column_name - "" when it is not there. */
WEFT_API const char *weft_pg_column_name(const weft_pg_rows *rows, int column);
/** weft_pg_column_type - the OID of its type, as in pg_type; 0 when it is not there. */
WEFT_API unsigned weft_pg_column_type(const weft_pg_rows *rows, int column);
/** weft_pg_count - how many rows there are; with WEFT_PG_STREAM those seen so far. */
WEFT_API int64_t weft_pg_count(const weft_pg_rows *rows);

/** weft_pg_rows_free - release; the scope end does this.  NULL does nothing. */
WEFT_API void weft_pg_rows_free(weft_pg_rows *rows);

/* ---- transactions -------------------------------------------------------------------- */

/**
 * weft_pg_begin - begin a transaction; it is rolled back at the scope end unless committed.
 *
 *     weft_auto(weft_pg_tx, tx) = weft_pg_begin(ctx, db);
 *     weft_pg_exec(ctx, db, "update account set cents = cents - $1 where id = $2", n, from);
 *     weft_pg_exec(ctx, db, "update account set cents = cents + $1 where id = $2", n, to);
 *     return weft_pg_commit(ctx, tx);
 *
 * Statements on @db belong to it.  Rolled back also when a panic passes, and
 * when the context has ended: that takes no context, and at most three seconds,
 * after which the connection is closed, which has the same effect.  Within a
 * transaction it begins an inner one (a savepoint); they end innermost first.
 *
 * When it could not be begun, statements on @db fail with its error until it is
 * released, so nothing runs outside of it by mistake.
 */
#define weft_pg_begin(ctx, db) weft_pg_begin_as(ctx, db, "")
/** weft_pg_begin_as - with modes, as "isolation level serializable, read only"; inner ones have none. */
#define weft_pg_begin_as(ctx, db, modes)                                                           \
    ((weft_pg_tx *)weft_impl_keep((weft_pg_begin_as)((ctx), (db), (modes))))
WEFT_API weft_pg_tx *(weft_pg_begin_as)(weft_ctx *ctx, weft_pg *db, const char *modes);

/**
 * weft_pg_commit - make it last.
 *
 * A transaction in which a statement failed cannot be committed: it is rolled
 * back, and this is -EREMOTEIO with the SQLSTATE 25P02.
 *
 * Returns: 0 when it was committed.  After -ECONNRESET nobody knows whether it
 *          was; after other errors it was not.  -EBUSY while an inner one is
 *          open.
 * Misuse:  panics when it was committed or rolled back before.
 */
#define weft_pg_commit(ctx, tx)                                                                    \
    ({                                                                                             \
        int weft_impl_r = (weft_pg_commit)((ctx), (tx));                                           \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
WEFT_API int (weft_pg_commit)(weft_ctx *ctx, weft_pg_tx *tx);

/**
 * weft_pg_rollback - end it without effect, now.
 *
 * It takes no context: a rollback is wanted all the more when that has ended.
 * At most three seconds, after which the connection is closed.  Returns 0, or an
 * error; the transaction is gone in any case, but for -EBUSY: an inner one, rows
 * of a stream or a COPY are open.
 * Misuse:  as weft_pg_commit().
 */
#define weft_pg_rollback(tx)                                                                       \
    ({                                                                                             \
        int weft_impl_r = (weft_pg_rollback)(tx);                                                  \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
WEFT_API int (weft_pg_rollback)(weft_pg_tx *tx);

/** weft_pg_tx_free - release, rolling back unless it was committed; the scope end does this. */
WEFT_API void weft_pg_tx_free(weft_pg_tx *tx);

/* ---- COPY ------------------------------------------------------------------------------ */

/**
 * weft_pg_copy - begin a COPY ... FROM STDIN or a COPY ... TO STDOUT.
 *
 *     weft_auto(weft_pg_pipe, in) = weft_pg_copy(ctx, db, "copy t from stdin");
 *     weft_pg_copy_write(ctx, in, "1\tone\n", 6);
 *     int64_t rows = weft_pg_copy_end(ctx, in);
 *
 * The connection is taken until the end.  Released before weft_pg_copy_end() a
 * COPY FROM stores nothing.
 */
#define weft_pg_copy(ctx, db, sql)                                                                 \
    ((weft_pg_pipe *)weft_impl_keep((weft_pg_copy)((ctx), (db), (sql))))
WEFT_API weft_pg_pipe *(weft_pg_copy)(weft_ctx *ctx, weft_pg *db, const char *sql);

/** weft_pg_copy_write - n bytes to the server; pieces need not be whole rows.  0 or an error. */
#define weft_pg_copy_write(ctx, pipe, data, n)                                                     \
    ({                                                                                             \
        int weft_impl_r = (weft_pg_copy_write)((ctx), (pipe), (data), (n));                        \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
WEFT_API int (weft_pg_copy_write)(weft_ctx *ctx, weft_pg_pipe *pipe, const void *data, size_t n);

/**
 * weft_pg_copy_read - the next row from the server, in the format that the statement asked for.
 *
 * *data is valid until the next call, and ends with a zero byte that does not count.
 *
 * Returns: its size in bytes; 0 after the last row; a negative errno value.
 */
#define weft_pg_copy_read(ctx, pipe, data)                                                         \
    ({                                                                                             \
        ssize_t weft_impl_r = (weft_pg_copy_read)((ctx), (pipe), (data));                          \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
WEFT_API ssize_t (weft_pg_copy_read)(weft_ctx *ctx, weft_pg_pipe *pipe, const char **data);

/**
 * weft_pg_copy_end - finish: everything was written, or no more is to be read.
 *
 * Returns: how many rows were copied, or an error, and then nothing was stored.
 *          Reading that ended before the last row: how many were read.
 */
#define weft_pg_copy_end(ctx, pipe)                                                                \
    ({                                                                                             \
        int64_t weft_impl_r = (weft_pg_copy_end)((ctx), (pipe));                                   \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
WEFT_API int64_t (weft_pg_copy_end)(weft_ctx *ctx, weft_pg_pipe *pipe);

/** weft_pg_pipe_free - release; the scope end does this.  NULL does nothing. */
WEFT_API void weft_pg_pipe_free(weft_pg_pipe *pipe);

/* ---- pool --------------------------------------------------------------------------------- */

/** weft_pg_pool_opts - all-zero bytes are the defaults; a negative time means never. */
typedef struct weft_pg_pool_opts {
    int max;                        /* connections at the most; default 10 */
    int min;                        /* kept open though nobody uses them; default 0 */
    weft_duration max_idle;         /* closed when unused for so long; default 5 minutes */
    weft_duration max_lifetime;     /* replaced when older, between uses; default 1 hour */
    weft_duration check_after;      /* unused for so long, it is asked whether it lives before
                                       somebody gets it; default 30 s.  That the server closed it
                                       is noticed always, without asking */
    weft_duration connect_timeout;  /* for one connection; default 10 s */
} weft_pg_pool_opts;

/**
 * weft_pg_pool_new - a pool: weft_auto(weft_pg_pool, pool) = weft_pg_pool_new(conninfo, NULL);
 *
 * Connections are made when they are needed, those of @min at once and in the
 * background.  @opts NULL: the defaults.
 *
 * Blocks: no.
 * Misuse: a max or min that is negative, or a min above max, panics.
 */
WEFT_API weft_pg_pool *weft_pg_pool_new(const char *conninfo, const weft_pg_pool_opts *opts);

/**
 * weft_pg_acquire - a connection of the pool; the scope end gives it back.
 *
 *     weft_auto(weft_pg, db) = weft_pg_acquire(ctx, pool);
 *
 * The one used last is taken first.  When all are in use it waits; who came
 * first is served first.  A broken one is closed and replaced: nobody gets it.
 *
 * Fails with:  the context's error, having taken nothing; -ESHUTDOWN when the
 *              pool is closed; as weft_pg_connect().
 */
#define weft_pg_acquire(ctx, pool) ((weft_pg *)weft_impl_keep((weft_pg_acquire)((ctx), (pool))))
WEFT_API weft_pg *(weft_pg_acquire)(weft_ctx *ctx, weft_pg_pool *pool);

/** weft_pg_pool_close - nobody gets a connection any more (-ESHUTDOWN), those who wait neither. */
WEFT_API void weft_pg_pool_close(weft_pg_pool *pool);

/**
 * weft_pg_pool_free - close, wait until all connections were given back, release.
 *
 * The scope end does this.  NULL does nothing.
 */
WEFT_API void weft_pg_pool_free(weft_pg_pool *pool);

/** weft_pg_pool_stats - what a pool does at a moment, and what it did since it was made. */
typedef struct weft_pg_pool_stats {
    int max, open, idle, in_use;     /* in use: also those being made or closed */
    int waiting;                     /* in weft_pg_acquire() */
    uint64_t acquired;               /* connections handed out */
    uint64_t waited;                 /* ... of these, after waiting for one */
    uint64_t gave_up;                /* waited until their context ended or the pool was closed */
    uint64_t opened, failed;         /* connections made; tries that failed */
    uint64_t broken, aged, unused;   /* closed because: broken; max_lifetime; max_idle */
    weft_duration wait_time;         /* spent waiting by all of them */
} weft_pg_pool_stats;

/** weft_pg_pool_stat - the numbers, all of one moment. */
WEFT_API weft_pg_pool_stats weft_pg_pool_stat(weft_pg_pool *pool);

/* ---- behind the macros ----------------------------------------------------------------------- */

static inline void weft_pg_cleanup(weft_pg **db) { weft_pg_close(*db); }
static inline void weft_pg_rows_cleanup(weft_pg_rows **rows) { weft_pg_rows_free(*rows); }
static inline void weft_pg_tx_cleanup(weft_pg_tx **tx) { weft_pg_tx_free(*tx); }
static inline void weft_pg_pipe_cleanup(weft_pg_pipe **pipe) { weft_pg_pipe_free(*pipe); }
static inline void weft_pg_pool_cleanup(weft_pg_pool **pool) { weft_pg_pool_free(*pool); }

enum weft_impl_pg_kind {
    WEFT_IMPL_PG_SKIP,
    WEFT_IMPL_PG_SIGNED,
    WEFT_IMPL_PG_UNSIGNED,
    WEFT_IMPL_PG_FLOAT,
    WEFT_IMPL_PG_BOOL,
    WEFT_IMPL_PG_TEXT,
    WEFT_IMPL_PG_BYTES,
    WEFT_IMPL_PG_NULL,
};

/* Where a column's value goes. */
typedef struct weft_impl_pg_place {
    enum weft_impl_pg_kind kind;
    size_t size;
    void *at;
} weft_impl_pg_place;

#define WEFT_IMPL_PG_PLACE(p)                                                                      \
    {_Generic((p),                                                                                 \
         void *: WEFT_IMPL_PG_SKIP, bool *: WEFT_IMPL_PG_BOOL,                                     \
         signed char *: WEFT_IMPL_PG_SIGNED, short *: WEFT_IMPL_PG_SIGNED,                         \
         int *: WEFT_IMPL_PG_SIGNED, long *: WEFT_IMPL_PG_SIGNED,                                  \
         long long *: WEFT_IMPL_PG_SIGNED, unsigned char *: WEFT_IMPL_PG_UNSIGNED,                 \
         unsigned short *: WEFT_IMPL_PG_UNSIGNED, unsigned *: WEFT_IMPL_PG_UNSIGNED,               \
         unsigned long *: WEFT_IMPL_PG_UNSIGNED, unsigned long long *: WEFT_IMPL_PG_UNSIGNED,      \
         float *: WEFT_IMPL_PG_FLOAT, double *: WEFT_IMPL_PG_FLOAT,                                \
         const char **: WEFT_IMPL_PG_TEXT, weft_pg_bytes *: WEFT_IMPL_PG_BYTES),                   \
     sizeof *(p), (void *)(p)}
WEFT_API int weft_impl_pg_scan(weft_pg_rows *rows, size_t n, const weft_impl_pg_place *places);

/* The statement, how many values follow it, and the values. */
#define WEFT_IMPL_PG_SQL(...) WEFT_IMPL_PG_SQL_(__VA_ARGS__)
#define WEFT_IMPL_PG_SQL_(sql, ...)                                                                \
    (sql), WEFT_IMPL_PG_COUNT(__VA_ARGS__),                                                        \
        WEFT_IMPL_CAT(WEFT_IMPL_PG_ARRAY_, WEFT_IMPL_PG_ANY(__VA_ARGS__))(__VA_ARGS__)
#define WEFT_IMPL_PG_ARRAY_NONE()    ((const weft_pg_param *)0)
#define WEFT_IMPL_PG_ARRAY_SOME(...)                                                               \
    ((const weft_pg_param[]){WEFT_IMPL_PG_MAP(weft_pg_of, __VA_ARGS__)})

#define WEFT_IMPL_PG_NTH(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, ...) s
#define WEFT_IMPL_PG_COUNT(...)                                                                    \
    WEFT_IMPL_PG_NTH(_, ##__VA_ARGS__, more_than_16_values, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7,   \
                     6, 5, 4, 3, 2, 1, 0)
#define WEFT_IMPL_PG_ANY(...)                                                                      \
    WEFT_IMPL_PG_NTH(_, ##__VA_ARGS__, SOME, SOME, SOME, SOME, SOME, SOME, SOME, SOME, SOME, SOME, \
                     SOME, SOME, SOME, SOME, SOME, SOME, SOME, NONE)

#define WEFT_IMPL_PG_MAP(f, ...)                                                                   \
    WEFT_IMPL_CAT(WEFT_IMPL_PG_MAP_, WEFT_IMPL_PG_COUNT(__VA_ARGS__))(f, __VA_ARGS__)
#define WEFT_IMPL_PG_MAP_1(f, a)       f(a)
#define WEFT_IMPL_PG_MAP_2(f, a, ...)  f(a), WEFT_IMPL_PG_MAP_1(f, __VA_ARGS__)
#define WEFT_IMPL_PG_MAP_3(f, a, ...)  f(a), WEFT_IMPL_PG_MAP_2(f, __VA_ARGS__)
#define WEFT_IMPL_PG_MAP_4(f, a, ...)  f(a), WEFT_IMPL_PG_MAP_3(f, __VA_ARGS__)
#define WEFT_IMPL_PG_MAP_5(f, a, ...)  f(a), WEFT_IMPL_PG_MAP_4(f, __VA_ARGS__)
#define WEFT_IMPL_PG_MAP_6(f, a, ...)  f(a), WEFT_IMPL_PG_MAP_5(f, __VA_ARGS__)
#define WEFT_IMPL_PG_MAP_7(f, a, ...)  f(a), WEFT_IMPL_PG_MAP_6(f, __VA_ARGS__)
#define WEFT_IMPL_PG_MAP_8(f, a, ...)  f(a), WEFT_IMPL_PG_MAP_7(f, __VA_ARGS__)
#define WEFT_IMPL_PG_MAP_9(f, a, ...)  f(a), WEFT_IMPL_PG_MAP_8(f, __VA_ARGS__)
#define WEFT_IMPL_PG_MAP_10(f, a, ...) f(a), WEFT_IMPL_PG_MAP_9(f, __VA_ARGS__)
#define WEFT_IMPL_PG_MAP_11(f, a, ...) f(a), WEFT_IMPL_PG_MAP_10(f, __VA_ARGS__)
#define WEFT_IMPL_PG_MAP_12(f, a, ...) f(a), WEFT_IMPL_PG_MAP_11(f, __VA_ARGS__)
#define WEFT_IMPL_PG_MAP_13(f, a, ...) f(a), WEFT_IMPL_PG_MAP_12(f, __VA_ARGS__)
#define WEFT_IMPL_PG_MAP_14(f, a, ...) f(a), WEFT_IMPL_PG_MAP_13(f, __VA_ARGS__)
#define WEFT_IMPL_PG_MAP_15(f, a, ...) f(a), WEFT_IMPL_PG_MAP_14(f, __VA_ARGS__)
#define WEFT_IMPL_PG_MAP_16(f, a, ...) f(a), WEFT_IMPL_PG_MAP_15(f, __VA_ARGS__)

WEFT_END_DECLS

#endif /* WEFT_PG_H */

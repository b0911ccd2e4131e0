/* SPDX-License-Identifier: MIT */
/*
 * weft/sqlite.h - SQLite, with a context: a query ends when the request does.
 *
 *     #include <weft.h>
 *     #include <weft/sqlite.h>
 *
 *     static int greet(weft_ctx *ctx, const char *file, int id)
 *     {
 *         weft_auto(weft_sqlite, db) = weft_sqlite_open(ctx, file, NULL);
 *         weft_auto(weft_sqlite_rows, r) =
 *             weft_sqlite_query(ctx, db, "select name from users where id = ?1", id);
 *         while (weft_sqlite_next(ctx, r))
 *             printf("Hello, %s\n", weft_sqlite_text(r, 0));
 *         if (weft_sqlite_err(r))
 *             fprintf(stderr, "greet: %s\n", weft_sqlite_error_of(r)->message);
 *         return weft_sqlite_err(r);
 *     }
 *
 * A library of its own, on libsqlite3: link with -lweft_sqlite (pkg-config
 * weft-sqlite, in CMake find_package(weft COMPONENTS sqlite) and weft::sqlite).
 * `weft run` and `weft build` see the #include in a source and link it; it is no
 * part of weft.h.
 *
 * Handles.  What opens something returns a handle, never NULL, which knows
 * whether that worked.  Calls on a handle that did not open fail with its error,
 * so the example above needs one test at its end and would report a file that
 * cannot be opened and a table that is missing alike.  Handles are released by
 * the end of a weft_auto() scope, in any order.  When memory runs out these
 * calls panic.
 *
 * Errors.  Calls return negative errno values.  weft_sqlite_error_of() says
 * more: SQLite's result code, and its words.
 *
 *     UNIQUE, PRIMARY KEY            -EEXIST       not a database, damaged  -EBADMSG
 *     other constraints, errors in   -EINVAL       read only                -EROFS
 *       the SQL, wrong parameters                  not allowed              -EACCES
 *     locked, and waiting is in vain -EBUSY        full, no memory          -ENOSPC, -ENOMEM
 *     rolled back by SQLite          -ESTALE       input or output          -EIO
 *     too big                        -E2BIG        sqlite3_interrupt()      -EINTR
 *
 * A file that cannot be opened is what the system says, as -ENOENT.
 *
 * Context.  SQLite runs on the pool of weft/blocking.h, and the goroutine waits,
 * never its thread; 64 calls run at a time in the whole process, and others wait
 * for their turn.  When the context ends first, the call returns its error
 * (-ECANCELED, -ETIMEDOUT) with the connection ready for the next one.  A query
 * that runs is interrupted within a few hundred steps of SQLite's machine, usually
 * in well under a millisecond; one such step, which a call of an SQL function
 * is, cannot be.  An interrupted write has no effect, and ends the transaction
 * that it was part of.
 *
 * Locks.  A database that another connection has locked is waited for as long
 * as the context goes on.  Where SQLite sees that waiting would be in vain, as
 * when each of two needs what the other has, the call fails: -EBUSY.
 *
 * Call in: a goroutine; or any thread while the runtime runs, which then waits
 * itself.  One connection serves one goroutine at a time: two calls on it, or on
 * its rows, at once panic, and the panic says what both were about.
 */
#ifndef WEFT_SQLITE_H
#define WEFT_SQLITE_H

#include "weft/base.h"
#include "weft/context.h"
#include "weft/panic.h"

WEFT_BEGIN_DECLS

/** weft_sqlite - a connection to a database. */
typedef struct weft_sqlite weft_sqlite;
/** weft_sqlite_rows - what a query returns, seen row by row. */
typedef struct weft_sqlite_rows weft_sqlite_rows;
/** weft_sqlite_tx - a transaction; its scope end rolls back what was not committed. */
typedef struct weft_sqlite_tx weft_sqlite_tx;

/* ---- errors ----------------------------------------------------------------- */

/** weft_sqlite_error - what went wrong.  message is "" when there is nothing to say, never NULL. */
typedef struct weft_sqlite_error {
    int err;  /* the negative errno value; 0: nothing went wrong */
    int code; /* SQLite's extended result code, as SQLITE_CONSTRAINT_UNIQUE; 0: not its error */
    const char *message;
} weft_sqlite_error;

/**
 * weft_sqlite_err - the error of a handle, a negative errno value; 0 for none.
 *
 * Of a connection: of its last call that returned an int, or why it is not open.
 * Of rows: what ended them.  Of a transaction: why it did not begin, or what
 * weft_sqlite_commit() returned.
 */
#define weft_sqlite_err(handle) (weft_sqlite_error_of(handle)->err)

/** weft_sqlite_error_of - the same, with all that is known; valid until the handle's next call. */
#define weft_sqlite_error_of(handle)                                                               \
    _Generic((handle),                                                                             \
        weft_sqlite *: weft_impl_sqlite_error,                                                     \
        weft_sqlite_rows *: weft_impl_sqlite_rows_error,                                           \
        weft_sqlite_tx *: weft_impl_sqlite_tx_error)(handle)
WEFT_API const weft_sqlite_error *weft_impl_sqlite_error(const weft_sqlite *db);
WEFT_API const weft_sqlite_error *weft_impl_sqlite_rows_error(const weft_sqlite_rows *r);
WEFT_API const weft_sqlite_error *weft_impl_sqlite_tx_error(const weft_sqlite_tx *tx);

/* ---- connections ------------------------------------------------------------ */

/** weft_sqlite_opts - what weft_sqlite_open() may be told; all-zero bytes are the defaults. */
typedef struct weft_sqlite_opts {
    bool read_only;  /* writing is -EROFS */
    bool must_exist; /* -ENOENT instead of a new, empty database */
} weft_sqlite_opts;

/**
 * weft_sqlite_open - open: weft_auto(weft_sqlite, db) = weft_sqlite_open(ctx, "app.db", NULL);
 *
 * @path: the database's file, which is made when it is not there; ":memory:" for
 * one that lives as long as the connection.  @opts NULL: the defaults.
 * Goroutines that work at the same time need a connection each; after "pragma
 * journal_mode = wal" they can read while one writes.
 */
#define weft_sqlite_open(ctx, path, opts)                                                          \
    ((weft_sqlite *)weft_impl_keep((weft_sqlite_open)((ctx), (path), (opts))))
WEFT_API weft_sqlite *(weft_sqlite_open)(weft_ctx *ctx, const char *path,
                                         const weft_sqlite_opts *opts);

/**
 * weft_sqlite_close - close; a transaction that is open is rolled back.
 *
 * Rows of it that were not seen to their end fail with -EBADF.  The scope end
 * does this.  NULL does nothing.
 *
 * Blocks: the goroutine, while SQLite tidies its files.
 */
WEFT_API void weft_sqlite_close(weft_sqlite *db);

/** weft_sqlite_last_id - the rowid of the row that was inserted last; 0: none yet. */
WEFT_API int64_t weft_sqlite_last_id(const weft_sqlite *db);

/**
 * weft_sqlite_raw - SQLite's own handle, for what is not here: functions of your
 * own, backups, limits.  NULL when it is not open.
 *
 * It is without SQLite's mutex, so it too is for one goroutine at a time.  The
 * progress handler and the busy handler are weft's: leave them.
 */
WEFT_API struct sqlite3 *weft_sqlite_raw(weft_sqlite *db);

/**
 * weft_sqlite_ctx - for SQL functions of your own: the context of the call that runs them.
 *
 * They run on a thread of the pool, so what waits there blocks that thread; with
 * this context it ends when the query is to end.  NULL while no call runs.
 */
WEFT_API weft_ctx *weft_sqlite_ctx(weft_sqlite *db);

/* ---- parameters ------------------------------------------------------------- */

/** weft_sqlite_bytes - so many bytes, for blobs. */
typedef struct weft_sqlite_bytes {
    const void *data;
    size_t size;
} weft_sqlite_bytes;

/** weft_sqlite_param - one parameter; the macros below make it of an argument's C type. */
typedef struct weft_sqlite_param {
    int weft_type; /* as SQLite numbers them */
    union {
        int64_t i;
        double f;
        weft_sqlite_bytes b;
    } weft_v;
} weft_sqlite_param;

/*
 * weft_sqlite_query and weft_sqlite_exec take the values of ?1, ?2, ... as
 * further arguments, up to sixteen: integers of any kind, float, double, text
 * (char *, UTF-8; a NULL pointer is SQL's null), weft_sqlite_bytes, NULL for
 * null.  Other types do not compile.  The values are not part of the
 * statement's text: what is in them cannot become SQL.  SQLite copies them
 * before the call returns.
 */
WEFT_API weft_sqlite_param weft_impl_sqlite_int(int64_t v);
WEFT_API weft_sqlite_param weft_impl_sqlite_double(double v);
WEFT_API weft_sqlite_param weft_impl_sqlite_text(const char *v);
WEFT_API weft_sqlite_param weft_impl_sqlite_blob(weft_sqlite_bytes v);
WEFT_API weft_sqlite_param weft_impl_sqlite_null(const void *v);

/** weft_sqlite_of - a weft_sqlite_param of a value, for arrays of them. */
#define weft_sqlite_of(value)                                                                      \
    _Generic((value),                                                                              \
        bool: weft_impl_sqlite_int,                                                                \
        char: weft_impl_sqlite_int,                                                                \
        signed char: weft_impl_sqlite_int,                                                         \
        short: weft_impl_sqlite_int,                                                               \
        int: weft_impl_sqlite_int,                                                                 \
        long: weft_impl_sqlite_int,                                                                \
        long long: weft_impl_sqlite_int,                                                           \
        unsigned char: weft_impl_sqlite_int,                                                       \
        unsigned short: weft_impl_sqlite_int,                                                      \
        unsigned: weft_impl_sqlite_int,                                                            \
        unsigned long: weft_impl_sqlite_int,                                                       \
        unsigned long long: weft_impl_sqlite_int,                                                  \
        float: weft_impl_sqlite_double,                                                            \
        double: weft_impl_sqlite_double,                                                           \
        char *: weft_impl_sqlite_text,                                                             \
        const char *: weft_impl_sqlite_text,                                                       \
        weft_sqlite_bytes: weft_impl_sqlite_blob,                                                  \
        void *: weft_impl_sqlite_null)(value)

/* ---- statements ------------------------------------------------------------- */

/**
 * weft_sqlite_exec - run a statement: weft_sqlite_exec(ctx, db, sql, values...).
 *
 *     int64_t n = weft_sqlite_exec(ctx, db, "delete from jobs where done < ?1", day);
 *
 * Rows that it returns are dropped.  Without values @sql may hold several
 * statements, separated by semicolons, each a transaction of its own unless they
 * are in one; the first that fails ends it.
 *
 * Returns: how many rows it added, changed or removed (the last statement that
 *          did any such thing); a negative errno value.
 */
#define weft_sqlite_exec(ctx, db, ...)                                                             \
    ({                                                                                             \
        int64_t weft_impl_r = weft_sqlite_exec_n((ctx), (db), WEFT_IMPL_SQLITE_SQL(__VA_ARGS__));  \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
/** weft_sqlite_exec_n - the same with an array of n parameters. */
WEFT_API int64_t weft_sqlite_exec_n(weft_ctx *ctx, weft_sqlite *db, const char *sql, size_t n,
                                    const weft_sqlite_param *params);

/**
 * weft_sqlite_query - run one statement that returns rows:
 * weft_sqlite_query(ctx, db, sql, values...).
 *
 * Rows are fetched as they are asked for, some of them ahead: as many as come
 * within a millisecond, up to 64 of them or 64 KiB.  So a change made by the
 * same connection while rows are seen may or may not show in those that follow.
 * Until they are over, or released, the connection holds the database's lock for
 * reading.
 */
#define weft_sqlite_query(ctx, db, ...)                                                            \
    ((weft_sqlite_rows *)weft_impl_keep(                                                           \
        weft_sqlite_query_n((ctx), (db), WEFT_IMPL_SQLITE_SQL(__VA_ARGS__))))
/** weft_sqlite_query_n - the same with an array of n parameters. */
WEFT_API weft_sqlite_rows *weft_sqlite_query_n(weft_ctx *ctx, weft_sqlite *db, const char *sql,
                                               size_t n, const weft_sqlite_param *params);

/**
 * weft_sqlite_prepare - have SQLite compile a statement ahead of its use.
 *
 * From then on weft_sqlite_query() and weft_sqlite_exec() with the same text on
 * this connection use what was prepared.  Preparing it again costs next to
 * nothing.
 *
 * Returns: 0, or a negative errno value.
 */
#define weft_sqlite_prepare(ctx, db, sql)                                                          \
    ({                                                                                             \
        int weft_impl_r = (weft_sqlite_prepare)((ctx), (db), (sql));                               \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
WEFT_API int (weft_sqlite_prepare)(weft_ctx *ctx, weft_sqlite *db, const char *sql);

/* ---- rows ------------------------------------------------------------------- */

/**
 * weft_sqlite_next - go to the first row, to the next; false after the last, or on an error.
 *
 * So after the loop ask weft_sqlite_err().
 */
#define weft_sqlite_next(ctx, rows)                                                                \
    ({                                                                                             \
        bool weft_impl_ok = (weft_sqlite_next)((ctx), (rows));                                     \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_ok;                                                                              \
    })
WEFT_API bool (weft_sqlite_next)(weft_ctx *ctx, weft_sqlite_rows *rows);

/**
 * weft_sqlite_int, _double, _text, _blob - a value of the current row; columns count from 0.
 *
 *              values that have it
 *     int      integers
 *     double   integers and floating-point numbers
 *     text     text, and numbers as SQLite writes them
 *     blob     blobs and text, and numbers as SQLite writes them
 *
 * A null, a value of another type, a column that is not there, or no current
 * row: the result is 0, NULL or {NULL, 0}, and the rows end with -EINVAL
 * (-ENODATA for a null) and a message that names the column.  A null is no error
 * for text and blob: they are NULL.
 *
 * Text ends with a zero byte.  Text and blob stay valid until the next row.
 */
WEFT_API int64_t weft_sqlite_int(weft_sqlite_rows *rows, int column);
WEFT_API double weft_sqlite_double(weft_sqlite_rows *rows, int column);
WEFT_API const char *weft_sqlite_text(weft_sqlite_rows *rows, int column);
WEFT_API weft_sqlite_bytes weft_sqlite_blob(weft_sqlite_rows *rows, int column);

/** weft_sqlite_null - is it null?  A column that is not there is an error, as above. */
WEFT_API bool weft_sqlite_null(weft_sqlite_rows *rows, int column);

/** weft_sqlite_columns - how many columns a row has. */
WEFT_API int weft_sqlite_columns(const weft_sqlite_rows *rows);
/** weft_sqlite_column_name - "" when it is not there. */
WEFT_API const char *weft_sqlite_column_name(const weft_sqlite_rows *rows, int column);

/** weft_sqlite_rows_free - release; the scope end does this.  NULL does nothing. */
WEFT_API void weft_sqlite_rows_free(weft_sqlite_rows *rows);

/* ---- transactions ----------------------------------------------------------- */

typedef enum weft_sqlite_tx_kind {
    WEFT_SQLITE_READ,  /* all its reads see the database of one moment */
    WEFT_SQLITE_WRITE, /* waits for its turn to write, and has it to the end */
} weft_sqlite_tx_kind;

/**
 * weft_sqlite_begin - begin a transaction; it is rolled back at the scope end unless committed.
 *
 *     weft_auto(weft_sqlite_tx, tx) = weft_sqlite_begin(ctx, db, WEFT_SQLITE_WRITE);
 *     weft_sqlite_exec(ctx, db, "update account set cents = cents - ?1 where id = ?2", n, from);
 *     weft_sqlite_exec(ctx, db, "update account set cents = cents + ?1 where id = ?2", n, to);
 *     return weft_sqlite_commit(ctx, tx);
 *
 * Statements on @db belong to it.  Rolled back also when a panic passes, and
 * when the context has ended.  Within a transaction it begins an inner one (a
 * savepoint), whatever its kind.  To write in a WEFT_SQLITE_READ one is allowed,
 * but may be -EBUSY where waiting would be in vain.
 *
 * When it could not be begun, and when SQLite itself has rolled it back after an
 * error (-ESTALE; an interrupted write, a full disk), statements on @db fail
 * until it is released, so nothing runs outside of it by mistake.
 */
#define weft_sqlite_begin(ctx, db, kind)                                                           \
    ((weft_sqlite_tx *)weft_impl_keep((weft_sqlite_begin)((ctx), (db), (kind))))
WEFT_API weft_sqlite_tx *(weft_sqlite_begin)(weft_ctx *ctx, weft_sqlite *db,
                                             weft_sqlite_tx_kind kind);

/**
 * weft_sqlite_commit - make it last.
 *
 * A transaction in which a statement failed is rolled back instead, and this is
 * that statement's error: so one test at the end will do.
 *
 * Returns: 0 when it was committed; after an error it was not, and is over.
 *          -EBUSY while an inner one is open.
 * Misuse:  panics when it was committed or rolled back before.
 */
#define weft_sqlite_commit(ctx, tx)                                                                \
    ({                                                                                             \
        int weft_impl_r = (weft_sqlite_commit)((ctx), (tx));                                       \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })
WEFT_API int (weft_sqlite_commit)(weft_ctx *ctx, weft_sqlite_tx *tx);

/** weft_sqlite_rollback - end it, and those within it, without effect.  No context ends this. */
WEFT_API void weft_sqlite_rollback(weft_sqlite_tx *tx);

/** weft_sqlite_tx_free - release, rolling back unless it was committed; the scope end does this. */
WEFT_API void weft_sqlite_tx_free(weft_sqlite_tx *tx);

/* ---- behind the macros ------------------------------------------------------ */

static inline void weft_sqlite_cleanup(weft_sqlite **db) { weft_sqlite_close(*db); }
static inline void weft_sqlite_rows_cleanup(weft_sqlite_rows **rows)
{
    weft_sqlite_rows_free(*rows);
}
static inline void weft_sqlite_tx_cleanup(weft_sqlite_tx **tx) { weft_sqlite_tx_free(*tx); }

/* The statement, how many values follow it, and the values. */
#define WEFT_IMPL_SQLITE_SQL(...) WEFT_IMPL_SQLITE_SQL_(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_SQL_(sql, ...)                                                            \
    (sql), WEFT_IMPL_SQLITE_COUNT(__VA_ARGS__),                                                    \
        WEFT_IMPL_CAT(WEFT_IMPL_SQLITE_ARRAY_, WEFT_IMPL_SQLITE_ANY(__VA_ARGS__))(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_ARRAY_NONE() ((const weft_sqlite_param *)0)
#define WEFT_IMPL_SQLITE_ARRAY_SOME(...)                                                           \
    ((const weft_sqlite_param[]){WEFT_IMPL_SQLITE_MAP(__VA_ARGS__)})

#define WEFT_IMPL_SQLITE_NTH(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, ...) s
#define WEFT_IMPL_SQLITE_COUNT(...)                                                                \
    WEFT_IMPL_SQLITE_NTH(_, ##__VA_ARGS__, more_than_16_values, 16, 15, 14, 13, 12, 11, 10, 9, 8,  \
                         7, 6, 5, 4, 3, 2, 1, 0)
#define WEFT_IMPL_SQLITE_ANY(...)                                                                  \
    WEFT_IMPL_SQLITE_NTH(_, ##__VA_ARGS__, SOME, SOME, SOME, SOME, SOME, SOME, SOME, SOME, SOME,   \
                         SOME, SOME, SOME, SOME, SOME, SOME, SOME, SOME, NONE)

#define WEFT_IMPL_SQLITE_MAP(...)                                                                  \
    WEFT_IMPL_CAT(WEFT_IMPL_SQLITE_MAP_, WEFT_IMPL_SQLITE_COUNT(__VA_ARGS__))(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_MAP_1(a)       weft_sqlite_of(a)
#define WEFT_IMPL_SQLITE_MAP_2(a, ...)  weft_sqlite_of(a), WEFT_IMPL_SQLITE_MAP_1(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_MAP_3(a, ...)  weft_sqlite_of(a), WEFT_IMPL_SQLITE_MAP_2(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_MAP_4(a, ...)  weft_sqlite_of(a), WEFT_IMPL_SQLITE_MAP_3(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_MAP_5(a, ...)  weft_sqlite_of(a), WEFT_IMPL_SQLITE_MAP_4(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_MAP_6(a, ...)  weft_sqlite_of(a), WEFT_IMPL_SQLITE_MAP_5(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_MAP_7(a, ...)  weft_sqlite_of(a), WEFT_IMPL_SQLITE_MAP_6(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_MAP_8(a, ...)  weft_sqlite_of(a), WEFT_IMPL_SQLITE_MAP_7(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_MAP_9(a, ...)  weft_sqlite_of(a), WEFT_IMPL_SQLITE_MAP_8(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_MAP_10(a, ...) weft_sqlite_of(a), WEFT_IMPL_SQLITE_MAP_9(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_MAP_11(a, ...) weft_sqlite_of(a), WEFT_IMPL_SQLITE_MAP_10(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_MAP_12(a, ...) weft_sqlite_of(a), WEFT_IMPL_SQLITE_MAP_11(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_MAP_13(a, ...) weft_sqlite_of(a), WEFT_IMPL_SQLITE_MAP_12(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_MAP_14(a, ...) weft_sqlite_of(a), WEFT_IMPL_SQLITE_MAP_13(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_MAP_15(a, ...) weft_sqlite_of(a), WEFT_IMPL_SQLITE_MAP_14(__VA_ARGS__)
#define WEFT_IMPL_SQLITE_MAP_16(a, ...) weft_sqlite_of(a), WEFT_IMPL_SQLITE_MAP_15(__VA_ARGS__)

WEFT_END_DECLS

#endif /* WEFT_SQLITE_H */

/* SPDX-License-Identifier: MIT */
/*
 * store_sqlite.c - users in a SQLite file.
 *
 * A connection is for one goroutine at a time, so there are several, in a channel: who takes one
 * from it has it to the end of the scope.  A channel as a pool is first come, first served, and
 * waits with a context.
 */
#include <weft.h>
#include <weft/sqlite.h>

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

WEFT_CHAN(connection_chan, weft_sqlite *);

struct sqlite_store {
    struct store base;
    connection_chan *idle;
};

/* A connection that is on loan; the scope end gives it back. */
typedef struct loan {
    weft_sqlite *db;
    connection_chan *idle;
} loan;

static void loan_end(loan *l) { weft_send(l->idle, l->db); }

/* borrow - 0, or the context's error, when all are in use for too long. */
static int borrow(weft_ctx *ctx, struct store *s, loan *l)
{
    l->idle = ((struct sqlite_store *)s)->idle;
    return weft_recv_ctx(ctx, l->idle, &l->db);
}

static int get(weft_ctx *ctx, struct store *s, int64_t id, struct user *out)
{
    loan l;
    int err = borrow(ctx, s, &l);
    if (err)
        return err;
    weft_defer(loan_end, &l);
    weft_auto(weft_sqlite_rows, r) =
        weft_sqlite_query(ctx, l.db, "select name, email from users where id = ?1", id);
    if (weft_sqlite_next(ctx, r)) {
        out->id = id;
        out->name = strdup(weft_sqlite_text(r, 0));
        out->email = strdup(weft_sqlite_text(r, 1));
        return 0;
    }
    err = weft_sqlite_err(r);
    return err ? store_failed("get", err, weft_sqlite_error_of(r)->message) : -ENOENT;
}

static int add(weft_ctx *ctx, struct store *s, const char *name, const char *email, int64_t *id)
{
    loan l;
    int err = borrow(ctx, s, &l);
    if (err)
        return err;
    weft_defer(loan_end, &l);
    int64_t n =
        weft_sqlite_exec(ctx, l.db, "insert into users(name, email) values (?1, ?2)", name, email);
    if (n < 0)
        return store_failed("add", (int)n, weft_sqlite_error_of(l.db)->message);
    *id = weft_sqlite_last_id(l.db);
    return 0;
}

static int slow(weft_ctx *ctx, struct store *s, double seconds)
{
    loan l;
    int err = borrow(ctx, s, &l);
    if (err)
        return err;
    weft_defer(loan_end, &l);
    int64_t n = weft_sqlite_exec(ctx, l.db, "select sleep(?1)", seconds);
    return n < 0 ? store_failed("slow", (int)n, weft_sqlite_error_of(l.db)->message) : 0;
}

static int ping(weft_ctx *ctx, struct store *s)
{
    loan l;
    int err = borrow(ctx, s, &l);
    if (err)
        return err;
    weft_defer(loan_end, &l);
    int64_t n = weft_sqlite_exec(ctx, l.db, "select 1 from users limit 1");
    return n < 0 ? store_failed("ping", (int)n, weft_sqlite_error_of(l.db)->message) : 0;
}

static void close_all(struct store *s)
{
    struct sqlite_store *store = (struct sqlite_store *)s;
    weft_sqlite *db;
    while (weft_try_recv(store->idle, &db))
        weft_sqlite_close(db);
    weft_unref(store->idle);
    free(store);
}

/* sleep_sql - PostgreSQL's pg_sleep(), for SQLite: a query that takes its time. */
static void sleep_sql(sqlite3_context *call, int n, sqlite3_value **value)
{
    (void)n;
    weft_ctx *ctx = weft_sqlite_ctx(sqlite3_user_data(call));
    weft_duration d = (weft_duration)(sqlite3_value_double(value[0]) * (double)WEFT_SECOND);
    if (weft_sleep(ctx, d) != 0)
        sqlite3_result_error_code(call, SQLITE_INTERRUPT);
    else
        sqlite3_result_null(call);
}

static weft_sqlite *connect(weft_ctx *ctx, const char *file)
{
    weft_sqlite *db = weft_sqlite_open(ctx, file, NULL);
    /* Readers and a writer at the same time; what was answered survives a crash of ours. */
    weft_sqlite_exec(ctx, db, "pragma journal_mode = wal; pragma synchronous = normal");
    weft_sqlite_exec(ctx, db,
                     "create table if not exists users(id integer primary key, name text not null, "
                     "email text not null unique)");
    for (const char *const *sql =
             (const char *const[]){"select name, email from users where id = ?1",
                                   "insert into users(name, email) values (?1, ?2)",
                                   "select 1 from users limit 1", NULL};
         !weft_sqlite_err(db) && *sql; sql++)
        weft_sqlite_prepare(ctx, db, *sql);
    if (weft_sqlite_err(db)) {
        store_trouble("open", weft_sqlite_err(db), weft_sqlite_error_of(db)->message);
        weft_sqlite_close(db);
        return NULL;
    }
    sqlite3_create_function(weft_sqlite_raw(db), "sleep", 1, SQLITE_UTF8, db, sleep_sql, NULL,
                            NULL);
    return db;
}

struct store *store_open_sqlite(weft_ctx *ctx, const char *file, int connections)
{
    struct sqlite_store *store = calloc(1, sizeof *store);
    if (!store)
        weft_panic("out of memory");
    store->base = (struct store){
        .kind = "sqlite", .get = get, .add = add, .slow = slow, .ping = ping, .close = close_all};
    store->idle = weft_make(connection_chan, connections);
    for (int i = 0; i < connections; i++) {
        weft_sqlite *db = connect(ctx, file);
        if (!db) {
            close_all(&store->base);
            return NULL;
        }
        weft_send(store->idle, db);
    }
    return &store->base;
}

/* SPDX-License-Identifier: MIT */
/*
 * store_pg.c - users in PostgreSQL, when weft was built with libpq.
 */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "store.h"

#ifdef USERD_PG
#include <weft/pg.h>

struct pg_store {
    struct store base;
    weft_pg_pool *pool;
};

static weft_pg_pool *pool_of(struct store *s) { return ((struct pg_store *)s)->pool; }

static int get(weft_ctx *ctx, struct store *s, int64_t id, struct user *out)
{
    weft_auto(weft_pg, db) = weft_pg_acquire(ctx, pool_of(s));
    weft_auto(weft_pg_rows, r) =
        weft_pg_query(ctx, db, "select name, email from users where id = $1", id);
    if (weft_pg_next(ctx, r)) {
        out->id = id;
        out->name = strdup(weft_pg_text(r, 0));
        out->email = strdup(weft_pg_text(r, 1));
        return 0;
    }
    int err = weft_pg_err(r);
    return err ? store_failed("get", err, weft_pg_error_of(r)->message) : -ENOENT;
}

static int add(weft_ctx *ctx, struct store *s, const char *name, const char *email, int64_t *id)
{
    weft_auto(weft_pg, db) = weft_pg_acquire(ctx, pool_of(s));
    weft_auto(weft_pg_rows, r) = weft_pg_query(
        ctx, db, "insert into users(name, email) values ($1, $2) returning id", name, email);
    if (weft_pg_next(ctx, r))
        *id = weft_pg_int(r, 0);
    return store_failed("add", weft_pg_err(r), weft_pg_error_of(r)->message);
}

static int slow(weft_ctx *ctx, struct store *s, double seconds)
{
    weft_auto(weft_pg, db) = weft_pg_acquire(ctx, pool_of(s));
    weft_auto(weft_pg_rows, r) = weft_pg_query(ctx, db, "select pg_sleep($1)", seconds);
    return store_failed("slow", weft_pg_err(r), weft_pg_error_of(r)->message);
}

static int ping(weft_ctx *ctx, struct store *s)
{
    weft_auto(weft_pg, db) = weft_pg_acquire(ctx, pool_of(s));
    weft_auto(weft_pg_rows, r) = weft_pg_query(ctx, db, "select 1 from users limit 1");
    return store_failed("ping", weft_pg_err(r), weft_pg_error_of(r)->message);
}

static void close_pool(struct store *s)
{
    weft_pg_pool_free(pool_of(s));
    free(s);
}

struct store *store_open_pg(weft_ctx *ctx, const char *address, int connections)
{
    struct pg_store *store = calloc(1, sizeof *store);
    if (!store)
        weft_panic("out of memory");
    store->base = (struct store){.kind = "postgres",
                                 .get = get,
                                 .add = add,
                                 .slow = slow,
                                 .ping = ping,
                                 .close = close_pool};
    store->pool = weft_pg_pool_new(address, &(weft_pg_pool_opts){.max = connections});
    weft_auto(weft_pg, db) = weft_pg_acquire(ctx, store->pool);
    int64_t n = weft_pg_exec(ctx, db,
                             "create table if not exists users(id bigserial primary key, "
                             "name text not null, email text not null unique)");
    if (n < 0) {
        store_trouble("open", (int)n, weft_pg_error_of(db)->message);
        weft_pg_close(db);
        db = NULL;
        close_pool(&store->base);
        return NULL;
    }
    return &store->base;
}

#else

struct store *store_open_pg(weft_ctx *ctx, const char *address, int connections)
{
    (void)ctx, (void)address, (void)connections;
    log_event("error", "database", "why=\"this userd was built without PostgreSQL (libpq-dev)\"");
    return NULL;
}

#endif

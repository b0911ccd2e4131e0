/* SPDX-License-Identifier: MIT */
/*
 * Many goroutines share a few connections to PostgreSQL, and a query ends with its context.
 *
 *     weft run examples/pg.c -- "host=localhost dbname=test"
 *
 * Without an argument the PG* environment variables say where the server is.  weft must have been
 * built with libpq (Debian: libpq-dev); it links what <weft/pg.h> needs by itself.
 */
#include <weft.h>
#include <weft/pg.h>

/* Every statement that can fail is asked for its error, once, at the end. */
static int transfer(weft_ctx *ctx, weft_pg_pool *pool, int from, int to, int cents)
{
    weft_auto(weft_pg, db) = weft_pg_acquire(ctx, pool);
    weft_auto(weft_pg_tx, tx) = weft_pg_begin(ctx, db);
    int64_t n =
        weft_pg_exec(ctx, db, "update account set cents = cents - $1 where id = $2", cents, from);
    if (n == 1)
        n = weft_pg_exec(ctx, db, "update account set cents = cents + $1 where id = $2", cents, to);
    if (n != 1)
        return n < 0 ? (int)n : -ENOENT; /* and the transaction is rolled back */
    return weft_pg_commit(ctx, tx);
}

static int print_accounts(weft_ctx *ctx, weft_pg_pool *pool)
{
    weft_auto(weft_pg, db) = weft_pg_acquire(ctx, pool);
    weft_auto(weft_pg_rows, r) =
        weft_pg_query(ctx, db, "select owner, cents from account where cents <> $1 order by id", 0);
    while (weft_pg_next(ctx, r)) {
        const char *owner;
        int64_t cents;
        if (weft_pg_scan(r, &owner, &cents) == 0)
            printf("%s has %lld cents\n", owner, (long long)cents);
    }
    if (weft_pg_err(r))
        fprintf(stderr, "%s\n", weft_pg_error_of(r)->message);
    return weft_pg_err(r);
}

static int set_up(weft_ctx *ctx, weft_pg_pool *pool)
{
    weft_auto(weft_pg, db) = weft_pg_acquire(ctx, pool);
    weft_pg_exec(ctx, db,
                 "drop table if exists account;"
                 "create table account (id int primary key, owner text,"
                 "                      cents bigint check (cents >= 0));"
                 "insert into account values (1, 'Ada', 1000), (2, 'Grace', 0)");
    if (weft_pg_err(db))
        fprintf(stderr, "%s\n", weft_pg_error_of(db)->message);
    return weft_pg_err(db);
}

int weft_main(int argc, char **argv)
{
    weft_ctx *ctx = weft_background();
    weft_auto(weft_pg_pool, pool) =
        weft_pg_pool_new(argc > 1 ? argv[1] : "", &(weft_pg_pool_opts){.max = 4});
    if (set_up(ctx, pool) != 0)
        return 1;

    /* A hundred transfers at once, over four connections. */
    weft_auto(weft_group, g) = weft_group_new(ctx);
    for (int i = 0; i < 100; i++)
        weft_group_go(g, transfer, weft_group_ctx(g), pool, 1, 2, 7);
    int err = weft_group_wait(g);
    printf("transfers: %s\n", err ? weft_strerror(err) : "done");
    if (print_accounts(ctx, pool) != 0)
        return 1;
    err = transfer(ctx, pool, 1, 2, 100000);
    printf("too much: %s\n", weft_strerror(err));

    /* The server works on this for a minute; we do not wait for it, nor does it go on. */
    weft_auto(weft_pg, db) = weft_pg_acquire(ctx, pool);
    weft_auto(weft_ctx, soon) = weft_ctx_with_timeout(ctx, 50 * WEFT_MILLISECOND);
    weft_pg_exec(soon, db, "select pg_sleep(60)");
    printf("slow query: %s\n", weft_strerror(weft_pg_err(db)));
    weft_pg_exec(ctx, db, "drop table account");
    printf("the same connection: %s\n", weft_pg_err(db) ? "broken" : "works");
    return 0;
}

/*
 * Prints, given a server:
 *
 *     transfers: done
 *     Ada has 300 cents
 *     Grace has 700 cents
 *     too much: Invalid argument
 *     slow query: Connection timed out
 *     the same connection: works
 */

/* SPDX-License-Identifier: MIT */
/*
 * sqlite_test.c - SQLite under weft: what comes back, what ends a query, what a mistake gets.
 */
#include <weft.h>
#include <weft/sqlite.h>

#include <sqlite3.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOREVER                                                                                    \
    "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
#define ROWS_FOREVER                                                                               \
    "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n"

static weft_ctx *bg(void) { return weft_background(); }

/* must - a statement that succeeds; how many rows it changed. */
static int64_t must(weft_sqlite *db, const char *sql)
{
    int64_t n = weft_sqlite_exec(bg(), db, sql);
    if (n < 0)
        weft_fail("%s: %s", sql, weft_sqlite_error_of(db)->message);
    return n;
}

/* number - the only value of the only row. */
static int64_t number(weft_sqlite *db, const char *sql)
{
    weft_auto(weft_sqlite_rows, r) = weft_sqlite_query(bg(), db, sql);
    int64_t n = weft_sqlite_next(bg(), r) ? weft_sqlite_int(r, 0) : -1;
    bool more = weft_sqlite_next(bg(), r);
    if (weft_sqlite_err(r) || more)
        weft_fail("%s: %s", sql, more ? "more than one row" : weft_sqlite_error_of(r)->message);
    return n;
}

/* A folder for files, gone at the end of the scope. */
typedef struct folder {
    char path[64], file[80];
} folder;

static folder *folder_new(void)
{
    folder *f = calloc(1, sizeof *f);
    strcpy(f->path, "/tmp/weft-sqlite-XXXXXX");
    if (!f || !mkdtemp(f->path))
        weft_fail("no folder in /tmp");
    snprintf(f->file, sizeof f->file, "%s/db", f->path);
    return f;
}

static void folder_cleanup(folder **f)
{
    char name[128];
    for (const char *const *end = (const char *const[]){"", "-wal", "-shm", "-journal", NULL}; *end;
         end++) {
        snprintf(name, sizeof name, "%s%s", (*f)->file, *end);
        unlink(name);
    }
    rmdir((*f)->path);
    free(*f);
}

/* ---- values ------------------------------------------------------------------- */

WEFT_TEST(values_come_back_as_they_went)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    weft_check(weft_sqlite_err(db), ==, 0);
    const char *none = NULL;
    char text[] = "it's";
    weft_sqlite_bytes blob = {"\0\1\2", 3}, empty = {NULL, 0};
    weft_auto(weft_sqlite_rows, r) =
        weft_sqlite_query(bg(), db, "select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 as eighth", INT64_MIN,
                          2.5, text, none, blob, empty, NULL, true);
    bool row = weft_sqlite_next(bg(), r);
    weft_check(row);
    weft_check(weft_sqlite_columns(r), ==, 8);
    weft_check(weft_sqlite_column_name(r, 7), ==, "eighth");
    weft_check(weft_sqlite_column_name(r, 8), ==, "");
    weft_check(weft_sqlite_int(r, 0), ==, INT64_MIN);
    weft_check(weft_sqlite_double(r, 1), ==, 2.5);
    weft_check(weft_sqlite_text(r, 2), ==, "it's");
    weft_check(weft_sqlite_text(r, 3) == NULL);
    weft_sqlite_bytes got = weft_sqlite_blob(r, 4);
    weft_check(got.size == 3 && memcmp(got.data, "\0\1\2", 3) == 0);
    got = weft_sqlite_blob(r, 5);
    weft_check(got.size == 0 && got.data != NULL);
    weft_check(!weft_sqlite_null(r, 5) && weft_sqlite_null(r, 6));
    weft_check(weft_sqlite_int(r, 7), ==, 1);
    weft_check(weft_sqlite_text(r, 0), ==, "-9223372036854775808"); /* a number as text */
    weft_check(weft_sqlite_err(r), ==, 0);
    row = weft_sqlite_next(bg(), r);
    weft_check(!row && weft_sqlite_err(r) == 0);
}

static void ends_with(weft_sqlite *db, const char *sql, int column, char getter, int err,
                      const char *message)
{
    weft_auto(weft_sqlite_rows, r) = weft_sqlite_query(bg(), db, sql);
    bool row = weft_sqlite_next(bg(), r);
    weft_check(row);
    if (getter == 'i')
        weft_check(weft_sqlite_int(r, column), ==, 0);
    else if (getter == 'd')
        weft_check(weft_sqlite_double(r, column) == 0);
    else
        weft_check(weft_sqlite_text(r, column) == NULL);
    weft_check(weft_sqlite_err(r), ==, err);
    weft_check(weft_sqlite_error_of(r)->message, ==, message);
    row = weft_sqlite_next(bg(), r);
    weft_check(!row);
    weft_check(weft_sqlite_err(r), ==, err);
}

WEFT_TEST(wrong_columns_end_the_rows)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    ends_with(db, "select 'x' as name union all select 'y'", 0, 'i', -EINVAL,
              "column 0, name: text, not an integer");
    ends_with(db, "select 1.5", 0, 'i', -EINVAL,
              "column 0, 1.5: a floating-point number, not an integer");
    ends_with(db, "select null as n", 0, 'd', -ENODATA, "column 0, n: null, not a number");
    ends_with(db, "select x'00' as b", 0, 't', -EINVAL, "column 0, b: a blob, not text");
    ends_with(db, "select 1, 2", 2, 'i', -EINVAL,
              "there is no column 2, there are 2, counted from 0");
    weft_auto(weft_sqlite_rows, r) = weft_sqlite_query(bg(), db, "select 1");
    weft_check(weft_sqlite_int(r, 0), ==, 0);
    weft_check(weft_sqlite_error_of(r)->message, ==, "there is no current row");
}

WEFT_TEST(many_rows_come_in_order)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    weft_auto(weft_sqlite_rows, r) = weft_sqlite_query(bg(), db, ROWS_FOREVER " limit ?1", 100000);
    int64_t n = 0;
    while (weft_sqlite_next(bg(), r))
        weft_check(weft_sqlite_int(r, 0), ==, ++n);
    weft_check(weft_sqlite_err(r), ==, 0);
    weft_check(n, ==, 100000);
}

WEFT_TEST(large_values)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    weft_auto(weft_sqlite_rows, r) =
        weft_sqlite_query(bg(), db, ROWS_FOREVER " limit 4"); /* to have several statements open */
    weft_auto(weft_sqlite_rows, big) = weft_sqlite_query(
        bg(), db,
        "with recursive n(i) as (select 1 union all select i + 1 from n limit 20) "
        "select zeroblob(300000), i from n");
    for (int i = 1; weft_sqlite_next(bg(), big); i++) {
        weft_check(weft_sqlite_blob(big, 0).size, ==, 300000u);
        weft_check(weft_sqlite_int(big, 1), ==, i);
    }
    weft_check(weft_sqlite_err(big), ==, 0);
    int n = 0;
    while (weft_sqlite_next(bg(), r))
        n++;
    weft_check(n, ==, 4);
}

/* ---- statements and their errors ---------------------------------------------------- */

WEFT_TEST(exec_counts_and_runs_scripts)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    int64_t n = must(db, "create table t(a integer primary key, b text unique); -- a comment\n"
                         "insert into t values (1, 'x'), (2, 'y'), (3, 'z'); ;\n");
    weft_check(n, ==, 3);
    n = weft_sqlite_exec(bg(), db, "update t set b = b || ?1 where a >= ?2 ;", "!", 2);
    weft_check(n, ==, 2);
    weft_check(must(db, "select * from t"), ==, 0);
    weft_check(must(db, ""), ==, 0);
    n = weft_sqlite_exec(bg(), db, "insert into t(b) values (?1)", "w");
    weft_check(n, ==, 1);
    weft_check(weft_sqlite_last_id(db), ==, 4);
    weft_check(number(db, "select count(*) from t where b in ('x', 'y!', 'z!', 'w')"), ==, 4);
}

static void fails(weft_sqlite *db, int64_t got, int err, int code, const char *message)
{
    weft_check(got, ==, err);
    weft_check(weft_sqlite_err(db), ==, err);
    weft_check(weft_sqlite_error_of(db)->code, ==, code);
    weft_check(weft_sqlite_error_of(db)->message, ==, message);
}

WEFT_TEST(errors_say_what_and_why)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    must(db, "create table t(a integer primary key, b text unique not null, c int check (c > 0))");
    must(db, "insert into t values (1, 'x', 1)");
    fails(db, weft_sqlite_exec(bg(), db, "insert into t values (1, 'y', 1)"), -EEXIST,
          SQLITE_CONSTRAINT_PRIMARYKEY, "UNIQUE constraint failed: t.a");
    fails(db, weft_sqlite_exec(bg(), db, "insert into t values (2, ?1, 1)", "x"), -EEXIST,
          SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: t.b");
    fails(db, weft_sqlite_exec(bg(), db, "insert into t values (2, NULL, 1)"), -EINVAL,
          SQLITE_CONSTRAINT_NOTNULL, "NOT NULL constraint failed: t.b");
    fails(db, weft_sqlite_exec(bg(), db, "selec 1"), -EINVAL, SQLITE_ERROR,
          "near \"selec\": syntax error");
    fails(db, weft_sqlite_exec(bg(), db, "select ?1", 1, 2), -EINVAL, SQLITE_RANGE,
          "the statement has 1 parameters, not 2");
    fails(db, weft_sqlite_exec(bg(), db, "select ?1; select 2", 1), -EINVAL, SQLITE_MISUSE,
          "there is more than one statement");
    fails(db, weft_sqlite_prepare(bg(), db, "-- nothing"), -EINVAL, SQLITE_MISUSE,
          "there is no statement");
    must(db, "select 1");
    weft_check(weft_sqlite_err(db), ==, 0);
    weft_auto(weft_sqlite_rows, r) = weft_sqlite_query(bg(), db, "select * from nowhere");
    bool row = weft_sqlite_next(bg(), r);
    weft_check(!row);
    weft_check(weft_sqlite_err(r), ==, -EINVAL);
    weft_check(weft_sqlite_error_of(r)->message, ==, "no such table: nowhere");
    weft_check(weft_sqlite_columns(r), ==, 0);
}

/* An error in a later row comes after the rows before it. */
WEFT_TEST(rows_before_an_error_are_seen)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    weft_auto(weft_sqlite_rows, r) = weft_sqlite_query(
        bg(), db,
        "with recursive n(i) as (select 1 union all select i + 1 from n limit 9) "
        "select case when i = 8 then abs(-9223372036854775808) else i end from n");
    int n = 0;
    while (weft_sqlite_next(bg(), r))
        n++;
    weft_check(n, ==, 7);
    weft_check(weft_sqlite_err(r), ==, -EINVAL);
    weft_check(weft_sqlite_error_of(r)->message, ==, "integer overflow");
}

WEFT_TEST(what_does_not_open_says_so_everywhere)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), "/nonexistent/x", NULL);
    weft_check(weft_sqlite_err(db), ==, -ENOENT);
    weft_check(weft_sqlite_error_of(db)->message, ==, "/nonexistent/x: No such file or directory");
    int64_t n = weft_sqlite_exec(bg(), db, "select 1");
    weft_check(n, ==, -ENOENT);
    int err = weft_sqlite_prepare(bg(), db, "select 1");
    weft_check(err, ==, -ENOENT);
    weft_auto(weft_sqlite_tx, tx) = weft_sqlite_begin(bg(), db, WEFT_SQLITE_READ);
    weft_check(weft_sqlite_err(tx), ==, -ENOENT);
    weft_auto(weft_sqlite_rows, r) = weft_sqlite_query(bg(), db, "select 1");
    bool row = weft_sqlite_next(bg(), r);
    weft_check(!row);
    weft_check(weft_sqlite_error_of(r)->message, ==, "/nonexistent/x: No such file or directory");
    err = weft_sqlite_commit(bg(), tx);
    weft_check(err, ==, -ENOENT);
    weft_check(weft_sqlite_last_id(db) == 0 && weft_sqlite_raw(db) == NULL);
}

WEFT_TEST(modes_of_opening)
{
    weft_auto(folder, f) = folder_new();
    weft_sqlite_opts existing = {.must_exist = true}, reader = {.read_only = true};
    weft_auto(weft_sqlite, none) = weft_sqlite_open(bg(), f->file, &existing);
    weft_check(weft_sqlite_err(none), ==, -ENOENT);
    weft_auto(weft_sqlite, none2) = weft_sqlite_open(bg(), f->file, &reader);
    weft_check(weft_sqlite_err(none2), ==, -ENOENT);
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), f->file, NULL);
    must(db, "create table t(a)");
    weft_auto(weft_sqlite, ro) = weft_sqlite_open(bg(), f->file, &reader);
    weft_check(weft_sqlite_err(ro), ==, 0);
    int64_t n = weft_sqlite_exec(bg(), ro, "insert into t values (1)");
    weft_check(n, ==, -EROFS);

    FILE *out = fopen(f->file, "w");
    fprintf(out, "%01000d\n", 0);
    fclose(out);
    weft_auto(weft_sqlite, bad) = weft_sqlite_open(bg(), f->file, NULL);
    n = weft_sqlite_exec(bg(), bad, "select * from t");
    weft_check(n, ==, -EBADMSG);
}

WEFT_TEST(prepared_statements_are_used_again)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    must(db, "create table t(a)");
    int err = weft_sqlite_prepare(bg(), db, "insert into t values (?1)");
    weft_check(err, ==, 0);
    err = weft_sqlite_prepare(bg(), db, "insert into t values (?1)");
    weft_check(err, ==, 0);
    for (int i = 0; i < 100; i++) {
        int64_t n = weft_sqlite_exec(bg(), db, "insert into t values (?1)", i);
        weft_check(n, ==, 1);
    }
    const char *sql = "select a from t where a >= ?1 order by a";
    err = weft_sqlite_prepare(bg(), db, sql);
    weft_check(err, ==, 0);
    /* Twice at the same time, and again after being dropped in the middle. */
    for (int round = 0; round < 3; round++) {
        weft_auto(weft_sqlite_rows, a) = weft_sqlite_query(bg(), db, sql, 10);
        weft_auto(weft_sqlite_rows, b) = weft_sqlite_query(bg(), db, sql, 20);
        for (int i = 0; i < 70; i++) {
            bool both = weft_sqlite_next(bg(), a) && weft_sqlite_next(bg(), b);
            weft_check(both);
            weft_check(weft_sqlite_int(a, 0), ==, 10 + i);
            weft_check(weft_sqlite_int(b, 0), ==, 20 + i);
        }
    }
    /* SQLite counts how often each was run: prepared ones really were. */
    sqlite3_stmt *st = sqlite3_next_stmt(weft_sqlite_raw(db), NULL);
    int runs = 0, statements = 0;
    for (; st; st = sqlite3_next_stmt(weft_sqlite_raw(db), st), statements++)
        runs += sqlite3_stmt_status(st, SQLITE_STMTSTATUS_RUN, 0);
    weft_check(statements, ==, 2);
    weft_check(runs, ==, 103);
    must(db, "alter table t add column b"); /* the schema changes under them */
    int64_t n = weft_sqlite_exec(bg(), db, sql, 1);
    weft_check(n, ==, 0);
}

/* ---- transactions -------------------------------------------------------------- */

static int add_two(weft_ctx *ctx, weft_sqlite *db, int a, int b)
{
    weft_auto(weft_sqlite_tx, tx) = weft_sqlite_begin(ctx, db, WEFT_SQLITE_WRITE);
    weft_sqlite_exec(ctx, db, "insert into t values (?1)", a);
    weft_sqlite_exec(ctx, db, "insert into t values (?1)", b);
    return weft_sqlite_commit(ctx, tx);
}

WEFT_TEST(a_transaction_happens_whole_or_not)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    must(db, "create table t(a integer primary key)");
    int err = add_two(bg(), db, 1, 2);
    weft_check(err, ==, 0);
    err = add_two(bg(), db, 2, 3); /* the first fails, so the second must not be seen */
    weft_check(err, ==, -EEXIST);
    weft_check(number(db, "select count(*) from t"), ==, 2);
    {
        weft_auto(weft_sqlite_tx, tx) = weft_sqlite_begin(bg(), db, WEFT_SQLITE_WRITE);
        must(db, "insert into t values (4)");
    }
    weft_check(number(db, "select count(*) from t"), ==, 2);
    err = add_two(bg(), db, 5, 6);
    weft_check(err, ==, 0);
    weft_check(number(db, "select count(*) from t"), ==, 4);
}

static void panics_within(weft_sqlite *db)
{
    weft_auto(weft_sqlite_tx, tx) = weft_sqlite_begin(bg(), db, WEFT_SQLITE_WRITE);
    must(db, "insert into t values (1)");
    weft_panic("in the middle");
}

WEFT_TEST(a_panic_rolls_back)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    must(db, "create table t(a)");
    weft_auto(weft_panic_info, p) = weft_try(panics_within, db);
    weft_check(weft_panic_message(p), ==, "in the middle");
    weft_check(number(db, "select count(*) from t"), ==, 0);
}

WEFT_TEST(inner_transactions)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    must(db, "create table t(a integer primary key)");
    weft_auto(weft_sqlite_tx, outer) = weft_sqlite_begin(bg(), db, WEFT_SQLITE_WRITE);
    must(db, "insert into t values (1)");
    int err = add_two(bg(), db, 2, 3);
    weft_check(err, ==, 0);
    err = add_two(bg(), db, 4, 4);
    weft_check(err, ==, -EEXIST);
    must(db, "insert into t values (5)"); /* the outer one is sound */
    {
        weft_auto(weft_sqlite_tx, inner) = weft_sqlite_begin(bg(), db, WEFT_SQLITE_READ);
        err = weft_sqlite_commit(bg(), outer);
        weft_check(err, ==, -EBUSY);
    }
    err = weft_sqlite_commit(bg(), outer);
    weft_check(err, ==, 0);
    weft_check(number(db, "select sum(a) from t"), ==, 1 + 2 + 3 + 5);

    /* Ending the outer one ends those within. */
    weft_auto(weft_sqlite_tx, one) = weft_sqlite_begin(bg(), db, WEFT_SQLITE_WRITE);
    weft_auto(weft_sqlite_tx, two) = weft_sqlite_begin(bg(), db, WEFT_SQLITE_WRITE);
    must(db, "delete from t");
    weft_sqlite_rollback(one);
    weft_check(number(db, "select sum(a) from t"), ==, 11);
}

WEFT_TEST(handles_end_in_any_order)
{
    weft_auto(folder, f) = folder_new();
    weft_sqlite *db = weft_sqlite_open(bg(), f->file, NULL);
    must(db, "create table t(a)");
    weft_sqlite_tx *tx = weft_sqlite_begin(bg(), db, WEFT_SQLITE_WRITE);
    must(db, "insert into t values (1)");
    weft_sqlite_rows *short_one = weft_sqlite_query(bg(), db, "select a from t");
    weft_sqlite_rows *long_one = weft_sqlite_query(bg(), db, ROWS_FOREVER);
    weft_sqlite_close(db);
    bool row = weft_sqlite_next(bg(), short_one);
    weft_check(row && weft_sqlite_int(short_one, 0) == 1);
    row = weft_sqlite_next(bg(), short_one);
    weft_check(!row && weft_sqlite_err(short_one) == 0);
    while (weft_sqlite_next(bg(), long_one))
        ;
    weft_check(weft_sqlite_err(long_one), ==, -EBADF);
    int err = weft_sqlite_commit(bg(), tx);
    weft_check(err, ==, -EBADF);
    weft_sqlite_tx_free(tx);
    weft_sqlite_rows_free(long_one);
    weft_sqlite_rows_free(short_one);
    weft_auto(weft_sqlite, again) = weft_sqlite_open(bg(), f->file, NULL);
    weft_check(number(again, "select count(*) from t"), ==, 0);
}

/* ---- contexts ------------------------------------------------------------------- */

/* still_good - the connection works as before. */
static void still_good(weft_sqlite *db) { weft_check(number(db, "select 6 * 7"), ==, 42); }

WEFT_TEST(a_deadline_ends_a_query_that_runs_for_ever)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    for (int i = 0; i < 5; i++) {
        weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(bg(), 20 * WEFT_MILLISECOND);
        weft_time start = weft_now();
        weft_auto(weft_sqlite_rows, r) = weft_sqlite_query(ctx, db, FOREVER);
        weft_check(weft_sqlite_err(r), ==, -ETIMEDOUT);
        weft_check(weft_now() - start < 2 * WEFT_SECOND);
        int64_t n = weft_sqlite_exec(ctx, db, "select 1");
        weft_check(n, ==, -ETIMEDOUT);
        still_good(db);
    }
}

WEFT_TEST(a_cancel_ends_rows_in_the_middle)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(bg());
    weft_auto(weft_sqlite_rows, other) = weft_sqlite_query(bg(), db, ROWS_FOREVER);
    weft_auto(weft_sqlite_rows, r) = weft_sqlite_query(ctx, db, ROWS_FOREVER);
    for (int i = 0; i < 1000; i++) {
        bool row = weft_sqlite_next(ctx, r);
        weft_check(row);
    }
    weft_ctx_cancel(ctx);
    bool row = weft_sqlite_next(ctx, r); /* also when rows are here already */
    weft_check(!row);
    weft_check(weft_sqlite_err(r), ==, -ECANCELED);
    row = weft_sqlite_next(bg(), r);
    weft_check(!row);
    for (int i = 0; i < 1000; i++) { /* other rows of the connection go on */
        row = weft_sqlite_next(bg(), other);
        weft_check(row);
    }
    still_good(db);
}

WEFT_TEST(an_interrupted_write_ends_its_transaction)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    must(db, "create table t(a)");
    weft_auto(weft_sqlite_tx, tx) = weft_sqlite_begin(bg(), db, WEFT_SQLITE_WRITE);
    must(db, "insert into t values (1)");
    {
        weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(bg(), 10 * WEFT_MILLISECOND);
        int64_t n = weft_sqlite_exec(ctx, db, "insert into t " ROWS_FOREVER);
        weft_check(n, ==, -ETIMEDOUT);
    }
    int64_t n = weft_sqlite_exec(bg(), db, "insert into t values (2)");
    weft_check(n, ==, -ETIMEDOUT); /* not outside of the transaction, by mistake */
    int err = weft_sqlite_commit(bg(), tx);
    weft_check(err, ==, -ETIMEDOUT);
    weft_check(number(db, "select count(*) from t"), ==, 0);

    /* The same within an inner one: it takes the outer one with it. */
    weft_auto(weft_sqlite_tx, outer) = weft_sqlite_begin(bg(), db, WEFT_SQLITE_WRITE);
    must(db, "insert into t values (1)");
    {
        weft_auto(weft_sqlite_tx, inner) = weft_sqlite_begin(bg(), db, WEFT_SQLITE_WRITE);
        weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(bg(), 10 * WEFT_MILLISECOND);
        n = weft_sqlite_exec(ctx, db, "insert into t " ROWS_FOREVER);
        weft_check(n, ==, -ETIMEDOUT);
    }
    n = weft_sqlite_exec(bg(), db, "insert into t values (2)");
    weft_check(n, ==, -ESTALE);
    err = weft_sqlite_commit(bg(), outer);
    weft_check(err, ==, -ESTALE);
    weft_check(number(db, "select count(*) from t"), ==, 0);
}

static void sleep_in_sql(sqlite3_context *c, int n, sqlite3_value **v)
{
    (void)n;
    weft_ctx *ctx = weft_sqlite_ctx(sqlite3_user_data(c));
    if (weft_sleep(ctx, sqlite3_value_int(v[0]) * WEFT_MILLISECOND) != 0)
        sqlite3_result_error_code(c, SQLITE_INTERRUPT);
    else
        sqlite3_result_int(c, 1);
}

WEFT_TEST(sql_functions_have_the_context)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    sqlite3_create_function(weft_sqlite_raw(db), "sleep", 1, SQLITE_UTF8, db, sleep_in_sql, NULL,
                            NULL);
    weft_check(number(db, "select sleep(5)"), ==, 1);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(bg(), 10 * WEFT_MILLISECOND);
    weft_time start = weft_now();
    int64_t n = weft_sqlite_exec(ctx, db, "select sleep(30000)");
    weft_check(n, ==, -ETIMEDOUT);
    weft_check(weft_now() - start < 10 * WEFT_SECOND);
    weft_check(weft_sqlite_ctx(db) == NULL);
}

static void query_for_ever(weft_ctx *ctx, weft_sqlite *arg, atomic_int *ended)
{
    weft_auto(weft_sqlite, db) = arg;
    weft_auto(weft_sqlite_rows, r) = weft_sqlite_query(ctx, db, FOREVER);
    weft_check(weft_sqlite_err(r), ==, weft_ctx_err(ctx));
    still_good(db);
    atomic_fetch_add(ended, 1);
}

/* More of them than may run at the same time: those that wait for their turn end too. */
WEFT_TEST(hundreds_of_queries_are_cancelled_at_once)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(bg());
    atomic_int ended = 0;
    weft_wg wg = {0};
    enum { N = 300 };
    weft_sqlite *db[N];
    for (int i = 0; i < N; i++)
        db[i] = weft_sqlite_open(bg(), ":memory:", NULL);
    for (int i = 0; i < N; i++)
        weft_wg_go(&wg, query_for_ever, ctx, db[i], &ended);
    weft_test_until_waiting(64, WEFT_WAIT_BLOCKING);
    weft_test_until_waiting(N - 64, WEFT_WAIT_SEM);
    weft_check(atomic_load(&ended), ==, 0);
    weft_time start = weft_now();
    weft_ctx_cancel(ctx);
    weft_wg_wait(&wg);
    weft_check(atomic_load(&ended), ==, N);
    weft_check(weft_now() - start < 10 * WEFT_SECOND);
}

/* Deadlines of all lengths hit connections everywhere: while they begin, run, and have ended. */
static void storm(const char *file, int worker, atomic_int *ok, atomic_int *stopped)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), file, NULL);
    for (int i = 0; i < 30; i++) {
        weft_duration d = (weft_duration)(weft_rand() % 3000) * WEFT_MICROSECOND;
        weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(bg(), d);
        weft_auto(weft_sqlite_tx, tx) = weft_sqlite_begin(ctx, db, WEFT_SQLITE_WRITE);
        weft_sqlite_exec(ctx, db, "insert into t values (?1, ?2)", worker, i);
        weft_sqlite_exec(ctx, db, ROWS_FOREVER " limit 3000");
        weft_sqlite_exec(ctx, db, "insert into t values (?1, ?2)", worker, i);
        int err = weft_sqlite_commit(ctx, tx);
        if (err == 0)
            atomic_fetch_add(ok, 1);
        else if (err == -ETIMEDOUT)
            atomic_fetch_add(stopped, 1);
        else
            weft_fail("%s", weft_sqlite_error_of(tx)->message);
    }
    still_good(db);
}

WEFT_TEST(a_storm_of_deadlines)
{
    weft_auto(folder, f) = folder_new();
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), f->file, NULL);
    must(db, "pragma journal_mode = wal; pragma synchronous = off; create table t(w, i)");
    atomic_int ok = 0, stopped = 0;
    weft_wg wg = {0};
    for (int i = 0; i < 20; i++)
        weft_wg_go(&wg, storm, f->file, i, &ok, &stopped);
    weft_wg_wait(&wg);
    weft_check(ok + stopped, ==, 20 * 30);
    weft_check(stopped, >, 0);
    weft_check(number(db, "select count(*) from t"), ==, 2 * ok);
    weft_check(
        number(db, "select count(*) from (select 1 from t group by w, i having count(*) <> 2)"), ==,
        0);
}

/* ---- locks ---------------------------------------------------------------------- */

static void count_up(const char *file, int times)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), file, NULL);
    for (int i = 0; i < times; i++) {
        weft_auto(weft_sqlite_tx, tx) = weft_sqlite_begin(bg(), db, WEFT_SQLITE_WRITE);
        int64_t n = number(db, "select n from t");
        weft_sqlite_exec(bg(), db, "update t set n = ?1", n + 1);
        int err = weft_sqlite_commit(bg(), tx);
        weft_check(err, ==, 0);
    }
}

/* More writers than turns, so whoever has the lock must not need one. */
static void writers(const char *mode, int n, int times)
{
    weft_auto(folder, f) = folder_new();
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), f->file, NULL);
    must(db, mode);
    must(db, "pragma synchronous = off; create table t(n integer); insert into t values (0)");
    weft_wg wg = {0};
    for (int i = 0; i < n; i++)
        weft_wg_go(&wg, count_up, f->file, times);
    weft_wg_wait(&wg);
    weft_check(number(db, "select n from t"), ==, n * times);
}

WEFT_TEST(writers_wait_for_each_other) { writers("pragma journal_mode = wal", 100, 2); }
WEFT_TEST(writers_wait_for_each_other_without_wal)
{
    writers("pragma journal_mode = delete", 20, 2);
}

WEFT_TEST(a_deadline_ends_the_wait_for_a_lock)
{
    weft_auto(folder, f) = folder_new();
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), f->file, NULL);
    weft_auto(weft_sqlite, other) = weft_sqlite_open(bg(), f->file, NULL);
    must(db, "create table t(a)");
    weft_auto(weft_sqlite_tx, tx) = weft_sqlite_begin(bg(), db, WEFT_SQLITE_WRITE);
    must(db, "insert into t values (1)");
    weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(bg(), 60 * WEFT_MILLISECOND);
    weft_time start = weft_now();
    int64_t n = weft_sqlite_exec(ctx, other, "insert into t values (2)");
    weft_check(n, ==, -ETIMEDOUT);
    weft_duration waited = weft_now() - start;
    weft_check(waited >= 55 * WEFT_MILLISECOND && waited < 2 * WEFT_SECOND);
    int err = weft_sqlite_commit(bg(), tx);
    weft_check(err, ==, 0);
    n = weft_sqlite_exec(bg(), other, "insert into t values (2)");
    weft_check(n, ==, 1);
}

/* Each has read, and wants to write what the other has read: one is told so at once. */
WEFT_TEST(waiting_in_vain_is_busy)
{
    weft_auto(folder, f) = folder_new();
    weft_auto(weft_sqlite, a) = weft_sqlite_open(bg(), f->file, NULL);
    must(a, "pragma journal_mode = wal; create table t(a)");
    weft_auto(weft_sqlite, b) = weft_sqlite_open(bg(), f->file, NULL);
    weft_auto(weft_sqlite_tx, ta) = weft_sqlite_begin(bg(), a, WEFT_SQLITE_READ);
    weft_check(number(a, "select count(*) from t"), ==, 0);
    must(b, "insert into t values (1)");
    weft_check(number(a, "select count(*) from t"), ==, 0); /* the database of one moment */
    int64_t n = weft_sqlite_exec(bg(), a, "insert into t values (2)");
    weft_check(n, ==, -EBUSY);
}

/* ---- misuse --------------------------------------------------------------------- */

static void wait_in_sql(sqlite3_context *c, int n, sqlite3_value **v)
{
    (void)n, (void)v;
    weft_chan *gate = sqlite3_user_data(c);
    weft_recv((weft_done_chan *)gate, NULL);
    sqlite3_result_int(c, 1);
}

static void run_gate(weft_sqlite *db) { must(db, "select gate()"); }
static void use_too(weft_sqlite *db) { weft_sqlite_exec(bg(), db, "select 1"); }

WEFT_TEST(two_goroutines_on_one_connection_are_told)
{
    weft_auto(folder, f) = folder_new();
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), f->file, NULL);
    weft_auto(weft_done_chan, gate) = weft_make(weft_done_chan, 0);
    sqlite3_create_function(weft_sqlite_raw(db), "gate", 0, SQLITE_UTF8, gate, wait_in_sql, NULL,
                            NULL);
    weft_wg wg = {0};
    weft_wg_go(&wg, run_gate, db);
    weft_test_until_waiting(1, WEFT_WAIT_BLOCKING);
    weft_auto(weft_panic_info, p) = weft_try(use_too, db);
    const char *text = p ? weft_panic_message(p) : "no panic";
    char wanted[200];
    snprintf(wanted, sizeof wanted, "weft_sqlite_exec: the connection to %s is in use: goroutine ",
             f->file);
    weft_check(strncmp(text, wanted, strlen(wanted)) == 0);
    weft_check(strstr(text, " is in weft_sqlite_exec; goroutines that work") != NULL);
    weft_close(gate);
    weft_wg_wait(&wg);
    still_good(db);
}

static void commit_again(weft_sqlite_tx *tx) { weft_sqlite_commit(bg(), tx); }
static void bind_pointer(weft_sqlite *db)
{
    void *p = db;
    weft_sqlite_exec(bg(), db, "select ?1", p);
}

WEFT_TEST(wrong_uses_panic)
{
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), ":memory:", NULL);
    weft_auto(weft_sqlite_tx, tx) = weft_sqlite_begin(bg(), db, WEFT_SQLITE_READ);
    int err = weft_sqlite_commit(bg(), tx);
    weft_check(err, ==, 0);
    weft_auto(weft_panic_info, p) = weft_try(commit_again, tx);
    weft_check(weft_panic_message(p), ==,
               "weft_sqlite_commit: the transaction was committed or rolled back before");
    weft_auto(weft_panic_info, q) = weft_try(use_too, NULL);
    weft_check(weft_panic_message(q), ==, "weft_sqlite_exec: NULL connection");
    weft_auto(weft_panic_info, v) = weft_try(bind_pointer, db);
    weft_check(v != NULL);
    still_good(db);
}

/* ---- plain SQLite in goroutines --------------------------------------------------- */

/* The longest time between two rounds of a loop that sleeps for a millisecond. */
struct beat {
    // weft:ignore ctxfield a thread gets one argument; the struct lives as long as the context
    weft_ctx *ctx;
    weft_duration worst;
};

static void beat_once(struct beat *b, weft_time *last)
{
    weft_time now = weft_now();
    if (now - *last > b->worst)
        b->worst = now - *last;
    *last = now;
}

static void beat_of_goroutine(struct beat *b)
{
    weft_time last = weft_now();
    while (weft_sleep(b->ctx, WEFT_MILLISECOND) == 0)
        beat_once(b, &last);
}

static void *beat_of_thread(void *beat)
{
    struct beat *b = beat;
    weft_time last = weft_now();
    while (!weft_ctx_err(b->ctx)) {
        usleep(1000);
        beat_once(b, &last);
    }
    return NULL;
}

/* beats_while - do the work in so many goroutines at once.  Meanwhile a goroutine's clock must not
 * stop for 50 ms longer than a plain thread's does, which shows what else the machine is busy
 * with. */
static void beats_while(void (*work)(const char *), int n, const char *file)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(bg());
    struct beat goroutine = {.ctx = ctx}, thread = {.ctx = ctx};
    pthread_t id;
    weft_wg beat = {0}, wg = {0};
    weft_wg_go(&beat, beat_of_goroutine, &goroutine);
    weft_check(pthread_create(&id, NULL, beat_of_thread, &thread) == 0);
    for (int i = 0; i < n; i++)
        weft_wg_go(&wg, work, file);
    weft_wg_wait(&wg);
    weft_ctx_cancel(ctx);
    weft_wg_wait(&beat);
    pthread_join(id, NULL);
    printf("worst gap: goroutine %.1f ms, thread %.1f ms\n", (double)goroutine.worst / 1e6,
           (double)thread.worst / 1e6);
    if (thread.worst > 20 * WEFT_MILLISECOND)
        weft_skip("the machine is too busy to tell: even a thread has no turn for %.0f ms",
                  (double)thread.worst / 1e6);
    weft_check(goroutine.worst < 50 * WEFT_MILLISECOND + thread.worst);
}

/* wait_in_step - sqlite3_step() waits in vain for a lock, in SQLite's own way. */
static void wait_in_step(const char *file)
{
    sqlite3 *db;
    weft_check(sqlite3_open(file, &db) == SQLITE_OK);
    sqlite3_busy_timeout(db, 300);
    int code = sqlite3_exec(db, "insert into t values (1)", NULL, NULL, NULL);
    weft_check(code, ==, SQLITE_BUSY);
    sqlite3_close(db);
}

WEFT_TEST(plain_sqlite_that_blocks_stops_nobody)
{
    weft_auto(folder, f) = folder_new();
    weft_auto(weft_sqlite, db) = weft_sqlite_open(bg(), f->file, NULL);
    must(db, "create table t(a)");
    weft_auto(weft_sqlite_tx, tx) = weft_sqlite_begin(bg(), db, WEFT_SQLITE_WRITE);
    beats_while(wait_in_step, 64, f->file);
}

/* SPDX-License-Identifier: MIT */
/*
 * Statements, parameters, rows, errors: one connection, one goroutine.
 */
//weft: -lweft_pg -lpq -I/usr/include/postgresql
#include "pg_test.h"

#include <float.h>
#include <math.h>

#define ctx weft_background()

/* What the server makes of a parameter, as text. */
#define CHECK_PARAM(sql, value, wanted)                                                            \
    do {                                                                                           \
        weft_auto(weft_pg_rows, param_r) = weft_pg_query(ctx, db, sql, value);                     \
        bool param_any = weft_pg_next(ctx, param_r);                                               \
        if (weft_pg_err(param_r))                                                                  \
            weft_fail("%s, %s: %s", sql, #value, weft_pg_error_of(param_r)->message);              \
        weft_check(param_any);                                                                     \
        const char *param_text = weft_pg_text(param_r, 0);                                         \
        weft_check(param_text, ==, (const char *)(wanted));                                        \
    } while (0)

WEFT_TEST(parameters_of_every_kind)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    signed char sc = -8;
    unsigned char uc = 200;
    short s = -300;
    unsigned short us = 60000;
    unsigned u = 4000000000u;
    long long ll = INT64_MIN;
    uint64_t u64 = UINT64_MAX;
    float f = 0.1f;
    bool yes = true;
    char buffer[] = "buffer";
    const char *none = NULL;
    for (int prepared = 0; prepared < 2; prepared++) {
        CHECK_PARAM("select $1::int8", 42, "42");
        CHECK_PARAM("select $1::int8", sc, "-8");
        CHECK_PARAM("select $1::int8", uc, "200");
        CHECK_PARAM("select $1::int2", s, "-300");
        CHECK_PARAM("select $1::int4", us, "60000");
        CHECK_PARAM("select $1::int8", u, "4000000000");
        CHECK_PARAM("select $1::int8", ll, "-9223372036854775808");
        CHECK_PARAM("select $1::numeric", u64, "18446744073709551615");
        CHECK_PARAM("select $1::float8", 0.1, "0.1");
        CHECK_PARAM("select $1::numeric", 0.1, "0.1");
        CHECK_PARAM("select $1::float4", f, "0.1");
        CHECK_PARAM("select $1::float8", 1.0 / 3, "0.3333333333333333");
        CHECK_PARAM("select $1::float8", DBL_MAX, "1.7976931348623157e+308");
        CHECK_PARAM("select $1::float8", DBL_TRUE_MIN, "5e-324");
        CHECK_PARAM("select $1::float8", -0.0, "-0");
        CHECK_PARAM("select $1::float8", NAN, "NaN");
        CHECK_PARAM("select $1::float8", -INFINITY, "-Infinity");
        CHECK_PARAM("select $1::bool", yes, "t");
        CHECK_PARAM("select $1::bool", true, "t");
        CHECK_PARAM("select $1::bool", 0, "f");
        CHECK_PARAM("select $1", "plain", "plain");
        CHECK_PARAM("select $1", buffer, "buffer");
        CHECK_PARAM("select $1", "'; drop table users; --", "'; drop table users; --");
        CHECK_PARAM("select $1", "", "");
        CHECK_PARAM("select upper($1)", "\xc3\xa4", "\xc3\xa4"); /* locale C: left alone */
        CHECK_PARAM("select coalesce($1, 'null')", none, "null");
        CHECK_PARAM("select coalesce($1, 'null')", NULL, "null");
        CHECK_PARAM("select $1::bytea", ((weft_pg_bytes){"\0\1\xff", 3}), "\\x0001ff");
        CHECK_PARAM("select $1::bytea", ((weft_pg_bytes){NULL, 0}), "\\x");
        CHECK_PARAM("select $1::jsonb->>'a'", "{\"a\": 1}", "1");
        CHECK_PARAM("select $1::date + 1", "2024-02-28", "2024-02-29");
        CHECK_PARAM("select repeat('ab', $1)", 3, "ababab");
        /* The same once more, prepared. */
        MUST(weft_pg_prepare(ctx, db, "select $1::int8"));
        MUST(weft_pg_prepare(ctx, db, "select $1::float8"));
        MUST(weft_pg_prepare(ctx, db, "select $1::bytea"));
        MUST(weft_pg_prepare(ctx, db, "select $1"));
    }
    weft_auto(weft_pg_rows, r) = weft_pg_query(
        ctx, db,
        "select $1::int+$2::int+$3::int+$4::int+$5::int+$6::int+$7::int+$8::int+$9::int+"
        "$10::int+$11::int+$12::int+$13::int+$14::int+$15::int+$16::int",
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
    bool any = weft_pg_next(ctx, r);
    weft_check(any);
    weft_check(weft_pg_int(r, 0), ==, 136);
}

WEFT_TEST(parameters_in_an_array)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    enum { MANY = 300 };
    weft_pg_param params[MANY];
    char sql[MANY * 16] = "select 0";
    for (int i = 0; i < MANY; i++) {
        params[i] = weft_pg_of(i);
        sprintf(sql + strlen(sql), "+$%d::int", i + 1);
    }
    weft_auto(weft_pg_rows, r) = weft_pg_query_n(ctx, db, 0, sql, MANY, params);
    bool any = weft_pg_next(ctx, r);
    weft_check(any);
    weft_check(weft_pg_int(r, 0), ==, MANY * (MANY - 1) / 2);
    weft_check(weft_pg_exec_n(ctx, db, sql, MANY, params), ==, 1);
}

WEFT_TEST(prepared_once_and_used_by_its_text)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    const char *sql = "select $1::int + 1";
    MUST(weft_pg_prepare(ctx, db, sql));
    MUST(weft_pg_prepare(ctx, db, sql));
    weft_check(number(ctx, db, "select count(*) from pg_prepared_statements"), ==, 1);
    weft_check(weft_pg_exec(ctx, db, sql, 1), ==, 1);
    /* The prepared one ran: PostgreSQL counts its plans. */
    weft_check(number(ctx, db, "select generic_plans + custom_plans from pg_prepared_statements"),
               ==, 1);
    int err = weft_pg_prepare(ctx, db, "selekt 1");
    weft_check(err, ==, -EINVAL);
    weft_check(weft_pg_error_of(db)->sqlstate, ==, (const char *)"42601");
    /* Somebody threw it away: one error, then it is known. */
    MUST(weft_pg_exec(ctx, db, "deallocate all"));
    weft_check(weft_pg_exec(ctx, db, sql, 1), <, 0);
    weft_check(weft_pg_exec(ctx, db, sql, 1), ==, 1);
}

WEFT_TEST(counts_of_changed_rows)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    weft_check(weft_pg_exec(ctx, db, "create temp table t (a int)"), ==, 0);
    weft_check(weft_pg_exec(ctx, db, "insert into t select generate_series(1, $1)", 10), ==, 10);
    weft_check(weft_pg_exec(ctx, db, "update t set a = a + 1 where a > $1", 7), ==, 3);
    weft_check(weft_pg_exec(ctx, db, "delete from t where a = 1; delete from t where a < 5"), ==,
               3);
    weft_check(weft_pg_exec(ctx, db, ""), ==, 0);
    /* Several statements are one transaction. */
    weft_check(weft_pg_exec(ctx, db, "delete from t; select 1/0"), ==, -EINVAL);
    weft_check(number(ctx, db, "select count(*) from t"), ==, 6);
}

WEFT_TEST(errors_say_what_the_server_said)
{
    static const struct {
        const char *sql, *sqlstate;
        int err;
    } cases[] = {
        {"selekt", "42601", -EINVAL},
        {"select * from no_such_table", "42P01", -ENOENT},
        {"select no_such_column", "42703", -ENOENT},
        {"select no_such_function()", "42883", -ENOENT},
        {"select 1/0", "22012", -EINVAL},
        {"select 'x'::int", "22P02", -EINVAL},
        {"set statement_timeout = 1; select pg_sleep(10)", "57014", -ECANCELED},
        {"do $$ begin raise exception 'mine' using errcode = 'ZZ123'; end $$", "ZZ123", -EREMOTEIO},
        {"do $$ begin raise exception 'x' using errcode = '40001'; end $$", "40001", -EAGAIN},
        {"create database x template nobody_has_this", "3D000", -ENOENT},
        {"set role no_such_role", "22023", -EINVAL},
    };
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t r = weft_pg_exec(ctx, db, cases[i].sql);
        const weft_pg_error *e = weft_pg_error_of(db);
        if (r != cases[i].err || e->err != r || strcmp(e->sqlstate, cases[i].sqlstate) != 0 ||
            !*e->message)
            weft_fail("%s: %lld, %s, %s", cases[i].sql, (long long)r, e->sqlstate, e->message);
        weft_check(weft_pg_exec(ctx, db, "select 1"), ==, 1); /* it is as good as before */
        weft_check(weft_pg_err(db), ==, 0);
    }
    MUST(weft_pg_exec(ctx, db,
                      "reset all; create temp table t (a int constraint positive check "
                      "(a > 0), b int primary key)"));
    weft_auto(weft_pg_rows, r) =
        weft_pg_query(ctx, db, "insert into t values ($1, 1), (2, 1) returning a", 1);
    bool any = weft_pg_next(ctx, r);
    weft_check(!any);
    weft_check(weft_pg_err(r), ==, -EEXIST);
    const weft_pg_error *e = weft_pg_error_of(r);
    weft_check(e->constraint, ==, (const char *)"t_pkey");
    weft_check(e->table, ==, (const char *)"t");
    weft_check(e->detail, ==, (const char *)"Key (b)=(1) already exists.");
    weft_check(weft_pg_exec(ctx, db, "insert into t values (-1, 2)"), ==, -EINVAL);
    weft_check(weft_pg_error_of(db)->constraint, ==, (const char *)"positive");
    weft_check(weft_pg_exec(ctx, db, "select foo"), ==, -ENOENT);
    weft_check(weft_pg_error_of(db)->position, ==, 8);
}

WEFT_TEST(a_value_of_another_type_ends_the_rows)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    static const struct {
        const char *sql;
        int getter; /* 0 int, 1 double, 2 bool, 3 text */
        int binary, err;
        const char *message;
    } cases[] = {
        {"select 'x'::text as a", 0, 0, -EINVAL, "column 0 (\"a\") is text, not an integer"},
        {"select 1.5::numeric as a", 0, 0, -EINVAL, "column 0 (\"a\") is not an integer: 1.5"},
        {"select 'NaN'::numeric as a", 0, 0, -EINVAL, "column 0 (\"a\") is not an integer: NaN"},
        {"select 1e30::numeric as a", 0, 0, -ERANGE,
         "column 0 (\"a\") is too large for 64 bits: 1000000000000000000000000000000"},
        {"select 1::numeric as a", 0, 1, -EINVAL,
         "column 0 (\"a\") is numeric in binary, not an integer"},
        {"select null::int as a", 0, 0, -ENODATA, "column 0 (\"a\") is null"},
        {"select null::float8 as a", 1, 1, -ENODATA, "column 0 (\"a\") is null"},
        {"select true as a", 1, 0, -EINVAL, "column 0 (\"a\") is boolean, not a number"},
        {"select 1 as a", 2, 0, -EINVAL, "column 0 (\"a\") is integer, not a boolean"},
        {"select now() as a", 3, 1, -EINVAL,
         "column 0 (\"a\") is timestamp with time zone in binary, not text"},
        {"select 1.5::float8 as a", 0, 0, -EINVAL,
         "column 0 (\"a\") is double precision, not an integer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weft_auto(weft_pg_rows, r) =
            weft_pg_query_as(ctx, db, cases[i].binary ? WEFT_PG_BINARY : 0, cases[i].sql);
        bool any = weft_pg_next(ctx, r);
        weft_check(any);
        weft_check(weft_pg_err(r), ==, 0);
        switch (cases[i].getter) {
        case 0:
            weft_check(weft_pg_int(r, 0), ==, 0);
            break;
        case 1:
            weft_check(weft_pg_double(r, 0), ==, 0.0);
            break;
        case 2:
            weft_check(!weft_pg_bool(r, 0));
            break;
        default:
            weft_check(weft_pg_text(r, 0) == NULL);
        }
        weft_check(weft_pg_err(r), ==, cases[i].err);
        weft_check(weft_pg_error_of(r)->message, ==, cases[i].message);
        any = weft_pg_next(ctx, r);
        weft_check(!any);
    }
    weft_auto(weft_pg_rows, r) = weft_pg_query(ctx, db, "select 1 as a, 'x' as \"B\"");
    weft_check(weft_pg_int(r, 0), ==, 0);
    weft_check(weft_pg_error_of(r)->message, ==,
               (const char *)"there is no current row: ask weft_pg_next()");
    weft_auto(weft_pg_rows, s) = weft_pg_query(ctx, db, "select 1 as a, 'x' as \"B\"");
    bool any = weft_pg_next(ctx, s);
    weft_check(any);
    weft_check(weft_pg_column(s, "B"), ==, 1);
    weft_check(weft_pg_text(s, 2) == NULL);
    weft_check(weft_pg_error_of(s)->message, ==,
               (const char *)"there is no column 2: the row has 2, counted from 0");
    weft_auto(weft_pg_rows, t) = weft_pg_query(ctx, db, "select 1 as a");
    weft_check(weft_pg_column(t, "A"), ==, -ENOENT);
    weft_check(weft_pg_err(t), ==, -ENOENT);
}

WEFT_TEST(scan_reads_a_row_into_variables)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    for (int flags = 0; flags <= WEFT_PG_BINARY; flags += WEFT_PG_BINARY) {
        weft_auto(weft_pg_rows, r) =
            weft_pg_query_as(ctx, db, flags,
                             "select 1::int2, -2::int4, 3::int8, 0.5::float4, 0.25::float8, true, "
                             "'text', '\\x00ff'::bytea, 'passed over', null::text");
        short s;
        int i;
        int64_t l;
        float f;
        double d;
        bool b;
        const char *text, *null;
        weft_pg_bytes bytes;
        bool any = weft_pg_next(ctx, r);
        weft_check(any);
        int err = weft_pg_scan(r, &s, &i, &l, &f, &d, &b, &text, &bytes, NULL, &null);
        weft_check(err, ==, 0);
        weft_check(s == 1 && i == -2 && l == 3 && f == 0.5f && d == 0.25 && b);
        weft_check(text, ==, (const char *)"text");
        weft_check(bytes.size == 2 && memcmp(bytes.data, "\0\xff", 2) == 0);
        weft_check(null == NULL);
        weft_check(weft_pg_scan(r, &s), ==, -EINVAL);
        weft_check(weft_pg_error_of(r)->message, ==,
                   (const char *)"1 places for a row of 10 columns");
    }
    static const struct {
        const char *sql;
        bool fits_char, fits_unsigned_char, fits_unsigned;
    } ranges[] = {
        {"select 127", true, true, true},           {"select -128", true, false, false},
        {"select 128", false, true, true},          {"select 256", false, false, true},
        {"select 4294967296", false, false, false},
    };
    for (size_t n = 0; n < sizeof ranges / sizeof *ranges; n++)
        for (int kind = 0; kind < 3; kind++) {
            weft_auto(weft_pg_rows, r) = weft_pg_query(ctx, db, ranges[n].sql);
            weft_pg_next(ctx, r);
            signed char c = 0;
            unsigned char uc = 0;
            unsigned u = 0;
            int err = kind == 0   ? weft_pg_scan(r, &c)
                      : kind == 1 ? weft_pg_scan(r, &uc)
                                  : weft_pg_scan(r, &u);
            bool fits = kind == 0   ? ranges[n].fits_char
                        : kind == 1 ? ranges[n].fits_unsigned_char
                                    : ranges[n].fits_unsigned;
            weft_check(err, ==, fits ? 0 : -ERANGE);
        }
}

/* ---- streams ---------------------------------------------------------------------- */

static long memory_kib(void)
{
    char line[128];
    long kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, f))
        sscanf(line, "VmHWM: %ld", &kib);
    fclose(f);
    return kib;
}

WEFT_TEST(a_stream_needs_no_memory_for_its_rows)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    number(ctx, db, "select 1");
    long before = memory_kib();
    enum { ROWS = 100000 };
    weft_auto(weft_pg_rows, r) =
        weft_pg_query_as(ctx, db, WEFT_PG_STREAM,
                         "select g, repeat('x', 1000) from generate_series(1, $1) g", (int)ROWS);
    int64_t sum = 0;
    for (int64_t n; weft_pg_next(ctx, r); sum += n) {
        n = weft_pg_int(r, 0);
        weft_check(strlen(weft_pg_text(r, 1)) == 1000);
    }
    weft_check(weft_pg_err(r), ==, 0);
    weft_check(sum, ==, (int64_t)ROWS * (ROWS + 1) / 2);
    weft_check(weft_pg_count(r), ==, ROWS);
    if (!UNDER_ASAN)                                     /* it keeps what was freed */
        weft_check(memory_kib() - before, <, 20 * 1024); /* the rows are 100 MB */
    weft_check(weft_pg_exec(ctx, db, "select 1"), ==, 1);
}

WEFT_TEST(a_stream_has_the_connection_until_it_ends)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    int pid = weft_pg_backend_pid(db);
    {
        weft_auto(weft_pg_rows, r) =
            weft_pg_query_as(ctx, db, WEFT_PG_STREAM, "select generate_series(1, 1000000000)");
        for (int i = 1; i <= 10; i++) {
            bool any = weft_pg_next(ctx, r);
            weft_check(any);
            weft_check(weft_pg_int(r, 0), ==, i);
        }
        weft_check(weft_pg_exec(ctx, db, "select 1"), ==, -EBUSY);
        weft_auto(weft_pg_rows, second) = weft_pg_query(ctx, db, "select 1");
        weft_check(weft_pg_err(second), ==, -EBUSY);
        weft_auto(weft_pg_tx, tx) = weft_pg_begin(ctx, db);
        weft_check(weft_pg_err(tx), ==, -EBUSY);
    }
    weft_check(weft_pg_exec(ctx, db, "select 1"), ==, 1);
    weft_check(weft_pg_backend_pid(db), ==, pid);
}

WEFT_TEST(an_error_in_the_middle_of_a_stream)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    weft_auto(weft_pg_rows, r) = weft_pg_query_as(
        ctx, db, WEFT_PG_STREAM, "select 1000 / (1000 - g) from generate_series(1, 2000) g");
    int n = 0;
    while (weft_pg_next(ctx, r))
        n++;
    weft_check(n, ==, 999);
    weft_check(weft_pg_err(r), ==, -EINVAL);
    weft_check(weft_pg_error_of(r)->sqlstate, ==, (const char *)"22012");
    weft_check(weft_pg_exec(ctx, db, "select 1"), ==, 1);
    weft_auto(weft_pg_rows, bad) = weft_pg_query_as(ctx, db, WEFT_PG_STREAM, "selekt");
    bool any = weft_pg_next(ctx, bad);
    weft_check(!any);
    weft_check(weft_pg_err(bad), ==, -EINVAL);
    weft_auto(weft_pg_rows, none) =
        weft_pg_query_as(ctx, db, WEFT_PG_STREAM, "select 1 where false");
    any = weft_pg_next(ctx, none);
    weft_check(!any);
    weft_check(weft_pg_err(none), ==, 0);
    weft_check(weft_pg_columns(none), ==, 1);
}

WEFT_TEST(a_stream_in_a_transaction_leaves_it_alone)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    MUST(weft_pg_exec(ctx, db, "create temp table t (a int)"));
    weft_auto(weft_pg_tx, tx) = weft_pg_begin(ctx, db);
    MUST(weft_pg_exec(ctx, db, "insert into t values (1)"));
    {
        weft_auto(weft_pg_rows, r) =
            weft_pg_query_as(ctx, db, WEFT_PG_STREAM, "select generate_series(1, 100000)");
        weft_pg_next(ctx, r);
    }
    int err = weft_pg_commit(ctx, tx);
    weft_check(err, ==, 0);
    weft_check(number(ctx, db, "select count(*) from t"), ==, 1);
}

WEFT_TEST(rows_outlive_their_connection)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    weft_auto(weft_pg_rows, r) = weft_pg_query(ctx, db, "select generate_series(1, 3)");
    weft_auto(weft_pg_rows, s) =
        weft_pg_query_as(ctx, db, WEFT_PG_STREAM, "select generate_series(1, 3)");
    weft_pg_next(ctx, s);
    weft_pg_close(db);
    db = NULL;
    int64_t sum = 0;
    while (weft_pg_next(ctx, r))
        sum += weft_pg_int(r, 0);
    weft_check(sum, ==, 6);
    bool any = weft_pg_next(ctx, s);
    weft_check(!any);
    weft_check(weft_pg_err(s), ==, -ECANCELED);
}

/* ---- transactions ------------------------------------------------------------------- */

static int64_t stored(weft_pg *db) { return number(ctx, db, "select count(*) from t"); }

static void insert_and_panic(weft_pg *db)
{
    weft_auto(weft_pg_tx, tx) = weft_pg_begin(ctx, db);
    MUST(weft_pg_exec(ctx, db, "insert into t values (1)"));
    weft_panic("in a transaction");
}

WEFT_TEST(a_transaction_ends_with_its_scope)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    int pid = weft_pg_backend_pid(db);
    MUST(weft_pg_exec(ctx, db, "create temp table t (a int)"));
    {
        weft_auto(weft_pg_tx, tx) = weft_pg_begin(ctx, db);
        MUST(weft_pg_exec(ctx, db, "insert into t values (1)"));
        weft_check(stored(db), ==, 1);
    }
    weft_check(stored(db), ==, 0);
    {
        weft_auto(weft_pg_tx, tx) = weft_pg_begin_as(ctx, db, "isolation level serializable");
        MUST(weft_pg_exec(ctx, db, "insert into t values (1)"));
        int err = weft_pg_commit(ctx, tx);
        weft_check(err, ==, 0);
    }
    weft_check(stored(db), ==, 1);
    weft_auto(weft_panic_info, p) = weft_try(insert_and_panic, db);
    weft_check(p != NULL);
    weft_check(stored(db), ==, 1);
    {
        weft_auto(weft_ctx, short_ctx) = weft_ctx_with_cancel(ctx);
        weft_auto(weft_pg_tx, tx) = weft_pg_begin(short_ctx, db);
        MUST(weft_pg_exec(short_ctx, db, "insert into t values (1)"));
        weft_ctx_cancel(short_ctx);
        int err = weft_pg_commit(short_ctx, tx);
        weft_check(err, ==, -ECANCELED);
    }
    weft_check(stored(db), ==, 1);
    {
        weft_auto(weft_pg_tx, tx) = weft_pg_begin(ctx, db);
        MUST(weft_pg_exec(ctx, db, "insert into t values (1)"));
        weft_auto(weft_ctx, soon) = weft_ctx_with_timeout(ctx, 200 * WEFT_MILLISECOND);
        weft_check(weft_pg_exec(soon, db, "select pg_sleep(30)"), ==, -ETIMEDOUT);
        int err = weft_pg_commit(ctx, tx); /* as after any error */
        weft_check(err, ==, -EREMOTEIO);
        weft_check(weft_pg_error_of(tx)->sqlstate, ==, (const char *)"25P02");
    }
    weft_check(stored(db), ==, 1);
    {
        weft_auto(weft_pg_tx, tx) = weft_pg_begin_as(ctx, db, "read only");
        weft_check(weft_pg_exec(ctx, db, "create table x ()"), ==, -EROFS);
        int err = weft_pg_rollback(tx);
        weft_check(err, ==, 0);
        MUST(weft_pg_exec(ctx, db, "insert into t values (2)"));
    }
    weft_check(stored(db), ==, 2);
    weft_check(weft_pg_backend_pid(db), ==, pid);
}

WEFT_TEST(transactions_nest)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    MUST(weft_pg_exec(ctx, db, "create temp table t (a int)"));
    weft_auto(weft_pg_tx, outer) = weft_pg_begin(ctx, db);
    MUST(weft_pg_exec(ctx, db, "insert into t values (1)"));
    {
        weft_auto(weft_pg_tx, inner) = weft_pg_begin(ctx, db);
        MUST(weft_pg_exec(ctx, db, "insert into t values (2)"));
        weft_check(weft_pg_exec(ctx, db, "select 1/0"), ==, -EINVAL);
        int err = weft_pg_commit(ctx, outer);
        weft_check(err, ==, -EBUSY);
    }
    weft_check(stored(db), ==, 1);
    {
        weft_auto(weft_pg_tx, inner) = weft_pg_begin(ctx, db);
        MUST(weft_pg_exec(ctx, db, "insert into t values (3)"));
        {
            weft_auto(weft_pg_tx, innermost) = weft_pg_begin(ctx, db);
            MUST(weft_pg_exec(ctx, db, "insert into t values (4)"));
            int err = weft_pg_rollback(innermost);
            weft_check(err, ==, 0);
        }
        int err = weft_pg_commit(ctx, inner);
        weft_check(err, ==, 0);
    }
}

WEFT_TEST(nothing_runs_outside_a_transaction_that_did_not_begin)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    MUST(weft_pg_exec(ctx, db, "create temp table t (a int)"));
    weft_auto(weft_ctx, ended) = weft_ctx_with_cancel(ctx);
    weft_ctx_cancel(ended);
    {
        weft_auto(weft_pg_tx, tx) = weft_pg_begin(ended, db);
        weft_check(weft_pg_err(tx), ==, -ECANCELED);
        weft_check(weft_pg_exec(ctx, db, "insert into t values (1)"), ==, -ECANCELED);
        weft_auto(weft_pg_rows, r) = weft_pg_query(ctx, db, "insert into t values (1)");
        weft_check(weft_pg_err(r), ==, -ECANCELED);
        int err = weft_pg_commit(ctx, tx);
        weft_check(err, ==, -ECANCELED);
    }
    {
        weft_auto(weft_pg_tx, tx) = weft_pg_begin_as(ctx, db, "no such mode");
        weft_check(weft_pg_err(tx), ==, -EINVAL);
        weft_check(weft_pg_exec(ctx, db, "insert into t values (1)"), ==, -EINVAL);
    }
    weft_check(stored(db), ==, 0);
}

WEFT_TEST(a_commit_that_the_server_refuses)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    MUST(weft_pg_exec(ctx, db, "create temp table t (a int unique deferrable initially deferred)"));
    weft_auto(weft_pg_tx, tx) = weft_pg_begin(ctx, db);
    MUST(weft_pg_exec(ctx, db, "insert into t values (1), (1)"));
    int err = weft_pg_commit(ctx, tx);
    weft_check(err, ==, -EEXIST);
    weft_check(weft_pg_error_of(tx)->sqlstate, ==, (const char *)"23505");
    MUST(weft_pg_exec(ctx, db, "insert into t values (1)"));
    weft_check(stored(db), ==, 1);
}

/* ---- COPY ----------------------------------------------------------------------------- */

WEFT_TEST(copy_in_and_out)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    MUST(weft_pg_exec(ctx, db, "create temp table t (a int check (a >= 0), b text)"));
    enum { ROWS = 200000 };
    weft_auto(weft_pg_pipe, in) = weft_pg_copy(ctx, db, "copy t from stdin");
    weft_check(weft_pg_err(in), ==, 0);
    weft_check(weft_pg_exec(ctx, db, "select 1"), ==, -EBUSY);
    for (int i = 0; i < ROWS; i++) {
        char line[32];
        int n = snprintf(line, sizeof line, "%d\trow %d\n", i, i);
        int err = weft_pg_copy_write(ctx, in, line, (size_t)n);
        weft_check(err, ==, 0);
    }
    int64_t rows = weft_pg_copy_end(ctx, in);
    weft_check(rows, ==, ROWS);
    weft_check(weft_pg_copy_write(ctx, in, "x", 1), ==, -EPIPE);

    weft_auto(weft_pg_pipe, out) =
        weft_pg_copy(ctx, db, "copy (select * from t order by a) to stdout");
    const char *line;
    int64_t sum = 0, seen = 0;
    for (ssize_t n; (n = weft_pg_copy_read(ctx, out, &line)) > 0; seen++) {
        weft_check(line[n - 1] == '\n');
        sum += strtoll(line, NULL, 10);
    }
    weft_check(weft_pg_err(out), ==, 0);
    weft_check(seen, ==, ROWS);
    weft_check(weft_pg_copy_end(ctx, out), ==, ROWS);
    weft_check(sum, ==, (int64_t)ROWS * (ROWS - 1) / 2);

    /* Abandoned: nothing is stored.  Ended early: the connection is free. */
    {
        weft_auto(weft_pg_pipe, gone) = weft_pg_copy(ctx, db, "copy t from stdin");
        weft_pg_copy_write(ctx, gone, "1\tx\n", 4);
    }
    weft_check(stored(db), ==, ROWS);
    weft_auto(weft_pg_pipe, early) = weft_pg_copy(ctx, db, "copy t to stdout");
    weft_check(weft_pg_copy_read(ctx, early, &line), >, 0);
    weft_check(weft_pg_copy_end(ctx, early), ==, 1);
    weft_check(stored(db), ==, ROWS);
}

WEFT_TEST(copy_errors)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    int pid = weft_pg_backend_pid(db);
    MUST(weft_pg_exec(ctx, db, "create temp table t (a int check (a >= 0))"));
    {
        weft_auto(weft_pg_pipe, in) = weft_pg_copy(ctx, db, "copy t from stdin");
        weft_pg_copy_write(ctx, in, "1\n-1\n", 5);
        weft_check(weft_pg_copy_end(ctx, in), ==, -EINVAL);
        weft_check(weft_pg_error_of(in)->sqlstate, ==, (const char *)"23514");
    }
    {
        /* Refused early, written on: the error comes no later than at the end. */
        weft_auto(weft_pg_pipe, in) = weft_pg_copy(ctx, db, "copy t from stdin");
        int err = 0;
        for (int i = 0; i < 300000 && !err; i++)
            err = weft_pg_copy_write(ctx, in, "nonsense\n", 9);
        int64_t r = weft_pg_copy_end(ctx, in);
        weft_check(r, ==, -EINVAL);
        weft_check(weft_pg_error_of(in)->sqlstate, ==, (const char *)"22P02");
    }
    {
        weft_auto(weft_pg_pipe, p) = weft_pg_copy(ctx, db, "copy no_such_table to stdout");
        weft_check(weft_pg_err(p), ==, -ENOENT);
        const char *row;
        weft_check(weft_pg_copy_read(ctx, p, &row), ==, -ENOENT);
    }
    {
        weft_auto(weft_pg_pipe, p) = weft_pg_copy(ctx, db, "select 1");
        weft_check(weft_pg_err(p), ==, -EINVAL);
    }
    {
        weft_auto(weft_pg_pipe, in) = weft_pg_copy(ctx, db, "copy t from stdin");
        const char *row;
        weft_check(weft_pg_copy_read(ctx, in, &row), ==, -EINVAL);
    }
    weft_check(weft_pg_exec(ctx, db, "copy t from stdin"), ==, -EINVAL);
    weft_check(weft_pg_exec(ctx, db, "copy t to stdout"), ==, -EINVAL);
    weft_auto(weft_pg_rows, r) = weft_pg_query_as(ctx, db, WEFT_PG_STREAM, "copy t to stdout");
    bool any = weft_pg_next(ctx, r);
    weft_check(!any);
    weft_check(weft_pg_err(r), ==, -EINVAL);
    weft_check(stored(db), ==, 0);
    weft_check(weft_pg_backend_pid(db), ==, pid);
}

/* ---- connections ------------------------------------------------------------------------- */

WEFT_TEST(a_connection_that_cannot_be_made_says_why)
{
    static const struct {
        const char *conninfo, *words;
        int err;
    } cases[] = {
        {"host=/nowhere/at/all", "No such file or directory", -ECONNREFUSED},
        {"dbname=no_such_database", "database \"no_such_database\" does not exist", -ENOENT},
        {"user=no_such_user", "role \"no_such_user\" does not exist", -EACCES},
        {"nonsense", "nonsense", -EINVAL},
        {"sslmode=nonsense", "sslmode", -ECONNREFUSED},
        {"host=127.0.0.1 port=1", "Connection refused", -ECONNREFUSED},
        {"host=127.0.0.1,/nowhere port=1,1", "No such file", -ECONNREFUSED},
        {"host=localhost port=1", "Connection refused", -ECONNREFUSED},
        {"hostaddr=127.0.0.1 port=1", "Connection refused", -ECONNREFUSED},
        {"host=localhost,/nowhere port=1", "No such file", -ECONNREFUSED},
    };
    int before = descriptors();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weft_auto(weft_pg, db) = weft_pg_connect(ctx, cases[i].conninfo);
        const char *message = weft_pg_error_of(db)->message;
        if (weft_pg_err(db) != cases[i].err || !strstr(message, cases[i].words) ||
            strchr(message, '\n'))
            weft_fail("%s: %d, %s", cases[i].conninfo, weft_pg_err(db), message);
        weft_check(weft_pg_broken(db));
        /* All that is done with it has the same error. */
        weft_check(weft_pg_exec(ctx, db, "select 1"), ==, cases[i].err);
        weft_auto(weft_pg_rows, r) = weft_pg_query(ctx, db, "select 1");
        bool any = weft_pg_next(ctx, r);
        weft_check(!any);
        weft_check(weft_pg_err(r), ==, cases[i].err);
        weft_auto(weft_pg_tx, tx) = weft_pg_begin(ctx, db);
        int err = weft_pg_commit(ctx, tx);
        weft_check(err, ==, cases[i].err);
        weft_auto(weft_pg_pipe, p) = weft_pg_copy(ctx, db, "copy t to stdout");
        weft_check(weft_pg_err(p), ==, cases[i].err);
    }
    weft_check(descriptors(), ==, before);
}

/* Over TCP, by name, address and URI, past hosts that are not there; cancelling works as well. */
WEFT_TEST(connections_over_tcp)
{
    static const char *const cases[] = {
        "host=localhost",          "host=127.0.0.1",
        "hostaddr=127.0.0.1",      "postgresql://localhost/postgres",
        "host=/nowhere,localhost", "host=no-such-host.invalid,localhost",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weft_auto(weft_pg, db) = weft_pg_connect(ctx, cases[i]);
        if (weft_pg_err(db))
            weft_fail("%s: %s", cases[i], weft_pg_error_of(db)->message);
        weft_check(number(ctx, db, "select (inet_server_addr() = '127.0.0.1')::int"), ==, 1);
        weft_auto(weft_ctx, soon) = weft_ctx_with_timeout(ctx, 50 * WEFT_MILLISECOND);
        weft_check(weft_pg_exec(soon, db, "select pg_sleep(30)"), ==, -ETIMEDOUT);
        weft_check(weft_pg_exec(ctx, db, "select 1"), ==, 1);
    }
    char two_ports[100]; /* one for each host */
    snprintf(two_ports, sizeof two_ports, "host=localhost,127.0.0.1 port=1,%s", getenv("PGPORT"));
    weft_auto(weft_pg, second) = weft_pg_connect(ctx, two_ports);
    weft_check(weft_pg_err(second), ==, 0);
    weft_auto(weft_pg, none) = weft_pg_connect(ctx, "host=no-such-host.invalid");
    weft_check(weft_pg_err(none) < 0);
    weft_check(strstr(weft_pg_error_of(none)->message, "\"no-such-host.invalid\"") != NULL);
}

WEFT_TEST(a_connection_that_breaks_says_why)
{
    for (int idle = 0; idle < 2; idle++) {
        weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
        char sql[100];
        snprintf(sql, sizeof sql, "select pg_terminate_backend(%d)::int", weft_pg_backend_pid(db));
        if (idle)
            weft_check(witness(sql), ==, 1);
        int64_t r = weft_pg_exec(ctx, db, sql);
        weft_check(r, ==, -ECONNRESET);
        weft_check(weft_pg_broken(db));
        weft_check(weft_pg_error_of(db)->sqlstate, ==, (const char *)"57P01");
        weft_check(strstr(weft_pg_error_of(db)->message, "administrator command") != NULL);
        weft_check(weft_pg_exec(ctx, db, "select 1"), ==, -ECONNRESET);
        weft_check(weft_pg_backend_pid(db), ==, 0);
    }
}

static void use(weft_ctx *while_used, weft_pg *db)
{
    weft_pg_exec(while_used, db, "select pg_sleep(30)");
}

static void use_twice(weft_pg *db)
{
    weft_auto(weft_ctx, while_used) = weft_ctx_with_cancel(ctx);
    weft_wg wg = {0};
    weft_wg_go(&wg, use, while_used, db);
    weft_defer(weft_wg_wait, &wg);
    weft_defer(weft_ctx_cancel, while_used);
    weft_test_until_waiting(1, WEFT_WAIT_IO);
    weft_pg_exec(ctx, db, "select 1");
}

static void commit_twice(weft_pg *db)
{
    weft_auto(weft_pg_tx, tx) = weft_pg_begin(ctx, db);
    weft_pg_commit(ctx, tx);
    weft_pg_commit(ctx, tx);
}

WEFT_TEST(misuse_panics)
{
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    weft_auto(weft_panic_info, twice) = weft_try(use_twice, db);
    weft_check(twice != NULL);
    weft_check(weft_panic_message(twice), ==,
               (const char *)"weft_pg_exec: another goroutine is in a call on the same connection");
    weft_auto(weft_panic_info, commits) = weft_try(commit_twice, db);
    weft_check(commits != NULL);
    weft_check(weft_panic_message(commits), ==,
               (const char *)"weft_pg_commit: the transaction was committed or rolled back before");
    weft_check(weft_pg_exec(ctx, db, "select 1"), ==, 1);
}

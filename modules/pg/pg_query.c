/* SPDX-License-Identifier: MIT */
/*
 * pg_query.c - parameters, statements, preparation.
 *
 * Parameters go as text and without a type, bytes in binary: the server infers
 * what $1 is, and its own input function reads the text.  So an int fits every
 * kind of number, prepared or not.
 */
#include "pg_impl.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>

weft_pg_param weft_impl_pg_int(int64_t v) { return (weft_pg_param){WEFT_IMPL_PG_SIGNED, {.i = v}}; }

weft_pg_param weft_impl_pg_unsigned(uint64_t v)
{
    return (weft_pg_param){WEFT_IMPL_PG_UNSIGNED, {.u = v}};
}

weft_pg_param weft_impl_pg_double(double v)
{
    return (weft_pg_param){WEFT_IMPL_PG_FLOAT, {.f = v}};
}

weft_pg_param weft_impl_pg_bool(bool v) { return (weft_pg_param){WEFT_IMPL_PG_BOOL, {.u = v}}; }

weft_pg_param weft_impl_pg_text(const char *v)
{
    return v ? (weft_pg_param){WEFT_IMPL_PG_TEXT, {.b = {v, strlen(v)}}} : weft_impl_pg_null(NULL);
}

weft_pg_param weft_impl_pg_blob(weft_pg_bytes v)
{
    return (weft_pg_param){WEFT_IMPL_PG_BYTES, {.b = v}};
}

weft_pg_param weft_impl_pg_null(const void *v)
{
    if (v)
        weft_panic("weft_pg: a parameter is a void *, which only NULL may be");
    return (weft_pg_param){WEFT_IMPL_PG_NULL, {.u = 0}};
}

/* ---- sending -------------------------------------------------------------------- */

enum { NUMBER = 32 }; /* bytes for a number as text */

/* The shortest text that is read as the same number, whatever the locale. */
static void write_double(char *to, double v)
{
    if (isnan(v)) {
        strcpy(to, "NaN");
    } else if (isinf(v)) {
        strcpy(to, v < 0 ? "-Infinity" : "Infinity");
    } else {
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(to, NUMBER, "%.*g", digits, v);
            if (strtod(to, NULL) == v)
                break;
        }
        /* What is not a digit, a sign or an exponent is this locale's point. */
        size_t whole = strspn(to, "-0123456789");
        size_t point = strcspn(to + whole, "0123456789e");
        if (point > 0) {
            to[whole] = '.';
            memmove(to + whole + 1, to + whole + point, strlen(to + whole + point) + 1);
        }
    }
}

static const char *write_number(char *to, const weft_pg_param *p)
{
    switch (p->weft_kind) {
    case WEFT_IMPL_PG_SIGNED:
        snprintf(to, NUMBER, "%" PRId64, p->weft_v.i);
        break;
    case WEFT_IMPL_PG_UNSIGNED:
        snprintf(to, NUMBER, "%" PRIu64, p->weft_v.u);
        break;
    case WEFT_IMPL_PG_FLOAT:
        write_double(to, p->weft_v.f);
        break;
    default: /* bool */
        strcpy(to, p->weft_v.u ? "true" : "false");
    }
    return to;
}

/* FNV-1a: few statements, and their texts are compared too. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 14695981039346656037u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return hash;
}

/* Where the pointer to the prepared statement with this text is, or would be. */
static struct statement **find(weft_pg *db, const char *sql)
{
    struct statement **at = &db->statements;
    if (!*at)
        return at;
    uint64_t hash = hash_of(sql);
    while (*at && ((*at)->hash != hash || strcmp((*at)->text, sql) != 0))
        at = &(*at)->next;
    return at;
}

static void name_of(char name[NUMBER], unsigned number)
{
    snprintf(name, NUMBER, "weft_%u", number);
}

/* libpq would not take it: too large, or the connection is gone. */
static int not_sent(weft_pg *db, struct failure *f)
{
    if (PQstatus(db->pq) != CONNECTION_BAD)
        return pg__fail(f, -EINVAL, "", "%s", PQerrorMessage(db->pq));
    pg__break(db, -ECONNRESET, NULL);
    return pg__fail_copy(f, &db->dead);
}

int pg__send(weft_pg *db, int flags, const char *sql, size_t n, const weft_pg_param *params,
             struct failure *f)
{
    if (n > 65535)
        return pg__fail(f, -EINVAL, "", "a statement has at most 65535 parameters, not %zu", n);
    size_t room = n ? n : 1;
    const char **values = pg__alloc(room * sizeof *values);
    int *sizes = pg__alloc(room * sizeof *sizes), *formats = pg__alloc(room * sizeof *formats);
    char(*numbers)[NUMBER] = pg__alloc(room * sizeof *numbers);
    int err = 0;
    for (size_t i = 0; i < n; i++) {
        const weft_pg_param *p = &params[i];
        switch (p->weft_kind) {
        case WEFT_IMPL_PG_NULL:
            break;
        case WEFT_IMPL_PG_BYTES:
            formats[i] = 1;
            if (p->weft_v.b.size > INT32_MAX)
                err = pg__fail(f, -EINVAL, "", "$%zu is too large: %zu bytes", i + 1,
                               p->weft_v.b.size);
            sizes[i] = (int)p->weft_v.b.size;
            /* fall through */
        case WEFT_IMPL_PG_TEXT:
            values[i] = p->weft_v.b.data ? p->weft_v.b.data : "";
            break;
        default:
            values[i] = write_number(numbers[i], p);
        }
    }
    if (!err) {
        struct statement *s = *find(db, sql);
        int binary = (flags & WEFT_PG_BINARY) != 0, sent;
        if (s) {
            char name[NUMBER];
            name_of(name, s->number);
            sent = PQsendQueryPrepared(db->pq, name, (int)n, values, sizes, formats, binary);
        } else {
            sent = PQsendQueryParams(db->pq, sql, (int)n, NULL, values, sizes, formats, binary);
        }
        if (!sent)
            err = not_sent(db, f);
        else if (flags & WEFT_PG_STREAM)
            PQsetSingleRowMode(db->pq);
    }
    free(values);
    free(sizes);
    free(formats);
    free(numbers);
    return err;
}

/* ---- running to the end -------------------------------------------------------------- */

#define QUERY_CANCELED "57014"

/* Something was sent: see it to its end, and say what became of it. */
static int complete(weft_ctx *ctx, weft_pg *db, struct outcome *o, struct failure *f)
{
    int err = pg__finish(ctx, db, o);
    int ended = err && db->pq ? err : 0;
    if (ended)
        err = pg__stop(db, 0, o);
    if (err) /* broken */
        return pg__fail_copy(f, &db->dead);
    /* What had finished before the request came, well or with an error of its own, counts. */
    const char *sqlstate = o->bad ? PQresultErrorField(o->bad, PG_DIAG_SQLSTATE) : NULL;
    if (ended && (o->bad ? sqlstate && strcmp(sqlstate, QUERY_CANCELED) == 0 : !o->good))
        return pg__fail(f, ended, sqlstate, "the statement was stopped: %s", weft_strerror(ended));
    if (o->copied)
        return pg__fail(f, -EINVAL, "", "the statement is a COPY: use weft_pg_copy()");
    return o->bad ? pg__fail_result(f, o->bad) : 0;
}

int pg__run(weft_ctx *ctx, weft_pg *db, int flags, const char *sql, size_t n,
            const weft_pg_param *params, bool several, struct outcome *o, struct failure *f)
{
    int err = pg__ready(ctx, db, f);
    if (err)
        return err;
    if (several && n == 0 && !*find(db, sql))
        err = PQsendQuery(db->pq, sql) ? 0 : not_sent(db, f);
    else
        err = pg__send(db, flags, sql, n, params, f);
    if (err)
        return err;
    err = complete(ctx, db, o, f);
    if (err && strcmp(f->e.sqlstate, "26000") == 0) { /* somebody deallocated it */
        struct statement **at = find(db, sql), *gone = *at;
        if (gone) {
            *at = gone->next;
            free(gone);
        }
    }
    return err;
}

int pg__command(weft_ctx *ctx, weft_pg *db, const char *sql, struct failure *f)
{
    struct outcome o = {0};
    pg__fail_clear(f);
    int err = PQsendQuery(db->pq, sql) ? complete(ctx, db, &o, f) : not_sent(db, f);
    pg__outcome_clear(&o);
    return err;
}

static int64_t tuples(const PGresult *result)
{
    return result ? strtoll(PQcmdTuples((PGresult *)result), NULL, 10) : 0;
}

int64_t weft_pg_exec_n(weft_ctx *ctx, weft_pg *db, const char *sql, size_t n,
                       const weft_pg_param *params)
{
    struct outcome o = {0};
    pg__enter(db, "weft_pg_exec");
    int64_t count = pg__run(ctx, db, 0, sql, n, params, true, &o, &db->last);
    if (count == 0)
        count = tuples(o.good);
    pg__outcome_clear(&o);
    pg__leave(db);
    return count;
}

static int prepare(weft_ctx *ctx, weft_pg *db, const char *sql)
{
    struct failure *f = &db->last;
    int err = pg__ready(ctx, db, f);
    if (err || *find(db, sql))
        return err;
    char name[NUMBER];
    name_of(name, ++db->prepared);
    if (!PQsendPrepare(db->pq, name, sql, 0, NULL))
        return not_sent(db, f);
    struct outcome o = {0};
    err = complete(ctx, db, &o, f);
    pg__outcome_clear(&o);
    if (err)
        return err;
    struct statement *s = pg__alloc(sizeof *s + strlen(sql) + 1);
    s->hash = hash_of(sql);
    s->number = db->prepared;
    strcpy(s->text, sql);
    s->next = db->statements;
    db->statements = s;
    return 0;
}

int(weft_pg_prepare)(weft_ctx *ctx, weft_pg *db, const char *sql)
{
    pg__enter(db, "weft_pg_prepare");
    int err = prepare(ctx, db, sql);
    pg__leave(db);
    return err;
}

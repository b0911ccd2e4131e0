/* SPDX-License-Identifier: MIT */
/*
 * pg_rows.c - rows, and values in C's types.
 *
 * Rows that were fetched whole are a PGresult and no longer concern the
 * connection.  Rows of a stream hold it: each weft_pg_next() takes one more
 * result from libpq's single-row mode, until the end, an error, or their release
 * lets it go (leave).
 *
 * The first error stays, and ends the rows.
 */
#include "pg_impl.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>

struct blob {
    struct blob *next;
    unsigned char data[];
};

struct weft_pg_rows {
    weft_pg *db;      /* a stream that has not ended; else NULL */
    PGresult *result; /* all rows; of a stream the current one, or the empty one at the end */
    int row;          /* the current one in it; -1: before the first */
    int64_t seen;     /* by weft_pg_next(), for a stream */
    bool streamed;
    bool inside;        /* the stream began in a transaction */
    struct blob *blobs; /* decoded values of the current row, or of all */
    struct failure fail;
};

const weft_pg_error *weft_impl_pg_rows_error(const weft_pg_rows *r) { return &r->fail.e; }

/* ---- the life of rows ------------------------------------------------------------- */

static void begin_stream(weft_ctx *ctx, weft_pg *db, weft_pg_rows *r, int flags, const char *sql,
                         size_t n, const weft_pg_param *params)
{
    r->streamed = true;
    if (pg__ready(ctx, db, &r->fail) != 0)
        return;
    r->inside = PQtransactionStatus(db->pq) == PQTRANS_INTRANS;
    if (pg__send(db, flags, sql, n, params, &r->fail) != 0)
        return;
    r->db = db;
    db->stream = r;
}

weft_pg_rows *weft_pg_query_n(weft_ctx *ctx, weft_pg *db, int flags, const char *sql, size_t n,
                              const weft_pg_param *params)
{
    weft_pg_rows *r = pg__alloc(sizeof *r);
    r->fail = (struct failure)FAILURE_NONE;
    r->row = -1;
    pg__enter(db, "weft_pg_query");
    if (flags & WEFT_PG_STREAM) {
        begin_stream(ctx, db, r, flags, sql, n, params);
    } else {
        struct outcome o = {0};
        if (pg__run(ctx, db, flags, sql, n, params, false, &o, &r->fail) == 0) {
            r->result = o.good;
            o.good = NULL;
        }
        pg__outcome_clear(&o);
    }
    pg__leave(db);
    return r;
}

static void forget_blobs(weft_pg_rows *r)
{
    for (struct blob *b = r->blobs, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    r->blobs = NULL;
}

/* The stream is over, and the connection free. */
static void leave(weft_pg_rows *r)
{
    r->db->stream = NULL;
    r->db = NULL;
}

/* End a stream before its end. */
static void stop(weft_pg_rows *r, weft_duration patience)
{
    struct outcome dropped = {0};
    pg__stop(r->db, patience, &dropped);
    pg__outcome_clear(&dropped);
    leave(r);
}

void pg__rows_cut(weft_pg_rows *r)
{
    if (!r->fail.e.err)
        pg__fail(&r->fail, -ECANCELED, "", "the connection was released before the rows ended");
    leave(r);
}

void weft_pg_rows_free(weft_pg_rows *r)
{
    if (!r)
        return;
    if (r->db) {
        weft_pg *db = r->db;
        pg__enter(db, "weft_pg_rows_free");
        stop(r, r->inside ? PATIENCE : 0);
        pg__leave(db);
    }
    forget_blobs(r);
    PQclear(r->result);
    pg__fail_clear(&r->fail);
    free(r);
}

/* ---- going on ------------------------------------------------------------------------ */

/* One more result of a stream: true when it is a row. */
static bool take(weft_ctx *ctx, weft_pg_rows *r)
{
    PGresult *result = NULL;
    int err = pg__result(ctx, r->db, &result);
    if (err && !r->db->pq) {
        if (!r->fail.e.err) /* the server's last words stand there already, or in dead */
            pg__fail_copy(&r->fail, &r->db->dead);
        r->fail.e.err = err;
        leave(r);
    } else if (err) {
        stop(r, 0);
        pg__fail(&r->fail, err, "", "the rows were stopped: %s", weft_strerror(err));
    } else if (!result) {
        leave(r);
    } else if (PQresultStatus(result) == PGRES_SINGLE_TUPLE ||
               PQresultStatus(result) == PGRES_TUPLES_OK) {
        PQclear(r->result);
        r->result = result;
        r->row = PQntuples(result) > 0 ? 0 : -1;
        return r->row == 0;
    } else if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
        pg__fail_result(&r->fail, result);
        PQclear(result);
    } else if (PQresultStatus(result) == PGRES_COPY_IN ||
               PQresultStatus(result) == PGRES_COPY_OUT) {
        PQclear(result);
        stop(r, 0);
        pg__fail(&r->fail, -EINVAL, "", "the statement is a COPY: use weft_pg_copy()");
    } else {
        PQclear(result);
    }
    return false;
}

static bool next_of_stream(weft_ctx *ctx, weft_pg_rows *r)
{
    forget_blobs(r);
    r->row = -1;
    int err = weft_ctx_err(ctx);
    if (err && !r->fail.e.err)
        pg__fail(&r->fail, err, "", "the rows were stopped: %s", weft_strerror(err));
    if (r->fail.e.err)
        stop(r, r->inside && !err ? PATIENCE : 0);
    while (r->db)
        if (take(ctx, r)) {
            r->seen++;
            return true;
        }
    return false;
}

bool(weft_pg_next)(weft_ctx *ctx, weft_pg_rows *r)
{
    if (r->db) {
        weft_pg *db = r->db;
        pg__enter(db, "weft_pg_next");
        bool is_row = next_of_stream(ctx, r);
        pg__leave(db);
        return is_row;
    }
    if (r->fail.e.err || r->streamed || r->row + 1 >= PQntuples(r->result)) {
        r->row = r->streamed || !r->result ? -1 : PQntuples(r->result);
        return false;
    }
    r->row++;
    return true;
}

/* ---- what the rows are ------------------------------------------------------------------ */

int weft_pg_columns(const weft_pg_rows *r) { return PQnfields(r->result); }

int64_t weft_pg_count(const weft_pg_rows *r)
{
    return r->streamed ? r->seen : PQntuples(r->result);
}

const char *weft_pg_column_name(const weft_pg_rows *r, int column)
{
    bool there = column >= 0 && column < PQnfields(r->result);
    return there ? PQfname(r->result, column) : "";
}

unsigned weft_pg_column_type(const weft_pg_rows *r, int column)
{
    bool there = column >= 0 && column < PQnfields(r->result);
    return there ? PQftype(r->result, column) : 0;
}

int weft_pg_column(weft_pg_rows *r, const char *name)
{
    /* Not PQfnumber(), which folds what is not in double quotes to lower case. */
    for (int i = 0; i < PQnfields(r->result); i++)
        if (strcmp(PQfname(r->result, i), name) == 0)
            return i;
    if (!r->fail.e.err)
        pg__fail(&r->fail, -ENOENT, "", "there is no column \"%s\"", name);
    return -ENOENT;
}

/* ---- values ------------------------------------------------------------------------------- */

/* Types that we read, with their fixed OIDs in pg_type. */
#define TYPES(X)                                                                                   \
    X(BOOL, 16, "boolean")                                                                         \
    X(BYTEA, 17, "bytea")                                                                          \
    X(CHAR, 18, "\"char\"")                                                                        \
    X(NAME, 19, "name")                                                                            \
    X(INT8, 20, "bigint")                                                                          \
    X(INT2, 21, "smallint")                                                                        \
    X(INT4, 23, "integer")                                                                         \
    X(TEXT, 25, "text")                                                                            \
    X(OID, 26, "oid")                                                                              \
    X(JSON, 114, "json")                                                                           \
    X(XML, 142, "xml")                                                                             \
    X(FLOAT4, 700, "real")                                                                         \
    X(FLOAT8, 701, "double precision")                                                             \
    X(UNKNOWN, 705, "unknown")                                                                     \
    X(BPCHAR, 1042, "character")                                                                   \
    X(VARCHAR, 1043, "character varying")                                                          \
    X(DATE, 1082, "date")                                                                          \
    X(TIME, 1083, "time")                                                                          \
    X(TIMESTAMP, 1114, "timestamp")                                                                \
    X(TIMESTAMPTZ, 1184, "timestamp with time zone")                                               \
    X(INTERVAL, 1186, "interval")                                                                  \
    X(NUMERIC, 1700, "numeric")                                                                    \
    X(UUID, 2950, "uuid")                                                                          \
    X(JSONB, 3802, "jsonb")

#define TYPE_OID(name, oid, words) TYPE_##name = oid,
enum { TYPES(TYPE_OID) };

static const char *type_words(unsigned oid, char buf[32])
{
#define TYPE_WORDS(name, oid, words)                                                               \
    case oid:                                                                                      \
        return words;
    switch (oid) {
        TYPES(TYPE_WORDS)
    }
    snprintf(buf, 32, "of the type %u", oid);
    return buf;
}

struct value {
    int column;
    unsigned type;
    bool binary;
    const char *at; /* ends with a zero byte, in binary too; NULL: null */
    size_t size;
};

/* The first error of the rows, about a column. */
static void wrong(weft_pg_rows *r, int err, int column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void wrong(weft_pg_rows *r, int err, int column, const char *format, ...)
{
    char why[200];
    va_list args;
    if (r->fail.e.err)
        return;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    pg__fail(&r->fail, err, "", "column %d (\"%s\") %s", column, weft_pg_column_name(r, column),
             why);
}

/* Find a value; false, and the rows have an error, when there is none to be found. */
static bool look(weft_pg_rows *r, int column, struct value *v)
{
    if (r->fail.e.err)
        return false;
    if (r->row < 0 || r->row >= PQntuples(r->result)) {
        pg__fail(&r->fail, -EINVAL, "", "there is no current row: ask weft_pg_next()");
        return false;
    }
    if (column < 0 || column >= PQnfields(r->result)) {
        pg__fail(&r->fail, -EINVAL, "", "there is no column %d: the row has %d, counted from 0",
                 column, PQnfields(r->result));
        return false;
    }
    v->column = column;
    v->type = PQftype(r->result, column);
    v->binary = PQfformat(r->result, column) == 1;
    bool null = PQgetisnull(r->result, r->row, column);
    v->at = null ? NULL : PQgetvalue(r->result, r->row, column);
    v->size = (size_t)PQgetlength(r->result, r->row, column);
    return true;
}

/* The same for types that cannot be null in C. */
static bool look_for(weft_pg_rows *r, int column, struct value *v)
{
    if (!look(r, column, v))
        return false;
    if (!v->at)
        wrong(r, -ENODATA, column, "is null");
    return v->at != NULL;
}

static void wrong_type(weft_pg_rows *r, const struct value *v, const char *wanted)
{
    char buf[32];
    wrong(r, -EINVAL, v->column, "is %s%s, not %s", type_words(v->type, buf),
          v->binary ? " in binary" : "", wanted);
}

/* A big-endian number of v->size bytes, its sign extended. */
static int64_t big_endian(const struct value *v)
{
    uint64_t n = 0;
    for (size_t i = 0; i < v->size; i++)
        n = n << 8 | (unsigned char)v->at[i];
    unsigned unused = 64 - 8 * (unsigned)v->size;
    return v->type == TYPE_OID || unused == 64 ? (int64_t)n : (int64_t)(n << unused) >> unused;
}

static bool is_integer(unsigned type)
{
    return type == TYPE_INT8 || type == TYPE_INT4 || type == TYPE_INT2 || type == TYPE_OID;
}

int64_t weft_pg_int(weft_pg_rows *r, int column)
{
    struct value v;
    if (!look_for(r, column, &v))
        return 0;
    if (v.binary && is_integer(v.type))
        return big_endian(&v);
    if (v.binary || (!is_integer(v.type) && v.type != TYPE_NUMERIC)) {
        wrong_type(r, &v, "an integer");
        return 0;
    }
    char *end;
    errno = 0;
    int64_t n = strtoll(v.at, &end, 10);
    if (errno == ERANGE) {
        wrong(r, -ERANGE, column, "is too large for 64 bits: %s", v.at);
        return 0;
    }
    if (*end == '.')
        end += 1 + strspn(end + 1, "0");
    if (*end || end == v.at) { /* NaN, Infinity, a fraction */
        wrong(r, -EINVAL, column, "is not an integer: %s", v.at);
        return 0;
    }
    return n;
}

/* The server writes a point, whatever this program's locale. */
static double read_double(const char *text)
{
    static locale_t c_locale; /* made once, by whoever comes first, and kept */
    locale_t mine = __atomic_load_n(&c_locale, __ATOMIC_ACQUIRE);
    if (!mine) {
        locale_t none = (locale_t)0;
        mine = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        if (!mine)
            weft_panic("weft_pg: out of memory");
        if (!__atomic_compare_exchange_n(&c_locale, &none, mine, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_ACQUIRE)) {
            freelocale(mine);
            mine = none;
        }
    }
    return strtod_l(text, NULL, mine);
}

double weft_pg_double(weft_pg_rows *r, int column)
{
    struct value v;
    if (!look_for(r, column, &v))
        return 0;
    bool is_float = v.type == TYPE_FLOAT8 || v.type == TYPE_FLOAT4;
    if (v.binary && is_integer(v.type))
        return (double)big_endian(&v);
    if (v.binary && is_float) {
        union {
            uint64_t u;
            double f;
        } wide = {.u = (uint64_t)big_endian(&v)};
        union {
            uint32_t u;
            float f;
        } narrow = {.u = (uint32_t)wide.u};
        return v.type == TYPE_FLOAT8 ? wide.f : (double)narrow.f;
    }
    if (v.binary || !(is_float || is_integer(v.type) || v.type == TYPE_NUMERIC)) {
        wrong_type(r, &v, "a number");
        return 0;
    }
    return read_double(v.at);
}

bool weft_pg_bool(weft_pg_rows *r, int column)
{
    struct value v;
    if (!look_for(r, column, &v))
        return false;
    if (v.type != TYPE_BOOL) {
        wrong_type(r, &v, "a boolean");
        return false;
    }
    return v.binary ? *v.at != 0 : *v.at == 't';
}

const char *weft_pg_text(weft_pg_rows *r, int column)
{
    struct value v;
    if (!look(r, column, &v) || !v.at)
        return NULL;
    if (!v.binary)
        return v.at;
    switch (v.type) {
    case TYPE_TEXT:
    case TYPE_VARCHAR:
    case TYPE_BPCHAR:
    case TYPE_NAME:
    case TYPE_CHAR:
    case TYPE_UNKNOWN:
    case TYPE_JSON:
    case TYPE_XML:
        return v.at;
    case TYPE_JSONB:
        return v.at + 1; /* behind the version of the format */
    }
    wrong_type(r, &v, "text");
    return NULL;
}

weft_pg_bytes weft_pg_blob(weft_pg_rows *r, int column)
{
    struct value v;
    if (!look(r, column, &v) || !v.at)
        return (weft_pg_bytes){NULL, 0};
    if (v.binary || v.type != TYPE_BYTEA)
        return (weft_pg_bytes){v.at, v.size};
    size_t size;
    unsigned char *decoded = PQunescapeBytea((const unsigned char *)v.at, &size);
    if (!decoded)
        weft_panic("weft_pg: out of memory");
    struct blob *b = pg__alloc(sizeof *b + size + 1);
    memcpy(b->data, decoded, size);
    PQfreemem(decoded);
    b->next = r->blobs;
    r->blobs = b;
    return (weft_pg_bytes){b->data, size};
}

bool weft_pg_null(weft_pg_rows *r, int column)
{
    struct value v;
    return look(r, column, &v) && !v.at;
}

/* ---- all at once ----------------------------------------------------------------------------- */

static void store_integer(weft_pg_rows *r, int column, const weft_impl_pg_place *to, bool is_signed)
{
    int64_t n = weft_pg_int(r, column);
    if (r->fail.e.err)
        return;
    unsigned bits = 8 * (unsigned)to->size;
    bool fits = is_signed ? bits == 64 || (n >> (bits - 1)) == 0 || (n >> (bits - 1)) == -1
                          : n >= 0 && (bits == 64 || n >> bits == 0);
    if (!fits) {
        wrong(r, -ERANGE, column, "does not fit into %zu %s: %lld", to->size,
              is_signed ? "bytes" : "bytes without sign", (long long)n);
        return;
    }
    switch (to->size) {
    case 1:
        *(int8_t *)to->at = (int8_t)n;
        break;
    case 2:
        *(int16_t *)to->at = (int16_t)n;
        break;
    case 4:
        *(int32_t *)to->at = (int32_t)n;
        break;
    default:
        *(int64_t *)to->at = n;
    }
}

int weft_impl_pg_scan(weft_pg_rows *r, size_t n, const weft_impl_pg_place *places)
{
    struct value first;
    if (!look(r, 0, &first))
        return r->fail.e.err;
    if (n != (size_t)PQnfields(r->result))
        return pg__fail(&r->fail, -EINVAL, "", "%zu places for a row of %d columns", n,
                        PQnfields(r->result));
    for (int i = 0; i < (int)n && !r->fail.e.err; i++) {
        const weft_impl_pg_place *to = &places[i];
        if (!to->at)
            continue;
        switch (to->kind) {
        case WEFT_IMPL_PG_SIGNED:
        case WEFT_IMPL_PG_UNSIGNED:
            store_integer(r, i, to, to->kind == WEFT_IMPL_PG_SIGNED);
            break;
        case WEFT_IMPL_PG_FLOAT:
            if (to->size == sizeof(float))
                *(float *)to->at = (float)weft_pg_double(r, i);
            else
                *(double *)to->at = weft_pg_double(r, i);
            break;
        case WEFT_IMPL_PG_BOOL:
            *(bool *)to->at = weft_pg_bool(r, i);
            break;
        case WEFT_IMPL_PG_TEXT:
            *(const char **)to->at = weft_pg_text(r, i);
            break;
        case WEFT_IMPL_PG_BYTES:
            *(weft_pg_bytes *)to->at = weft_pg_blob(r, i);
            break;
        default: /* a void *: only NULL says what it is to receive */
            wrong(r, -EINVAL, i, "is to go to a void *, which only NULL may be");
        }
    }
    return r->fail.e.err;
}

/* SPDX-License-Identifier: MIT */
/*
 * sqlite_exec.c - parameters, and statements whose rows nobody wants.
 */
#include "sqlite_impl.h"

#include <stdlib.h>
#include <string.h>

/* ---- parameters --------------------------------------------------------------- */

weft_sqlite_param weft_impl_sqlite_int(int64_t v)
{
    return (weft_sqlite_param){SQLITE_INTEGER, {.i = v}};
}

weft_sqlite_param weft_impl_sqlite_double(double v)
{
    return (weft_sqlite_param){SQLITE_FLOAT, {.f = v}};
}

weft_sqlite_param weft_impl_sqlite_text(const char *v)
{
    return v ? (weft_sqlite_param){SQLITE_TEXT, {.b = {v, strlen(v)}}}
             : weft_impl_sqlite_null(NULL);
}

weft_sqlite_param weft_impl_sqlite_blob(weft_sqlite_bytes v)
{
    return (weft_sqlite_param){SQLITE_BLOB, {.b = v}};
}

weft_sqlite_param weft_impl_sqlite_null(const void *v)
{
    if (v)
        weft_panic("weft_sqlite: a parameter is a void *, which only NULL may be");
    return (weft_sqlite_param){SQLITE_NULL, {0}};
}

static int bind_one(sqlite3_stmt *handle, int i, const weft_sqlite_param *p)
{
    /* Without bytes SQLite would take the pointer for a null. */
    const void *bytes = p->weft_type == SQLITE_NULL || !p->weft_v.b.size ? "" : p->weft_v.b.data;
    switch (p->weft_type) {
    case SQLITE_INTEGER:
        return sqlite3_bind_int64(handle, i, p->weft_v.i);
    case SQLITE_FLOAT:
        return sqlite3_bind_double(handle, i, p->weft_v.f);
    case SQLITE_TEXT:
        return sqlite3_bind_text64(handle, i, bytes, p->weft_v.b.size, SQLITE_TRANSIENT,
                                   SQLITE_UTF8);
    case SQLITE_BLOB:
        return sqlite3_bind_blob64(handle, i, bytes, p->weft_v.b.size, SQLITE_TRANSIENT);
    default:
        return sqlite3_bind_null(handle, i);
    }
}

/* weft__sqlite_bind - the parameters of a statement, which must be as many as it has. */
int weft__sqlite_bind(struct call *c, sqlite3_stmt *handle)
{
    int wanted = sqlite3_bind_parameter_count(handle);
    if (c->n != (size_t)wanted)
        return weft__sqlite_note_error(c->note, -EINVAL, SQLITE_RANGE,
                                       "the statement has %d parameters, not %zu", wanted, c->n);
    for (int i = 0; i < wanted; i++) {
        int code = bind_one(handle, i + 1, &c->params[i]);
        if (code != SQLITE_OK)
            return weft__sqlite_failed(c, code);
    }
    return 0;
}

/* ---- statements --------------------------------------------------------------- */

/* is_empty - is there nothing but space, comments and semicolons?  SQLite itself decides. */
static bool is_empty(sqlite3 *db, const char *sql)
{
    while (*sql) {
        sqlite3_stmt *handle = NULL;
        int code = sqlite3_prepare_v3(db, sql, -1, 0, &handle, &sql);
        sqlite3_finalize(handle);
        if (code != SQLITE_OK || handle)
            return false;
    }
    return true;
}

/* weft__sqlite_compile - the only statement of c->sql. */
int weft__sqlite_compile(struct call *c, unsigned flags, sqlite3_stmt **handle)
{
    const char *rest;
    int code = sqlite3_prepare_v3(c->db->handle, c->sql, -1, flags, handle, &rest);
    if (code != SQLITE_OK)
        return weft__sqlite_failed(c, code);
    if (*handle && is_empty(c->db->handle, rest))
        return 0;
    int err = weft__sqlite_note_error(c->note, -EINVAL, SQLITE_MISUSE, "%s",
                                      *handle ? "there is more than one statement"
                                              : "there is no statement");
    sqlite3_finalize(*handle);
    *handle = NULL;
    return err;
}

/* weft__sqlite_borrow - what weft_sqlite_prepare() has made of this text, if nobody has it. */
struct prepared *weft__sqlite_borrow(weft_sqlite *db, const char *sql)
{
    for (struct prepared *p = db->prepared; p; p = p->next)
        if (!p->lent && strcmp(p->sql, sql) == 0) {
            p->lent = true;
            return p;
        }
    return NULL;
}

/* weft__sqlite_done_with - reset a statement, which lets go of the database's lock, and give it
 * back. */
void weft__sqlite_done_with(sqlite3_stmt *handle, struct prepared *lender)
{
    if (lender) {
        sqlite3_reset(handle);
        sqlite3_clear_bindings(handle);
        lender->lent = false;
    } else {
        sqlite3_finalize(handle);
    }
}

static int do_prepare(struct call *c)
{
    for (struct prepared *p = c->db->prepared; p; p = p->next)
        if (strcmp(p->sql, c->sql) == 0)
            return 0;
    sqlite3_stmt *handle;
    int err = weft__sqlite_compile(c, SQLITE_PREPARE_PERSISTENT, &handle);
    if (err)
        return err;
    size_t size = strlen(c->sql) + 1;
    struct prepared *p = calloc(1, sizeof *p + size);
    if (!p) {
        sqlite3_finalize(handle);
        return weft__sqlite_note_error(c->note, -ENOMEM, SQLITE_NOMEM, "out of memory");
    }
    memcpy(p->sql, c->sql, size);
    p->handle = handle;
    p->next = c->db->prepared;
    c->db->prepared = p;
    return 0;
}

int(weft_sqlite_prepare)(weft_ctx *ctx, weft_sqlite *db, const char *sql)
{
    weft__sqlite_enter(db, "weft_sqlite_prepare");
    struct call c = {.db = db, .sql = sql, .note = &db->note};
    int err = weft__sqlite_may_run(&c);
    if (!err) {
        weft__sqlite_clear_note(&db->note);
        err = weft__sqlite_on_pool(ctx, &c, do_prepare);
        weft__sqlite_in_tx(&c, err);
    }
    weft__sqlite_leave(db);
    return err;
}

/* run - a statement to its end. */
static int run(struct call *c, sqlite3_stmt *handle)
{
    int err = weft__sqlite_bind(c, handle);
    if (err)
        return err;
    int64_t before = sqlite3_total_changes64(c->db->handle);
    int code;
    do
        code = sqlite3_step(handle);
    while (code == SQLITE_ROW);
    if (code != SQLITE_DONE)
        return weft__sqlite_failed(c, code);
    if (sqlite3_total_changes64(c->db->handle) != before)
        c->changed = sqlite3_changes64(c->db->handle);
    return 0;
}

/* run_first - the first statement of c->sql, which is moved behind it. */
static int run_first(struct call *c)
{
    const char *rest;
    sqlite3_stmt *handle = NULL;
    int code = sqlite3_prepare_v3(c->db->handle, c->sql, -1, 0, &handle, &rest);
    if (code != SQLITE_OK)
        return weft__sqlite_failed(c, code);
    int err = handle ? run(c, handle) : 0;
    sqlite3_finalize(handle);
    if (!err)
        c->sql = rest;
    return err;
}

int weft__sqlite_exec(struct call *c)
{
    struct prepared *p = weft__sqlite_borrow(c->db, c->sql);
    if (p || c->n > 0) {
        sqlite3_stmt *handle = p ? p->handle : NULL;
        int err = handle ? 0 : weft__sqlite_compile(c, 0, &handle);
        if (!err)
            err = run(c, handle);
        weft__sqlite_done_with(handle, p);
        return err;
    }
    int err = 0;
    while (!err && *c->sql)
        err = run_first(c);
    return err;
}

int64_t weft_sqlite_exec_n(weft_ctx *ctx, weft_sqlite *db, const char *sql, size_t n,
                           const weft_sqlite_param *params)
{
    weft__sqlite_enter(db, "weft_sqlite_exec");
    struct call c = {.db = db, .sql = sql, .n = n, .params = params, .note = &db->note};
    int err = weft__sqlite_may_run(&c);
    if (!err) {
        weft__sqlite_clear_note(&db->note);
        err = weft__sqlite_on_pool(ctx, &c, weft__sqlite_exec);
        weft__sqlite_in_tx(&c, err);
    }
    weft__sqlite_leave(db);
    return err ? err : c.changed;
}

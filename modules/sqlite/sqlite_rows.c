/* SPDX-License-Identifier: MIT */
/*
 * sqlite_rows.c - queries, and what they return.
 */
#include "sqlite_impl.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_AHEAD = 64, BYTES_AHEAD = 64 * 1024 };

#define ROWS_FOR_AT_MOST WEFT_MILLISECOND

/* ---- rows --------------------------------------------------------------------- */

/* keep_row - copy the row that SQLite is at; false when memory ran out. */
static bool keep_row(weft_sqlite_rows *r, size_t *bytes)
{
    if (r->count == r->room) {
        int room = r->room ? 2 * r->room : 1;
        sqlite3_value **cells =
            realloc(r->cells, (size_t)room * (size_t)r->columns * sizeof *cells);
        if (!cells)
            return false;
        r->cells = cells;
        r->room = room;
    }
    sqlite3_value **row = r->cells + r->count * r->columns;
    for (int i = 0; i < r->columns; i++) {
        row[i] = sqlite3_value_dup(sqlite3_column_value(r->handle, i));
        if (!row[i]) {
            while (i-- > 0)
                sqlite3_value_free(row[i]);
            return false;
        }
        int type = sqlite3_value_type(row[i]);
        if (type == SQLITE_TEXT || type == SQLITE_BLOB)
            *bytes += (size_t)sqlite3_value_bytes(row[i]);
    }
    r->count++;
    return true;
}

static void drop_rows(weft_sqlite_rows *r)
{
    for (int i = 0; i < r->count * r->columns; i++)
        sqlite3_value_free(r->cells[i]);
    r->count = r->at = 0;
    r->has_row = false;
}

/* fill - fetch the next rows.  An error that comes after some of them waits until they are over. */
static int fill(struct call *c)
{
    weft_sqlite_rows *r = c->rows;
    weft_time start = weft_now();
    size_t bytes = 0;
    int code;
    do {
        code = sqlite3_step(r->handle);
        if (code == SQLITE_ROW && !keep_row(r, &bytes))
            code = SQLITE_NOMEM;
    } while (code == SQLITE_ROW && r->count < ROWS_AHEAD && bytes < BYTES_AHEAD &&
             weft_now() - start < ROWS_FOR_AT_MOST);
    if (code == SQLITE_ROW)
        return 0;
    int err = code == SQLITE_DONE ? 0 : weft__sqlite_failed(c, code);
    sqlite3_reset(r->handle);
    if (err && r->count == 0)
        return err;
    if (err)
        weft__sqlite_copy_note(&r->later, c->note);
    r->ended = true;
    return 0;
}

/* names_of - the columns' names outlive the statement. */
static bool names_of(weft_sqlite_rows *r)
{
    r->names = calloc((size_t)r->columns + 1, sizeof *r->names);
    for (int i = 0; r->names && i < r->columns; i++) {
        r->names[i] = strdup(sqlite3_column_name(r->handle, i));
        if (!r->names[i])
            return false;
    }
    return r->names != NULL;
}

static int do_query(struct call *c)
{
    weft_sqlite_rows *r = c->rows;
    int err = 0;
    if (!r->handle) { /* or we were here before, and the database was locked */
        r->lender = weft__sqlite_borrow(c->db, c->sql);
        if (r->lender)
            r->handle = r->lender->handle;
        else
            err = weft__sqlite_compile(c, 0, &r->handle);
        if (err)
            return err;
        r->columns = sqlite3_column_count(r->handle);
        if (!names_of(r))
            return weft__sqlite_note_error(c->note, -ENOMEM, SQLITE_NOMEM, "out of memory");
    }
    err = weft__sqlite_bind(c, r->handle);
    return err ? err : fill(c);
}

/* weft__sqlite_end_rows - nothing more comes from SQLite: what was fetched needs no connection. */
void weft__sqlite_end_rows(weft_sqlite_rows *r)
{
    weft_sqlite *db = r->db;
    if (r->handle)
        weft__sqlite_done_with(r->handle, r->lender);
    r->handle = NULL;
    if (r->next)
        r->next->prev = r->prev;
    if (r->prev)
        r->prev->next = r->next;
    else
        db->rows = r->next;
    r->db = NULL;
}

weft_sqlite_rows *weft_sqlite_query_n(weft_ctx *ctx, weft_sqlite *db, const char *sql, size_t n,
                                      const weft_sqlite_param *params)
{
    weft__sqlite_enter(db, "weft_sqlite_query");
    weft_sqlite_rows *r = weft__sqlite_get(sizeof *r);
    weft__sqlite_clear_note(&r->note);
    weft__sqlite_clear_note(&r->later);
    r->db = db;
    r->next = db->rows;
    if (r->next)
        r->next->prev = r;
    db->rows = r;
    struct call c = {.db = db, .rows = r, .sql = sql, .n = n, .params = params, .note = &r->note};
    int err = weft__sqlite_may_run(&c);
    if (!err) {
        err = weft__sqlite_on_pool(ctx, &c, do_query);
        weft__sqlite_in_tx(&c, err ? err : r->later.e.err);
        if (!err)
            weft__sqlite_clear_note(&r->note);
    }
    r->ended |= err != 0;
    if (r->ended)
        weft__sqlite_end_rows(r);
    weft__sqlite_leave(db);
    return r;
}

/* more - fetch rows when those that were are over; 0, or the error that ended them. */
static int more(weft_ctx *ctx, weft_sqlite_rows *r)
{
    if (r->at < r->count)
        return 0;
    if (r->ended)
        return r->later.e.err ? weft__sqlite_copy_note(&r->note, &r->later) : 0;
    weft_sqlite *db = r->db;
    weft__sqlite_enter(db, "weft_sqlite_next");
    drop_rows(r);
    struct call c = {.db = db, .rows = r, .note = &r->note};
    int err = weft__sqlite_may_run(&c);
    if (!err) {
        err = weft__sqlite_on_pool(ctx, &c, fill);
        weft__sqlite_in_tx(&c, err ? err : r->later.e.err);
        if (!err)
            weft__sqlite_clear_note(&r->note);
    }
    r->ended |= err != 0;
    if (r->ended)
        weft__sqlite_end_rows(r);
    weft__sqlite_leave(db);
    return err;
}

bool(weft_sqlite_next)(weft_ctx *ctx, weft_sqlite_rows *r)
{
    r->has_row = false;
    if (r->note.e.err)
        return false;
    /* An ended context wins over rows that are here already. */
    int err = weft_ctx_err(ctx);
    if (err)
        weft__sqlite_note_error(&r->note, err, 0, "%s", weft_strerror(err));
    else
        err = more(ctx, r);
    if (err || r->at == r->count)
        return false;
    r->at++;
    r->has_row = true;
    return true;
}

void weft_sqlite_rows_free(weft_sqlite_rows *r)
{
    if (!r)
        return;
    weft_sqlite *db = r->db;
    if (db) {
        weft__sqlite_enter(db, "weft_sqlite_rows_free");
        weft__sqlite_end_rows(r);
        weft__sqlite_leave(db);
    }
    drop_rows(r);
    for (int i = 0; r->names && i < r->columns; i++)
        free(r->names[i]);
    free(r->names);
    free(r->cells);
    free(r);
}

int weft_sqlite_columns(const weft_sqlite_rows *r) { return r->columns; }

const char *weft_sqlite_column_name(const weft_sqlite_rows *r, int column)
{
    return r->names && column >= 0 && column < r->columns ? r->names[column] : "";
}

/* cell - a value of the current row; NULL, and the rows end, when there is none. */
static sqlite3_value *cell(weft_sqlite_rows *r, int column)
{
    if (r->note.e.err)
        return NULL;
    if (!r->has_row)
        weft__sqlite_note_error(&r->note, -EINVAL, 0, "there is no current row");
    else if (column < 0 || column >= r->columns)
        weft__sqlite_note_error(&r->note, -EINVAL, 0,
                                "there is no column %d, there are %d, counted from 0", column,
                                r->columns);
    else
        return r->cells[(r->at - 1) * r->columns + column];
    return NULL;
}

static const char *const type_names[] = {
    [SQLITE_INTEGER] = "an integer", [SQLITE_FLOAT] = "a floating-point number",
    [SQLITE_TEXT] = "text",          [SQLITE_BLOB] = "a blob",
    [SQLITE_NULL] = "null",
};

/* typed - the same, and it must have one of the types that @types has bits for. */
static sqlite3_value *typed(weft_sqlite_rows *r, int column, unsigned types, const char *wanted)
{
    sqlite3_value *v = cell(r, column);
    int type = v ? sqlite3_value_type(v) : SQLITE_NULL;
    if (!v || (types >> type & 1))
        return v;
    weft__sqlite_note_error(&r->note, type == SQLITE_NULL ? -ENODATA : -EINVAL, 0,
                            "column %d, %s: %s, not %s", column, r->names[column], type_names[type],
                            wanted);
    return NULL;
}

int64_t weft_sqlite_int(weft_sqlite_rows *r, int column)
{
    sqlite3_value *v = typed(r, column, 1 << SQLITE_INTEGER, "an integer");
    return v ? sqlite3_value_int64(v) : 0;
}

double weft_sqlite_double(weft_sqlite_rows *r, int column)
{
    sqlite3_value *v = typed(r, column, 1 << SQLITE_INTEGER | 1 << SQLITE_FLOAT, "a number");
    return v ? sqlite3_value_double(v) : 0;
}

const char *weft_sqlite_text(weft_sqlite_rows *r, int column)
{
    sqlite3_value *v = typed(r, column, ~(1u << SQLITE_BLOB), "text");
    return v ? (const char *)sqlite3_value_text(v) : NULL;
}

weft_sqlite_bytes weft_sqlite_blob(weft_sqlite_rows *r, int column)
{
    sqlite3_value *v = cell(r, column);
    if (!v || sqlite3_value_type(v) == SQLITE_NULL)
        return (weft_sqlite_bytes){NULL, 0};
    const void *data = sqlite3_value_blob(v); /* before the size: it may convert */
    return (weft_sqlite_bytes){data ? data : "", (size_t)sqlite3_value_bytes(v)};
}

bool weft_sqlite_null(weft_sqlite_rows *r, int column)
{
    sqlite3_value *v = cell(r, column);
    return v && sqlite3_value_type(v) == SQLITE_NULL;
}

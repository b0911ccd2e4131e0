/* SPDX-License-Identifier: MIT */
/*
 * What the files of this folder share; see sqlite_conn.c for the ideas.
 */
#ifndef WEFT_SQLITE_IMPL_H
#define WEFT_SQLITE_IMPL_H

#include <weft.h>
#include <weft/sqlite.h>

#include <sqlite3.h>
#include <stdatomic.h>

/* An error, and the room for its text. */
struct note {
    weft_sqlite_error e;
    char text[240];
};

/* A statement that weft_sqlite_prepare() has made, lent to one user at a time. */
struct prepared {
    struct prepared *next;
    sqlite3_stmt *handle;
    bool lent;
    char sql[];
};

struct weft_sqlite {
    sqlite3 *handle;            /* NULL: not open, and note says why */
    _Atomic uint64_t user;      /* who is in a call, as self() says it; 0: nobody */
    _Atomic(const char *) what; /* which call that is, for reports */
    // weft:ignore ctxfield SQLite's callbacks need it, and it is only there during the call
    weft_ctx *ctx; /* of the call under way; NULL between calls */
    bool busy;                  /* on_busy() was asked, and gave up for now */
    struct prepared *prepared;
    weft_sqlite_rows *rows; /* those that have a statement, linked */
    weft_sqlite_tx *tx;     /* the innermost one */
    struct note note;
};

struct weft_sqlite_rows {
    weft_sqlite *db; /* NULL: they need no connection any more */
    weft_sqlite_rows *prev, *next;
    sqlite3_stmt *handle;
    struct prepared *lender; /* of handle; NULL when it is our own */
    /* Those fetched, columns cells each; the one at at - 1 is the current one. */
    sqlite3_value **cells;
    char **names;
    int columns;
    int room, count, at;
    bool has_row;
    bool ended;        /* SQLite has no more */
    struct note later; /* the error that comes after those fetched */
    struct note note;
};

struct weft_sqlite_tx {
    weft_sqlite *db; /* NULL: the connection was closed */
    weft_sqlite_tx *outer;
    int depth;        /* 0: a transaction; n: savepoint number n */
    bool begun;       /* SQLite knows of it */
    bool over;        /* committed or rolled back */
    struct note note; /* why it can only be rolled back */
};

/* What a pool's thread is told. */
struct call {
    weft_sqlite *db;
    weft_sqlite_rows *rows;
    const char *sql;
    size_t n;
    const weft_sqlite_param *params;
    struct note *note; /* where an error goes */
    int64_t changed;
};

/* Zeroed memory; panics when there is none. */
void *weft__sqlite_get(size_t size);

/* weft__sqlite_enter - take the connection for a call; panics when another is under way. */
void weft__sqlite_enter(weft_sqlite *db, const char *what);
void weft__sqlite_leave(weft_sqlite *db);

/* weft__sqlite_note_error - write down an error, and give it back. */
int weft__sqlite_note_error(struct note *note, int err, int code, const char *text, ...)
    __attribute__((format(printf, 4, 5)));
int weft__sqlite_copy_note(struct note *to, const struct note *from);
void weft__sqlite_clear_note(struct note *note);
/* weft__sqlite_failed - SQLite said no: what, and why. */
int weft__sqlite_failed(struct call *c, int code);

/* weft__sqlite_on_pool - run @work on a thread of the pool, under the context.  It is called again
 * when it found the database locked, so it goes on where it was. */
int weft__sqlite_on_pool(weft_ctx *ctx, struct call *c, int (*work)(struct call *));
/* weft__sqlite_may_run - is the connection open, and its transaction, if any, sound? */
int weft__sqlite_may_run(struct call *c);
/* weft__sqlite_in_tx - a statement ended with @err: so does, if that is an error, the transaction
 * that it was in. */
void weft__sqlite_in_tx(struct call *c, int err);

/* For the pool's thread: the only statement of c->sql; its parameters; all of c->sql to its end. */
int weft__sqlite_compile(struct call *c, unsigned flags, sqlite3_stmt **handle);
int weft__sqlite_bind(struct call *c, sqlite3_stmt *handle);
int weft__sqlite_exec(struct call *c);
/* What weft_sqlite_prepare() has made of this text, if nobody has it; and back. */
struct prepared *weft__sqlite_borrow(weft_sqlite *db, const char *sql);
void weft__sqlite_done_with(sqlite3_stmt *handle, struct prepared *lender);

/* weft__sqlite_end_rows - nothing more comes from SQLite: what was fetched needs no connection. */
void weft__sqlite_end_rows(weft_sqlite_rows *r);

#endif /* WEFT_SQLITE_IMPL_H */

/* SPDX-License-Identifier: MIT */
/*
 * sqlite_conn.c - SQLite under weft: see weft/sqlite.h for what users see.
 *
 * Where SQLite runs.  Whatever may touch a file or compute (prepare, step,
 * commit, close) is a function of a struct call that weft__sqlite_on_pool() runs
 * on a thread of the blocking pool.  What only touches memory (bind, reset,
 * finalize of a statement that is not in the middle of its rows) runs in the
 * caller.
 *
 * How a context ends a query.  SQLite asks on_progress() every 200 steps of its
 * machine, and on_busy() while a lock is not to be had; both look at the context
 * of the call under way, from the pool's thread.  The other way,
 * sqlite3_interrupt() from weft_ctx_after_func(), was left: an interrupt that
 * comes when its query has just ended would hit the next one.
 *
 * Waiting for locks.  What waits for a lock must not keep the pool from whoever
 * has that lock.  So a call waits on the pool's thread only for a moment, then
 * leaves it, sleeps as a goroutine and begins anew; SQLite has undone what a
 * statement did that ended as busy.  And a connection that holds locks already
 * needs no turn.
 *
 * Rows.  A thread switch for each row would cost more than the row, so fill() in
 * sqlite_rows.c steps on while rows come quickly, and keeps copies
 * (sqlite3_value_dup).
 *
 * Who may touch what.  user is taken for the length of a call, by
 * weft__sqlite_enter() and weft__sqlite_leave(), so all other fields of a
 * connection, its rows and transactions belong to one goroutine at a time, or to
 * the pool's thread that works for it; the hand-over is ordered by
 * weft_blocking().  Rows and transactions that outlive their connection have no
 * db, and then only their holder knows of them.
 */
#define _GNU_SOURCE /* gettid */
#include "sqlite_impl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    STEPS_BETWEEN_LOOKS = 200, /* of SQLite's machine: some microseconds */
    CALLS_AT_ONCE = 64,        /* half of the pool: SQLite does not keep others from it */
    BUSY_TRIES = 5,            /* on the pool's thread, after 1, 2, 3, 4 and 5 ms */
};

#define BUSY_PAUSE (5 * WEFT_MILLISECOND)

static weft_sem turns = WEFT_SEM(CALLS_AT_ONCE);

void *weft__sqlite_get(size_t size)
{
    void *p = calloc(1, size);
    if (!p)
        weft_panic("weft_sqlite: out of memory");
    return p;
}

/* ---- one goroutine at a time -------------------------------------------------- */

/* self - who calls: a goroutine's number, or a thread's with the top bit set. */
#define IS_THREAD (UINT64_C(1) << 63)
static uint64_t self(void)
{
    uint64_t id = weft_goroutine_id();
    return id ? id : IS_THREAD | (uint64_t)gettid();
}

static const char *path_of(const weft_sqlite *db)
{
    const char *path = db->handle ? sqlite3_db_filename(db->handle, "main") : NULL;
    return path && *path ? path : ":memory:";
}

/* weft__sqlite_enter - take the connection for a call; panics when another is under way. */
void weft__sqlite_enter(weft_sqlite *db, const char *what)
{
    if (!db)
        weft_panic("%s: NULL connection", what);
    uint64_t user = 0;
    /* acquire [sqlite.user]: pairs with the release in weft__sqlite_leave(). */
    if (!atomic_compare_exchange_strong_explicit(&db->user, &user, self(), memory_order_acquire,
                                                 memory_order_relaxed)) {
        const char *other = atomic_load_explicit(&db->what, memory_order_relaxed);
        weft_panic("%s: the connection to %s is in use: %s %llu is in %s; goroutines that work at "
                   "the same time need a connection each",
                   what, path_of(db), user & IS_THREAD ? "thread" : "goroutine",
                   (unsigned long long)(user & ~IS_THREAD), other ? other : "another call");
    }
    atomic_store_explicit(&db->what, what, memory_order_relaxed);
}

void weft__sqlite_leave(weft_sqlite *db)
{
    /* release [sqlite.user]: what the call did is there for the next one. */
    atomic_store_explicit(&db->user, 0, memory_order_release);
}

/* ---- errors ------------------------------------------------------------------- */

/* errno_of - a result code of SQLite's as one of ours. */
static int errno_of(int code)
{
    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return -EEXIST;
    }
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_INTERRUPT:
        return -EINTR;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return -EACCES;
    case SQLITE_CANTOPEN:
        return -ENOENT;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_IOERR:
    case SQLITE_PROTOCOL:
        return -EIO;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_TOOBIG:
        return -E2BIG;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return -EBADMSG;
    default:
        return -EINVAL;
    }
}

/* weft__sqlite_note_error - write down an error, and give it back. */
int __attribute__((format(printf, 4, 5)))
weft__sqlite_note_error(struct note *note, int err, int code, const char *text, ...)
{
    va_list args;
    va_start(args, text);
    vsnprintf(note->text, sizeof note->text, text, args);
    va_end(args);
    note->e = (weft_sqlite_error){.err = err, .code = code, .message = note->text};
    return err;
}

int weft__sqlite_copy_note(struct note *to, const struct note *from)
{
    return to == from ? from->e.err
                      : weft__sqlite_note_error(to, from->e.err, from->e.code, "%s", from->text);
}

void weft__sqlite_clear_note(struct note *note)
{
    note->text[0] = 0;
    note->e = (weft_sqlite_error){.message = note->text};
}

/* weft__sqlite_failed - SQLite said no: what, and why.  A call that it gave up because the context
 * had ended ends with the context's error. */
int weft__sqlite_failed(struct call *c, int code)
{
    sqlite3 *handle = c->db->handle;
    int kind = code & 0xff;
    int err = kind == SQLITE_INTERRUPT || kind == SQLITE_BUSY ? weft_ctx_err(c->db->ctx) : 0;
    bool known = sqlite3_extended_errcode(handle) == code;
    return weft__sqlite_note_error(c->note, err ? err : errno_of(code), code, "%s",
                                   known ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
}

const weft_sqlite_error *weft_impl_sqlite_error(const weft_sqlite *db) { return &db->note.e; }

const weft_sqlite_error *weft_impl_sqlite_rows_error(const weft_sqlite_rows *r)
{
    return &r->note.e;
}

const weft_sqlite_error *weft_impl_sqlite_tx_error(const weft_sqlite_tx *tx) { return &tx->note.e; }

/* ---- on the pool -------------------------------------------------------------- */

/* on_progress - SQLite asks whether to stop; on the pool's thread, or wherever
 * the program itself uses the handle. */
static int on_progress(void *connection)
{
    weft_sqlite *db = connection;
    return db->ctx && weft_ctx_err(db->ctx) != 0;
}

/* on_busy - SQLite asks whether to try again for a lock.  There is nothing to
 * wait on but time: the lock may be another process's. */
static int on_busy(void *connection, int tries)
{
    weft_sqlite *db = connection;
    db->busy = tries >= BUSY_TRIES;
    return !db->busy && db->ctx && weft_sleep(db->ctx, (tries + 1) * WEFT_MILLISECOND) == 0;
}

/*
 * weft__sqlite_on_pool - run @work on a thread of the pool, under the context.
 *
 * The semaphore keeps the queue in front of the pool on this side of
 * weft_blocking(), where a context ends the wait.  @work is called again when it
 * found the database locked, so it goes on where it was.
 */
int weft__sqlite_on_pool(weft_ctx *ctx, struct call *c, int (*work)(struct call *))
{
    weft_sqlite *db = c->db;
    bool holds_locks = db->handle && sqlite3_txn_state(db->handle, NULL) != SQLITE_TXN_NONE;
    int err = weft_ctx_err(ctx);
    while (!err) {
        if (!holds_locks && (err = weft_sem_acquire(ctx, &turns, 1)) != 0)
            break;
        db->ctx = ctx;
        db->busy = false;
        /* Anew each time: after a no SQLite asks it no more, not even while it compiles. */
        if (db->handle)
            sqlite3_busy_handler(db->handle, on_busy, db);
        err = weft_blocking(work, c);
        db->ctx = NULL;
        if (!holds_locks)
            weft_sem_release(&turns, 1);
        if (err != -EBUSY || !db->busy)
            return err;
        weft__sqlite_clear_note(c->note);
        err = weft_sleep(ctx, BUSY_PAUSE);
    }
    return weft__sqlite_note_error(c->note, err, 0, "%s",
                                   err == -ETIMEDOUT ? "the time was over before SQLite could run"
                                                     : "cancelled before SQLite could run");
}

/* weft__sqlite_may_run - is the connection open, and its transaction, if any, sound? */
int weft__sqlite_may_run(struct call *c)
{
    weft_sqlite *db = c->db;
    if (!db->handle)
        return weft__sqlite_copy_note(c->note, &db->note);
    weft_sqlite_tx *tx = db->tx;
    if (!tx)
        return 0;
    if (!tx->note.e.err && sqlite3_get_autocommit(db->handle))
        weft__sqlite_note_error(&tx->note, -ESTALE, 0, "SQLite has rolled the transaction back");
    return tx->note.e.err ? weft__sqlite_copy_note(c->note, &tx->note) : 0;
}

/* weft__sqlite_in_tx - a statement ended with @err: so does, if that is an error, the transaction
 * that it was in. */
void weft__sqlite_in_tx(struct call *c, int err)
{
    weft_sqlite_tx *tx = c->db->tx;
    if (err && tx && !tx->note.e.err)
        weft__sqlite_copy_note(&tx->note, c->note);
}

/* ---- connections -------------------------------------------------------------- */

static int do_open(struct call *c, int flags)
{
    sqlite3 *handle = NULL;
    int code = sqlite3_open_v2(c->sql, &handle, flags, NULL);
    if (code == SQLITE_OK) {
        sqlite3_progress_handler(handle, STEPS_BETWEEN_LOOKS, on_progress, c->db);
        c->db->handle = handle;
        return 0;
    }
    /* What the system said is more than "unable to open". */
    int error = handle ? sqlite3_system_errno(handle) : 0;
    int err = (code & 0xff) == SQLITE_CANTOPEN && error > 0 ? -error : errno_of(code);
    sqlite3_close(handle);
    return weft__sqlite_note_error(c->note, err, code, "%s: %s", c->sql,
                                   error > 0 ? weft_strerror(err) : sqlite3_errstr(code));
}

static int do_open_read_write(struct call *c)
{
    return do_open(c, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                          SQLITE_OPEN_EXRESCODE);
}

static int do_open_existing(struct call *c)
{
    return do_open(c, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE);
}

static int do_open_read_only(struct call *c)
{
    return do_open(c, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE);
}

weft_sqlite *(weft_sqlite_open)(weft_ctx *ctx, const char *path, const weft_sqlite_opts *opts)
{
    weft_sqlite *db = weft__sqlite_get(sizeof *db);
    weft__sqlite_clear_note(&db->note);
    struct call c = {.db = db, .sql = path, .note = &db->note};
    weft__sqlite_on_pool(ctx, &c,
                         opts && opts->read_only    ? do_open_read_only
                         : opts && opts->must_exist ? do_open_existing
                                                    : do_open_read_write);
    return db;
}

static int do_close(struct call *c)
{
    for (struct prepared *p = c->db->prepared; p; p = p->next)
        sqlite3_finalize(p->handle);
    /* If the program has made statements by the handle, SQLite closes it with the last of them. */
    return sqlite3_close_v2(c->db->handle);
}

void weft_sqlite_close(weft_sqlite *db)
{
    if (!db)
        return;
    weft__sqlite_enter(db, "weft_sqlite_close");
    while (db->rows) {
        weft_sqlite_rows *r = db->rows;
        if (!r->ended)
            weft__sqlite_note_error(&r->later, -EBADF, 0, "the connection was closed");
        r->ended = true;
        weft__sqlite_end_rows(r);
    }
    while (db->tx) {
        weft_sqlite_tx *tx = db->tx;
        db->tx = tx->outer;
        tx->db = NULL;
    }
    if (db->handle) {
        struct call c = {.db = db, .note = &db->note};
        weft__sqlite_on_pool(weft_background(), &c, do_close);
    }
    while (db->prepared) {
        struct prepared *p = db->prepared;
        db->prepared = p->next;
        free(p);
    }
    free(db);
}

int64_t weft_sqlite_last_id(const weft_sqlite *db)
{
    return db->handle ? sqlite3_last_insert_rowid(db->handle) : 0;
}

struct sqlite3 *weft_sqlite_raw(weft_sqlite *db) { return db->handle; }
weft_ctx *weft_sqlite_ctx(weft_sqlite *db) { return db->ctx; }

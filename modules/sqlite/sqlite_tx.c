/* SPDX-License-Identifier: MIT */
/*
 * sqlite_tx.c - transactions, and savepoints within them.
 */
#include "sqlite_impl.h"

#include <stdlib.h>

/* command - SQL of our own, for a transaction. */
static int command(weft_ctx *ctx, weft_sqlite_tx *tx, struct note *note, const char *sql)
{
    struct call c = {.db = tx->db, .sql = sql, .note = note};
    return weft__sqlite_on_pool(ctx, &c, weft__sqlite_exec);
}

weft_sqlite_tx *(weft_sqlite_begin)(weft_ctx *ctx, weft_sqlite *db, weft_sqlite_tx_kind kind)
{
    weft__sqlite_enter(db, "weft_sqlite_begin");
    weft_sqlite_tx *tx = weft__sqlite_get(sizeof *tx);
    weft__sqlite_clear_note(&tx->note);
    struct call c = {.db = db, .note = &tx->note};
    int err = weft__sqlite_may_run(&c);
    tx->db = db;
    tx->outer = db->tx;
    tx->depth = db->tx ? db->tx->depth + 1 : 0;
    db->tx = tx;
    if (!err) {
        char sql[48];
        if (tx->depth > 0)
            snprintf(sql, sizeof sql, "SAVEPOINT weft_%d", tx->depth);
        else
            snprintf(sql, sizeof sql, "BEGIN %s",
                     kind == WEFT_SQLITE_WRITE ? "IMMEDIATE" : "DEFERRED");
        tx->begun = command(ctx, tx, &tx->note, sql) == 0;
    }
    weft__sqlite_leave(db);
    return tx;
}

static void end_tx(weft_sqlite_tx *tx)
{
    tx->over = true;
    tx->db->tx = tx->outer;
}

/* roll_back - within a call.  Those within it end with it. */
static void roll_back(weft_sqlite_tx *tx)
{
    weft_sqlite *db = tx->db;
    while (db->tx != tx)
        end_tx(db->tx);
    if (tx->begun && !sqlite3_get_autocommit(db->handle)) {
        char sql[80] = "ROLLBACK";
        struct note note;
        if (tx->depth > 0)
            snprintf(sql, sizeof sql, "ROLLBACK TO weft_%d; RELEASE weft_%d", tx->depth, tx->depth);
        command(weft_background(), tx, &note, sql);
    }
    end_tx(tx);
}

/* is_open - for commit and rollback. */
static bool is_open(const weft_sqlite_tx *tx, const char *what)
{
    if (!tx)
        weft_panic("%s: NULL transaction", what);
    if (tx->over)
        weft_panic("%s: the transaction was committed or rolled back before", what);
    return tx->db != NULL;
}

int(weft_sqlite_commit)(weft_ctx *ctx, weft_sqlite_tx *tx)
{
    if (!is_open(tx, "weft_sqlite_commit"))
        return weft__sqlite_note_error(&tx->note, -EBADF, 0, "the connection was closed");
    weft_sqlite *db = tx->db;
    weft__sqlite_enter(db, "weft_sqlite_commit");
    if (db->tx != tx) {
        weft__sqlite_leave(db);
        return -EBUSY;
    }
    struct note note;
    struct call c = {.db = db, .note = &note};
    int err = weft__sqlite_may_run(&c); /* has a statement failed? */
    if (!err) {
        char sql[48] = "COMMIT";
        if (tx->depth > 0)
            snprintf(sql, sizeof sql, "RELEASE weft_%d", tx->depth);
        err = command(ctx, tx, &tx->note, sql);
    }
    if (err)
        roll_back(tx);
    else
        end_tx(tx);
    weft__sqlite_leave(db);
    return err;
}

void weft_sqlite_rollback(weft_sqlite_tx *tx)
{
    if (!is_open(tx, "weft_sqlite_rollback"))
        return;
    weft_sqlite *db = tx->db;
    weft__sqlite_enter(db, "weft_sqlite_rollback");
    roll_back(tx);
    weft__sqlite_leave(db);
}

void weft_sqlite_tx_free(weft_sqlite_tx *tx)
{
    if (!tx)
        return;
    if (tx->db && !tx->over)
        weft_sqlite_rollback(tx);
    free(tx);
}

/* SPDX-License-Identifier: MIT */
/*
 * pg_tx.c - transactions that end with their scope.
 *
 * Open ones form a list, innermost first, from the connection.  One that could
 * not be begun is in the list too, with nothing behind it in the server: it
 * makes the statements fail that were meant to be its own.  The outermost is a
 * transaction of SQL, the others are its savepoints.
 */
#include "pg_impl.h"

#include <stdio.h>

struct weft_pg_tx {
    weft_pg *db; /* NULL: it has ended */
    weft_pg_tx *outer;
    int depth;  /* from 1; 0: it was not begun */
    bool ended; /* by a call */
    struct failure fail;
};

const weft_pg_error *weft_impl_pg_tx_error(const weft_pg_tx *tx) { return &tx->fail.e; }

/* The depth tells a savepoint's name. */
static void savepoint(char to[64], const char *verb, int depth)
{
    snprintf(to, 64, "%s weft_%d", verb, depth);
}

/* Out of the list; the innermost only. */
static void unlink_tx(weft_pg_tx *tx)
{
    tx->db->tx = tx->outer;
    tx->db = NULL;
}

void pg__tx_cut(weft_pg_tx *tx)
{
    if (!tx->fail.e.err)
        pg__fail(&tx->fail, -ECANCELED, "", "the connection was released before the transaction");
    unlink_tx(tx);
}

int pg__tx_ready(const weft_pg_tx *tx, struct failure *f)
{
    return tx && tx->depth == 0 ? pg__fail_copy(f, &tx->fail) : 0;
}

static int begin(weft_ctx *ctx, weft_pg_tx *tx, const char *modes)
{
    weft_pg *db = tx->db;
    int depth = tx->outer ? tx->outer->depth + 1 : 1;
    int err = pg__ready(ctx, db, &tx->fail);
    if (err)
        return err;
    if (depth > 1) {
        char sql[64];
        savepoint(sql, "savepoint", depth);
        err = pg__command(ctx, db, sql, &tx->fail);
    } else if (PQtransactionStatus(db->pq) != PQTRANS_IDLE) {
        /* By a "begin" in a statement: ending that is not ours. */
        err = pg__fail(&tx->fail, -EBUSY, "",
                       "a transaction is open that weft_pg_begin() did not "
                       "begin");
    } else {
        char *sql = NULL;
        if (asprintf(&sql, "begin %s", modes) < 0)
            weft_panic("weft_pg: out of memory");
        err = pg__command(ctx, db, sql, &tx->fail);
        free(sql);
        /* It had begun, and the context ended: nobody would end it. */
        if (err && db->pq && PQtransactionStatus(db->pq) != PQTRANS_IDLE)
            pg__rollback_now(db, "rollback");
    }
    if (!err)
        tx->depth = depth;
    return err;
}

weft_pg_tx *(weft_pg_begin_as)(weft_ctx *ctx, weft_pg *db, const char *modes)
{
    weft_pg_tx *tx = pg__alloc(sizeof *tx);
    tx->fail = (struct failure)FAILURE_NONE;
    tx->db = db;
    tx->outer = db->tx;
    pg__enter(db, "weft_pg_begin");
    begin(ctx, tx, modes);
    db->tx = tx;
    pg__leave(db);
    return tx;
}

static int commit(weft_ctx *ctx, weft_pg_tx *tx)
{
    weft_pg *db = tx->db;
    int err = pg__ready(ctx, db, &tx->fail);
    if (err)
        return err;
    struct outcome o = {0};
    char sql[64] = "commit";
    if (tx->depth > 1)
        savepoint(sql, "release savepoint", tx->depth);
    err = pg__run(ctx, db, 0, sql, 0, NULL, true, &o, &tx->fail);
    /* The server calls it a success to have rolled back. */
    if (!err && strcmp(PQcmdStatus(o.good), "ROLLBACK") == 0)
        err = pg__fail(&tx->fail, -EREMOTEIO, "25P02",
                       "a statement of the transaction had failed, so commit rolled it back");
    pg__outcome_clear(&o);
    return err;
}

/* Only the innermost can end; panics when it has ended already. */
static int may_end(weft_pg_tx *tx, const char *call)
{
    if (tx->ended)
        weft_panic("%s: the transaction was committed or rolled back before", call);
    if (!tx->db || tx->depth == 0)
        return tx->fail.e.err;
    if (tx->db->tx != tx)
        return pg__fail(&tx->fail, -EBUSY, "", "a transaction within it is open");
    return 0;
}

int(weft_pg_commit)(weft_ctx *ctx, weft_pg_tx *tx)
{
    int err = may_end(tx, "weft_pg_commit");
    if (err)
        return err;
    weft_pg *db = tx->db;
    pg__enter(db, "weft_pg_commit");
    err = commit(ctx, tx);
    PGTransactionStatusType left = db->pq ? PQtransactionStatus(db->pq) : PQTRANS_IDLE;
    if (err == 0 || (tx->depth == 1 && left == PQTRANS_IDLE)) {
        tx->ended = true;
        unlink_tx(tx);
    }
    pg__leave(db);
    return err;
}

int pg__rollback_now(weft_pg *db, const char *sql)
{
    weft_auto(weft_ctx, limit) = weft_ctx_with_timeout(weft_background(), PATIENCE);
    struct failure f = FAILURE_NONE;
    int err = pg__command(limit, db, sql, &f);
    if (err && db->pq) /* closing it has the same effect */
        pg__break(db, -ECONNRESET, NULL);
    pg__fail_clear(&f);
    return err;
}

static int rollback(weft_pg_tx *tx)
{
    char sql[64] = "rollback";
    weft_pg *db = tx->db;
    int err = 0;
    if (db->pq && tx->depth == 1) {
        err = pg__rollback_now(db, sql);
    } else if (db->pq && tx->depth > 1) {
        savepoint(sql, "rollback to savepoint", tx->depth);
        err = pg__rollback_now(db, sql);
        savepoint(sql, "release savepoint", tx->depth);
        if (!err)
            err = pg__rollback_now(db, sql);
    }
    unlink_tx(tx);
    return err;
}

int(weft_pg_rollback)(weft_pg_tx *tx)
{
    int err = may_end(tx, "weft_pg_rollback");
    if (err)
        return err;
    weft_pg *db = tx->db;
    pg__enter(db, "weft_pg_rollback");
    if (db->pq && (db->stream || db->pipe)) {
        err = pg__ready(weft_background(), db, &tx->fail); /* says what is open */
    } else {
        err = rollback(tx);
        tx->ended = true;
        if (err)
            pg__fail(&tx->fail, err, "", "the rollback failed, and closed the connection");
    }
    pg__leave(db);
    return err;
}

void weft_pg_tx_free(weft_pg_tx *tx)
{
    if (!tx)
        return;
    weft_pg *db = tx->db;
    if (db) {
        pg__enter(db, "weft_pg_tx_free");
        pg__end_open(db);
        while (db->tx != tx) /* inner ones that outlive it */
            pg__tx_cut(db->tx);
        rollback(tx);
        pg__leave(db);
    }
    pg__fail_clear(&tx->fail);
    free(tx);
}

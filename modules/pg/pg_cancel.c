/* SPDX-License-Identifier: MIT */
/*
 * pg_cancel.c - a statement is to stop, and its connection to stay.
 *
 * A cancel request goes to the server by a connection of its own and names the
 * server process, not the statement.  So two things must not happen:
 *
 *  - The request comes before the process has read the statement, which is then
 *    not stopped.  Therefore it is repeated until the statement has ended.
 *  - The request comes when the statement has ended, and stops the next one.
 *    Therefore the next one is not sent before the request was answered: the
 *    server closes that connection when it has signalled the process, and a
 *    process that is signalled while it waits for a statement does nothing.
 *
 * libpq 15 has no request that does not block, so it runs on the pool of
 * weft/blocking.h.  It may hang as long as TCP does, when the server's machine
 * is gone; so a goroutine of its own waits for it, and after the time that we
 * have the connection is closed without it.
 */
#include "pg_impl.h"

#include <stdio.h>

WEFT_CHAN(answer_chan, bool);

struct request {
    PGcancel *cancel;
    answer_chan *answer; /* capacity 1: nobody need wait for it */
};

static void request(struct request *q)
{
    char why[256];
    bool heard = weft_blocking(PQcancel, q->cancel, why, (int)sizeof why);
    PQfreeCancel(q->cancel);
    weft_send(q->answer, heard);
    weft_unref(q->answer);
    free(q);
}

/* Ask, and wait for the answer: 0, or the context's error. */
static int ask(weft_ctx *limit, weft_pg *db)
{
    struct request *q = pg__alloc(sizeof *q);
    q->cancel = PQgetCancel(db->pq);
    if (!q->cancel)
        weft_panic("weft_pg: out of memory");
    weft_auto(answer_chan, answer) = weft_make(answer_chan, 1);
    q->answer = weft_ref(answer);
    weft_go_with(&(weft_go_opts){.name = "pg cancel"}, request, q);
    /* Not heard: nothing was sent, as when the server is down or we are out of
     * descriptors.  The caller tries again as long as the statement runs. */
    return weft_recv_ctx(limit, answer, NULL);
}

int pg__stop(weft_pg *db, weft_duration patience, struct outcome *o)
{
    if (patience > 0) {
        weft_auto(weft_ctx, first) = weft_ctx_with_timeout(weft_background(), patience);
        int err = pg__finish(first, db, o);
        if (err == 0 || !db->pq)
            return err;
    }
    weft_auto(weft_ctx, all) = weft_ctx_with_timeout(weft_background(), PATIENCE);
    for (weft_duration wait = 20 * WEFT_MILLISECOND; ask(all, db) == 0; wait *= 2) {
        weft_auto(weft_ctx, some) = weft_ctx_with_timeout(all, wait);
        int err = pg__finish(some, db, o);
        if (err == 0 || !db->pq)
            return err;
    }
    pg__fail(&db->farewell, -ECONNRESET, "", "the server did not stop a statement within %d s",
             (int)(PATIENCE / WEFT_SECOND));
    return pg__break(db, -ECONNRESET, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * store.h - where users are kept: what the service needs of a database, whichever it is.
 *
 * All calls take a context, and are over soon after it has ended: the query is stopped in the
 * database too.  They return 0 or a negative errno value:
 *
 *     -ENOENT     there is no such user
 *     -EEXIST     the e-mail address is taken
 *     -ECANCELED, -ETIMEDOUT   the context ended
 *     others      the database's trouble, which is logged already
 */
#ifndef USERD_STORE_H
#define USERD_STORE_H

#include <weft.h>

struct user {
    int64_t id;
    char *name, *email; /* of malloc */
};

struct store {
    const char *kind;
    int (*get)(weft_ctx *ctx, struct store *s, int64_t id, struct user *out);
    int (*add)(weft_ctx *ctx, struct store *s, const char *name, const char *email, int64_t *id);
    /* slow - a query that takes so long. */
    int (*slow)(weft_ctx *ctx, struct store *s, double seconds);
    /* ping - can a query be answered? */
    int (*ping)(weft_ctx *ctx, struct store *s);
    void (*close)(struct store *s);
};

/*
 * store_open - by address: postgres://..., or sqlite:FILE.
 *
 * At most @connections queries run at the same time; others wait for their turn.  NULL when it
 * does not open, and then the reason has been logged.
 */
struct store *store_open(weft_ctx *ctx, const char *address, int connections);

struct store *store_open_sqlite(weft_ctx *ctx, const char *file, int connections);
struct store *store_open_pg(weft_ctx *ctx, const char *address, int connections);

/* store_trouble - log what is wrong with the database. */
void store_trouble(const char *what, int err, const char *message);

/* store_failed - the same, unless @err is an answer or the context's end; gives it back. */
int store_failed(const char *what, int err, const char *message);

#endif /* USERD_STORE_H */

/* SPDX-License-Identifier: MIT */
/*
 * store.c - which database it is; see store.h.
 */
#include <string.h>

#include "log.h"
#include "store.h"

static const char *behind(const char *text, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

struct store *store_open(weft_ctx *ctx, const char *address, int connections)
{
    const char *file = behind(address, "sqlite:");
    if (file)
        return store_open_sqlite(ctx, file, connections);
    if (behind(address, "postgres://") || behind(address, "postgresql://"))
        return store_open_pg(ctx, address, connections);
    char quoted[256];
    log_event("error", "database", "address=%s why=\"neither sqlite:FILE nor postgres://...\"",
              log_quote(quoted, sizeof quoted, address));
    return NULL;
}

void store_trouble(const char *what, int err, const char *message)
{
    char quoted[512];
    log_event("error", "database", "what=%s error=%d why=%s", what, -err,
              log_quote(quoted, sizeof quoted, message));
}

int store_failed(const char *what, int err, const char *message)
{
    switch (err) {
    case 0:
    case -ENOENT:
    case -EEXIST:
    case -ECANCELED:
    case -ETIMEDOUT:
        break;
    default:
        store_trouble(what, err, message);
    }
    return err;
}

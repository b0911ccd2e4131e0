/* SPDX-License-Identifier: MIT */
/* Contexts in structs, however they are spelled. */
#include <weft.h>

typedef weft_ctx *context;
struct client {
    const char *host;
    context ctx; //! ctxfield
};
typedef struct {
    weft_ctx *const ctx; //! ctxfield
    int id;
} request;
struct outer {
    struct {
        weft_ctx *inner; //! ctxfield
    } state;
    int n;
};
union either {
    weft_ctx *ctx; //! ctxfield
    int n;
};

struct server {
    int fd;
    weft_group *members;
};
typedef int (*handler)(weft_ctx *ctx, struct server *s);
struct route {
    const char *path;
    handler handle;
};
struct keeper {
    weft_ctx_call call;
    weft_duration limit;
};
static weft_ctx *root;
int run(weft_ctx *ctx, struct server *s, const struct route *r)
{
    weft_ctx *local = ctx ? ctx : root;
    return r->handle(local, s);
}

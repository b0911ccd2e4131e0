/* SPDX-License-Identifier: MIT */
/* Where the context stands: free functions, methods, callbacks. */
#include <stdlib.h>
#include <weft.h>

typedef struct conn {
    int fd;
} conn;

int fetch(const char *url, weft_ctx *ctx) { (void)url; return weft_ctx_err(ctx); } //! ctxfirst
int copy(int from, int to, weft_ctx *ctx) { return weft_ctx_err(ctx) + from + to; } //! ctxfirst
static void work(conn *c, int n, weft_ctx *ctx) { c->fd += n + weft_ctx_err(ctx); } //! ctxfirst
static int other(conn *c, const weft_ctx *ctx) { return c->fd + !ctx; } //! ctxfirst
void go(weft_ctx *ctx, conn *c) { weft_go(work, c, 1, ctx); other(c, ctx); }

int get(weft_ctx *ctx, const char *url) { (void)url; return weft_ctx_err(ctx); }
int conn_read(conn *c, weft_ctx *ctx, void *buf) { (void)buf; return c->fd + weft_ctx_err(ctx); }
typedef struct server_t {
    int n;
} server_t;
int server_run(server_t *s, weft_ctx *ctx) { return s->n + weft_ctx_err(ctx); }
static int each(void *item, weft_ctx *ctx) { (void)item; return weft_ctx_err(ctx); }
struct table { int (*visit)(void *item, weft_ctx *ctx); };
struct table visitors = {.visit = each};
static int compare(int a, weft_ctx *ctx) { return a + weft_ctx_err(ctx); }
void register_callback(int (*f)(int, weft_ctx *));
void use(void) { register_callback(compare); }
static int load(weft_flight_result *r, weft_ctx *ctx) { (void)r; return weft_ctx_err(ctx); }
static weft_flight flight;
int cached(weft_ctx *ctx) { return weft_flight_do(ctx, &flight, "k", NULL, load, ctx); }

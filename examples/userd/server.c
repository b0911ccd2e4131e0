/* SPDX-License-Identifier: MIT */
/*
 * server.c - from connections to requests, and from the client's end to the query's end.
 *
 * A connection has a goroutine of its own, connection(), whose stack never grows beyond its first
 * page: it waits.  Between requests it waits for the next one; then it starts a second goroutine,
 * session(), that reads, answers and ends when nothing more is here; and meanwhile it watches the
 * socket for the client's leaving.  So 10,000 connections at rest are 10,000 small stacks, whatever
 * their requests have needed.
 *
 * Three contexts say when to end:
 *
 *     stop   SIGTERM came: no new connections and requests, connections at rest are closed
 *     hard   the time to drain is over: requests that still run are cancelled
 *     last   ... and a second later nobody can be waited for: writes are cancelled
 *
 * A session's context is made from hard, a request's from the session's, and each query has the
 * request's: whatever ends first, the query is stopped.
 */
#define _GNU_SOURCE /* POLLRDHUP */
#include "server.h"

#include <poll.h>
#include <stdlib.h>

#include "log.h"

/* Who has only closed their sending side may be here still; they get what is ready by then. */
#define GRACE (50 * WEFT_MILLISECOND)

/* ---- requests --------------------------------------------------------------------- */

/* answer - a good request's; what goes wrong in it is its own trouble. */
static void answer(weft_ctx *ctx, struct server *s, const struct http_request *req,
                   struct http_response *res)
{
    weft_auto(weft_ctx, limited) = weft_ctx_with_timeout(ctx, s->request_timeout);
    weft_auto(weft_panic_info, p) = weft_try(api_answer, limited, &s->api, req, res);
    if (p) {
        char text[256];
        log_event("error", "panic", "why=%s", log_quote(text, sizeof text, weft_panic_message(p)));
        api_error(res, 500, "something went wrong here");
    }
}

/* serve - one request; false when it was the connection's last. */
static bool serve(weft_ctx *stop, weft_ctx *ctx, weft_ctx *last, struct server *s,
                  struct http_conn *c)
{
    struct http_response res = {0};
    struct http_request *req = &c->req;
    weft_time start = weft_now();
    unsigned long long id = atomic_fetch_add(&s->api.requests, 1) + 1;
    char peer[WEFT_ADDR_TEXT_MAX] = "-", path[256];
    weft_addr address;
    if (weft_addr_peer(c->fd, &address) == 0)
        weft_addr_text(&address, peer, sizeof peer);
    if (req->error)
        api_error(&res, req->error, "%s", req->error_text);
    else
        answer(ctx, s, req, &res);
    bool close = req->error || !req->keep_alive || weft_ctx_err(ctx) || weft_ctx_err(stop);
    ssize_t sent = http_write(last, c, &res, close);
    log_event("info", "request", "id=%llu peer=%s method=%s path=%s status=%d bytes=%zd ms=%.3f",
              id, peer, req->error ? "-" : http_method_str(req->method),
              log_quote(path, sizeof path, req->path ? req->path : "-"), res.status, sent,
              (double)(weft_now() - start) / 1e6);
    free(res.body);
    if (close && sent >= 0)
        http_linger(last, c);
    return !close && sent >= 0;
}

/* session - requests, until none is here or the connection is over.  Ends its context: the
 * connection's goroutine waits for that. */
static void session(weft_ctx *stop, weft_ctx *ctx, weft_ctx *last, struct server *s,
                    struct http_conn *c, bool *open)
{
    weft_defer(weft_ctx_cancel, ctx);
    weft_defer(http_rest, c);
    *open = false; /* should it end by a panic */
    enum http_got got;
    while ((got = http_read(ctx, c)) == HTTP_GOT_REQUEST)
        if (!serve(stop, ctx, last, s, c))
            return;
    *open = got == HTTP_GOT_NOTHING;
}

/* ---- connections -------------------------------------------------------------------- */

/* watch - while a session runs: cancel it when the client leaves. */
static void watch(weft_ctx *ctx, int fd)
{
    int events = weft_wait_fd(ctx, fd, POLLRDHUP);
    if (events < 0)
        return;
    bool reset = events & (POLLHUP | POLLERR);
    if (reset || weft_sleep(ctx, GRACE) == 0)
        weft_ctx_cancel_cause(ctx, -ECONNRESET);
}

/* run_session - one session; true when the connection is still open after it. */
static bool run_session(weft_ctx *stop, weft_ctx *hard, weft_ctx *last, struct server *s,
                        struct http_conn *c)
{
    weft_wg wg = {0};
    bool open;
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(hard);
    weft_wg_go(&wg, session, stop, ctx, last, s, c, &open);
    watch(ctx, c->fd);
    weft_wg_wait(&wg);
    return open;
}

/* wait_for_request - true when there is something to read. */
static bool wait_for_request(weft_ctx *stop, struct server *s, int fd)
{
    weft_auto(weft_ctx, idle) = weft_ctx_with_timeout(stop, s->idle_timeout);
    return weft_wait_fd(idle, fd, POLLIN) > 0;
}

static void leave(struct server *s, int fd)
{
    weft_fd_close(fd);
    atomic_fetch_sub(&s->api.clients, 1);
    weft_sem_release(&s->places, 1);
    weft_wg_done(&s->connections);
}

/* A stack of another size than most is a fresh one.  The usual ones are used again, and a session
 * before may have touched many pages of it, which a connection would keep as long as it lives. */
static const weft_go_opts connection_opts = {.name = "connection", .stack_size = 64 << 10};

static void connection(weft_ctx *stop, weft_ctx *hard, weft_ctx *last, struct server *s, int fd)
{
    atomic_fetch_add(&s->api.clients, 1);
    weft_defer(leave, s, fd);
    struct http_conn c;
    http_open(&c, fd, &s->limits);
    while (wait_for_request(stop, s, fd) && run_session(stop, hard, last, s, &c))
        ;
}

/* accept_all - until @stop ends. */
static void accept_all(weft_ctx *stop, weft_ctx *hard, weft_ctx *last, struct server *s,
                       int listener)
{
    while (weft_sem_acquire(stop, &s->places, 1) == 0) {
        int fd = weft_accept(stop, listener, NULL, NULL);
        if (fd >= 0) {
            weft_wg_add(&s->connections, 1);
            weft_go_with(&connection_opts, connection, stop, hard, last, s, fd);
            continue;
        }
        weft_sem_release(&s->places, 1);
        if (weft_ctx_err(stop))
            break;
        /* Out of descriptors, or of memory: those who are here leave some time. */
        log_event("error", "accept", "why=\"%s\"", weft_strerror(fd));
        (void)weft_sleep(stop, 100 * WEFT_MILLISECOND);
    }
}

bool server_run(weft_ctx *stop, struct server *s, int listener)
{
    /* Both outlive stop: who is being served has some time after it. */
    weft_auto(weft_ctx, past_stop) = weft_ctx_without_cancel(stop);
    weft_auto(weft_ctx, hard) = weft_ctx_with_cancel(past_stop);
    weft_auto(weft_ctx, last) = weft_ctx_with_cancel(past_stop);
    accept_all(stop, hard, last, s, listener);
    weft_fd_close(listener);
    weft_ctx_cancel(stop); /* gives the signals back: the next one ends us at once */
    atomic_store(&s->api.stopping, true);
    log_event("info", "stopping", "clients=%d", atomic_load(&s->api.clients));

    weft_auto(weft_timer, cancel) = weft_after_func(s->drain, weft_ctx_cancel, hard);
    weft_auto(weft_timer, give_up) = weft_after_func(s->drain + WEFT_SECOND, weft_ctx_cancel, last);
    weft_wg_wait(&s->connections);
    weft_timer_stop(give_up);
    weft_timer_wait(give_up);
    bool in_time = weft_timer_stop(cancel);
    weft_timer_wait(cancel);
    return in_time;
}

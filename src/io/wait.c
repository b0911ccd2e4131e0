/* SPDX-License-Identifier: MIT */
/* Waiting for a descriptor: the netpoller's list and a context, whichever is first. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>

#include "context/context_impl.h"
#include "debug/debug.h"
#include "io/io_impl.h"
#include "sched/netpoll.h"
#include "weft/io.h"
#include "weft/panic.h"

int weft__is_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -errno : (flags & O_NONBLOCK) != 0;
}

int weft__fd_wait(weft_ctx *ctx, int fd, uint32_t life, uint32_t events, uintptr_t pc)
{
    if (unlikely(!load_relaxed(&sched.running)))
        weft__no_runtime("waiting for a descriptor");
    int err = 0;
    struct fd_state *d = weft__fd_state(fd, &err);
    if (unlikely(!d))
        return err;
    struct context *c = weft__ctx_hold(ctx); /* it may panic: not under the lock */
    struct g *g = weft__current();
    struct fd_waiter fw = {
        .w = {.g = g, .ticket = c ? weft__ticket_open(g) : 0, .object = d},
        .want = events | FD_BROKEN,
    };
    weft__lock(&d->lock);
    err = d->generation == life ? weft__fd_await(d, &fw) : -EBADF;
    if (unlikely(err != 0)) {
        weft__unlock(&d->lock);
        weft__ctx_release(c);
        return err;
    }
    err = weft__ctx_park(c, &fw.w, WAIT_IO, d, pc, &d->lock);
    if (err != 0) {
        weft__lock(&d->lock);
        waitq_remove(&d->waiters, &fw.w);
        weft__unlock(&d->lock);
    }
    weft__fd_awaited();
    weft__ctx_release(c);
    if (err != 0)
        return err;
    return fw.got != 0 ? (int)fw.got : -EBADF;
}

int(weft_wait_fd)(weft_ctx *ctx, int fd, int events)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int err = weft__ctx_check(ctx);
    if (err != 0)
        return err;
    struct fd_state *owned;
    uint32_t life = weft__fd_life(fd, &owned);
    bool cleared = false;
    if (fd < 0)
        return -EBADF;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = (short)events};
        int n = poll(&p, 1, 0);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            if (cleared)
                fd_restore(owned, (uint32_t)events);
            return p.revents & POLLNVAL ? -EBADF : p.revents;
        }
        if (owned && !cleared) {
            cleared = true;
            fd_clear(owned, (uint32_t)events);
            continue;
        }
        err = weft__fd_wait(ctx, fd, life, (uint32_t)events, pc);
        if (err < 0 && err != -EAGAIN)
            return err == -EPERM ? events : err;
        cleared = false;
    }
}

/* ---- reports ---------------------------------------------------------------------------- */

static void describe(struct text *t, const struct g *g)
{
    if (g->wait_object)
        weft__print(t, "        descriptor %d\n", weft__fd_number(g->wait_object));
}

__attribute__((constructor)) static void register_words(void)
{
    weft__describe[WAIT_IO] = describe;
}

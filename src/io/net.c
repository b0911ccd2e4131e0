/* SPDX-License-Identifier: MIT */
/* Sockets that listen, and sockets that are connected. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "context/context_impl.h"
#include "io/net_impl.h"
#include "sched/netpoll.h"
#include "weft/go.h"
#include "weft/select.h"

enum { BACKLOG = 4096 };
#define STAGGER (250 * WEFT_MILLISECOND)

static void option(int fd, int level, int name, int value)
{
    setsockopt(fd, level, name, &value, sizeof value);
}

static int make_socket(int family, int type)
{
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    weft__fd_own(fd, type == SOCK_STREAM && family != AF_UNIX);
    if (type == SOCK_STREAM && family != AF_UNIX) {
        option(fd, IPPROTO_TCP, TCP_NODELAY, 1); /* those that are accepted inherit both */
        option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    }
    return fd;
}

/* ---- listening ------------------------------------------------------------------------ */

/* @both: IPv4 too, on the IPv6 wildcard. */
static int listen_at(const weft_addr *at, int type, bool both)
{
    int family = weft__family(at), fd = make_socket(family, type);
    if (fd < 0)
        return fd;
    if (family != AF_UNIX)
        option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (family == AF_INET6)
        option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !both);
    if (bind(fd, weft_addr_sockaddr(at), weft_addr_len(at)) == 0 &&
        (type == SOCK_DGRAM || listen(fd, BACKLOG) == 0))
        return fd;
    int err = -errno;
    weft_fd_close(fd);
    return err;
}

static bool is_wildcard(const weft_addr *a)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a->weft_bytes;
    return weft__family(a) == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
}

/* IPv6's wildcard serves both families; a host that has both is served by IPv4. */
static const weft_addr *preferred(const weft_addr *a, int n)
{
    for (int i = 0; i < n; i++)
        if (is_wildcard(&a[i]))
            return &a[i];
    for (int i = 0; i < n; i++)
        if (weft__family(&a[i]) == AF_INET)
            return &a[i];
    return &a[0];
}

int(weft_listen)(weft_ctx *ctx, const char *network, const char *address)
{
    weft_addr at[ADDRESSES_MAX];
    const struct network *net = weft__network(network);
    int n = weft__resolve(ctx, net, address, true, at, ADDRESSES_MAX,
                          (uintptr_t)__builtin_return_address(0));
    if (n < 0)
        return n;
    n = n < ADDRESSES_MAX ? n : ADDRESSES_MAX;
    const weft_addr *first = preferred(at, n);
    /* "[::]:80" means what it says; ":80" means both. */
    bool both = net->family == AF_UNSPEC && is_wildcard(first) && *address != '[';
    int fd = listen_at(first, net->type, both);
    if (fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL)
        return fd;
    for (int i = 0; i < n; i++) { /* a machine without IPv6, or without that address */
        int other = &at[i] == first ? fd : listen_at(&at[i], net->type, false);
        if (other >= 0)
            return other;
    }
    return fd;
}

/* ---- dialling -------------------------------------------------------------------------- */

static int dial_one(weft_ctx *ctx, int type, const weft_addr *to)
{
    int fd = make_socket(weft__family(to), type);
    if (fd < 0)
        return fd;
    int err = weft_connect(ctx, fd, weft_addr_sockaddr(to), weft_addr_len(to));
    if (err == 0)
        return fd;
    weft_fd_close(fd);
    return err;
}

struct attempt {
    int index, fd; /* or an error */
};
WEFT_CHAN(attempt_chan, struct attempt);

struct dialling {
    weft_ctx *ctx;
    int type;
    const weft_addr *to;
    attempt_chan *done; /* with room for all */
};

static void try_one(const struct dialling *d, int i)
{
    weft_send(d->done, (struct attempt){i, dial_one(d->ctx, d->type, &d->to[i])});
}

void weft__interleave(weft_addr *a, int n)
{
    for (int i = 1; i < n; i++) {
        int j = i;
        while (j < n && weft__family(&a[j]) == weft__family(&a[i - 1]))
            j++;
        if (j == i || j == n)
            continue;
        weft_addr next = a[j]; /* the order within a family stays */
        memmove(&a[i + 1], &a[i], (size_t)(j - i) * sizeof *a);
        a[i] = next;
    }
}

int weft__dial_any(weft_ctx *ctx, int type, const weft_addr *to, int n, weft_duration stagger)
{
    if (n == 1)
        return dial_one(ctx, type, &to[0]);
    weft_auto(weft_ctx, losers) = weft_ctx_with_cancel(ctx);
    weft_auto(attempt_chan, done) = weft_make(attempt_chan, n);
    struct dialling d = {losers, type, to, done};
    int begun = 0, ended = 0, winner = -1, err = 0;
    while (winner < 0 && (begun < n || ended < begun)) {
        /* One begins at the start, when one has failed, and when time has passed. */
        if (begun < n)
            weft_go_with(&(weft_go_opts){.name = "dial"}, try_one, &d, begun++);
        struct attempt a;
        if (begun == n)
            weft_recv(done, &a);
        else if (weft_select(weft_on_recv(done, &a), weft_on_timeout(stagger)) != 0)
            continue;
        ended++;
        if (a.fd >= 0)
            winner = a.fd;
        else if (a.index == 0 || err == 0)
            err = a.fd;
        if (weft_ctx_err(ctx) != 0)
            break;
    }
    weft_ctx_cancel(losers);
    for (; ended < begun; ended++) { /* they use what stands on this stack */
        struct attempt a;
        weft_recv(done, &a);
        if (a.fd >= 0)
            weft_fd_close(a.fd);
    }
    if (winner >= 0)
        return winner;
    int over = weft_ctx_err(ctx);
    return over != 0 ? over : err; /* the attempts knew no other than the losers' */
}

int(weft_dial)(weft_ctx *ctx, const char *network, const char *address)
{
    weft_addr to[ADDRESSES_MAX];
    const struct network *net = weft__network(network);
    int n = weft__resolve(ctx, net, address, false, to, ADDRESSES_MAX,
                          (uintptr_t)__builtin_return_address(0));
    if (n < 0)
        return n;
    n = n < ADDRESSES_MAX ? n : ADDRESSES_MAX;
    weft__interleave(to, n);
    return weft__dial_any(ctx, net->type, to, n, STAGGER);
}

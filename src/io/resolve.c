/* SPDX-License-Identifier: MIT */
/*
 * Addresses: from text, by way of libc's resolver, and back to text.
 *
 * Numbers need no resolver and are understood at once.  A name is looked up by
 * getaddrinfo() on the blocking pool.  That cannot be interrupted, so a lookup
 * has a record of its own, shared by the thread that does it and the goroutine
 * that wants it; when the context ends the goroutine lets go of its half.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "context/context_impl.h"
#include "io/io_impl.h"
#include "io/net_impl.h"
#include "sanitize/sanitize.h"
#include "sched/pool.h"
#include "sched/sched.h"

_Static_assert(sizeof(((weft_addr *)0)->weft_bytes) >= sizeof(struct sockaddr_storage),
               "a weft_addr holds every address");

static const struct network networks[] = {
    {"tcp", AF_UNSPEC, SOCK_STREAM},         {"tcp4", AF_INET, SOCK_STREAM},
    {"tcp6", AF_INET6, SOCK_STREAM},         {"udp", AF_UNSPEC, SOCK_DGRAM},
    {"udp4", AF_INET, SOCK_DGRAM},           {"udp6", AF_INET6, SOCK_DGRAM},
    {"unix", AF_UNIX, SOCK_STREAM},          {"unixgram", AF_UNIX, SOCK_DGRAM},
    {"unixpacket", AF_UNIX, SOCK_SEQPACKET},
};

const struct network *weft__network(const char *name)
{
    for (size_t i = 0; name && i < array_len(networks); i++)
        if (strcmp(networks[i].name, name) == 0)
            return &networks[i];
    return NULL;
}

int weft__family(const weft_addr *a) { return weft_addr_sockaddr(a)->sa_family; }

/* ---- "host:port" ---------------------------------------------------------------------- */

struct host_port {
    char host[NI_MAXHOST], port[NI_MAXSERV];
};

static int copy(char *out, size_t size, const char *from, size_t n)
{
    if (n >= size)
        return -EINVAL;
    memcpy(out, from, n);
    out[n] = '\0';
    return 0;
}

static int split(const char *address, struct host_port *out)
{
    if (!address)
        return -EINVAL;
    const char *host = address, *end, *colon;
    if (*address == '[') {
        host++;
        end = strchr(host, ']');
        colon = end ? end + 1 : NULL;
        if (!colon || *colon != ':')
            return -EINVAL;
    } else {
        end = colon = strchr(address, ':');
        if (!colon || strchr(colon + 1, ':')) /* an IPv6 address wants brackets */
            return -EINVAL;
    }
    if (copy(out->host, sizeof out->host, host, (size_t)(end - host)) != 0)
        return -EINVAL;
    const char *port = colon[1] ? colon + 1 : "0";
    return copy(out->port, sizeof out->port, port, strlen(port));
}

/* ---- the resolver ------------------------------------------------------------------------ */

static int error_of(int code, int system)
{
    switch (code) {
    case 0:
        return 0;
    case EAI_AGAIN:
        return -EAGAIN;
    case EAI_MEMORY:
        return -ENOMEM;
    case EAI_SYSTEM:
        return system != 0 ? -system : -EIO;
    case EAI_FAMILY:
    case EAI_ADDRFAMILY:
        return -EAFNOSUPPORT;
    case EAI_SERVICE:
    case EAI_BADFLAGS:
    case EAI_SOCKTYPE:
        return -EINVAL;
    case EAI_FAIL:
        return -EIO;
    default:
        return -ENXIO;
    }
}

/* A lookup, shared by the pool and who wants it. */
struct lookup {
    struct pool_job job;
    struct lock lock; /* guards: done, queue, shares */
    bool done;
    int shares;
    struct waitq queue;
    struct host_port at;
    struct addrinfo hints, *found;
    int err;
};

static void let_go(struct lookup *l)
{
    hb_release(&l->shares); /* whoever frees it comes after all who have read it */
    weft__lock(&l->lock);
    bool last = --l->shares == 0;
    weft__unlock(&l->lock);
    if (!last)
        return;
    hb_acquire(&l->shares);
    if (l->found)
        freeaddrinfo(l->found);
    weft__free(l, sizeof *l);
}

static void look_up(struct lookup *l)
{
    int code = getaddrinfo(*l->at.host ? l->at.host : NULL, l->at.port, &l->hints, &l->found);
    l->err = error_of(code, errno);
    if (code != 0)
        l->found = NULL;
}

static void run(struct pool_job *job)
{
    struct lookup *l = container_of(job, struct lookup, job);
    look_up(l); /* it is told nothing but l, so it passes on nothing of the asker's */
    hb_release(l);
    weft__lock(&l->lock);
    l->done = true;
    struct waiter *w = waitq_take(&l->queue);
    struct g *g = w ? w->g : NULL;
    weft__unlock(&l->lock);
    if (g)
        weft__ready(g);
    let_go(l);
}

/* 0 when the lookup is done, or the context's error. */
static int await(weft_ctx *ctx, struct lookup *l, uintptr_t pc)
{
    struct context *c = weft__ctx_hold(ctx);
    struct g *g = weft__current();
    struct waiter w = {.g = g, .ticket = weft__ticket_open(g), .object = l};
    int err = 0;
    weft__lock(&l->lock);
    if (l->done) {
        weft__unlock(&l->lock);
    } else {
        waitq_push(&l->queue, &w);
        err = weft__ctx_park(c, &w, WAIT_BLOCKING, NULL, pc, &l->lock);
        if (err != 0) {
            weft__lock(&l->lock);
            waitq_remove(&l->queue, &w);
            weft__unlock(&l->lock);
        }
    }
    weft__ctx_release(c);
    if (err == 0)
        hb_acquire(l);
    return err;
}

static int take(const struct addrinfo *list, weft_addr *out, int max)
{
    int n = 0;
    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        if (a->ai_addrlen > sizeof out->weft_bytes)
            continue;
        if (n < max) {
            memset(&out[n], 0, sizeof out[n]);
            out[n].weft_len = (uint32_t)a->ai_addrlen;
            memcpy(out[n].weft_bytes, a->ai_addr, a->ai_addrlen);
        }
        n++;
    }
    return n > 0 ? n : -ENXIO;
}

/* Numbers, and no host at all: libc answers without asking anybody. */
static int resolve_numbers(const struct host_port *at, const struct addrinfo *hints, weft_addr *out,
                           int max)
{
    struct addrinfo plain = *hints, *found;
    plain.ai_flags |= AI_NUMERICHOST | AI_NUMERICSERV;
    if (getaddrinfo(*at->host ? at->host : NULL, at->port, &plain, &found) != 0)
        return 0;
    int n = take(found, out, max);
    freeaddrinfo(found);
    return n;
}

static int resolve_unix(const char *path, weft_addr *out, int max)
{
    size_t n = path ? strlen(path) : 0;
    if (n == 0)
        return -EINVAL;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (n >= sizeof at.sun_path)
        return -ENAMETOOLONG;
    if (max < 1)
        return 1;
    memcpy(at.sun_path, path, n);
    bool abstract = *path == '@';
    if (abstract)
        at.sun_path[0] = '\0';
    memset(out, 0, sizeof *out);
    out->weft_len = (uint32_t)(offsetof(struct sockaddr_un, sun_path) + n + !abstract);
    memcpy(out->weft_bytes, &at, sizeof at);
    return 1;
}

int weft__resolve(weft_ctx *ctx, const struct network *net, const char *address, bool passive,
                  weft_addr *out, int max, uintptr_t pc)
{
    int err = weft__ctx_check(ctx);
    if (err != 0)
        return err;
    if (!net)
        return -EPROTONOSUPPORT;
    if (net->family == AF_UNIX)
        return resolve_unix(address, out, max);
    struct host_port at;
    err = split(address, &at);
    if (err != 0)
        return err;
    struct addrinfo hints = {
        .ai_family = net->family,
        .ai_socktype = net->type,
        .ai_flags = passive ? AI_PASSIVE : 0,
    };
    int n = resolve_numbers(&at, &hints, out, max);
    if (n != 0)
        return n;
    struct lookup *l = weft__alloc_zero(sizeof *l);
    if (!l)
        return -ENOMEM;
    l->job.run = run;
    l->at = at;
    l->hints = hints;
    l->shares = 2;
    hb_release(l);
    if (weft__current()->thread || !load_relaxed(&sched.running) || !weft__pool_ready()) {
        run(&l->job);
    } else {
        weft__pool_put(&l->job);
        err = await(ctx, l, pc);
    }
    n = err != 0 ? err : l->err != 0 ? l->err : take(l->found, out, max);
    let_go(l);
    return n;
}

int(weft_resolve)(weft_ctx *ctx, const char *network, const char *address, weft_addr *out, int max)
{
    return weft__resolve(ctx, weft__network(network), address, false, out, max,
                         (uintptr_t)__builtin_return_address(0));
}

/* ---- back to text ---------------------------------------------------------------------------- */

typedef int name_fn(int fd, struct sockaddr *at, socklen_t *n);

static int name_of(name_fn *ask, int fd, weft_addr *out)
{
    memset(out, 0, sizeof *out);
    socklen_t n = sizeof out->weft_bytes;
    if (ask(fd, (struct sockaddr *)out->weft_bytes, &n) != 0)
        return -errno;
    out->weft_len = n;
    return 0;
}

static int own_name(int fd, struct sockaddr *at, socklen_t *n) { return getsockname(fd, at, n); }

static int peer_name(int fd, struct sockaddr *at, socklen_t *n) { return getpeername(fd, at, n); }

int weft_addr_local(int fd, weft_addr *out) { return name_of(own_name, fd, out); }

int weft_addr_peer(int fd, weft_addr *out) { return name_of(peer_name, fd, out); }

static void unix_text(const weft_addr *a, char *text, size_t size)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)a->weft_bytes;
    size_t at = offsetof(struct sockaddr_un, sun_path);
    size_t n = a->weft_len > at ? a->weft_len - at : 0;
    if (n > 0 && un->sun_path[0] == '\0')
        snprintf(text, size, "@%.*s", (int)n - 1, un->sun_path + 1);
    else
        snprintf(text, size, "%.*s", (int)n, un->sun_path);
}

char *weft_addr_text(const weft_addr *a, char *text, size_t size)
{
    char host[INET6_ADDRSTRLEN];
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)a->weft_bytes;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a->weft_bytes;
    if (size == 0)
        return text;
    text[0] = '\0';
    switch (weft__family(a)) {
    case AF_INET:
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        snprintf(text, size, "%s:%u", host, ntohs(v4->sin_port));
        break;
    case AF_INET6: {
        char zone[IF_NAMESIZE] = "";
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        if (v6->sin6_scope_id && !if_indextoname(v6->sin6_scope_id, zone))
            snprintf(zone, sizeof zone, "%u", v6->sin6_scope_id);
        snprintf(text, size, "[%s%s%s]:%u", host, *zone ? "%" : "", zone, ntohs(v6->sin6_port));
        break;
    }
    case AF_UNIX:
        unix_text(a, text, size);
        break;
    default:
        snprintf(text, size, "?");
    }
    return text;
}

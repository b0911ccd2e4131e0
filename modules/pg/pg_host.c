/* SPDX-License-Identifier: MIT */
/*
 * pg_host.c - names of hosts are looked up here, where a context can end it.
 *
 * libpq would look them up in the middle of connecting, and block for as long as
 * the name servers take.  A host that was looked up is replaced by its addresses,
 * one entry each in libpq's lists of hosts, addresses and ports; its name stays,
 * since certificates and passwords go by it.
 */
#include "pg_impl.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>

enum { ADDRESSES = 8 }; /* of one host that are tried */

/* The three lists, as text; of equal length. */
struct lists {
    char *text[3];
    size_t size[3];
    FILE *to[3];
    int n;
};
enum { HOST, HOSTADDR, PORT };

static void add(struct lists *l, const char *host, const char *address, const char *port)
{
    const char *const item[] = {[HOST] = host, [HOSTADDR] = address, [PORT] = port};
    for (int i = 0; i < 3; i++)
        fprintf(l->to[i], "%s%s", l->n ? "," : "", item[i]);
    l->n++;
}

static bool is_name(const char *host)
{
    unsigned char binary[16];
    return *host && *host != '/' && *host != '@' && inet_pton(AF_INET, host, binary) != 1 &&
           inet_pton(AF_INET6, host, binary) != 1;
}

/* The addresses of one host; 0, or the error. */
static int look_up(weft_ctx *ctx, struct lists *l, const char *host, const char *port)
{
    char address[512], numeric[NI_MAXHOST];
    weft_addr found[ADDRESSES];
    snprintf(address, sizeof address, "%s:%s", host, port);
    int n = weft_resolve(ctx, "tcp", address, found, ADDRESSES);
    for (int i = 0; i < n && i < ADDRESSES; i++)
        if (getnameinfo(weft_addr_sockaddr(&found[i]), weft_addr_len(&found[i]), numeric,
                        sizeof numeric, NULL, 0, NI_NUMERICHOST) == 0)
            add(l, host, numeric, port);
    return n < 0 ? n : 0;
}

/* All of them.  An error is one only when no host is left. */
static int look_up_all(weft_ctx *ctx, struct lists *l, char *hosts, char *ports, struct failure *f)
{
    char *port = strsep(&ports, ",");
    int err = 0;
    for (char *host; (host = strsep(&hosts, ","));) {
        int failed = is_name(host) ? look_up(ctx, l, host, *port ? port : "5432") : 0;
        if (!is_name(host))
            add(l, host, "", port);
        if (failed)
            err = pg__fail(f, failed, "", "could not look up the host name \"%s\": %s", host,
                           weft_strerror(failed));
        if (weft_ctx_err(ctx))
            return err ? err : weft_ctx_err(ctx);
        if (ports) /* one for each host, or one for all */
            port = strsep(&ports, ",");
    }
    return l->n > 0 ? 0 : err;
}

static char *copy(const char *text)
{
    char *c = strdup(text);
    if (!c)
        weft_panic("weft_pg: out of memory");
    return c;
}

int pg__look_up(weft_ctx *ctx, const PQconninfoOption *given, const PQconninfoOption *defaults,
                char *found[3], struct failure *f)
{
    found[HOST] = found[HOSTADDR] = found[PORT] = NULL;
    const char *host = pg__option(given, defaults, "host");
    /* A service's file may say other things; libpq reads it. */
    if (!*host || *pg__option(given, defaults, "hostaddr") ||
        *pg__option(given, defaults, "service"))
        return 0;
    struct lists l = {.n = 0};
    for (int i = 0; i < 3; i++)
        if (!(l.to[i] = open_memstream(&l.text[i], &l.size[i])))
            weft_panic("weft_pg: out of memory");
    char *hosts = copy(host), *ports = copy(pg__option(given, defaults, "port"));
    int err = look_up_all(ctx, &l, hosts, ports, f);
    for (int i = 0; i < 3; i++) {
        fclose(l.to[i]);
        found[i] = l.text[i];
    }
    free(hosts);
    free(ports);
    return err;
}

/* SPDX-License-Identifier: MIT */
/* Between resolve.c and net.c. */
#ifndef WEFT_SRC_NET_IMPL_H
#define WEFT_SRC_NET_IMPL_H

#include <netdb.h>

#include "weft/net.h"

enum { ADDRESSES_MAX = 64 };

/* What a network's name says. */
struct network {
    const char *name;
    int family; /* AF_UNSPEC: IPv4 and IPv6 */
    int type;
};

/* weft__network - NULL when there is none of that name. */
const struct network *weft__network(const char *name);

/* weft__resolve - weft_resolve() for a call made at @pc; an empty host is the
 * wildcard to listen on (@passive), else this machine. */
int weft__resolve(weft_ctx *ctx, const struct network *net, const char *address, bool passive,
                  weft_addr *out, int max, uintptr_t pc);

/* weft__dial_any - connected to one of these, by happy eyeballs.  @stagger: the
 * time that each attempt has before the next begins. */
int weft__dial_any(weft_ctx *ctx, int type, const weft_addr *to, int n, weft_duration stagger);

/* weft__interleave - families taking turns, beginning with the first one's. */
void weft__interleave(weft_addr *a, int n);

int weft__family(const weft_addr *a);

#endif /* WEFT_SRC_NET_IMPL_H */

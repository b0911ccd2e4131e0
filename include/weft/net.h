/* SPDX-License-Identifier: MIT */
/*
 * weft/net.h - listen, dial, and names of hosts.
 *
 *     int server = weft_listen(ctx, "tcp", ":8080");
 *     if (server < 0)
 *         return server;
 *     weft_defer(weft_fd_close, server);
 *     for (;;) {
 *         int fd = weft_accept(ctx, server, NULL, NULL);
 *         if (fd < 0)
 *             return fd;
 *         weft_go(serve, ctx, fd);
 *     }
 *
 * What comes back is a plain descriptor, non-blocking and closed on exec, for
 * the calls of weft/io.h and for any library.  TCP connections send at once
 * (TCP_NODELAY) and notice a peer that is gone (SO_KEEPALIVE).
 *
 * Networks: "tcp", "udp" (both families), "tcp4", "udp4" (IPv4 only), "tcp6",
 * "udp6" (IPv6 only), "unix", "unixgram", "unixpacket" (sockets of the machine).
 *
 * Addresses, as in Go: "host:port", where host is a name, an IPv4 address, or an
 * IPv6 address in brackets, "[fe80::1%eth0]:80", and port a number or a name of
 * /etc/services.  ":port" means every address of this machine to listen on, and
 * this machine to dial; port 0 any free one.  For the unix networks it is a
 * path, or "@name" for one that is no file.
 *
 * Errors are negative errno values.  An address that is not understood is
 * -EINVAL, a network -EPROTONOSUPPORT, a host that does not exist -ENXIO, a
 * resolver that does not answer -EAGAIN.
 */
#ifndef WEFT_NET_H
#define WEFT_NET_H

#include "weft/base.h"
#include "weft/io.h"

WEFT_BEGIN_DECLS

/**
 * weft_listen - a socket that listens, for weft_accept(); for udp and unixgram
 * one that is bound, for weft_recvfrom().
 *
 * Without a host, "tcp" and "udp" serve both families.  SO_REUSEADDR is set, so
 * a server can start again at once.  A path must not exist; remove it when the
 * server is done.
 *
 * Blocks:   the goroutine, while a name is looked up.
 * Call in:  a goroutine, or any thread while the runtime runs; so do the others.
 * Returns:  the descriptor, or an error; the context's when it had ended.
 */
#define weft_listen(ctx, network, address)                                                         \
    WEFT_IMPL_IO(int, (weft_listen)((ctx), (network), (address)))
WEFT_API int (weft_listen)(weft_ctx *ctx, const char *network, const char *address);

/**
 * weft_dial - a socket that is connected to this address.
 *
 * A host with several addresses is dialled as RFC 8305 has it ("happy
 * eyeballs"): in the resolver's order, families taking turns; the next address
 * is tried when one has failed or 250 ms have passed, while the former attempts
 * go on; the first connection counts, the rest are closed.
 *
 * Blocks:   the goroutine, until connected.
 * Returns:  the descriptor, or the first address's error; the context's when
 *           it ended before.
 */
#define weft_dial(ctx, network, address) WEFT_IMPL_IO(int, (weft_dial)((ctx), (network), (address)))
WEFT_API int (weft_dial)(weft_ctx *ctx, const char *network, const char *address);

/** weft_addr - an address as the system calls take it; plain data, to be copied at will. */
typedef struct weft_addr {
    uint32_t weft_len;
    uint32_t weft_spare;
    uint64_t weft_bytes[16];
} weft_addr;

/** weft_addr_sockaddr, weft_addr_len - for connect(2) and its like. */
static inline const struct sockaddr *weft_addr_sockaddr(const weft_addr *a)
{
    return (const struct sockaddr *)(const void *)a->weft_bytes;
}
static inline unsigned weft_addr_len(const weft_addr *a) { return a->weft_len; }

/**
 * weft_resolve - the addresses of "host:port", in the order they should be tried.
 *
 * The resolver is libc's, with all that /etc/nsswitch.conf says.  It runs on
 * the pool of weft/blocking.h.
 *
 * Blocks:   the goroutine.  When the context ends the call returns; the lookup
 *           ends by itself, on the pool, whenever it does.
 * Returns:  how many addresses there are, at least one; the first @max of them
 *           stand in @out.
 */
#define weft_resolve(ctx, network, address, out, max)                                              \
    WEFT_IMPL_IO(int, (weft_resolve)((ctx), (network), (address), (out), (max)))
WEFT_API int (weft_resolve)(weft_ctx *ctx, const char *network, const char *address, weft_addr *out,
                            int max);

/** weft_addr_local, weft_addr_peer - a socket's own address, and the other end's; 0 or an error. */
WEFT_API int weft_addr_local(int fd, weft_addr *out);
WEFT_API int weft_addr_peer(int fd, weft_addr *out);

enum { WEFT_ADDR_TEXT_MAX = 128 };

/**
 * weft_addr_text - "192.0.2.1:80", "[2001:db8::1]:80", "/run/x.sock", "@name".
 *
 * Writes at most @size bytes, with the NUL (WEFT_ADDR_TEXT_MAX are always
 * enough), and returns @text.
 */
WEFT_API char *weft_addr_text(const weft_addr *a, char *text, size_t size);

WEFT_END_DECLS

#endif /* WEFT_NET_H */

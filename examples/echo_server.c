/* SPDX-License-Identifier: MIT */
/*
 * An echo server with a goroutine per connection, three clients, and an end in
 * good order.
 *
 *     weft run examples/echo_server.c             serves itself, and ends
 *     weft run examples/echo_server.c -- :7777    serves others, until Ctrl-C
 */
#include <signal.h>
#include <string.h>
#include <weft.h>

static int echo(weft_ctx *ctx, int fd)
{
    weft_defer(weft_fd_close, fd);
    char buf[4096];
    ssize_t n;
    while ((n = weft_read(ctx, fd, buf, sizeof buf)) > 0)
        if ((n = weft_write_all(ctx, fd, buf, (size_t)n)) < 0)
            break;
    return 0; /* one connection's end is not the server's */
}

static int serve(weft_ctx *ctx, int server)
{
    /* The end of this block ends the connections that are left, and waits for them. */
    weft_auto(weft_group, connections) = weft_group_new(ctx);
    for (;;) {
        int fd = weft_accept(ctx, server, NULL, NULL);
        if (fd < 0)
            return fd;
        weft_group_go(connections, echo, weft_group_ctx(connections), fd);
    }
}

static int client(weft_ctx *ctx, const char *address, int number)
{
    weft_auto(weft_ctx, limited) = weft_ctx_with_timeout(ctx, 5 * WEFT_SECOND);
    int fd = weft_dial(limited, "tcp", address);
    if (fd < 0)
        return fd;
    weft_defer(weft_fd_close, fd);
    char line[32], back[32] = "";
    int n = snprintf(line, sizeof line, "client %d", number);
    ssize_t err = weft_write_all(limited, fd, line, (size_t)n);
    if (err >= 0)
        err = weft_read_full(limited, fd, back, (size_t)n);
    return err < 0 ? (int)err : strcmp(line, back) == 0 ? 0 : -EBADMSG;
}

/* Clients of its own, when nobody said where to serve. */
static int clients(weft_ctx *ctx, weft_ctx *server_ctx, const char *address)
{
    weft_auto(weft_group, g) = weft_group_new(ctx);
    for (int i = 1; i <= 3; i++)
        weft_group_go(g, client, weft_group_ctx(g), address, i);
    int err = weft_group_wait(g);
    printf("three clients: %s\n", err ? weft_strerror(err) : "all was echoed");
    weft_ctx_cancel(server_ctx);
    return 0;
}

int weft_main(int argc, char **argv)
{
    weft_auto(weft_ctx, ctx) = weft_ctx_with_signals(weft_background(), SIGINT, SIGTERM);
    int server = weft_listen(ctx, "tcp", argc > 1 ? argv[1] : "127.0.0.1:0");
    if (server < 0) {
        fprintf(stderr, "cannot listen: %s\n", weft_strerror(server));
        return 1;
    }
    weft_defer(weft_fd_close, server);
    weft_addr at;
    char text[WEFT_ADDR_TEXT_MAX];
    int err = weft_addr_local(server, &at);
    weft_addr_text(&at, text, sizeof text);
    weft_auto(weft_group, g) = weft_group_new(ctx);
    weft_group_go(g, serve, ctx, server);
    if (argc > 1)
        printf("serving at %s\n", text);
    else
        weft_group_go(g, clients, ctx, ctx, text);
    fflush(stdout);
    err = weft_group_wait(g);
    printf("the server ended: %s\n", weft_strerror(err));
    return 0;
}

/*
 * Prints:
 *     three clients: all was echoed
 *     the server ended: Operation canceled
 */

/* SPDX-License-Identifier: MIT */
/*
 * Bytes through sockets and pipes of all modes, while contexts end and
 * descriptors are closed: what was written is what is read, in order, and each
 * call that says that it did nothing has done nothing.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "stress.h"

enum { PAIRS = 8 };

static atomic_bool stop;
static atomic_long passed, ended, closed_under;

typedef struct {
    int from, to;        /* the reader's end, the writer's */
    atomic_long written; /* the end of a file is no order for a race detector */
} line;

static weft_duration moment(void) { return (weft_duration)random_below(60) * WEFT_MICROSECOND; }

static char byte_at(long i) { return (char)(i % 253); }

static bool is_end(ssize_t r) { return r == -ETIMEDOUT || r == -ECANCELED; }

static void writer(line *l)
{
    char buf[3000];
    while (!stop) {
        size_t n = 1 + random_below(random_below(8) ? 100 : sizeof buf - 1);
        for (size_t i = 0; i < n; i++)
            buf[i] = byte_at(l->written + (long)i);
        weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(weft_background(), moment());
        struct iovec iov[2] = {{buf, n / 2}, {buf + n / 2, n - n / 2}};
        ssize_t r =
            random_below(2) ? weft_write(ctx, l->to, buf, n) : weft_writev(ctx, l->to, iov, 2);
        REQUIRE(r > 0 || is_end(r));
        if (r > 0)
            l->written += r;
        else
            atomic_fetch_add(&ended, 1);
    }
    weft_fd_close(l->to);
}

static void reader(line *l)
{
    char buf[2000];
    long got = 0;
    for (;;) {
        weft_auto(weft_ctx, ctx) = weft_ctx_with_timeout(weft_background(), moment());
        ssize_t r;
        if (random_below(3) == 0) {
            r = weft_wait_fd(ctx, l->from, POLLIN);
            REQUIRE(r > 0 || is_end(r));
            if (r > 0) /* it is ready, so this does not wait */
                r = weft_read(weft_background(), l->from, buf, sizeof buf);
        } else {
            r = weft_read(ctx, l->from, buf, sizeof buf);
        }
        REQUIRE(r >= 0 || is_end(r));
        if (r == 0)
            break;
        for (ssize_t i = 0; i < r; i++)
            REQUIRE(buf[i] == byte_at(got + i));
        if (r > 0) {
            got += r;
            atomic_fetch_add(&passed, r);
        }
    }
    REQUIRE(got == l->written);
    weft_fd_close(l->from);
}

/* Several wait for what another closes. */
struct shared {
    int fd;
    atomic_int begun;
};

static void wait_for(struct shared *s, weft_wg *wg)
{
    char c;
    atomic_fetch_add(&s->begun, 1);
    ssize_t r = weft_read(weft_background(), s->fd, &c, 1);
    REQUIRE(r == -EBADF || r == 1);
    weft_wg_done(wg);
}

/* Nobody else makes descriptors here, so a number is not given away under a
 * reader that is about to use it. */
static void closer(weft_wg *all)
{
    while (!stop) {
        int fd[2];
        weft_wg wg = {0};
        REQUIRE(pipe2(fd, O_CLOEXEC | O_NONBLOCK) == 0);
        struct shared s = {.fd = fd[0]};
        weft_wg_add(&wg, 3);
        for (int i = 0; i < 3; i++)
            weft_go(wait_for, &s, &wg);
        while (s.begun < 3)
            weft_yield();
        if (random_below(2))
            weft_sleep(weft_background(), moment());
        if (random_below(2))
            REQUIRE(weft_write(weft_background(), fd[1], "x", 1) == 1);
        weft_fd_close(fd[0]);
        weft_wg_wait(&wg);
        weft_fd_close(fd[1]);
        atomic_fetch_add(&closed_under, 1);
    }
    weft_wg_done(all);
}

static int half(int n)
{
    if (n % 16 == 0)
        usleep(random_below(200));
    return n / 2;
}

static void caller(weft_wg *all)
{
    while (!stop) {
        int n = (int)random_below(1000);
        REQUIRE(weft_blocking(half, n) == n / 2);
    }
    weft_wg_done(all);
}

static void connect_tcp(int fd[2])
{
    char text[WEFT_ADDR_TEXT_MAX];
    weft_addr at;
    int server = weft_listen(weft_background(), "tcp", "127.0.0.1:0");
    REQUIRE(server >= 0 && weft_addr_local(server, &at) == 0);
    fd[1] = weft_dial(weft_background(), "tcp", weft_addr_text(&at, text, sizeof text));
    fd[0] = weft_accept(weft_background(), server, NULL, NULL);
    REQUIRE(fd[0] >= 0 && fd[1] >= 0);
    weft_fd_close(server);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    line lines[PAIRS] = {{0}};
    for (int i = 0; i < PAIRS; i++) {
        int fd[2], mode = i & 1 ? 0 : O_NONBLOCK;
        if (i >= 6)
            connect_tcp(fd);
        else if (i < 4)
            REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | mode, 0, fd) == 0);
        else
            REQUIRE(pipe2(fd, O_CLOEXEC | mode) == 0);
        lines[i].from = fd[0];
        lines[i].to = fd[1];
        weft_wg_go(&wg, writer, &lines[i]);
        weft_wg_go(&wg, reader, &lines[i]);
    }
    weft_wg_add(&wg, 3);
    weft_go(closer, &wg);
    weft_go(caller, &wg);
    weft_go(caller, &wg);
    weft_sleep(weft_background(), stress_time());
    while (passed == 0 || ended == 0 || closed_under == 0) /* a slow machine, or for ever */
        weft_sleep(weft_background(), WEFT_MILLISECOND);
    stop = true;
    weft_wg_wait(&wg);
    puts("ok");
    return 0;
}

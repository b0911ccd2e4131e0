/* SPDX-License-Identifier: MIT */
/* Addresses, listening, dialling, and the resolver. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft.h>

#include "io/net_impl.h"

static weft_ctx *forever(void) { return weft_background(); }

typedef struct ends_of_tcp {
    int near, far;
} ends_of_tcp;

/* ---- addresses --------------------------------------------------------------------- */

WEFT_TEST(numbers_need_no_resolver)
{
    static const struct {
        const char *network, *address, *text;
    } good[] = {
        {"tcp", "127.0.0.1:80", "127.0.0.1:80"},
        {"tcp", "[::1]:443", "[::1]:443"},
        {"tcp6", "[2001:db8::17]:80", "[2001:db8::17]:80"},
        {"udp4", "192.0.2.1:65535", "192.0.2.1:65535"},
        {"tcp4", ":8080", "127.0.0.1:8080"},
        {"tcp6", ":8080", "[::1]:8080"},
        {"tcp", "127.0.0.1:", "127.0.0.1:0"},
        {"unix", "/run/x.sock", "/run/x.sock"},
        {"unixgram", "@name", "@name"},
        {"unixpacket", "a", "a"},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        weft_addr a[4];
        char text[WEFT_ADDR_TEXT_MAX];
        int n = weft_resolve(forever(), good[i].network, good[i].address, a, 4);
        if (n < 1)
            weft_fail("%s %s: %s", good[i].network, good[i].address, weft_strerror(n));
        weft_expect(weft_addr_text(&a[0], text, sizeof text), ==, good[i].text);
    }
}

WEFT_TEST(addresses_that_are_none)
{
    static const char *const bad[] = {
        "",        "host",    "::1:80",        "[::1]",
        "[::1]80", "[::1:80", "1.2.3.4:80:90", "127.0.0.1:no-such-service-x"};
    weft_addr a;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (weft_resolve(forever(), "tcp", bad[i], &a, 1) != -EINVAL)
            weft_fail("\"%s\" is taken for an address", bad[i]);
    weft_check(weft_resolve(forever(), "tcp", NULL, &a, 1), ==, -EINVAL);
    weft_check(weft_resolve(forever(), "sctp", "127.0.0.1:80", &a, 1), ==, -EPROTONOSUPPORT);
    weft_check(weft_dial(forever(), "tpc", "127.0.0.1:80"), ==, -EPROTONOSUPPORT);
    weft_check(weft_listen(forever(), NULL, ":80"), ==, -EPROTONOSUPPORT);
    weft_check(weft_resolve(forever(), "unix", "", &a, 1), ==, -EINVAL);
    char *path = calloc(1, 200);
    memset(path, 'x', 150);
    weft_check(weft_dial(forever(), "unix", path), ==, -ENAMETOOLONG);
    free(path);
}

WEFT_TEST(names_are_looked_up)
{
    weft_addr a[8];
    int n = weft_resolve(forever(), "tcp", "localhost:80", a, 8);
    if (n < 0)
        weft_skip("nobody knows localhost here: %s", weft_strerror(n));
    char text[WEFT_ADDR_TEXT_MAX];
    for (int i = 0; i < n && i < 8; i++) {
        weft_addr_text(&a[i], text, sizeof text);
        weft_check(strcmp(text, "127.0.0.1:80") == 0 || strcmp(text, "[::1]:80") == 0);
    }
    weft_check(weft_resolve(forever(), "tcp", "localhost:80", NULL, 0), ==, n);
    int none = weft_resolve(forever(), "tcp", "no-such-host.invalid:80", a, 8);
    weft_check(none == -ENXIO || none == -EAGAIN || none == -EIO);
}

static void look_up(weft_ctx *ctx, int *result, weft_wg *wg)
{
    weft_addr a;
    *result = weft_resolve(ctx, "tcp", "localhost:80", &a, 1);
    weft_wg_done(wg);
}

static int gate[2];
static int wait_at_the_gate(void)
{
    char c;
    return (int)read(gate[0], &c, 1);
}
static void occupy(weft_wg *wg)
{
    weft_blocking(wait_at_the_gate);
    weft_wg_done(wg);
}

/* The pool's one thread is busy, so the lookup stands still. */
WEFT_TEST(a_lookup_ends_with_its_context)
{
    setenv("WEFT_BLOCKING", "1", 1);
    weft_check(pipe(gate), ==, 0);
    weft_wg wg = {0};
    int result[3] = {0};
    weft_wg_add(&wg, 4);
    weft_go(occupy, &wg);
    weft_test_until_waiting(1, WEFT_WAIT_BLOCKING);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(forever());
    weft_auto(weft_ctx, soon) = weft_ctx_with_timeout(forever(), 5 * WEFT_MILLISECOND);
    weft_go(look_up, ctx, &result[0], &wg);
    weft_go(look_up, soon, &result[1], &wg);
    weft_go(look_up, forever(), &result[2], &wg);
    weft_test_until_waiting(3, WEFT_WAIT_BLOCKING);
    weft_ctx_cancel(ctx);
    while (result[0] == 0 || result[1] == 0)
        (void)weft_sleep(forever(), WEFT_MILLISECOND);
    weft_check(result[0], ==, -ECANCELED);
    weft_check(result[1], ==, -ETIMEDOUT);
    weft_check(result[2], ==, 0);
    weft_check(write(gate[1], "x", 1), ==, 1);
    weft_wg_wait(&wg);
    weft_check(result[2] > 0 || result[2] == -ENXIO || result[2] == -EAGAIN);
    close(gate[0]);
    close(gate[1]);
}

/* ---- listening and dialling ------------------------------------------------------------- */

static void serve_one(int server)
{
    int fd = weft_accept(forever(), server, NULL, NULL);
    weft_check(fd, >=, 0);
    char buf[10];
    ssize_t n = weft_read(forever(), fd, buf, sizeof buf);
    weft_check(weft_write_all(forever(), fd, buf, (size_t)n), ==, n);
    weft_fd_close(fd);
}

static void check_made(int fd)
{
    weft_check(fcntl(fd, F_GETFL) & O_NONBLOCK, ==, O_NONBLOCK);
    weft_check(fcntl(fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
}

static void talk(int server, const char *network, const char *address)
{
    weft_wg wg = {0};
    weft_wg_go(&wg, serve_one, server);
    int fd = weft_dial(forever(), network, address);
    if (fd < 0)
        weft_fail("dial %s %s: %s", network, address, weft_strerror(fd));
    check_made(fd);
    char buf[10];
    weft_check(weft_write_all(forever(), fd, "hello", 5), ==, 5);
    weft_check(weft_read_full(forever(), fd, buf, sizeof buf), ==, 5);
    weft_fd_close(fd);
    weft_wg_wait(&wg);
}

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t n = sizeof value;
    getsockopt(fd, level, name, &value, &n);
    return value;
}

/* The address that a free port was found at, with another host. */
static const char *at_port(int fd, const char *host, char *text, size_t size)
{
    weft_addr a;
    char all[WEFT_ADDR_TEXT_MAX];
    weft_check(weft_addr_local(fd, &a), ==, 0);
    snprintf(text, size, "%s%s", host, strrchr(weft_addr_text(&a, all, sizeof all), ':'));
    return text;
}

WEFT_TEST(tcp)
{
    char text[WEFT_ADDR_TEXT_MAX];
    int server = weft_listen(forever(), "tcp", "127.0.0.1:0");
    weft_check(server, >=, 0);
    check_made(server);
    talk(server, "tcp", at_port(server, "127.0.0.1", text, sizeof text));
    talk(server, "tcp4", at_port(server, "", text, sizeof text));
    int fd = weft_dial(forever(), "tcp", text);
    weft_check(option(fd, IPPROTO_TCP, TCP_NODELAY), ==, 1);
    int got = weft_accept(forever(), server, NULL, NULL);
    weft_check(option(got, IPPROTO_TCP, TCP_NODELAY), ==, 1);
    weft_addr a, b;
    weft_check(weft_addr_peer(fd, &a), ==, 0);
    weft_check(weft_addr_local(got, &b), ==, 0);
    weft_check(weft_addr_len(&a) == weft_addr_len(&b) &&
               memcmp(weft_addr_sockaddr(&a), weft_addr_sockaddr(&b), weft_addr_len(&a)) == 0);
    weft_check(weft_addr_peer(server, &a), ==, -ENOTCONN);
    weft_check(weft_listen(forever(), "tcp4", at_port(server, "127.0.0.1", text, sizeof text)), ==,
               -EADDRINUSE);
    weft_fd_close(fd);
    weft_fd_close(got);
    weft_fd_close(server);
    weft_check(weft_dial(forever(), "tcp", text), ==, -ECONNREFUSED);
}

static ends_of_tcp connection(void)
{
    char text[WEFT_ADDR_TEXT_MAX];
    int server = weft_listen(forever(), "tcp", "127.0.0.1:0");
    int near = weft_dial(forever(), "tcp", at_port(server, "127.0.0.1", text, sizeof text));
    int far = weft_accept(forever(), server, NULL, NULL);
    weft_check(near >= 0 && far >= 0);
    weft_fd_close(server);
    return (ends_of_tcp){near, far};
}

static void read_one(int fd, int *got, weft_wg *wg)
{
    char c = 0;
    ssize_t n = weft_read(forever(), fd, &c, 1);
    *got = n == 1 ? c : (int)n;
    weft_wg_done(wg);
}

/* Bytes that came together are read one by one, and by several readers. */
WEFT_TEST(what_one_reader_leaves_another_gets)
{
    ends_of_tcp e = connection();
    for (int round = 0; round < 200; round++) {
        weft_wg wg = {0};
        int got[4];
        weft_wg_add(&wg, 4);
        for (int i = 0; i < 4; i++)
            weft_go(read_one, e.far, &got[i], &wg);
        if (round % 2)
            weft_test_until_waiting(4, WEFT_WAIT_IO);
        weft_check(weft_write_all(forever(), e.near, "abcd", 4), ==, 4);
        weft_wg_wait(&wg);
        weft_check(got[0] + got[1] + got[2] + got[3], ==, 'a' + 'b' + 'c' + 'd');
    }
    weft_fd_close(e.near);
    weft_fd_close(e.far);
}

/* The end that comes with the last bytes, before anybody looks; and an abort. */
WEFT_TEST(the_end_is_seen_behind_the_last_bytes)
{
    for (int round = 0; round < 50; round++) {
        ends_of_tcp e = connection();
        char buf[100];
        weft_check(weft_write_all(forever(), e.near, "one", 3), ==, 3);
        weft_check(weft_read(forever(), e.far, buf, sizeof buf), ==, 3);
        weft_auto(weft_ctx, soon) = weft_ctx_with_timeout(forever(), 100 * WEFT_MICROSECOND);
        weft_check(weft_read(soon, e.far, buf, sizeof buf), ==, -ETIMEDOUT); /* it is watched now */
        weft_check(weft_write_all(forever(), e.near, "last", 4), ==, 4);
        if (round % 2)
            weft_check(shutdown(e.near, SHUT_WR), ==, 0);
        weft_check(weft_read(forever(), e.far, buf, sizeof buf), ==, 4);
        if (round % 2 == 0)
            weft_check(shutdown(e.near, SHUT_WR), ==, 0);
        weft_check(weft_read(forever(), e.far, buf, sizeof buf), ==, 0);
        weft_check(weft_read(forever(), e.far, buf, sizeof buf), ==, 0);
        struct linger reset = {1, 0};
        setsockopt(e.far, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        weft_fd_close(e.far);
        weft_check(weft_read(forever(), e.near, buf, sizeof buf), ==, -ECONNRESET);
        weft_fd_close(e.near);
    }
}

static void wait_for(int fd, int events, int *got, weft_wg *wg)
{
    *got = weft_wait_fd(forever(), fd, events);
    weft_wg_done(wg);
}

WEFT_TEST(wait_fd_on_a_watched_socket)
{
    ends_of_tcp e = connection();
    weft_wg wg[3] = {{0}};
    int got[3], broken;
    char buf[10];
    weft_check(weft_wait_fd(forever(), e.far, POLLIN | POLLOUT), ==, POLLOUT);
    for (int i = 0; i < 3; i++)
        weft_wg_add(&wg[i], 1);
    weft_go(wait_for, e.far, POLLIN, &got[0], &wg[0]);
    weft_test_until_waiting(1, WEFT_WAIT_IO);
    weft_check(weft_write_all(forever(), e.near, "ab", 2), ==, 2);
    weft_wg_wait(&wg[0]);
    weft_check(got[0], ==, POLLIN);
    weft_check(weft_wait_fd(forever(), e.far, POLLIN), ==, POLLIN);
    weft_check(weft_read(forever(), e.far, buf, 1), ==, 1); /* waiting has used nothing up */
    weft_check(weft_read(forever(), e.far, buf, 1), ==, 1);
    weft_go(wait_for, e.far, POLLRDHUP, &got[1], &wg[1]);
    weft_go(wait_for, e.far, 0, &got[2], &wg[2]); /* hang-up and errors only */
    weft_test_until_waiting(2, WEFT_WAIT_IO);
    weft_check(shutdown(e.near, SHUT_WR), ==, 0);
    weft_wg_wait(&wg[1]);
    weft_check(got[1], ==, POLLRDHUP);
    weft_check(weft_read(forever(), e.far, buf, 1), ==, 0);
    weft_check(shutdown(e.far, SHUT_WR), ==, 0);
    weft_wg_wait(&wg[2]);
    weft_check(got[2], ==, POLLHUP);
    broken = weft_wait_fd(forever(), e.far, POLLIN);
    weft_check(broken, ==, POLLIN | POLLHUP);
    weft_fd_close(e.near);
    weft_fd_close(e.far);
}

/* close(2) takes a socket that weft watches, and its number goes to a pipe. */
WEFT_TEST(a_watched_socket_is_closed_behind_our_back)
{
    ends_of_tcp e = connection();
    char buf[10];
    weft_auto(weft_ctx, soon) = weft_ctx_with_timeout(forever(), WEFT_MILLISECOND);
    weft_check(weft_read(soon, e.far, buf, sizeof buf), ==, -ETIMEDOUT);
    int fd[2], got = 0;
    weft_check(pipe(fd), ==, 0);
    weft_check(close(e.far), ==, 0);
    weft_check(dup2(fd[0], e.far), ==, e.far);
    close(fd[0]);
    fd[0] = e.far;
    weft_wg wg = {0};
    weft_wg_add(&wg, 1);
    weft_go(read_one, fd[0], &got, &wg);
    weft_test_until_waiting(1, WEFT_WAIT_IO);
    weft_check(write(fd[1], "x", 1), ==, 1);
    weft_wg_wait(&wg);
    weft_check(got, ==, 'x');
    weft_fd_close(fd[0]);
    weft_fd_close(fd[1]);
    weft_fd_close(e.near);
}

WEFT_TEST(without_a_host_both_families_are_served)
{
    char text[WEFT_ADDR_TEXT_MAX];
    int server = weft_listen(forever(), "tcp", ":0");
    weft_check(server, >=, 0);
    talk(server, "tcp", at_port(server, "127.0.0.1", text, sizeof text));
    talk(server, "tcp", at_port(server, "", text, sizeof text));
    int six = weft_dial(forever(), "tcp", at_port(server, "[::1]", text, sizeof text));
    weft_check(six >= 0 || six == -EADDRNOTAVAIL || six == -EAFNOSUPPORT || six == -ENETUNREACH);
    if (six >= 0) {
        weft_fd_close(weft_accept(forever(), server, NULL, NULL));
        weft_fd_close(six);
    }
    weft_fd_close(server);
}

WEFT_TEST(unix_sockets)
{
    char path[4096], name[64];
    snprintf(path, sizeof path, "%s/s", weft_test_temp_dir());
    snprintf(name, sizeof name, "@weft-test-%d", (int)getpid());
    const char *both[] = {path, name};
    for (int i = 0; i < 2; i++) {
        int server = weft_listen(forever(), "unix", both[i]);
        weft_check(server, >=, 0);
        weft_addr a;
        char text[WEFT_ADDR_TEXT_MAX];
        weft_check(weft_addr_local(server, &a), ==, 0);
        weft_check(weft_addr_text(&a, text, sizeof text), ==, both[i]);
        talk(server, "unix", both[i]);
        weft_check(weft_listen(forever(), "unix", both[i]), ==, -EADDRINUSE);
        weft_fd_close(server);
        weft_check(weft_dial(forever(), "unix", both[i]), ==, -ECONNREFUSED);
    }
    weft_check(unlink(path), ==, 0);
    weft_check(weft_dial(forever(), "unix", path), ==, -ENOENT);
}

WEFT_TEST(udp)
{
    char text[WEFT_ADDR_TEXT_MAX], buf[10];
    int server = weft_listen(forever(), "udp", "127.0.0.1:0");
    weft_check(server, >=, 0);
    int fd = weft_dial(forever(), "udp", at_port(server, "127.0.0.1", text, sizeof text));
    weft_check(fd, >=, 0);
    weft_addr from = {0};
    unsigned n = sizeof from.weft_bytes;
    weft_check(weft_write(forever(), fd, "ping", 4), ==, 4);
    weft_check(weft_recvfrom(forever(), server, buf, sizeof buf, 0,
                             (struct sockaddr *)from.weft_bytes, &n),
               ==, 4);
    weft_check(weft_sendto(forever(), server, "pong!", 5, 0, weft_addr_sockaddr(&from), n), ==, 5);
    weft_check(weft_read(forever(), fd, buf, sizeof buf), ==, 5);
    weft_fd_close(fd);
    weft_fd_close(server);
}

/* ---- happy eyeballs ------------------------------------------------------------------------ */

static weft_addr address(int family, int number)
{
    weft_addr a = {0};
    struct sockaddr *at = (struct sockaddr *)a.weft_bytes;
    at->sa_family = (sa_family_t)family;
    a.weft_len = (uint32_t)number;
    return a;
}

WEFT_TEST(families_take_turns)
{
    static const struct {
        const char *before, *after; /* 4 and 6 */
    } cases[] = {{"6664", "6466"}, {"4466", "4646"},   {"666", "666"},       {"6", "6"},
                 {"64", "64"},     {"46464", "46464"}, {"644444", "644444"}, {"666444", "646464"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int n = (int)strlen(cases[i].before), last[2] = {-1, -1};
        weft_addr a[8];
        for (int k = 0; k < n; k++)
            a[k] = address(cases[i].before[k] == '6' ? AF_INET6 : AF_INET, k);
        weft__interleave(a, n);
        for (int k = 0; k < n; k++) {
            bool six = weft__family(&a[k]) == AF_INET6;
            weft_expect(six, ==, cases[i].after[k] == '6');
            weft_expect((int)a[k].weft_len, >, last[six]); /* in order within a family */
            last[six] = (int)a[k].weft_len;
        }
    }
}

/* An address where SYNs are dropped: its queue is full. */
struct silent {
    int server, queued[8];
    weft_addr at;
};

static void silent_begin(struct silent *s)
{
    s->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    weft_check(bind(s->server, (struct sockaddr *)&at, sizeof at), ==, 0);
    weft_check(listen(s->server, 0), ==, 0);
    weft_check(weft_addr_local(s->server, &s->at), ==, 0);
    for (int i = 0; i < 8; i++) {
        s->queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int r = connect(s->queued[i], weft_addr_sockaddr(&s->at), weft_addr_len(&s->at));
        weft_check(r == 0 || errno == EINPROGRESS);
    }
}

static void silent_end(struct silent *s)
{
    close(s->server);
    for (int i = 0; i < 8; i++)
        close(s->queued[i]);
}

static weft_addr listening(int *server)
{
    weft_addr a;
    *server = weft_listen(forever(), "tcp", "127.0.0.1:0");
    weft_check(weft_addr_local(*server, &a), ==, 0);
    return a;
}

static weft_addr refusing(void)
{
    int server;
    weft_addr a = listening(&server);
    weft_fd_close(server);
    return a;
}

static int lowest_free(void)
{
    int fd = dup(0);
    close(fd);
    return fd;
}

WEFT_TEST(the_first_to_answer_wins)
{
    struct silent s;
    int server, before;
    silent_begin(&s);
    weft_addr good = listening(&server), bad = refusing();
    weft_auto(weft_ctx, soon) = weft_ctx_with_timeout(forever(), WEFT_MILLISECOND);
    int warm = weft__dial_any(soon, SOCK_STREAM, &s.at, 1, WEFT_HOUR); /* the poll's descriptors */
    weft_check(warm, ==, -ETIMEDOUT);
    before = lowest_free();
    /* A refusal begins the next at once, silence after its time. */
    weft_addr a[] = {bad, good}, b[] = {s.at, bad, good}, c[] = {s.at, s.at}, d[] = {bad, bad, bad};
    int fd = weft__dial_any(forever(), SOCK_STREAM, a, 2, WEFT_HOUR);
    weft_check(fd, >=, 0);
    weft_fd_close(fd);
    weft_time start = weft_now();
    fd = weft__dial_any(forever(), SOCK_STREAM, b, 3, 20 * WEFT_MILLISECOND);
    weft_check(fd, >=, 0);
    weft_check(weft_now() - start, >=, 20 * WEFT_MILLISECOND);
    weft_fd_close(fd);
    weft_check(weft__dial_any(forever(), SOCK_STREAM, d, 3, WEFT_HOUR), ==, -ECONNREFUSED);
    weft_auto(weft_ctx, later) = weft_ctx_with_timeout(forever(), 30 * WEFT_MILLISECOND);
    weft_check(weft__dial_any(later, SOCK_STREAM, c, 2, 5 * WEFT_MILLISECOND), ==, -ETIMEDOUT);
    weft_auto(weft_ctx, ended) = weft_ctx_with_cancel(forever());
    weft_ctx_cancel(ended);
    weft_check(weft__dial_any(ended, SOCK_STREAM, b, 3, WEFT_HOUR), ==, -ECANCELED);
    weft_check(lowest_free(), ==, before); /* whoever lost was closed */
    weft_test_until_idle();
    weft_check(weft_num_goroutine(), ==, 1);
    weft_fd_close(server);
    silent_end(&s);
}

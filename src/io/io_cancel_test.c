/* SPDX-License-Identifier: MIT */
/*
 * A context that ends before, during, after and at the same moment as each call
 * that waits: which result it has, that nothing was transferred when it says so,
 * and that neither a descriptor nor a goroutine is left.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <weft.h>

static int open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = -3;
    weft_check(dir != NULL);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* A call that waits on fd until go_on() was called on the other end. */
struct kind {
    const char *name;
    enum { PAIR, PAIR_FULL, TCP, TCP_FULL, PIPE, PIPE_BLOCKING, PIPE_FULL, LISTENER, NO_ANSWER } on;
    ssize_t (*call)(weft_ctx *ctx, int fd);
    ssize_t result; /* when it goes through; -1: any */
};

static char sink[64];

static ssize_t do_read(weft_ctx *ctx, int fd) { return weft_read(ctx, fd, sink, 1); }
static ssize_t do_read_full(weft_ctx *ctx, int fd) { return weft_read_full(ctx, fd, sink, 1); }
static ssize_t do_write(weft_ctx *ctx, int fd) { return weft_write(ctx, fd, sink, 1); }
static ssize_t do_write_all(weft_ctx *ctx, int fd) { return weft_write_all(ctx, fd, sink, 1); }
static ssize_t do_wait(weft_ctx *ctx, int fd) { return weft_wait_fd(ctx, fd, POLLIN); }
static ssize_t do_accept(weft_ctx *ctx, int fd) { return weft_accept(ctx, fd, NULL, NULL); }

static ssize_t do_readv(weft_ctx *ctx, int fd)
{
    struct iovec iov = {sink, 1};
    return weft_readv(ctx, fd, &iov, 1);
}

static ssize_t do_writev(weft_ctx *ctx, int fd)
{
    struct iovec iov = {sink, 1};
    return weft_writev(ctx, fd, &iov, 1);
}

static ssize_t do_recvfrom(weft_ctx *ctx, int fd)
{
    return weft_recvfrom(ctx, fd, sink, 1, 0, NULL, NULL);
}

static ssize_t do_sendto(weft_ctx *ctx, int fd)
{
    return weft_sendto(ctx, fd, sink, 1, 0, NULL, 0);
}

static ssize_t do_recvmsg(weft_ctx *ctx, int fd)
{
    struct iovec iov = {sink, 1};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    return weft_recvmsg(ctx, fd, &msg, 0);
}

static ssize_t do_sendmsg(weft_ctx *ctx, int fd)
{
    struct iovec iov = {sink, 1};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    return weft_sendmsg(ctx, fd, &msg, 0);
}

static ssize_t do_sendfile(weft_ctx *ctx, int fd)
{
    static int file = -1;
    if (file < 0)
        file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    off_t from = 0;
    return weft_sendfile(ctx, fd, file, &from, 1);
}

static struct sockaddr_in no_answer; /* a listener whose queue is full: SYNs are dropped */

static ssize_t do_connect(weft_ctx *ctx, int fd)
{
    return weft_connect(ctx, fd, (struct sockaddr *)&no_answer, sizeof no_answer);
}

static const struct kind kinds[] = {
    {"read", PAIR, do_read, 1},
    {"read, pipe", PIPE, do_read, 1},
    {"read, blocking pipe", PIPE_BLOCKING, do_read, 1},
    {"read_full", PAIR, do_read_full, 1},
    {"read, tcp", TCP, do_read, 1},
    {"readv, tcp", TCP, do_readv, 1},
    {"wait_fd, tcp", TCP, do_wait, POLLIN},
    {"write, tcp", TCP_FULL, do_write, 1},
    {"sendmsg, tcp", TCP_FULL, do_sendmsg, 1},
    {"readv", PAIR, do_readv, 1},
    {"readv, pipe", PIPE, do_readv, 1},
    {"recvfrom", PAIR, do_recvfrom, 1},
    {"recvmsg", PAIR, do_recvmsg, 1},
    {"wait_fd", PAIR, do_wait, POLLIN},
    {"write", PAIR_FULL, do_write, 1},
    {"write, pipe", PIPE_FULL, do_write, 1},
    {"write_all", PAIR_FULL, do_write_all, 1},
    {"writev", PAIR_FULL, do_writev, 1},
    {"writev, pipe", PIPE_FULL, do_writev, 1},
    {"sendto", PAIR_FULL, do_sendto, 1},
    {"sendmsg", PAIR_FULL, do_sendmsg, 1},
    {"sendfile", PAIR_FULL, do_sendfile, 1},
    {"accept", LISTENER, do_accept, -1},
    {"connect", NO_ANSWER, do_connect, 0},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static int listener(struct sockaddr_in *at, int backlog)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof *at;
    weft_check(bind(fd, (struct sockaddr *)at, sizeof *at), ==, 0);
    weft_check(listen(fd, backlog), ==, 0);
    weft_check(getsockname(fd, (struct sockaddr *)at, &n), ==, 0);
    return fd;
}

static int client(const struct sockaddr_in *to)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int r = connect(fd, (struct sockaddr *)to, sizeof *to);
    weft_check(r == 0 || errno == EINPROGRESS);
    return fd;
}

struct stage {
    const struct kind *kind;
    int fd;    /* the call's */
    int other; /* what lets it go on */
    int queued[8];
    struct sockaddr_in at;
};

static void fill(int fd, bool socket)
{
    static const char block[4096];
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    while (socket ? send(fd, block, sizeof block, 0) > 0 : write(fd, block, sizeof block) > 0)
        ;
    fcntl(fd, F_SETFL, flags);
}

/* A connection that weft made on both sides: sockets that it watches all the time. */
static void make_tcp(int fd[2])
{
    char text[WEFT_ADDR_TEXT_MAX];
    weft_addr at;
    int server = weft_listen(weft_background(), "tcp", "127.0.0.1:0"), small = 4096;
    weft_check(weft_addr_local(server, &at), ==, 0);
    setsockopt(server, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    fd[1] = weft_dial(weft_background(), "tcp", weft_addr_text(&at, text, sizeof text));
    fd[0] = weft_accept(weft_background(), server, NULL, NULL);
    weft_check(fd[0] >= 0 && fd[1] >= 0);
    weft_fd_close(server);
}

static bool takes_data(const struct kind *kind)
{
    return kind->on == PAIR || kind->on == TCP || kind->on == PIPE || kind->on == PIPE_BLOCKING;
}

static bool is_full(const struct kind *kind)
{
    return kind->on == PAIR_FULL || kind->on == TCP_FULL || kind->on == PIPE_FULL;
}

static void set(struct stage *s, const struct kind *kind)
{
    int fd[2] = {-1, -1};
    *s = (struct stage){.kind = kind};
    switch (kind->on) {
    case PAIR:
    case PAIR_FULL:
        weft_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd), ==, 0);
        break;
    case TCP:
    case TCP_FULL:
        make_tcp(fd);
        break;
    case PIPE:
    case PIPE_BLOCKING:
    case PIPE_FULL:
        weft_check(pipe2(fd, O_CLOEXEC | (kind->on == PIPE_BLOCKING ? 0 : O_NONBLOCK)), ==, 0);
        break;
    case LISTENER:
        fd[0] = listener(&s->at, 8);
        break;
    case NO_ANSWER:
        fd[1] = listener(&no_answer, 0);
        for (int i = 0; i < 8; i++)
            s->queued[i] = client(&no_answer);
        fd[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        break;
    }
    bool write_end = kind->on == PIPE_FULL || kind->on == TCP_FULL;
    s->fd = fd[write_end];
    s->other = fd[!write_end];
    if (is_full(kind))
        fill(s->fd, kind->on != PIPE_FULL);
}

/* What the call waits for happens. */
static void go_on(struct stage *s)
{
    static char drain[1 << 20];
    switch (s->kind->on) {
    case PAIR:
    case TCP:
    case PIPE:
    case PIPE_BLOCKING:
        weft_check(write(s->other, "x", 1), ==, 1);
        break;
    case PAIR_FULL:
    case PIPE_FULL:
        weft_check(read(s->other, drain, sizeof drain), >, 0);
        break;
    case TCP_FULL: /* room on the other side takes its time to be known here */
        for (struct pollfd p = {.fd = s->fd, .events = POLLOUT}; poll(&p, 1, 0) == 0;)
            while (read(s->other, drain, sizeof drain) > 0)
                ;
        break;
    case LISTENER:
        s->other = client(&s->at);
        break;
    case NO_ANSWER:
        break; /* the kernel's next try is seconds away */
    }
}

static void clear(struct stage *s)
{
    weft_fd_close(s->fd);
    if (s->other >= 0)
        weft_fd_close(s->other);
    for (int i = 0; s->kind->on == NO_ANSWER && i < 8; i++)
        weft_fd_close(s->queued[i]);
}

/* What was not taken is still there, and what was not put is not. */
static void check_untouched(struct stage *s)
{
    char c;
    if (takes_data(s->kind))
        weft_check(weft_read(weft_background(), s->fd, &c, 1), ==, 1);
    if (s->kind->on == LISTENER) {
        int fd = weft_accept(weft_background(), s->fd, NULL, NULL);
        weft_check(fd, >=, 0);
        weft_fd_close(fd);
    }
}

static void check_through(struct stage *s, ssize_t r)
{
    if (s->kind->result >= 0 && r != s->kind->result)
        weft_fail("%s came to %zd", s->kind->name, r);
    if (s->kind->on == LISTENER) {
        weft_check(r, >=, 0);
        weft_fd_close((int)r);
    }
}

WEFT_TEST(a_context_that_has_ended_wins_over_a_ready_call)
{
    weft_auto(weft_ctx, ended) = weft_ctx_with_cancel(weft_background());
    weft_auto(weft_ctx, late) = weft_ctx_with_timeout(weft_background(), 0);
    weft_ctx_cancel(ended);
    for (int i = 0; i < KINDS; i++) {
        struct stage s;
        set(&s, &kinds[i]);
        go_on(&s);
        weft_expect(kinds[i].call(ended, s.fd), ==, -ECANCELED);
        weft_expect(kinds[i].call(late, s.fd), ==, -ETIMEDOUT);
        check_untouched(&s);
        clear(&s);
    }
}

static void call_it(weft_ctx *ctx, struct stage *s, ssize_t *r, weft_wg *wg)
{
    *r = s->kind->call(ctx, s->fd);
    weft_wg_done(wg);
}

WEFT_TEST(a_context_ends_a_call_that_waits)
{
    int before = open_descriptors();
    for (int i = 0; i < KINDS; i++) {
        struct stage s;
        weft_wg wg = {0};
        ssize_t r = 0;
        set(&s, &kinds[i]);
        weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
        weft_wg_add(&wg, 1);
        weft_go(call_it, ctx, &s, &r, &wg);
        weft_test_until_waiting(1, WEFT_WAIT_IO);
        weft_ctx_cancel(ctx);
        weft_wg_wait(&wg);
        weft_expect(r, ==, -ECANCELED);
        weft_auto(weft_ctx, soon) = weft_ctx_with_timeout(weft_background(), WEFT_MILLISECOND);
        weft_expect(kinds[i].call(soon, s.fd), ==,
                    kinds[i].on == NO_ANSWER ? -EALREADY : -ETIMEDOUT);
        go_on(&s); /* both have left no trace: the next finds everything */
        if (kinds[i].on != NO_ANSWER)
            check_through(&s, kinds[i].call(weft_background(), s.fd));
        clear(&s);
    }
    weft_test_until_idle(); /* who is done is not yet gone */
    weft_check(weft_num_goroutine(), ==, 1);
    weft_check(open_descriptors(), <=, before + 3); /* the poll's two, and sendfile's file */
}

WEFT_TEST(a_context_that_ends_afterwards_changes_nothing)
{
    for (int i = 0; i < KINDS; i++) {
        if (kinds[i].on == NO_ANSWER)
            continue;
        struct stage s;
        weft_wg wg = {0};
        ssize_t r = 0;
        set(&s, &kinds[i]);
        weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(weft_background());
        weft_wg_add(&wg, 1);
        weft_go(call_it, ctx, &s, &r, &wg);
        weft_test_until_waiting(1, WEFT_WAIT_IO);
        go_on(&s);
        weft_wg_wait(&wg);
        weft_ctx_cancel(ctx);
        check_through(&s, r);
        clear(&s);
    }
}

/* How often each call meets the end of its context: more takes longer, and no memory. */
#ifndef CANCEL_ROUNDS
#define CANCEL_ROUNDS 100
#endif

/*
 * Both at once: a call that reports the context's error has taken nothing, and
 * one that went through has.
 */
static void cancel(weft_ctx *ctx, int spin)
{
    for (volatile int i = 0; i < spin; i++)
        ;
    weft_ctx_cancel(ctx);
}

WEFT_TEST(a_context_that_ends_at_the_same_time)
{
    int rounds = CANCEL_ROUNDS, through = 0, ended = 0;
    for (int i = 0; i < KINDS; i++) {
        if (kinds[i].on == NO_ANSWER || kinds[i].on == TCP_FULL) /* they take long */
            continue;
        struct stage s;
        set(&s, &kinds[i]);
        for (int k = 0; k < rounds; k++) {
            weft_wg wg = {0};
            ssize_t r = 0;
            bool deadline = k % 4 == 0;
            weft_auto(weft_ctx, ctx) =
                deadline ? weft_ctx_with_timeout(weft_background(), (k * 37 % 100) * 1000)
                         : weft_ctx_with_cancel(weft_background());
            weft_wg_add(&wg, 1);
            weft_go(call_it, ctx, &s, &r, &wg);
            if (!deadline)
                weft_wg_go(&wg, cancel, ctx, (int)(weft_rand() >> 33) % 2000);
            for (int spin = (int)(weft_rand() >> 33) % 2000; spin > 0; spin--)
                __asm__ volatile("");
            if (k % 2)
                weft_yield();
            go_on(&s);
            weft_wg_wait(&wg);
            if (r == -ECANCELED || r == -ETIMEDOUT) {
                ended++;
                check_untouched(&s);
            } else {
                through++;
                check_through(&s, r);
                if (kinds[i].call == do_wait)
                    weft_check(weft_read(weft_background(), s.fd, sink, 1), ==, 1);
            }
            if (kinds[i].on == LISTENER) {
                weft_fd_close(s.other);
                s.other = -1;
            }
            if (is_full(&kinds[i]))
                fill(s.fd, kinds[i].on != PIPE_FULL);
        }
        clear(&s);
    }
    weft_check(through + ended, ==, rounds * (KINDS - 3));
    weft_test_until_idle(); /* who is done is not yet gone */
    weft_check(weft_num_goroutine(), ==, 1);
    weft_check(through > 0 && ended > 0);
}

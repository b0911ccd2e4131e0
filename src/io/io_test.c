/* SPDX-License-Identifier: MIT */
/* Reading, writing and waiting: every kind of descriptor, in both modes, and closing. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft.h>

WEFT_CHAN(long_chan, long);

/* How many descriptors are open; the one that counts is not among them. */
static int open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = -3; /* ".", ".." and the folder itself */
    weft_check(dir != NULL);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* Both ends of a pipe or a pair of sockets, closed at the end of the block. */
typedef struct ends {
    int r, w;
} ends;

static void ends_close(ends *e)
{
    if (e->r >= 0)
        weft_fd_close(e->r);
    if (e->w >= 0 && e->w != e->r)
        weft_fd_close(e->w);
}
#define ENDS(name, made)                                                                           \
    ends name = made;                                                                              \
    weft_defer(ends_close, &name)

static ends make_pipe(int flags)
{
    int fd[2];
    weft_check(pipe2(fd, flags | O_CLOEXEC), ==, 0);
    return (ends){fd[0], fd[1]};
}

static ends make_pair(int flags)
{
    int fd[2];
    weft_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0, fd), ==, 0);
    return (ends){fd[0], fd[1]};
}

static weft_ctx *forever(void) { return weft_background(); }

static void read_one(int fd, long_chan *out)
{
    char c = 0;
    long n = weft_read(forever(), fd, &c, 1);
    weft_send(out, n == 1 ? c : n);
}

static long received(long_chan *c)
{
    long v = 0;
    weft_recv(c, &v);
    return v;
}

/* ---- waiting ------------------------------------------------------------------------ */

static void check_waits_and_reads(ends e)
{
    weft_auto(long_chan, out) = weft_make(long_chan, 0);
    weft_go(read_one, e.r, out);
    weft_test_until_waiting(1, WEFT_WAIT_IO);
    weft_check(weft_write(forever(), e.w, "x", 1), ==, 1);
    weft_check(received(out), ==, 'x');
    weft_check(weft_write(forever(), e.w, "y", 1), ==, 1); /* there before it is asked for */
    weft_go(read_one, e.r, out);
    weft_check(received(out), ==, 'y');
}

WEFT_TEST(a_read_waits_for_a_pipe)
{
    ENDS(e, make_pipe(O_NONBLOCK));
    check_waits_and_reads(e);
}

WEFT_TEST(a_read_waits_for_a_pipe_in_blocking_mode)
{
    ENDS(e, make_pipe(0));
    check_waits_and_reads(e);
    weft_check(fcntl(e.r, F_GETFL) & O_NONBLOCK, ==, 0); /* and its mode is left alone */
    weft_check(fcntl(e.w, F_GETFL) & O_NONBLOCK, ==, 0);
}

WEFT_TEST(a_read_waits_for_a_socket)
{
    ENDS(e, make_pair(SOCK_NONBLOCK));
    check_waits_and_reads(e);
}

WEFT_TEST(a_read_waits_for_a_socket_in_blocking_mode)
{
    ENDS(e, make_pair(0));
    check_waits_and_reads(e);
    weft_check(fcntl(e.r, F_GETFL) & O_NONBLOCK, ==, 0);
}

static ends make_terminal(int flags)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | flags);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        weft_skip("there are no terminals here");
    int fd = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC | flags);
    weft_check(fd, >=, 0);
    return (ends){fd, master};
}

static void check_terminal(int flags)
{
    ENDS(e, make_terminal(flags));
    weft_auto(long_chan, out) = weft_make(long_chan, 0);
    weft_go(read_one, e.r, out);
    weft_test_until_waiting(1, WEFT_WAIT_IO);
    weft_check(weft_write_all(forever(), e.w, "x\n", 2), ==, 2); /* a line, as typed */
    weft_check(received(out), ==, 'x');
}

WEFT_TEST(a_read_waits_for_a_terminal) { check_terminal(O_NONBLOCK); }

WEFT_TEST(a_read_waits_for_a_terminal_in_blocking_mode) { check_terminal(0); }

enum { MUCH = 3 << 20 };

static void write_much(int fd, long_chan *out)
{
    char *block = malloc(MUCH);
    for (int i = 0; i < MUCH; i++)
        block[i] = (char)(i % 251);
    weft_send(out, weft_write_all(forever(), fd, block, MUCH));
    free(block);
}

/* The reader begins when the writer has filled what is between them. */
static void check_much(ends e, int chunk)
{
    weft_auto(long_chan, out) = weft_make(long_chan, 1);
    weft_go(write_much, e.w, out);
    weft_test_until_waiting(1, WEFT_WAIT_IO);
    char buf[65536];
    long got = 0;
    while (got < MUCH) {
        ssize_t n = weft_read(forever(), e.r, buf, (size_t)chunk);
        weft_check(n, >, 0);
        for (ssize_t i = 0; i < n; i++)
            if (buf[i] != (char)((got + i) % 251))
                weft_fail("byte %ld is wrong", got + (long)i);
        got += n;
    }
    weft_check(received(out), ==, MUCH);
}

WEFT_TEST(write_all_waits_for_room_in_a_socket)
{
    ENDS(e, make_pair(SOCK_NONBLOCK));
    check_much(e, 60000);
}

WEFT_TEST(write_all_waits_for_room_in_a_pipe)
{
    ENDS(e, make_pipe(O_NONBLOCK));
    check_much(e, 5000);
}

WEFT_TEST(write_all_waits_for_room_in_a_blocking_pipe)
{
    ENDS(e, make_pipe(0));
    check_much(e, 65536);
}

/* As much as there is room for. */
static long fill(int fd)
{
    char block[4096] = {0};
    long put = 0;
    for (ssize_t n;
         (n = weft_sendto(forever(), fd, block, sizeof block, MSG_DONTWAIT, NULL, 0)) > 0;)
        put += n;
    return put;
}

WEFT_TEST(readers_and_a_writer_wait_for_one_descriptor)
{
    ENDS(e, make_pair(SOCK_NONBLOCK));
    weft_auto(long_chan, out) = weft_make(long_chan, 4);
    long left = fill(e.r) + MUCH;
    weft_go(write_much, e.r, out);
    weft_go(read_one, e.r, out);
    weft_go(read_one, e.r, out);
    weft_test_until_waiting(3, WEFT_WAIT_IO);
    weft_check(weft_write(forever(), e.w, "a", 1), ==, 1);
    weft_check(received(out), ==, 'a');
    weft_test_until_waiting(2, WEFT_WAIT_IO); /* the writer still, and the other reader */
    weft_check(weft_write(forever(), e.w, "b", 1), ==, 1);
    weft_check(received(out), ==, 'b');
    char buf[65536];
    while (left > 0) {
        ssize_t n = weft_read(forever(), e.w, buf, sizeof buf);
        weft_check(n, >, 0);
        left -= n;
    }
    weft_check(received(out), ==, MUCH);
}

static void *read_in_a_thread(void *fd)
{
    char c = 0;
    long n = weft_read(forever(), (int)(intptr_t)fd, &c, 1);
    return (void *)(n == 1 ? c : n);
}

WEFT_TEST(a_plain_thread_waits_too)
{
    ENDS(e, make_pipe(O_NONBLOCK));
    weft_auto(long_chan, out) = weft_make(long_chan, 0);
    pthread_t thread;
    weft_check(pthread_create(&thread, NULL, read_in_a_thread, (void *)(intptr_t)e.r), ==, 0);
    weft_check(weft_sleep(forever(), 5 * WEFT_MILLISECOND), ==, 0); /* it waits by now, or not */
    weft_check(weft_write(forever(), e.w, "t", 1), ==, 1);
    void *result;
    weft_check(weft_blocking(pthread_join, thread, &result), ==, 0);
    weft_check((long)result, ==, 't');
}

WEFT_TEST(descriptors_are_no_deadlock)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct itimerspec in = {.it_value = {.tv_nsec = 150 * 1000 * 1000}};
    weft_check(timerfd_settime(fd, 0, &in, NULL), ==, 0);
    uint64_t n = 0; /* and nothing of weft's can wake us: no timer, no thread */
    weft_check(weft_read(forever(), fd, &n, sizeof n), ==, (ssize_t)sizeof n);
    weft_check(n, ==, 1);
    weft_fd_close(fd);
}

static void sleep_often(weft_ctx *ctx)
{
    for (int i = 0; i < 50; i++)
        weft_check(weft_sleep(ctx, WEFT_MILLISECOND), ==, 0);
    weft_ctx_cancel(ctx);
}

/* Timers fire while the thread that keeps them sleeps in the poll. */
WEFT_TEST(timers_go_on_beside_a_wait)
{
    ENDS(e, make_pipe(O_NONBLOCK));
    weft_wg wg = {0};
    weft_auto(weft_ctx, ctx) = weft_ctx_with_cancel(forever());
    weft_wg_go(&wg, sleep_often, ctx);
    char c;
    weft_check(weft_read(ctx, e.r, &c, 1), ==, -ECANCELED);
    weft_wg_wait(&wg);
}

static volatile int spin_on;

static void compute(weft_wg *started)
{
    weft_wg_done(started);
    while (spin_on)
        ;
}

/* Events are seen although all processors compute. */
WEFT_TEST(a_wait_ends_while_others_compute)
{
    ENDS(e, make_pair(SOCK_NONBLOCK));
    weft_auto(long_chan, out) = weft_make(long_chan, 1);
    weft_wg started = {0};
    spin_on = 1;
    weft_go(read_one, e.r, out);
    weft_test_until_waiting(1, WEFT_WAIT_IO);
    int procs = weft_procs(0);
    for (int i = 1; i < procs; i++) {
        weft_wg_add(&started, 1);
        weft_go(compute, &started);
    }
    weft_wg_wait(&started);
    weft_check(write(e.w, "x", 1), ==, 1);
    while (weft_len(out) == 0) /* and so does this one */
        ;
    spin_on = 0;
    weft_check(received(out), ==, 'x');
}

/* ---- weft_wait_fd ----------------------------------------------------------------------- */

static void wait_for(int fd, int events, long_chan *out)
{
    weft_send(out, weft_wait_fd(forever(), fd, events));
}

WEFT_TEST(wait_fd_tells_what_is_there)
{
    ENDS(e, make_pair(0));
    weft_auto(long_chan, out) = weft_make(long_chan, 0);
    weft_check(weft_wait_fd(forever(), e.r, POLLIN | POLLOUT), ==, POLLOUT);
    weft_go(wait_for, e.r, POLLIN, out);
    weft_test_until_waiting(1, WEFT_WAIT_IO);
    weft_check(write(e.w, "x", 1), ==, 1);
    weft_check(received(out), ==, POLLIN);
    weft_check(weft_wait_fd(forever(), e.r, POLLIN), ==, POLLIN); /* still there */
    weft_check(close(e.w), ==, 0);
    e.w = -1;
    weft_check(weft_wait_fd(forever(), e.r, POLLIN) & POLLHUP, ==, POLLHUP);
}

WEFT_TEST(wait_fd_takes_all_kinds)
{
    int event = eventfd(0, EFD_CLOEXEC), file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    weft_auto(long_chan, out) = weft_make(long_chan, 0);
    weft_go(wait_for, event, POLLIN, out);
    weft_test_until_waiting(1, WEFT_WAIT_IO);
    uint64_t one = 1;
    weft_check(weft_write(forever(), event, &one, sizeof one), ==, (ssize_t)sizeof one);
    weft_check(received(out), ==, POLLIN);
    weft_check(weft_wait_fd(forever(), file, POLLIN), ==, POLLIN);
    weft_check(weft_wait_fd(forever(), null, POLLOUT), ==, POLLOUT);
    weft_check(weft_wait_fd(forever(), -1, POLLIN), ==, -EBADF);
    weft_check(weft_wait_fd(forever(), 999, POLLIN), ==, -EBADF);
    weft_fd_close(event);
    weft_fd_close(file);
    weft_fd_close(null);
}

WEFT_TEST(wait_fd_takes_processes)
{
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    int fd = (int)syscall(SYS_pidfd_open, child, 0);
    if (fd < 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        weft_skip("there are no pidfds here");
    }
    weft_auto(long_chan, out) = weft_make(long_chan, 0);
    weft_go(wait_for, fd, POLLIN, out);
    weft_test_until_waiting(1, WEFT_WAIT_IO);
    kill(child, SIGKILL);
    weft_check(received(out), ==, POLLIN);
    weft_check(waitpid(child, NULL, WNOHANG), ==, child);
    weft_fd_close(fd);
}

/* ---- files ---------------------------------------------------------------------------------- */

WEFT_TEST(regular_files_are_read_and_written)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/file", weft_test_temp_dir());
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    weft_check(fd, >=, 0);
    weft_auto(long_chan, out) = weft_make(long_chan, 1);
    weft_go(write_much, fd, out);
    weft_check(received(out), ==, MUCH);
    weft_check(lseek(fd, 0, SEEK_SET), ==, 0);
    char *back = malloc(MUCH), end[10], middle[10];
    weft_check(weft_read_full(forever(), fd, back, MUCH), ==, MUCH);
    for (int i = 0; i < MUCH; i++)
        weft_check(back[i] == (char)(i % 251));
    weft_check(weft_read(forever(), fd, end, sizeof end), ==, 0);
    weft_check(lseek(fd, 251, SEEK_SET), ==, 251);
    struct iovec iov[] = {{end, 10}, {middle, 10}};
    weft_check(weft_readv(forever(), fd, iov, 2), ==, 20);
    weft_check(end[3] == 3 && middle[0] == 10);
    weft_check(weft_writev(forever(), fd, iov, 2), ==, 20);
    free(back);
    weft_fd_close(fd);
    int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    weft_check(weft_read(forever(), dir, end, sizeof end), ==, -EISDIR);
    weft_fd_close(dir);
}

WEFT_TEST(devices_are_always_ready)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC),
        zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    char buf[64] = "not zero";
    weft_check(weft_write_all(forever(), null, buf, 10000 < sizeof buf ? 10000 : sizeof buf), ==,
               (ssize_t)sizeof buf);
    weft_check(weft_read(forever(), null, buf, sizeof buf), ==, 0);
    weft_check(weft_read(forever(), zero, buf, sizeof buf), ==, (ssize_t)sizeof buf);
    weft_check(buf[0], ==, 0);
    weft_fd_close(null);
    weft_fd_close(zero);
}

WEFT_TEST(sendfile_sends_a_file)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/file", weft_test_temp_dir());
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    weft_check(pwrite(fd, "0123456789", 10, 0), ==, 10);
    for (int mode = 0; mode < 3; mode++) {
        ENDS(e, mode == 2 ? make_pipe(0) : make_pair(mode == 0 ? SOCK_NONBLOCK : 0));
        char buf[20];
        off_t from = 3;
        weft_check(weft_sendfile(forever(), e.w, fd, &from, 4), ==, 4);
        weft_check(from, ==, 7);
        weft_check(lseek(fd, 0, SEEK_SET), ==, 0);
        weft_check(weft_sendfile(forever(), e.w, fd, NULL, 2), ==, 2);
        weft_check(lseek(fd, 0, SEEK_CUR), ==, 2);
        weft_check(weft_read_full(forever(), e.r, buf, 6), ==, 6);
        weft_check(memcmp(buf, "345601", 6), ==, 0);
        from = 10;
        weft_check(weft_sendfile(forever(), e.w, fd, &from, 4), ==, 0);
    }
    weft_fd_close(fd);
}

/* ---- closing ---------------------------------------------------------------------------------- */

WEFT_TEST(close_wakes_who_waits)
{
    ENDS(e, make_pair(SOCK_NONBLOCK));
    weft_auto(long_chan, out) = weft_make(long_chan, 2);
    fill(e.r);
    weft_go(read_one, e.r, out);
    weft_go(write_much, e.r, out);
    weft_test_until_waiting(2, WEFT_WAIT_IO);
    weft_check(weft_fd_close(e.r), ==, 0);
    weft_check(received(out), ==, -EBADF);
    weft_check(received(out), ==, -EBADF);
    weft_check(weft_fd_close(e.r), ==, -EBADF);
    weft_check(weft_read(forever(), e.r, &e, 1), ==, -EBADF);
    e.r = -1;
}

/* The number goes from file to file, and events of the former ones wake nobody. */
WEFT_TEST(a_number_is_reused)
{
    for (int i = 0; i < 100; i++) {
        ENDS(a, make_pipe(O_NONBLOCK));
        weft_auto(long_chan, out) = weft_make(long_chan, 1);
        int number = a.r, twin = dup(a.r); /* keeps the first file watched */
        weft_go(read_one, number, out);
        weft_test_until_waiting(1, WEFT_WAIT_IO);
        if (i % 2 == 0) {
            weft_check(weft_fd_close(number), ==, 0);
            weft_check(received(out), ==, -EBADF);
        } else { /* behind our back, while nobody waits */
            weft_check(write(a.w, "x", 1), ==, 1);
            weft_check(received(out), ==, 'x');
            weft_check(close(number), ==, 0);
        }
        ENDS(b, make_pipe(O_NONBLOCK));
        weft_check(b.r, ==, number);
        weft_go(read_one, number, out);
        weft_test_until_waiting(1, WEFT_WAIT_IO);
        weft_check(write(a.w, "no", 2), ==, 2);
        weft_yield();
        weft_check(weft_len(out), ==, 0);
        weft_check(write(b.w, "y", 1), ==, 1);
        weft_check(received(out), ==, 'y');
        a.r = twin;
    }
}

WEFT_TEST(no_descriptor_is_left)
{
    int before = open_descriptors();
    {
        ENDS(e, make_pipe(O_NONBLOCK));
        check_waits_and_reads(e);
    }
    weft_check(open_descriptors(), ==, before + 2); /* the poll's own */
}

/* ---- broken pipes -------------------------------------------------------------------------------- */

static int signals_seen;
static void on_sigpipe(int sig) { signals_seen += sig == SIGPIPE; }

static void check_broken(ends e, int file)
{
    weft_check(close(e.r), ==, 0);
    off_t from = 0;
    struct iovec iov[] = {{"x", 1}, {"y", 1}};
    weft_check(weft_write(forever(), e.w, "x", 1), ==, -EPIPE);
    weft_check(weft_write_all(forever(), e.w, "x", 1), ==, -EPIPE);
    weft_check(weft_writev(forever(), e.w, iov, 2), ==, -EPIPE);
    weft_check(weft_sendfile(forever(), e.w, file, &from, 10), ==, -EPIPE);
    weft_check(weft_fd_close(e.w), ==, 0);
}

static void check_all_broken(void)
{
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    check_broken(make_pipe(O_NONBLOCK), file);
    check_broken(make_pipe(0), file);
    check_broken(make_pair(SOCK_NONBLOCK), file);
    check_broken(make_pair(0), file);
    weft_fd_close(file);
    sigset_t pending;
    sigpending(&pending);
    weft_check(!sigismember(&pending, SIGPIPE));
}

WEFT_TEST(a_broken_pipe_is_an_error_and_no_signal)
{
    check_all_broken(); /* the default action would end us */
    signal(SIGPIPE, on_sigpipe);
    check_all_broken();
    weft_check(signals_seen, ==, 0);
    signal(SIGPIPE, SIG_IGN);
    check_all_broken();
    sigset_t set; /* one that the program blocks and that waits is the program's own */
    signal(SIGPIPE, on_sigpipe);
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    weft_pin();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    raise(SIGPIPE);
    ends e = make_pipe(0);
    close(e.r);
    weft_check(weft_write(forever(), e.w, "x", 1), ==, -EPIPE);
    weft_fd_close(e.w);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    weft_check(signals_seen, ==, 1);
    weft_unpin();
}

/* ---- sockets ---------------------------------------------------------------------------------------- */

static int listen_here(struct sockaddr_in *at, int backlog)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof *at;
    weft_check(bind(fd, (struct sockaddr *)at, sizeof *at), ==, 0);
    weft_check(listen(fd, backlog), ==, 0);
    weft_check(getsockname(fd, (struct sockaddr *)at, &n), ==, 0);
    return fd;
}

static void accept_one(int fd, long_chan *out)
{
    struct sockaddr_in from = {0};
    socklen_t n = sizeof from;
    int got = weft_accept(forever(), fd, (struct sockaddr *)&from, &n);
    weft_check(got < 0 || (n == sizeof from && from.sin_family == AF_INET));
    weft_send(out, got);
}

WEFT_TEST(accept_and_connect)
{
    struct sockaddr_in at;
    int server = listen_here(&at, 5);
    weft_auto(long_chan, out) = weft_make(long_chan, 0);
    for (int i = 0; i < 4; i++) {
        bool blocking = i & 1;
        int flags = fcntl(server, F_GETFL);
        fcntl(server, F_SETFL, i & 2 ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
        int client =
            socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
        weft_go(accept_one, server, out);
        weft_test_until_waiting(1, WEFT_WAIT_IO);
        weft_check(weft_connect(forever(), client, (struct sockaddr *)&at, sizeof at), ==, 0);
        weft_check((fcntl(client, F_GETFL) & O_NONBLOCK) != 0, ==, !blocking);
        int got = (int)received(out);
        weft_check(got, >=, 0);
        weft_check(fcntl(got, F_GETFL) & O_NONBLOCK, ==, O_NONBLOCK);
        weft_check(fcntl(got, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
        check_waits_and_reads((ends){got, client});
        check_waits_and_reads((ends){client, got});
        weft_fd_close(got);
        weft_fd_close(client);
    }
    weft_fd_close(server);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    weft_check(weft_connect(forever(), client, (struct sockaddr *)&at, sizeof at), ==,
               -ECONNREFUSED);
    weft_fd_close(client);
}

static void receive(int fd, long_chan *out)
{
    char buf[100];
    struct sockaddr_in from;
    socklen_t n = sizeof from;
    ssize_t r = weft_recvfrom(forever(), fd, buf, sizeof buf, 0, (struct sockaddr *)&from, &n);
    weft_check(r < 0 || (n == sizeof from && from.sin_family == AF_INET));
    weft_send(out, r);
}

WEFT_TEST(datagrams)
{
    int a = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int b = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    weft_check(bind(a, (struct sockaddr *)&at, sizeof at), ==, 0);
    weft_check(getsockname(a, (struct sockaddr *)&at, &n), ==, 0);
    weft_auto(long_chan, out) = weft_make(long_chan, 0);
    char buf[10];
    weft_check(weft_recvfrom(forever(), a, buf, 10, MSG_DONTWAIT, NULL, NULL), ==, -EAGAIN);
    weft_go(receive, a, out);
    weft_test_until_waiting(1, WEFT_WAIT_IO);
    weft_check(weft_sendto(forever(), b, "four", 4, 0, (struct sockaddr *)&at, sizeof at), ==, 4);
    weft_check(received(out), ==, 4);
    weft_go(receive, a, out); /* an empty one is one */
    weft_check(weft_sendto(forever(), b, "", 0, 0, (struct sockaddr *)&at, sizeof at), ==, 0);
    weft_check(received(out), ==, 0);
    weft_fd_close(a);
    weft_fd_close(b);
    ENDS(e, make_pipe(0));
    weft_check(weft_sendto(forever(), e.w, "x", 1, 0, NULL, 0), ==, -ENOTSOCK);
    weft_check(weft_recvfrom(forever(), e.r, buf, 1, 0, NULL, NULL), ==, -ENOTSOCK);
}

static void receive_descriptor(int fd, long_chan *out)
{
    char c, control[CMSG_SPACE(sizeof(int))];
    struct iovec iov = {&c, 1};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    weft_check(weft_recvmsg(forever(), fd, &msg, 0), ==, 1);
    struct cmsghdr *h = CMSG_FIRSTHDR(&msg);
    int got;
    memcpy(&got, CMSG_DATA(h), sizeof got);
    weft_send(out, got);
}

WEFT_TEST(messages_carry_descriptors)
{
    ENDS(e, make_pair(0));
    ENDS(gift, make_pipe(0));
    weft_auto(long_chan, out) = weft_make(long_chan, 0);
    weft_go(receive_descriptor, e.r, out);
    weft_test_until_waiting(1, WEFT_WAIT_IO);
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec iov = {"x", 1};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *h = CMSG_FIRSTHDR(&msg);
    *h = (struct cmsghdr){
        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(h), &gift.w, sizeof(int));
    weft_check(weft_sendmsg(forever(), e.w, &msg, 0), ==, 1);
    int got = (int)received(out);
    weft_check(fcntl(got, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    weft_check(write(got, "y", 1), ==, 1);
    char c;
    weft_check(weft_read(forever(), gift.r, &c, 1), ==, 1);
    weft_fd_close(got);
}

WEFT_TEST(vectors)
{
    ENDS(s, make_pair(SOCK_NONBLOCK));
    ENDS(p, make_pipe(0));
    ends both[] = {s, p};
    for (int i = 0; i < 2; i++) {
        char a[3] = "abc", b[2] = "de";
        struct iovec iov[] = {{a, 0}, {a, 3}, {b, 2}};
        ssize_t n = weft_writev(forever(), both[i].w, iov, 3);
        weft_check(n, ==, i == 0 ? 5 : 3); /* to a blocking pipe one piece at a time */
        if (n == 3)
            weft_check(weft_writev(forever(), both[i].w, iov + 2, 1), ==, 2);
        char x[2], y[10] = "";
        struct iovec in[] = {{x, 2}, {y, 10}};
        weft_check(weft_readv(forever(), both[i].r, in, 2), ==, 5);
        weft_check(x[1] == 'b' && y[0] == 'c' && y[2] == 'e');
        weft_check(weft_readv(forever(), both[i].r, in, 0), ==, 0);
        weft_check(weft_readv(forever(), both[i].r, in, -1), ==, -EINVAL);
        weft_check(weft_writev(forever(), both[i].w, in, 1025), ==, -EINVAL);
    }
}

/* ---- after fork --------------------------------------------------------------------------------------- */

static void child_reads(int fd)
{
    char c;
    ssize_t n = weft_read(forever(), fd, &c, 1);
    printf("read came to %zd\n", n);
}

WEFT_TEST(the_child_of_a_fork_is_told_what_it_cannot)
{
    ENDS(e, make_pipe(O_NONBLOCK));
    check_waits_and_reads(e); /* the descriptors are watched */
    pid_t child = fork();
    if (child == 0) {
        weft_panic_info *p = weft_try(child_reads, e.r);
        bool told = p && strstr(weft_panic_message(p), "in the child of a fork()");
        weft_fd_close(e.r); /* ours alone: the parent's are still watched */
        weft_fd_close(e.w);
        _exit(told ? 7 : 8);
    }
    int status;
    weft_check(weft_blocking(waitpid, child, &status, 0), ==, child);
    weft_check(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    check_waits_and_reads(e);
}

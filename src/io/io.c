/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing.  Every call tries first and waits when there is nothing
 * to be had, so what is there costs what the system call costs.
 *
 * Sockets are tried with a flag that keeps the call from waiting, whatever the
 * mode of the descriptor; whether it is a socket is known from that call's
 * ENOTSOCK, and never remembered, since numbers are reused behind our back.
 * Anything else is asked for its mode: a non-blocking one is tried as it is;
 * before a call on one in blocking mode poll(2) is asked.  Regular files go
 * another way (from_file, to_file).
 *
 * SIGPIPE goes to the thread that wrote.  Sockets have a flag against it; for
 * the rest the signal is blocked around the call, and taken back if it came.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "context/context_impl.h"
#include "debug/ignore.h"
#include "io/io_impl.h"
#include "sanitize/sanitize.h"
#include "sched/netpoll.h"
#include "weft/io.h"

/* A pipe that poll(2) calls writable has room for this much. */
enum { SURE_TO_FIT = 4096, COPY_CHUNK = 32768 };

/* What a try came to, beside a result or an error. */
enum { WAIT = -EAGAIN, ON_THE_POOL = INT_MIN };

#define CALLER ((uintptr_t)__builtin_return_address(0))

/* One call under way. */
struct op {
    weft_ctx *ctx;
    int fd;
    uint32_t life;
    uintptr_t pc;
    struct fd_state *owned; /* or NULL */
    uint32_t cleared;       /* of owned->ready, before the last try */
};

static inline int op_begin(struct op *op, weft_ctx *ctx, int fd, uintptr_t pc)
{
    op->ctx = ctx;
    op->fd = fd;
    op->life = weft__fd_life(fd, &op->owned);
    op->pc = pc;
    op->cleared = 0;
    return weft__ctx_check(ctx);
}

/*
 * After a try that found nothing: 0 when another is worth while.
 *
 * The first time an owned descriptor is tried again, with what was reported
 * cleared: then a report means that there is news.
 */
static int op_wait(struct op *op, uint32_t events)
{
    if (op->owned && op->cleared != events) {
        op->cleared = events;
        fd_clear(op->owned, events);
        return 0;
    }
    op->cleared = 0;
    int r = weft__fd_wait(op->ctx, op->fd, op->life, events, op->pc);
    if (r == -EPERM)
        return -EAGAIN;
    return r < 0 && (r != -EAGAIN || !op->owned) ? r : 0;
}

/* After a try that came to something: there may be more. */
static inline void op_restore(struct op *op)
{
    if (unlikely(op->cleared)) {
        fd_restore(op->owned, op->cleared);
        op->cleared = 0;
    }
}

/* Is it worth while to try an owned socket?  Clears what it goes by. */
static inline bool op_may_read(struct op *op)
{
    if (!(load_seq(&op->owned->ready) & (POLLIN | FD_STICKY)))
        return false;
    op->cleared = POLLIN;
    fd_clear(op->owned, POLLIN);
    return true;
}

static inline ssize_t result(ssize_t r) { return r < 0 ? -errno : r; }

/* ---- SIGPIPE ----------------------------------------------------------------------- */

struct sigpipe {
    sigset_t only, before;
};

static void sigpipe_block(struct sigpipe *s)
{
    sigemptyset(&s->only);
    sigaddset(&s->only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &s->only, &s->before);
}

/* @r: what the write came to. */
static void sigpipe_restore(struct sigpipe *s, ssize_t r)
{
    if (sigismember(&s->before, SIGPIPE))
        return;
    struct timespec none = {0};
    if (r == -EPIPE)
        while (sigtimedwait(&s->only, NULL, &none) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}

/* ---- what is no socket --------------------------------------------------------------- */

/* MODE_FILE: poll(2) says that it is ready, and yet it may make the caller wait. */
enum mode { MODE_NONBLOCKING, MODE_BLOCKING, MODE_FILE };

static int mode_of(int fd)
{
    int nonblocking = weft__is_nonblocking(fd);
    if (nonblocking != 0)
        return nonblocking < 0 ? nonblocking : MODE_NONBLOCKING;
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -errno;
    bool file = S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode);
    return file ? MODE_FILE : MODE_BLOCKING;
}

/* 0 when it is ready, WAIT, or an error. */
static int ready_now(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    for (;;) {
        int n = poll(&p, 1, 0);
        if (n > 0)
            return p.revents & POLLNVAL ? -EBADF : 0;
        if (n == 0)
            return WAIT;
        if (errno != EINTR)
            return -errno;
    }
}

static ssize_t read_other(int fd, const struct iovec *iov, int count)
{
    int mode = mode_of(fd), r;
    if (mode < 0)
        return mode;
    if (mode == MODE_FILE) {
        ssize_t n = preadv2(fd, iov, count, -1, RWF_NOWAIT);
        return n >= 0 ? n : ON_THE_POOL;
    }
    if (mode == MODE_BLOCKING && (r = ready_now(fd, POLLIN)) != 0)
        return r;
    return result(readv(fd, iov, count));
}

/* Of @iov no more than fits for sure, in one piece. */
static struct iovec first_piece(const struct iovec *iov, int count)
{
    struct iovec piece = {0};
    for (int i = 0; i < count && piece.iov_len == 0; i++)
        piece = iov[i];
    if (piece.iov_len > SURE_TO_FIT)
        piece.iov_len = SURE_TO_FIT;
    return piece;
}

static ssize_t write_other(int fd, const struct iovec *iov, int count)
{
    int mode = mode_of(fd), r;
    if (mode < 0)
        return mode;
    if (mode == MODE_FILE) {
        ssize_t n = pwritev2(fd, iov, count, -1, RWF_NOWAIT);
        return n > 0 ? n : ON_THE_POOL;
    }
    struct iovec piece;
    if (mode == MODE_BLOCKING) {
        if ((r = ready_now(fd, POLLOUT)) != 0)
            return r;
        piece = first_piece(iov, count);
        iov = &piece;
        count = 1;
    }
    struct sigpipe s;
    sigpipe_block(&s);
    ssize_t n = result(writev(fd, iov, count));
    sigpipe_restore(&s, n);
    return n;
}

static ssize_t pool_readv(int fd, const struct iovec *iov, int count)
{
    ssize_t n;
    do
        n = result(readv(fd, iov, count));
    while (n == -EINTR);
    return n;
}

static ssize_t pool_writev(int fd, const struct iovec *iov, int count)
{
    ssize_t n;
    do
        n = result(writev(fd, iov, count));
    while (n == -EINTR);
    return n;
}

static ssize_t on_the_pool(const struct op *op, ssize_t (*fn)(int, const struct iovec *, int),
                           const struct iovec *iov, int count)
{
    uintptr_t args[] = {(uintptr_t)op->fd, (uintptr_t)iov, (uintptr_t)count};
    return (ssize_t)weft__blocking(op->pc, (weft_impl_fn)fn, 3, args);
}

/* ---- reading and writing ---------------------------------------------------------------- */

/* What is no socket, after the try that found that out. */
static noinline ssize_t slow(struct op *op, const struct iovec *iov, int count, short events)
{
    bool reads = events == POLLIN;
    for (;;) {
        ssize_t n = reads ? read_other(op->fd, iov, count) : write_other(op->fd, iov, count);
        if (n == ON_THE_POOL)
            n = on_the_pool(op, reads ? pool_readv : pool_writev, iov, count);
        if (n == -EINTR)
            continue;
        if (n != WAIT)
            return n;
        int err = op_wait(op, events);
        if (err != 0)
            return err;
    }
}

static ssize_t read_slow(struct op *op, const struct iovec *iov, int count)
{
    return slow(op, iov, count, POLLIN);
}

static ssize_t write_slow(struct op *op, const struct iovec *iov, int count)
{
    return slow(op, iov, count, POLLOUT);
}

static ssize_t read_op(struct op *op, void *buf, size_t n)
{
    while (n > 0) {
        ssize_t r = WAIT;
        if (!op->owned || op_may_read(op))
            r = result(recv(op->fd, buf, n, MSG_DONTWAIT));
        else
            op->cleared = POLLIN; /* nothing is set */
        if (r == -EINTR)
            continue;
        if (r == -ENOTSOCK)
            break;
        if (r != WAIT) {
            /* A stream that gave less than it could has no more. */
            if (op->owned && op->owned->stream && r > 0 && (size_t)r < n)
                op->cleared = 0;
            op_restore(op);
            return r;
        }
        int err = op_wait(op, POLLIN);
        if (err != 0)
            return err;
    }
    struct iovec iov = {buf, n};
    return read_slow(op, &iov, 1);
}

static ssize_t write_op(struct op *op, const void *buf, size_t n)
{
    for (;;) {
        ssize_t r = result(send(op->fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL));
        if (r == -EINTR)
            continue;
        if (r == -ENOTSOCK)
            break;
        if (r != WAIT) {
            op_restore(op);
            return r;
        }
        int err = op_wait(op, POLLOUT);
        if (err != 0)
            return err;
    }
    struct iovec iov = {(void *)buf, n};
    return write_slow(op, &iov, 1);
}

ssize_t(weft_read)(weft_ctx *ctx, int fd, void *buf, size_t n)
{
    struct op op;
    int err = op_begin(&op, ctx, fd, CALLER);
    return err != 0 ? err : read_op(&op, buf, n);
}

ssize_t(weft_write)(weft_ctx *ctx, int fd, const void *buf, size_t n)
{
    struct op op;
    int err = op_begin(&op, ctx, fd, CALLER);
    return err != 0 ? err : write_op(&op, buf, n);
}

ssize_t(weft_write_all)(weft_ctx *ctx, int fd, const void *buf, size_t n)
{
    struct op op;
    int err = op_begin(&op, ctx, fd, CALLER);
    size_t done = 0;
    while (err == 0 && (done < n || n == 0)) {
        ssize_t r = write_op(&op, (const char *)buf + done, n - done);
        if (r < 0 || n == 0)
            return r;
        done += (size_t)r;
        if (done < n)
            err = weft__ctx_check(ctx);
    }
    return err != 0 ? err : (ssize_t)done;
}

ssize_t(weft_read_full)(weft_ctx *ctx, int fd, void *buf, size_t n)
{
    struct op op;
    int err = op_begin(&op, ctx, fd, CALLER);
    size_t done = 0;
    while (err == 0 && done < n) {
        ssize_t r = read_op(&op, (char *)buf + done, n - done);
        if (r < 0)
            return r;
        if (r == 0)
            break;
        done += (size_t)r;
        if (done < n)
            err = weft__ctx_check(ctx);
    }
    return err != 0 ? err : (ssize_t)done;
}

/* ---- several buffers, and messages ---------------------------------------------------------- */

typedef ssize_t message_fn(int fd, struct msghdr *msg, int flags);

static ssize_t send_message(int fd, struct msghdr *msg, int flags)
{
    return sendmsg(fd, msg, flags);
}

/* @flags are the user's: with MSG_DONTWAIT it does not want to wait. */
static ssize_t message_op(struct op *op, message_fn *fn, struct msghdr *msg, int flags, int added,
                          uint32_t events)
{
    for (;;) {
        ssize_t r = result(fn(op->fd, msg, flags | added));
        if (r == -EINTR)
            continue;
        if (r != WAIT || flags & MSG_DONTWAIT) {
            op_restore(op);
            return r;
        }
        int err = op_wait(op, events);
        if (err != 0)
            return err;
    }
}

static uint32_t receive_events(int flags)
{
    return flags & MSG_ERRQUEUE ? POLLERR : flags & MSG_OOB ? POLLPRI : POLLIN;
}

enum {
    SENDING = MSG_DONTWAIT | MSG_NOSIGNAL,
    RECEIVING = MSG_DONTWAIT | MSG_CMSG_CLOEXEC,
};

ssize_t(weft_readv)(weft_ctx *ctx, int fd, const struct iovec *iov, int count)
{
    struct op op;
    int err = op_begin(&op, ctx, fd, CALLER);
    if (err != 0)
        return err;
    if (count <= 0 || count > IOV_MAX)
        return count == 0 ? 0 : -EINVAL;
    struct msghdr msg = {.msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count};
    ssize_t r = message_op(&op, recvmsg, &msg, 0, RECEIVING, POLLIN);
    return r == -ENOTSOCK ? read_slow(&op, iov, count) : r;
}

ssize_t(weft_writev)(weft_ctx *ctx, int fd, const struct iovec *iov, int count)
{
    struct op op;
    int err = op_begin(&op, ctx, fd, CALLER);
    if (err != 0)
        return err;
    if (count <= 0 || count > IOV_MAX)
        return count == 0 ? 0 : -EINVAL;
    struct msghdr msg = {.msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count};
    ssize_t r = message_op(&op, send_message, &msg, 0, SENDING, POLLOUT);
    return r == -ENOTSOCK ? write_slow(&op, iov, count) : r;
}

ssize_t(weft_recvmsg)(weft_ctx *ctx, int fd, struct msghdr *msg, int flags)
{
    struct op op;
    int err = op_begin(&op, ctx, fd, CALLER);
    if (err != 0)
        return err;
    return message_op(&op, recvmsg, msg, flags, RECEIVING, receive_events(flags));
}

ssize_t(weft_sendmsg)(weft_ctx *ctx, int fd, const struct msghdr *msg, int flags)
{
    struct op op;
    int err = op_begin(&op, ctx, fd, CALLER);
    if (err != 0)
        return err;
    return message_op(&op, send_message, (struct msghdr *)msg, flags, SENDING, POLLOUT);
}

ssize_t(weft_recvfrom)(weft_ctx *ctx, int fd, void *buf, size_t n, int flags, struct sockaddr *from,
                       socklen_t *from_len)
{
    struct op op;
    int err = op_begin(&op, ctx, fd, CALLER);
    while (err == 0) {
        ssize_t r = result(recvfrom(fd, buf, n, flags | MSG_DONTWAIT, from, from_len));
        if (r == -EINTR)
            continue;
        if (r != WAIT || flags & MSG_DONTWAIT) {
            op_restore(&op);
            return r;
        }
        err = op_wait(&op, receive_events(flags));
    }
    return err;
}

ssize_t(weft_sendto)(weft_ctx *ctx, int fd, const void *buf, size_t n, int flags,
                     const struct sockaddr *to, socklen_t to_len)
{
    struct op op;
    int err = op_begin(&op, ctx, fd, CALLER);
    while (err == 0) {
        ssize_t r = result(sendto(fd, buf, n, flags | SENDING, to, to_len));
        if (r == -EINTR)
            continue;
        if (r != WAIT || flags & MSG_DONTWAIT) {
            op_restore(&op);
            return r;
        }
        err = op_wait(&op, POLLOUT);
    }
    return err;
}

/* ---- from file to socket ------------------------------------------------------------------------ */

/* Through memory: for an output that must not be written to without asking. */
static ssize_t copy_piece(struct op *op, int in, off_t *offset, size_t n)
{
    char chunk[SURE_TO_FIT];
    off_t at = offset ? *offset : lseek(in, 0, SEEK_CUR);
    if (at < 0)
        return -errno;
    ssize_t got = result(pread(in, chunk, n < sizeof chunk ? n : sizeof chunk, at));
    if (got <= 0)
        return got;
    ssize_t put = write_op(op, chunk, (size_t)got);
    if (put > 0 && offset)
        *offset = at + put;
    else if (put > 0 && lseek(in, at + put, SEEK_SET) < 0)
        return -errno;
    return put;
}

ssize_t(weft_sendfile)(weft_ctx *ctx, int out, int in, off_t *offset, size_t n)
{
    struct op op;
    int err = op_begin(&op, ctx, out, CALLER);
    while (err == 0) {
        int nonblocking = weft__is_nonblocking(out);
        if (nonblocking < 0)
            return nonblocking;
        ssize_t r = -EINVAL;
        if (nonblocking) {
            struct sigpipe s;
            sigpipe_block(&s);
            r = result(sendfile(out, in, offset, n));
            sigpipe_restore(&s, r);
        }
        if (r == -EINTR)
            continue;
        if (r == -EINVAL) /* the kernel has no short way for this pair */
            return copy_piece(&op, in, offset, n);
        if (r != WAIT) {
            op_restore(&op);
            return r;
        }
        err = op_wait(&op, POLLOUT);
    }
    return err;
}

/* ---- connections ---------------------------------------------------------------------------------- */

int(weft_accept)(weft_ctx *ctx, int fd, struct sockaddr *from, socklen_t *from_len)
{
    struct op op;
    int err = op_begin(&op, ctx, fd, CALLER);
    while (err == 0) {
        int r = weft__is_nonblocking(fd);
        if (r == 0)
            r = ready_now(fd, POLLIN);
        if (r >= 0)
            r = (int)result(accept4(fd, from, from_len, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (r >= 0) {
            weft__fd_own(r, op.owned && op.owned->stream);
            op_restore(&op);
            return r;
        }
        if (r == -EINTR || r == -ECONNABORTED || r == -EPROTO)
            continue;
        if (r != WAIT) {
            op_restore(&op);
            return r;
        }
        err = op_wait(&op, POLLIN);
    }
    return err;
}

/* connect(2) without waiting, and the mode as it was. */
static int begin_connect(int fd, const struct sockaddr *to, socklen_t to_len)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        return -errno;
    if (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return -errno;
    int r = (int)result(connect(fd, to, to_len));
    if (!(flags & O_NONBLOCK))
        fcntl(fd, F_SETFL, flags);
    return r;
}

static int connect_result(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 ? -errno : -error;
}

/* Until the connection stands, or has failed. */
static int connect_wait(struct op *op)
{
    for (;;) {
        int err = op_wait(op, POLLOUT);
        if (err != 0)
            return err;
        /* A report from before does not count: is it so now? */
        int r = ready_now(op->fd, POLLOUT);
        if (r != WAIT) {
            op_restore(op);
            return r != 0 ? r : connect_result(op->fd);
        }
    }
}

int(weft_connect)(weft_ctx *ctx, int fd, const struct sockaddr *to, socklen_t to_len)
{
    struct op op;
    int err = op_begin(&op, ctx, fd, CALLER);
    int64_t nap = WEFT_MILLISECOND;
    while (err == 0) {
        int r = begin_connect(fd, to, to_len);
        /* A Unix socket whose listener's queue is full: there is nothing to wait on. */
        if (r == -EAGAIN && to->sa_family == AF_UNIX) {
            err = weft_impl_sleep(ctx, nap);
            nap = nap < 50 * WEFT_MILLISECOND ? nap * 2 : nap;
            continue;
        }
        if (r != -EINPROGRESS && r != -EINTR)
            return r;
        return connect_wait(&op);
    }
    return err;
}

int weft_fd_close(int fd)
{
    if (fd < 0)
        return -EBADF;
    weft__fd_end(fd);
    /* To a race detector close() beside a read is a race; here it is allowed. */
    ignore_begin();
    int r = close(fd) != 0 && errno != EINTR ? -errno : 0;
    ignore_end();
    return r;
}

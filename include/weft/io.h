/* SPDX-License-Identifier: MIT */
/*
 * weft/io.h - read, write and wait on file descriptors, with a context.
 *
 * Descriptors are the plain ones: of weft_dial(), of socket(2), pipe(2) or
 * open(2), of a library.  These calls do what the system calls of the same name
 * do, and where those would wait they let other goroutines run.
 *
 *     char buf[4096];
 *     ssize_t n = weft_read(ctx, fd, buf, sizeof buf);
 *     if (n > 0)
 *         n = weft_write_all(ctx, fd, buf, (size_t)n);
 *     if (n < 0)
 *         fprintf(stderr, "echo: %s\n", weft_strerror((int)n));
 *
 * What is the same for all of them:
 *
 * Blocks:   the goroutine, never its thread.  Other goroutines may wait for the
 *           same descriptor, to read and to write.
 * Call in:  a goroutine; or any thread while the runtime runs, which then waits
 *           itself.  Not in a signal handler.
 * Returns:  what the system call would, and a negative errno value in place of
 *           -1; never -EINTR.  The context's error (-ECANCELED, -ETIMEDOUT)
 *           when it had ended before, ready or not; then nothing was done.
 *           When it ends while the call waits, nothing was transferred either.
 *           -EBADF when another goroutine closed the descriptor by
 *           weft_fd_close() meanwhile.
 * Order:    what was written to a pipe or socket happens before the read that
 *           takes it (docs/memory-model.md).
 * Misuse:   a NULL context panics.  close(2) while a goroutine waits does not
 *           wake it.
 *
 * A broken pipe is -EPIPE: SIGPIPE is never raised.
 *
 * Blocking mode.  weft does not change descriptors that it did not make: the
 * mode belongs to the open file, and so to other processes that share it, a
 * shell with its terminal for one.  What weft makes is non-blocking and closed
 * on exec.  A descriptor in blocking mode works too: weft asks whether it is
 * ready before each call, and passes sockets a flag for that one call.  This
 * costs one or two system calls more for what is no socket; a write to such a
 * pipe or terminal takes at most 4096 bytes at a time; and if another process
 * takes the data in between, the call blocks its thread until more comes,
 * which no context ends.  Set O_NONBLOCK on what is yours alone.
 *
 * Regular files, directories and block devices are always ready for poll(2),
 * and yet a disk makes callers wait.  What is in memory is read at once; for
 * the rest the call runs on the pool of weft/blocking.h.  A context that ends
 * meanwhile does not end that call.
 */
#ifndef WEFT_IO_H
#define WEFT_IO_H

#include <sys/types.h>

#include "weft/base.h"

WEFT_BEGIN_DECLS

/* Of <sys/socket.h>, <sys/uio.h> and <poll.h>, which are for programs to include:
 * they declare names as short as send and poll.  unsigned is socklen_t. */
struct sockaddr;
struct msghdr;
struct iovec;

/* Reports name the line of a call: it must not become a jump. */
#define WEFT_IMPL_IO(type, call)                                                                   \
    ({                                                                                             \
        type weft_impl_r = (call);                                                                 \
        WEFT_IMPL_SITE();                                                                          \
        weft_impl_r;                                                                               \
    })

/**
 * weft_wait_fd - wait until a descriptor is ready for one of these events.
 *
 *     while (PQisBusy(conn)) {                    // a descriptor that a library owns
 *         if ((err = weft_wait_fd(ctx, PQsocket(conn), POLLIN)) < 0)
 *             return err;
 *         PQconsumeInput(conn);
 *     }
 *
 * @events as of poll(2): POLLIN, POLLOUT, POLLPRI, POLLRDHUP.  The descriptor
 * may be in either mode.  The library may close it and get the number back for
 * another file between two calls, and must not do so during one.
 *
 * Returns:  the events that are there, POLLERR and POLLHUP among them: more
 *           than 0.  Descriptors that are always ready, as regular files, are.
 */
#define weft_wait_fd(ctx, fd, events) WEFT_IMPL_IO(int, (weft_wait_fd)((ctx), (fd), (events)))
WEFT_API int (weft_wait_fd)(weft_ctx *ctx, int fd, int events);

/** weft_read - up to n bytes, as soon as there are any; 0: the end. */
#define weft_read(ctx, fd, buf, n) WEFT_IMPL_IO(ssize_t, (weft_read)((ctx), (fd), (buf), (n)))
WEFT_API ssize_t (weft_read)(weft_ctx *ctx, int fd, void *buf, size_t n);

/** weft_write - as much as there is room for, and at least one byte; see weft_write_all(). */
#define weft_write(ctx, fd, buf, n) WEFT_IMPL_IO(ssize_t, (weft_write)((ctx), (fd), (buf), (n)))
WEFT_API ssize_t (weft_write)(weft_ctx *ctx, int fd, const void *buf, size_t n);

/** weft_readv - weft_read() into several buffers; at most IOV_MAX (1024). */
#define weft_readv(ctx, fd, iov, count)                                                            \
    WEFT_IMPL_IO(ssize_t, (weft_readv)((ctx), (fd), (iov), (count)))
WEFT_API ssize_t (weft_readv)(weft_ctx *ctx, int fd, const struct iovec *iov, int count);

/** weft_writev - weft_write() from several buffers; at most IOV_MAX (1024). */
#define weft_writev(ctx, fd, iov, count)                                                           \
    WEFT_IMPL_IO(ssize_t, (weft_writev)((ctx), (fd), (iov), (count)))
WEFT_API ssize_t (weft_writev)(weft_ctx *ctx, int fd, const struct iovec *iov, int count);

/**
 * weft_write_all - all n bytes.
 *
 * Returns:  n; or an error, the context's too, after which some of the bytes
 *           may have been written.
 */
#define weft_write_all(ctx, fd, buf, n)                                                            \
    WEFT_IMPL_IO(ssize_t, (weft_write_all)((ctx), (fd), (buf), (n)))
WEFT_API ssize_t (weft_write_all)(weft_ctx *ctx, int fd, const void *buf, size_t n);

/** weft_read_full - n bytes; fewer only where the input ends.  An error as in weft_write_all(). */
#define weft_read_full(ctx, fd, buf, n)                                                            \
    WEFT_IMPL_IO(ssize_t, (weft_read_full)((ctx), (fd), (buf), (n)))
WEFT_API ssize_t (weft_read_full)(weft_ctx *ctx, int fd, void *buf, size_t n);

/**
 * weft_sendfile - up to n bytes from a file to a socket or pipe, inside the kernel.
 *
 * @offset: where to begin, moved on by what was sent; NULL: the file's own
 * position.  Reads of the file from a disk block the thread, not the others.
 *
 * Returns:  how many bytes, at least one; 0 at the end of the file.
 */
#define weft_sendfile(ctx, out, in, offset, n)                                                     \
    WEFT_IMPL_IO(ssize_t, (weft_sendfile)((ctx), (out), (in), (offset), (n)))
WEFT_API ssize_t (weft_sendfile)(weft_ctx *ctx, int out, int in, off_t *offset, size_t n);

/* ---- sockets ---------------------------------------------------------------- */

/*
 * flags as of the system calls.  With MSG_DONTWAIT the call does not wait:
 * -EAGAIN.  MSG_WAITALL is not waited for: weft_read_full() is.  MSG_NOSIGNAL is
 * always added, and descriptors that arrive in a message are closed on exec.
 */

/** weft_recvfrom - one datagram, or what a stream has; @from and @from_len may be NULL. */
#define weft_recvfrom(ctx, fd, buf, n, flags, from, from_len)                                      \
    WEFT_IMPL_IO(ssize_t, (weft_recvfrom)((ctx), (fd), (buf), (n), (flags), (from), (from_len)))
WEFT_API ssize_t (weft_recvfrom)(weft_ctx *ctx, int fd, void *buf, size_t n, int flags,
                                 struct sockaddr *from, unsigned *from_len);

/** weft_sendto - one datagram, or a part of a stream; @to may be NULL when connected. */
#define weft_sendto(ctx, fd, buf, n, flags, to, to_len)                                            \
    WEFT_IMPL_IO(ssize_t, (weft_sendto)((ctx), (fd), (buf), (n), (flags), (to), (to_len)))
WEFT_API ssize_t (weft_sendto)(weft_ctx *ctx, int fd, const void *buf, size_t n, int flags,
                               const struct sockaddr *to, unsigned to_len);

#define weft_recvmsg(ctx, fd, msg, flags)                                                          \
    WEFT_IMPL_IO(ssize_t, (weft_recvmsg)((ctx), (fd), (msg), (flags)))
WEFT_API ssize_t (weft_recvmsg)(weft_ctx *ctx, int fd, struct msghdr *msg, int flags);

#define weft_sendmsg(ctx, fd, msg, flags)                                                          \
    WEFT_IMPL_IO(ssize_t, (weft_sendmsg)((ctx), (fd), (msg), (flags)))
WEFT_API ssize_t (weft_sendmsg)(weft_ctx *ctx, int fd, const struct msghdr *msg, int flags);

/**
 * weft_accept - the next connection of a listening socket, non-blocking and
 * closed on exec; @from and @from_len may be NULL.
 *
 * Connections that broke before they were accepted are passed over.
 *
 * Returns:  the new descriptor, which the caller closes.  -EMFILE and -ENFILE
 *           when there are too many: the connection waits on, so make room, or
 *           sleep before the next try.
 */
#define weft_accept(ctx, fd, from, from_len)                                                       \
    WEFT_IMPL_IO(int, (weft_accept)((ctx), (fd), (from), (from_len)))
WEFT_API int (weft_accept)(weft_ctx *ctx, int fd, struct sockaddr *from, unsigned *from_len);

/**
 * weft_connect - connect a socket; weft_dial() makes it too.
 *
 * After an error, the context's too, the socket is of no use but to be closed.
 */
#define weft_connect(ctx, fd, to, to_len)                                                          \
    WEFT_IMPL_IO(int, (weft_connect)((ctx), (fd), (to), (to_len)))
WEFT_API int (weft_connect)(weft_ctx *ctx, int fd, const struct sockaddr *to, unsigned to_len);

/* ---- closing ------------------------------------------------------------------ */

/**
 * weft_fd_close - close a descriptor; who waits for it gets -EBADF.
 *
 * As with close(2), a goroutine that is just about to use the number may meet
 * another file that got it: let the others finish before, or be ended by their
 * context.  close(2) is fine too while nobody waits.
 *
 * Blocks:  no.
 * Returns: 0, or a negative errno value; the descriptor is closed all the same,
 *          unless it was -EBADF.
 */
WEFT_API int weft_fd_close(int fd);

WEFT_END_DECLS

#endif /* WEFT_IO_H */

/* SPDX-License-Identifier: MIT */
/* Memory from the Linux kernel.  Mappings carry names, visible in /proc/PID/maps. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "platform/fault.h"
#include "platform/platform.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA           0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

size_t weft__page_size = 4096;

static void *map(size_t size, int prot, const char *name)
{
    if (weft__fault(FAULT_MMAP))
        return NULL;
    /* The system call itself: a race detector would count libc's function as a
     * write to all of the memory. */
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *at = (void *)syscall(SYS_mmap, NULL, size, prot, flags, -1, 0L);
    if (at == MAP_FAILED)
        return NULL;
    /* Stacks and records are touched page by page: a huge page behind the
     * first touch would cost what the whole design saves. */
    madvise(at, size, MADV_NOHUGEPAGE);
    prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, at, size, name);
    return at;
}

void *weft__mem_reserve(size_t size, const char *name) { return map(size, PROT_NONE, name); }

void *weft__mem_map(size_t size, const char *name)
{
    return map(size, PROT_READ | PROT_WRITE, name);
}

int weft__mem_commit(void *at, size_t size)
{
    if (weft__fault(FAULT_COMMIT))
        return -ENOMEM;
    return mprotect(at, size, PROT_READ | PROT_WRITE) == 0 ? 0 : -errno;
}

void weft__mem_drop(void *at, size_t size) { madvise(at, size, MADV_DONTNEED); }

void weft__mem_unmap(void *at, size_t size) { munmap(at, size); }

int weft__mem_protect(void *at, size_t size)
{
    if (weft__fault(FAULT_GUARD))
        return -ENOMEM;
    return mprotect(at, size, PROT_NONE) == 0 ? 0 : -errno;
}

int weft__mem_guard(void *at, size_t size)
{
    if (weft__fault(FAULT_GUARD))
        return -EINVAL;
    return madvise(at, size, MADV_GUARD_INSTALL) == 0 ? 0 : -errno;
}

bool weft__mem_readable(const char *at)
{
    /* A path that the kernel cannot read is another error than one that leads nowhere. */
    return syscall(SYS_faccessat, AT_FDCWD, at, F_OK) == 0 || errno != EFAULT;
}

char *weft__mem_lowest(char *lo, char *hi)
{
    unsigned char there[64];
    size_t step = sizeof there * weft__page_size;
    for (char *at = lo; at < hi; at += step) {
        size_t size = (size_t)(hi - at) < step ? (size_t)(hi - at) : step;
        if (mincore(at, size, there) != 0)
            return lo; /* not to be known: all of it may have been */
        for (size_t i = 0; i < (size + weft__page_size - 1) / weft__page_size; i++)
            if (there[i] & 1)
                return at + i * weft__page_size;
    }
    return hi;
}

bool weft__mem_peek(void *to, const void *from, size_t size)
{
    struct iovec local = {to, size}, remote = {(void *)from, size};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

long weft__mem_max_maps(void)
{
    char text[32] = "";
    int fd = open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t n = read(fd, text, sizeof text - 1);
        close(fd);
        if (n > 0)
            return strtol(text, NULL, 10);
    }
    return 65530;
}

long weft__mem_count_maps(void)
{
    char text[4096];
    long lines = 0;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    for (ssize_t n; (n = read(fd, text, sizeof text)) > 0;)
        for (ssize_t i = 0; i < n; i++)
            lines += text[i] == '\n';
    close(fd);
    return lines;
}

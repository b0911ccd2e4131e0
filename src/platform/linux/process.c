/* SPDX-License-Identifier: MIT */
/* Processes as descriptors. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/fault.h"
#include "platform/platform.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

int weft__process_fd(int pid)
{
    if (weft__fault(FAULT_PIDFD))
        return -ENOSYS;
    long fd = syscall(SYS_pidfd_open, pid, 0);
    return fd < 0 ? -errno : (int)fd;
}

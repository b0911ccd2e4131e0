/* SPDX-License-Identifier: MIT */
/*
 * What an operating system must offer: memory, threads, sleeping on a word,
 * clocks.  linux/ offers it.  Nothing here allocates with malloc.
 *
 * Calls that can fail return a negative errno value or NULL, and each can be
 * made to fail on purpose (platform/fault.h).
 */
#ifndef WEFT_SRC_PLATFORM_H
#define WEFT_SRC_PLATFORM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- memory ---- */
extern size_t weft__page_size;

/* weft__mem_reserve - address space without memory; name shows in /proc/PID/maps. */
void *weft__mem_reserve(size_t size, const char *name);
/* weft__mem_commit - make a part of a reservation usable; zeroed on first touch. */
int weft__mem_commit(void *at, size_t size);
/* weft__mem_map - usable memory at once. */
void *weft__mem_map(size_t size, const char *name);
/* weft__mem_drop - give the pages back; they read as zero afterwards. */
void weft__mem_drop(void *at, size_t size);
void weft__mem_unmap(void *at, size_t size);
/* weft__mem_protect - no access to a page range. */
int weft__mem_protect(void *at, size_t size);
/* weft__mem_guard - the same without splitting the mapping; -EINVAL where the kernel cannot. */
int weft__mem_guard(void *at, size_t size);
/* weft__mem_readable - could we read there?  The kernel is asked, so nothing faults. */
bool weft__mem_readable(const char *at);
/* weft__mem_lowest - the lowest page from @lo on that was touched; @hi when none was. */
char *weft__mem_lowest(char *lo, char *hi);
/* weft__mem_peek - copy memory that may not be there any more; false if it is not. */
bool weft__mem_peek(void *to, const void *from, size_t size);
/* weft__mem_max_maps - how many mappings the kernel lets a process have. */
long weft__mem_max_maps(void);
/* weft__mem_count_maps - how many this one has; -1 when that cannot be known. */
long weft__mem_count_maps(void);

/* ---- threads ---- */
int weft__thread_start(pthread_t *thread, void *(*fn)(void *), void *arg, size_t stack_size);
void weft__thread_yield(void);
void weft__thread_sleep(int64_t ns);
int weft__thread_id(void);
/* weft__thread_count - threads of this process, or -1 when that cannot be known. */
int weft__thread_count(void);
void weft__thread_name(const char *name);
/* weft__thread_slack - how late the kernel may end the thread's sleeps, ns;
 * returns the former value. */
long weft__thread_slack(long ns);
/* weft__cpu_count - how many cores this process may use. */
int weft__cpu_count(void);

/* weft__futex_wait - sleep while *word == expected, at most timeout_ns (< 0: no limit). */
void weft__futex_wait(uint32_t *word, uint32_t expected, int64_t timeout_ns);
void weft__futex_wake(uint32_t *word, int count);

/* ---- clocks ---- */
int64_t weft__now(void);      /* monotonic, ns */
int64_t weft__wall_now(void); /* since 1970, ns */
/* weft__thread_cpu - CPU time a thread has used, ns; -1 when unknown. */
int64_t weft__thread_cpu(pthread_t thread);

/* weft__thread_waits - does the kernel say that a thread of this process waits
 * for something other than a core?  True also when the kernel does not say. */
bool weft__thread_waits(int tid);

/* weft__process_fd - a descriptor that is readable when the child has ended. */
int weft__process_fd(int pid);

uint64_t weft__random_seed(void);

void weft__platform_init(void);

#endif /* WEFT_SRC_PLATFORM_H */

/* SPDX-License-Identifier: MIT */
/* thread.h - what the twins that use threads share: starting one, or ending the program. */
#ifndef BENCH_THREAD_H
#define BENCH_THREAD_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void bench_thread(pthread_t *thread, const pthread_attr_t *attr, void *(*f)(void *),
                                void *arg)
{
    int err = pthread_create(thread, attr, f, arg);
    if (err != 0) {
        fprintf(stderr, "bench: pthread_create: %s\n", strerror(err));
        exit(1);
    }
}

static inline void *bench_sleep(void *arg)
{
    for (;;)
        pause();
    return arg;
}

/* bench_not_alone - glibc leaves out the atomic operations while there is a single thread, which no
 * program with locks has. */
static inline void bench_not_alone(void)
{
    static pthread_t second;
    if (!second)
        bench_thread(&second, NULL, bench_sleep, NULL);
}

#endif /* BENCH_THREAD_H */

/* SPDX-License-Identifier: MIT */
#include "base/lock.h"

#include <pthread.h>

#include "weft/test.h"

static struct lock lock;
static long counter;

static void *count(void *arg)
{
    (void)arg;
    for (int i = 0; i < 100000; i++) {
        weft__lock(&lock);
        counter++;
        weft__unlock(&lock);
    }
    return NULL;
}

WEFT_TEST(one_thread_at_a_time)
{
    pthread_t t[4];
    for (int i = 0; i < 4; i++)
        weft_check(pthread_create(&t[i], NULL, count, NULL) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    weft_check(counter, ==, 400000);
}

WEFT_TEST(try_lock_does_not_wait)
{
    struct lock l = {0};
    weft_check(weft__try_lock(&l));
    weft_check(!weft__try_lock(&l));
    weft__assert_held(&l);
    weft__unlock(&l);
    weft_check(weft__try_lock(&l));
}

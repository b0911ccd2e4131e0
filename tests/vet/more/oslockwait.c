/* SPDX-License-Identifier: MIT */
/* Threads' locks across waits: reader locks, spin locks, stdio's, through wrappers and callees. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <threads.h>
#include <weft.h>
WEFT_CHAN(ints, int);

static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static mtx_t mtx;
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static weft_mutex wmu;
static int n;

void reads(ints *c) { pthread_rwlock_rdlock(&rw); weft_send(c, n); pthread_rwlock_unlock(&rw); } //! oslockwait
void spins(ints *c) { pthread_spin_lock(&spin); weft_recv(c, NULL); pthread_spin_unlock(&spin); } //! oslockwait
void c11(ints *c) { mtx_lock(&mtx); weft_recv(c, NULL); mtx_unlock(&mtx); } //! oslockwait
void out(ints *c) { flockfile(stdout); weft_recv(c, NULL); funlockfile(stdout); } //! oslockwait
static void waits(weft_ctx *ctx) { (void)weft_sleep(ctx, WEFT_SECOND); }
void calls(weft_ctx *ctx) { pthread_mutex_lock(&mu); waits(ctx); pthread_mutex_unlock(&mu); } //! oslockwait
void takes_weft_lock(void)
{
    pthread_mutex_lock(&mu);
    weft_mutex_lock(&wmu); //! oslockwait
    n++;
    weft_mutex_unlock(&wmu);
    pthread_mutex_unlock(&mu);
}
static void enter(void) { pthread_mutex_lock(&mu); }
static void leave(void) { pthread_mutex_unlock(&mu); }
void wrapped(ints *c) { enter(); weft_send(c, 1); leave(); } //! oslockwait

void apart(ints *c) { pthread_mutex_lock(&mu); int v = n; pthread_mutex_unlock(&mu); weft_send(c, v); }
void pinned(ints *c) { weft_pin(); pthread_mutex_lock(&mu); weft_recv(c, NULL); pthread_mutex_unlock(&mu); weft_unpin(); }
void tries(ints *c) { pthread_mutex_lock(&mu); (void)weft_try_send(c, n); pthread_mutex_unlock(&mu); }
int if_free(ints *c)
{
    if (pthread_mutex_trylock(&mu) != 0) {
        weft_recv(c, NULL);
        return -1;
    }
    n++;
    pthread_mutex_unlock(&mu);
    return 0;
}

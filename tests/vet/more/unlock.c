/* SPDX-License-Identifier: MIT */
/* Ways out with the lock: switch, nested loops, continue, goto, reader locks, pthreads. */
#include <pthread.h>
#include <weft.h>

struct queue {
    weft_mutex mu;
    weft_rwmutex rw;
    pthread_mutex_t os;
    int items[8], count;
};

int pop(struct queue *q)
{
    weft_mutex_lock(&q->mu);
    switch (q->count) {
    case 0:
        return -1; //! unlock
    case 1:
        q->count = 0;
        break;
    default:
        q->count--;
    }
    weft_mutex_unlock(&q->mu);
    return 0;
}
int find(struct queue *q, int what)
{
    weft_rwmutex_rlock(&q->rw);
    for (int i = 0; i < q->count; i++)
        if (q->items[i] == what)
            return i; //! unlock
    weft_rwmutex_runlock(&q->rw);
    return -1;
}
void skip(struct queue *q, int n)
{
    for (int i = 0; i < n; i++) {
        weft_mutex_lock(&q->mu);
        if (q->items[0] == i)
            break; //! unlock
        q->count++;
        weft_mutex_unlock(&q->mu);
    }
}
int os(struct queue *q)
{
    pthread_mutex_lock(&q->os);
    if (!q->count)
        return -1; //! unlock
    q->count--;
    pthread_mutex_unlock(&q->os);
    return 0;
}
static weft_mutex global;
static int total;
int with_alias(int n)
{
    weft_mutex *m = &global;
    weft_mutex_lock(m);
    if (n < 0)
        goto out; 
    total += n;
    weft_mutex_unlock(&global);
    return total;
out:
    return -1; //! unlock
}
int by_context(weft_ctx *ctx, struct queue *q)
{
    int err = weft_mutex_lock_ctx(ctx, &q->mu);
    if (err)
        return err;
    if (q->count == 8)
        return -1; //! unlock
    q->count++;
    weft_mutex_unlock(&q->mu);
    return 0;
}

int scoped(struct queue *q) { weft_scoped_wlock(&q->rw); return q->count ? q->count-- : -1; }
int trylock(struct queue *q)
{
    if (weft_mutex_try_lock(&q->mu)) {
        q->count++;
        weft_mutex_unlock(&q->mu);
        return 1;
    }
    return 0;
}
int by_context_right(weft_ctx *ctx, struct queue *q)
{
    if (weft_mutex_lock_ctx(ctx, &q->mu) != 0)
        return -1;
    q->count++;
    weft_mutex_unlock(&q->mu);
    return 0;
}
int correlated(struct queue *q, bool threaded)
{
    if (threaded)
        weft_mutex_lock(&q->mu);
    int n = q->count++;
    for (int i = 0; i < n; i++)
        q->items[i]++;
    if (threaded)
        weft_mutex_unlock(&q->mu);
    return n;
}
int remembered(struct queue *q, int n)
{
    bool locked = false;
    if (n > 3) {
        weft_mutex_lock(&q->mu);
        locked = true;
    }
    q->count += n;
    if (locked)
        weft_mutex_unlock(&q->mu);
    return q->count;
}
static void queue_lock(struct queue *q) { weft_mutex_lock(&q->mu); }
static void queue_unlock(struct queue *q) { weft_mutex_unlock(&q->mu); }
void wrapped(struct queue *q) { queue_lock(q); q->count++; queue_unlock(q); }
void arrays(struct queue **qs, int n)
{
    for (int i = 0; i < n; i++)
        weft_mutex_lock(&qs[i]->mu);
    for (int i = n; i-- > 0;)
        weft_mutex_unlock(&qs[i]->mu);
}
struct stock {
    weft_mutex mu;
    int count;
};
struct stock *checkout(struct stock *q, int n)
{
    weft_mutex_lock(&q->mu);
    if (q->count < n) {
        weft_mutex_unlock(&q->mu);
        return NULL;
    }
    return q;
}
void checkin(struct stock *q) { q->count++; weft_mutex_unlock(&q->mu); }
void waits(struct queue *q)
{
    weft_mutex_lock(&q->mu);
    while (q->count == 0) {
        weft_mutex_unlock(&q->mu);
        weft_yield();
        weft_mutex_lock(&q->mu);
    }
    q->count--;
    weft_mutex_unlock(&q->mu);
}
void stop_at(struct queue *q, int n)
{
    weft_mutex_lock(&q->mu);
    if (q->count > n)
        weft_panic("%d", q->count);
    weft_mutex_unlock(&q->mu);
}
struct list { weft_mutex mu; struct list *next; int n; };
int hand_over_hand(struct list *l)
{
    int sum = 0;
    weft_mutex_lock(&l->mu);
    while (l->next) {
        struct list *next = l->next;
        sum += l->n;
        weft_mutex_lock(&next->mu);
        weft_mutex_unlock(&l->mu);
        l = next;
    }
    weft_mutex_unlock(&l->mu);
    return sum;
}

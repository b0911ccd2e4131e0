/* SPDX-License-Identifier: MIT */
/* Waiting for a condition. */
#include <weft.h>
struct q { weft_mutex mu; weft_cond changed; int n; bool stop; };

int with_if(struct q *q)
{
    weft_scoped_lock(&q->mu);
    if (q->n == 0)
        weft_cond_wait(&q->changed, &q->mu); //! condloop
    return q->n--;
}
int at_once(struct q *q)
{
    weft_mutex_lock(&q->mu);
    weft_cond_wait(&q->changed, &q->mu); //! condloop
    int n = q->n;
    weft_mutex_unlock(&q->mu);
    return n;
}
int unlocked_before(struct q *q)
{
    weft_mutex_lock(&q->mu);
    int n = q->n;
    weft_mutex_unlock(&q->mu);
    while (n == q->n) //! guardedby
        weft_cond_wait(&q->changed, &q->mu); //! condloop
    return n;
}

int with_while(struct q *q) { weft_scoped_lock(&q->mu); while (!q->n) weft_cond_wait(&q->changed, &q->mu); return q->n--; }
int endless(struct q *q)
{
    weft_scoped_lock(&q->mu);
    for (;;) {
        if (q->stop)
            return -1;
        if (q->n)
            return q->n--;
        weft_cond_wait(&q->changed, &q->mu);
    }
}
static void wait_changed(struct q *q) { weft_cond_wait(&q->changed, &q->mu); }
int by_helper(struct q *q) { weft_scoped_lock(&q->mu); while (!q->n) wait_changed(q); return q->n--; }
void do_while(struct q *q) { weft_scoped_lock(&q->mu); do weft_cond_wait(&q->changed, &q->mu); while (!q->n); }

/* SPDX-License-Identifier: MIT */
/* Waits under a lock: through callees, select, reader locks, conditions of other locks. */
#include <weft.h>
WEFT_CHAN(ints, int);

struct s {
    weft_mutex mu, other;
    weft_rwmutex rw;
    weft_cond changed;
    weft_wg wg;
    ints *c;
    int n;
};
void receives(struct s *s) { weft_scoped_lock(&s->mu); weft_recv(s->c, &s->n); } //! lockwait
int selects(struct s *s, ints *d)
{
    weft_scoped_rlock(&s->rw);
    return weft_select(weft_on_recv(s->c, &s->n), weft_on_recv(d, &s->n)); //! lockwait
}
static void deep(struct s *s) { weft_wg_wait(&s->wg); }
static void middle(struct s *s) { s->n++; deep(s); }
void by_callees(struct s *s)
{
    weft_mutex_lock(&s->mu);
    middle(s); //! lockwait
    weft_mutex_unlock(&s->mu);
}
void two_locks(struct s *s)
{
    weft_scoped_lock(&s->other);
    weft_scoped_lock(&s->mu);
    while (!s->n)
        weft_cond_wait(&s->changed, &s->mu); //! lockwait
}
void in_loop(struct s *s)
{
    weft_scoped_lock(&s->mu);
    weft_range (v, s->c) //! lockwait
        s->n += v;
}
static void s_lock(struct s *s) { weft_mutex_lock(&s->mu); }
static void s_unlock(struct s *s) { weft_mutex_unlock(&s->mu); }
void by_wrapper(struct s *s) { s_lock(s); weft_send(s->c, s->n); s_unlock(s); } //! lockwait

void after(struct s *s) { weft_mutex_lock(&s->mu); int n = s->n; weft_mutex_unlock(&s->mu); weft_send(s->c, n); }
void condition(struct s *s)
{
    weft_scoped_lock(&s->mu);
    while (!s->n)
        weft_cond_wait(&s->changed, &s->mu);
    s->n--;
}
void poll_only(struct s *s)
{
    weft_scoped_lock(&s->mu);
    int v;
    if (weft_select(weft_on_recv(s->c, &v), weft_on_default()) == 0)
        s->n = v;
}
void tries(struct s *s) { weft_scoped_lock(&s->mu); s->n += weft_try_send(s->c, s->n); }
void early(struct s *s, int x)
{
    weft_mutex_lock(&s->mu);
    if (x) {
        weft_mutex_unlock(&s->mu);
        weft_recv(s->c, NULL);
        return;
    }
    s->n++;
    weft_mutex_unlock(&s->mu);
}
static void later(struct s *s) { int v; weft_recv(s->c, &v); }
void launches(struct s *s) { weft_scoped_lock(&s->mu); s->n++; weft_go(later, s); }

/* SPDX-License-Identifier: MIT */
/* Locked by who holds it: directly, in callees, through aliases and loops. */
#include <weft.h>

struct s { weft_mutex mu; weft_rwmutex rw; int n; struct s *peer; };
static weft_mutex global;
static int total;

void direct(struct s *s)
{
    weft_mutex_lock(&s->mu);
    s->n++;
    weft_mutex_lock(&s->mu); //! relock
    s->n++;
    weft_mutex_unlock(&s->mu);
}
static int get(void) { weft_scoped_lock(&global); return total; }
static int deeper(void) { return get() + 1; }
int through_two(void) { weft_scoped_lock(&global); return deeper(); } //! relock
void alias(struct s *s) { weft_mutex *m = &s->mu; weft_scoped_lock(m); s->n++; weft_mutex_lock(&s->mu); } //! relock
static void checked(struct s *s) { if (!s) return; weft_scoped_lock(&s->mu); s->n++; }
void after_check(struct s *s) { weft_scoped_lock(&s->mu); checked(s); } //! relock
void lost_unlock(struct s *s, int k)
{
    for (int i = 0; i < k; i++) {
        weft_mutex_lock(&s->mu); //! relock
        if (s->n == i)
            continue;
        weft_mutex_unlock(&s->mu);
    }
}
void writer_reads(struct s *s) { weft_scoped_wlock(&s->rw); { weft_scoped_rlock(&s->rw); s->n++; } } //! relock

void peers(struct s *s) { weft_scoped_lock(&s->mu); weft_scoped_lock(&s->peer->mu); s->peer->n++; }
int between(struct s *s) { int n; { weft_scoped_lock(&s->mu); n = s->n; } checked(s); return n; }
static int maybe_locked(struct s *s, bool locked)
{
    if (!locked)
        weft_mutex_lock(&s->mu);
    int n = s->n++;
    if (!locked)
        weft_mutex_unlock(&s->mu);
    return n;
}
int with_flag(struct s *s) { weft_scoped_lock(&s->mu); return maybe_locked(s, true); }
int without_flag(struct s *s) { return maybe_locked(s, false); }
void in_turn(struct s **s, int k) { for (int i = 0; i < k; i++) { weft_scoped_lock(&s[i]->mu); s[i]->n++; } }
void walk(struct s *s) { while (s) { weft_mutex_lock(&s->mu); s->n++; weft_mutex_unlock(&s->mu); s = s->peer; } }

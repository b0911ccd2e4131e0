/* SPDX-License-Identifier: MIT */
/* Deferred locks. */
#include <weft.h>
struct s { weft_mutex mu; weft_rwmutex rw; int n; };

void mutex(struct s *s) { weft_mutex_lock(&s->mu); weft_defer(weft_mutex_lock, &s->mu); s->n++; } //! relockdefer relock
void reader(struct s *s)
{
    weft_rwmutex_rlock(&s->rw);
    weft_defer(weft_rwmutex_rlock, &s->rw); //! relockdefer
    printf("%d\n", s->n);
} //! rlockup
void without(struct s *s) { weft_defer(weft_rwmutex_lock, &s->rw); puts("x"); s->n++; } //! relockdefer

void right(struct s *s) { weft_mutex_lock(&s->mu); weft_defer(weft_mutex_unlock, &s->mu); s->n++; }
void right_too(struct s *s) { weft_rwmutex_rlock(&s->rw); weft_defer(weft_rwmutex_runlock, &s->rw); puts("x"); }
static void clear(struct s *s) { s->n = 0; }
void other(struct s *s) { weft_defer(clear, s); puts("x"); }

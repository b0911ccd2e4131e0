/* SPDX-License-Identifier: MIT */
/* Reader locks taken again. */
#include <weft.h>
struct s { weft_rwmutex rw; weft_mutex mu; int n; };

void upgrade(struct s *s)
{
    weft_scoped_rlock(&s->rw);
    if (s->n == 0) {
        weft_rwmutex_lock(&s->rw); //! rlockup
        s->n = 1;
        weft_rwmutex_unlock(&s->rw);
    }
}
static int get(struct s *s) { weft_scoped_rlock(&s->rw); return s->n; }
int nested(struct s *s) { weft_scoped_rlock(&s->rw); return s->n + get(s); } //! rlockup
static void set(struct s *s, int n) { weft_scoped_wlock(&s->rw); s->n = n; }
void in_callee(struct s *s) { weft_scoped_rlock(&s->rw); if (!s->n) set(s, 1); } //! rlockup

void first_read(struct s *s) { int n; { weft_scoped_rlock(&s->rw); n = s->n; } if (!n) set(s, 1); }
int other(struct s *s, struct s *t) { weft_scoped_rlock(&s->rw); return s->n + get(t); }
int with_mutex(struct s *s) { weft_scoped_rlock(&s->rw); weft_scoped_lock(&s->mu); return s->n; }
void tries(struct s *s) { weft_scoped_rlock(&s->rw); if (weft_rwmutex_try_rlock(&s->rw)) weft_rwmutex_runlock(&s->rw); }

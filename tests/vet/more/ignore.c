/* SPDX-License-Identifier: MIT */
/* Suppressions: with reasons, without, useless, of no check. */
#include <weft.h>
struct s { weft_mutex mu; int n; };

// weft:ignore emptylock waits until the other is out
void barrier(struct s *s) { weft_mutex_lock(&s->mu); weft_mutex_unlock(&s->mu); }
void same_line(struct s *s) { weft_scoped_lock(&s->mu); } // weft:ignore emptylock the same
// weft:ignore emptylock all of this function is about barriers
void whole(struct s *s)
{
    weft_mutex_lock(&s->mu);
    weft_mutex_unlock(&s->mu);
    s->n++;
    weft_mutex_lock(&s->mu);
    weft_mutex_unlock(&s->mu);
}
void next_line(struct s *s)
{
    s->n++;
    /* weft:ignore emptylock for the next line */
    weft_scoped_lock(&s->mu);
}
void no_reason(struct s *s) { weft_scoped_lock(&s->mu); } /* weft:ignore emptylock */ //! ignore
int useless(struct s *s) { return s->n; } /* weft:ignore emptylock there was a lock */ //! ignore
int unknown(struct s *s) { return s->n; } /* weft:ignore emptiness is no check */ //! ignore

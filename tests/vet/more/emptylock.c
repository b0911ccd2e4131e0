/* SPDX-License-Identifier: MIT */
/* Sections with nothing in them. */
#include <weft.h>

struct s { weft_mutex mu; weft_rwmutex rw; int n; };
static struct s *current;
void by_global(void) { weft_mutex_lock(&current->mu); weft_mutex_unlock(&current->mu); } //! emptylock
void reads(struct s *s) { weft_rwmutex_rlock(&s->rw); weft_rwmutex_runlock(&s->rw); s->n++; } //! emptylock
void at_the_end(struct s *s) { s->n++; weft_scoped_wlock(&s->rw); } //! emptylock

void one_line(struct s *s) { weft_mutex_lock(&s->mu); s->n = 0; weft_mutex_unlock(&s->mu); }
int one_value(struct s *s) { weft_scoped_lock(&s->mu); return s->n; }
void calls(struct s *s) { weft_scoped_lock(&s->mu); puts("x"); }
void conditional(struct s *s, int x) { weft_mutex_lock(&s->mu); if (x) s->n = x; weft_mutex_unlock(&s->mu); }

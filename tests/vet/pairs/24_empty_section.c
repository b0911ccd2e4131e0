/* SPDX-License-Identifier: MIT */
#include <weft.h>
struct s { weft_mutex mu; int n; };
void bad(struct s *s) { weft_mutex_lock(&s->mu); weft_mutex_unlock(&s->mu); s->n++; } //! emptylock
void bad2(struct s *s) { { weft_scoped_lock(&s->mu); } s->n++; } //! emptylock
void good(struct s *s) { weft_scoped_lock(&s->mu); s->n++; }

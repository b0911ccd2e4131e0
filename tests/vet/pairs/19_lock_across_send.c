/* SPDX-License-Identifier: MIT */
#include <weft.h>
WEFT_CHAN(ints, int);
struct s { weft_mutex mu; ints *c; int n; };
static void notify(struct s *s) { weft_send(s->c, s->n); }
void bad(struct s *s) { weft_scoped_lock(&s->mu); weft_send(s->c, s->n); } //! lockwait
void bad2(struct s *s) { weft_scoped_lock(&s->mu); s->n++; notify(s); } //! lockwait
void good(struct s *s) { int v; { weft_scoped_lock(&s->mu); v = s->n; } weft_send(s->c, v); }
void good2(struct s *s) { weft_scoped_lock(&s->mu); weft_try_send(s->c, s->n); }

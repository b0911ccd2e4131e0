/* SPDX-License-Identifier: MIT */
#include <weft.h>
#include <stdlib.h>
struct s { weft_mutex mu; int n; int hits; };
void a(struct s *s) { weft_scoped_lock(&s->mu); s->n++; }
void b(struct s *s) { weft_scoped_lock(&s->mu); s->n--; }
void c(struct s *s) { weft_scoped_lock(&s->mu); s->n = 0; }
int bad(struct s *s) { return s->n; } //! guardedby
static int good_held(struct s *s) { return s->hits; }
int d(struct s *s) { weft_scoped_lock(&s->mu); s->hits++; s->hits--; return good_held(s); }
struct s *good_new(void) { struct s *s = calloc(1, sizeof *s); if (s) s->n = s->hits = 1; return s; }

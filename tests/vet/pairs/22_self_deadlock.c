/* SPDX-License-Identifier: MIT */
#include <weft.h>
struct s { weft_mutex mu; int n; };
static int size(struct s *s) { weft_scoped_lock(&s->mu); return s->n; }
int bad(struct s *s) { weft_scoped_lock(&s->mu); return size(s) + 1; } //! relock
int good(struct s *a) { int n; { weft_scoped_lock(&a->mu); n = a->n; } return size(a) + n; }

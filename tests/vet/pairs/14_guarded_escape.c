/* SPDX-License-Identifier: MIT */
#include <weft.h>
struct s { weft_mutex mu; int v[4]; };
int *bad(struct s *s, int i) { weft_scoped_lock(&s->mu); return &s->v[i]; } //! guardescape
int good(struct s *s, int i) { weft_scoped_lock(&s->mu); return s->v[i]; }

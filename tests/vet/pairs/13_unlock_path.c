/* SPDX-License-Identifier: MIT */
#include <weft.h>
struct s { int id; weft_mutex mu; int n; };
int bad(struct s *s, int x) { weft_mutex_lock(&s->mu); if (x) return -1; s->n++; weft_mutex_unlock(&s->mu); return 0; } //! unlock
void bad2(struct s *s, int k) { for (int i = 0; i < k; i++) { weft_mutex_lock(&s->mu); if (s->n == i) break; weft_mutex_unlock(&s->mu); } } //! unlock
int good(struct s *s, int x) { weft_scoped_lock(&s->mu); if (x) return -1; s->n++; return 0; }
int good2(struct s *s, int x) { weft_mutex *m = &s->mu; int r = -1; weft_mutex_lock(m); if (x) goto out; r = s->n; out: weft_mutex_unlock(&s->mu); return r; }
int good3(struct s *s) { if (!weft_mutex_try_lock(&s->mu)) return -1; s->n++; weft_mutex_unlock(&s->mu); return 0; }
void good4(struct s *s, int t) { if (t) weft_mutex_lock(&s->mu); puts("x"); if (t) weft_mutex_unlock(&s->mu); }
void good5(struct s *s) { weft_mutex_lock(&s->mu); weft_defer(weft_mutex_unlock, &s->mu); s->n++; }

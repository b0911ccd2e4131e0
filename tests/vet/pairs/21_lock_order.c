/* SPDX-License-Identifier: MIT */
#include <weft.h>
struct p { weft_mutex a, b; int n; };
static weft_mutex A, B;
static int nb; static void take_b(void) { weft_scoped_lock(&B); nb++; }
static int na; static void take_a(void) { weft_scoped_lock(&A); na++; }
void x1(struct p *p) { weft_scoped_lock(&p->a); weft_scoped_lock(&p->b); p->n++; }
void bad(struct p *p) { weft_scoped_lock(&p->b); weft_scoped_lock(&p->a); p->n--; } //! lockorder
void x2(void) { weft_scoped_lock(&A); take_b(); }
void bad2(void) { weft_scoped_lock(&B); take_a(); } //! lockorder
void good(struct p *p) { { weft_scoped_lock(&p->b); p->n--; } weft_scoped_lock(&p->a); p->n++; }

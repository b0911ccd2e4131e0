/* SPDX-License-Identifier: MIT */
/* Once within once. */
#include <weft.h>
static weft_once once, other;
static int n;

static void again(void);
static void fine_init(void) { n = 3; }
static void init(void) { n = 1; again(); }
static void again(void) { weft_once_do(&once, init); } //! oncerec
static void other_init(void) { weft_once_do(&other, fine_init); n++; }
struct lazy { weft_once once; int n; };
static void load(struct lazy *l);
static int value(struct lazy *l) { weft_once_do(&l->once, load, l); return l->n; } //! oncerec
static void load(struct lazy *l) { l->n = 1; printf("%d\n", value(l)); }
static weft_once direct;
static void ask(void);
static void answer(void) { puts("answer"); ask(); }
static void ask(void) { puts("ask"); weft_once_do(&direct, answer); } //! oncerec
int start(struct lazy *l) { again(); ask(); return value(l); }

int fine(void) { weft_once_do(&other, fine_init); return n; }
static weft_once third;
int nested(void) { weft_once_do(&third, other_init); return n; }

/* SPDX-License-Identifier: MIT */
/* What the cases in `cases` stand on. */
#include <weft.h>

typedef struct {
    int x, y;
} point;
typedef struct {
    long a, b, c;
} big;

WEFT_CHAN(int_chan, int);
WEFT_CHAN(point_chan, point);
WEFT_CHAN(text_chan, const char *);

void none(void);
void two(int a, const char *b);
void six(int a, int b, int c, int d, int e, int f);
void seven(int a, int b, int c, int d, int e, int f, int g);
void takes_double(double d);
void takes_pointer(void *p);
void takes_point(point p);
void produce(int_chan_tx *out);
int returns_int(int a);
big returns_big(int a);
void use(int v);

extern int_chan *c;
extern int_chan_tx *tx;
extern int_chan_rx *rx;
extern point_chan *points;
extern text_chan *texts;
extern weft_ctx *ctx;
extern weft_timer *timer;
extern weft_ticker *ticker;
extern weft_wg wg;
extern weft_mutex mu;
extern weft_go_opts opts;
extern point pt;
extern double d;
extern int v;
extern bool ok;

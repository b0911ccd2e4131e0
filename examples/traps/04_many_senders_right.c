/* SPDX-License-Identifier: MIT */
/*
 * Right: several goroutines send on a channel, and once they are done one of them closes it.
 *
 * Who comes second to weft_once_do() finds it done.
 */
#include <weft.h>

WEFT_CHAN(int_chan, int);

struct feed {
    int_chan *ch;
    weft_wg writers; /* that still send */
    weft_once closed;
};

static void close_feed(struct feed *f) { weft_close(f->ch); }

static void writer(struct feed *f, int id)
{
    for (int i = 0; i < 10; i++)
        weft_send(f->ch, id * 10 + i);
    weft_wg_done(&f->writers);
    weft_wg_wait(&f->writers);
    weft_once_do(&f->closed, close_feed, f);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(int_chan, ch) = weft_make(int_chan, 0);
    struct feed f = {.ch = ch};
    weft_wg all = {0};
    weft_wg_add(&f.writers, 4);
    for (int id = 0; id < 4; id++)
        weft_wg_go(&all, writer, &f, id);

    int n = 0;
    weft_range (v, ch)
        n += v >= 0;
    weft_wg_wait(&all);
    printf("%d values\n", n);
    return 0;
}

/*
 * Run: weft run -race 04_many_senders_right.c
 * Exit: 0
 * Prints:
 *     40 values
 */

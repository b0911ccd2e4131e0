/* SPDX-License-Identifier: MIT */
/*
 * Wrong: several goroutines send on a channel, and each of them closes it.
 *
 * They even wait for one another first, so that nobody sends any more; but all of them close.
 */
#include <weft.h>

WEFT_CHAN(int_chan, int);

struct feed {
    int_chan *ch;
    weft_wg writers; /* that still send */
};

static void writer(struct feed *f, int id)
{
    for (int i = 0; i < 10; i++)
        weft_send(f->ch, id * 10 + i);
    weft_wg_done(&f->writers);
    weft_wg_wait(&f->writers);
    weft_close(f->ch); /* and so says the next one */
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
 * Run: weft run 04_many_senders_wrong.c
 * Exit: 2
 * weft says:
 *     panic: close of closed channel
 *             closed at writer 04_many_senders_wrong.c:22 by goroutine 5
 *             channel made at weft_main 04_many_senders_wrong.c:28
 *
 *     goroutine 4 [running]:
 *     writer 04_many_senders_wrong.c:22
 *     created by weft_main 04_many_senders_wrong.c:33 in goroutine 1
 */

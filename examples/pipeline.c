/* SPDX-License-Identifier: MIT */
/*
 * pipeline - three stages, each a goroutine, joined by channels.
 *
 *     count --numbers--> square --squares--> weft_main
 *
 * A stage may only send on what it makes and only receive what it uses: the _tx and _rx handles
 * say so, and the compiler refuses the rest.  The sender closes, so the end travels downstream.
 */
#include <weft.h>

WEFT_CHAN(int_chan, int);

static void count(int_chan_tx *numbers, int n)
{
    for (int i = 1; i <= n; i++)
        weft_send(numbers, i);
    weft_close(numbers);
}

static void square(int_chan_rx *numbers, int_chan_tx *squares)
{
    weft_range (n, numbers)
        weft_send(squares, n * n);
    weft_close(squares);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(int_chan, numbers) = weft_make(int_chan, 0);
    weft_auto(int_chan, squares) = weft_make(int_chan, 4);
    weft_go(count, weft_tx(numbers), 5);
    weft_go(square, weft_rx(numbers), weft_tx(squares));

    int sum = 0;
    weft_range (s, squares) {
        printf("%d\n", s);
        sum += s;
    }
    printf("sum %d\n", sum);
    return 0;
}

/*
 * Prints:
 *     1
 *     4
 *     9
 *     16
 *     25
 *     sum 55
 */

/* SPDX-License-Identifier: MIT */
/*
 * prime_sieve - a chain of goroutines that grows by one filter for each prime found.
 *
 *     generate --> filter 2 --> filter 3 --> filter 5 --> ... --> weft_main
 *
 * What comes out of the last filter is prime, because it passed all smaller ones.  The numbers
 * end at a limit; the end travels down the chain as each filter closes its output, so that
 * nothing is left behind.
 */
#include <weft.h>

WEFT_CHAN(int_chan, int);

enum { LIMIT = 50 };

static void generate(int_chan_tx *out)
{
    for (int n = 2; n <= LIMIT; n++)
        weft_send(out, n);
    weft_close(out);
}

/* filter - let through what prime does not divide.  It owns its input, which weft_main no longer
 * holds, and drops it at the end. */
static void filter(int_chan *input, int_chan_tx *out, int prime)
{
    weft_auto(int_chan, in) = input;
    weft_range (n, in)
        if (n % prime != 0)
            weft_send(out, n);
    weft_close(out);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int_chan *numbers = weft_make(int_chan, 0);
    weft_go(generate, weft_tx(numbers));
    int prime, filters = 0;
    while (weft_recv(numbers, &prime)) {
        printf("%s%d", filters ? " " : "", prime);
        int_chan *rest = weft_make(int_chan, 0);
        weft_go(filter, numbers, weft_tx(rest), prime);
        numbers = rest;
        filters++;
    }
    weft_unref(numbers);
    printf("\n%d filters\n", filters);
    return 0;
}

/*
 * Prints:
 *     2 3 5 7 11 13 17 19 23 29 31 37 41 43 47
 *     15 filters
 */

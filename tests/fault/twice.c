/* SPDX-License-Identifier: MIT */
/*
 * The runtime started three times in one process, which must tell by weft_run()
 * when it cannot start, and start again later when it can.
 */
#include "fault.h"

enum { RUNS = 3, GOROUTINES = 400 };

WEFT_CHAN(int_chan, int);

static void send_one(int_chan_tx *out, int v) { weft_send(out, v); }

static int sum_up(int n)
{
    weft_auto(int_chan, c) = weft_make(int_chan, 0);
    int sum = 0, v;
    for (int i = 0; i < n; i++)
        weft_go(send_one, weft_tx(c), i);
    weft_sleep(weft_background(), 100 * WEFT_MICROSECOND);
    for (int i = 0; i < n && weft_recv(c, &v); i++)
        sum += v;
    return sum;
}

int main(void)
{
    int failed = 0;
    for (int i = 0; i < RUNS; i++) {
        int n = GOROUTINES + i, result = weft_run(sum_up, n);
        if (result < 0) {
            fprintf(stderr, "weft_run: %s\n", weft_strerror(result));
            failed++;
        } else {
            REQUIRE(result == n * (n - 1) / 2);
        }
    }
    if (failed)
        return 3;
    puts("ok");
    return 0;
}

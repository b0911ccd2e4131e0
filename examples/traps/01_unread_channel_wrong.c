/* SPDX-License-Identifier: MIT */
/*
 * Wrong: a goroutine for each item sends its result on a channel that nobody reads.
 *
 * Each of them waits in weft_send() for ever, and keeps its stack and all it refers to.
 */
#include <weft.h>

WEFT_CHAN(text_chan, const char *);

static const char *process(const char *item) { return item; }

static void worker(text_chan_tx *results, const char *item)
{
    weft_send(results, process(item)); /* waits until somebody receives */
}

static void process_data(text_chan *results, const char *const *data, int n)
{
    for (int i = 0; i < n; i++)
        weft_go(worker, weft_tx(results), data[i]);
    /* and forgot to receive the results */
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    static const char *const data[] = {"a", "b", "c"};
    process_data(weft_make(text_chan, 0), data, 3);
    puts("done");
    return 0;
}

/*
 * Run: WEFT_LEAKS=fail weft run 01_unread_channel_wrong.c
 * Exit: 3
 * Prints:
 *     done
 * weft says:
 *     goroutine leak: 3 goroutines [chan send] at worker 01_unread_channel_wrong.c:15
 *
 *     goroutine 2 [chan send]:
 *     worker 01_unread_channel_wrong.c:15
 *             channel made at weft_main 01_unread_channel_wrong.c:29, capacity 0
 *     created by process_data 01_unread_channel_wrong.c:21 in goroutine 1
 *
 * Without WEFT_LEAKS=fail the report is the same, and the exit status the program's.
 */

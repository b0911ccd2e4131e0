/* SPDX-License-Identifier: MIT */
/*
 * hello - two goroutines and a channel.
 *
 * The channel has no buffer: each send waits until the other side receives, so the two take
 * turns.  Closing it ends the range loop.
 */
#include <weft.h>

WEFT_CHAN(word_chan, const char *);

static void speak(word_chan_tx *out)
{
    weft_send(out, "hello");
    weft_send(out, "from a goroutine");
    weft_close(out);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(word_chan, words) = weft_make(word_chan, 0);
    weft_go(speak, weft_tx(words));
    weft_range (w, words)
        puts(w);
    return 0;
}

/*
 * Prints:
 *     hello
 *     from a goroutine
 */

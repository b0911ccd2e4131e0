/* SPDX-License-Identifier: MIT */
/* One goroutine uses a variable of a function of another that has returned. */
#include <weft.h>

typedef struct box {
    int *inside;
} box;
WEFT_CHAN(box_chan, box);

/* Apart from the send: clang does not watch the variables of functions with assembly in them so,
 * and weft's macros have some. */
static void __attribute__((noinline)) fill(box *b)
{
    volatile int local = 1;
    b->inside = (int *)&local;
}

static void sender(box_chan *c, box_chan *done)
{
    box b;
    fill(&b);
    weft_send(c, b);
    weft_recv(done, NULL);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(box_chan, c) = weft_make(box_chan, 0);
    weft_auto(box_chan, done) = weft_make(box_chan, 0);
    box b;
    weft_go(sender, c, done);
    weft_recv(c, &b);
    printf("%d\n", *b.inside);
    weft_close(done);
    return 0;
}

/*
 * flags: -asan
 * cc: gcc clang
 * env: ASAN_OPTIONS=detect_stack_use_after_return=1
 * exit: 1
 * stderr:
 *     ...
 *     ==N==ERROR: AddressSanitizer: stack-use-after-return on address 0xX at pc 0xX bp 0xX sp 0xX
 *     ...
 */

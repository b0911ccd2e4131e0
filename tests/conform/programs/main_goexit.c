/* SPDX-License-Identifier: MIT */
/*
 * Package runtime: "Calling Goexit from the main goroutine terminates that
 * goroutine without func main returning.  Since func main has not returned, the
 * program continues execution of other goroutines."  It then ends by exit().
 */
#include <stdlib.h>
#include <weft.h>

static void say(const char *s) { puts(s); }

static void goes_on(void)
{
    (void)weft_sleep(weft_background(), 20 * WEFT_MILLISECOND);
    puts("still here");
    exit(5);
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_defer(say, "main's deferred call");
    weft_go(goes_on);
    weft_goexit();
}
/*
 * exit: 5
 * procs: 1 2 8
 * stdout:
 *     main's deferred call
 *     still here
 * stderr:
 */

/* SPDX-License-Identifier: MIT */
/*
 * What the files of this folder share.
 *
 * Each test quotes the rule it shows: from the Go language specification, the
 * Go memory model, or the documentation of Go's packages; where weft has a rule
 * of its own, from its headers.  Only the public headers are used.
 */
#ifndef WEFT_TESTS_RULES_H
#define WEFT_TESTS_RULES_H

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <weft.h>

WEFT_CHAN(int_chan, int);
WEFT_CHAN(unit_chan, weft_unit);

/* check_panics - calling f(args...) panics, and the message contains the text. */
#define check_panics(text, ...)                                                                    \
    do {                                                                                           \
        weft_auto(weft_panic_info, p_) = weft_try(__VA_ARGS__);                                    \
        if (!p_)                                                                                   \
            weft_fail("%s: no panic, wanted \"%s\"", #__VA_ARGS__, text);                          \
        if (!strstr(weft_panic_message(p_), text))                                                 \
            weft_fail("%s: panic \"%s\", wanted \"%s\"", #__VA_ARGS__, weft_panic_message(p_),     \
                      text);                                                                       \
    } while (0)

/* waits_for_ever - for tests of what never ends: the goroutine stays, and is no mistake. */
static inline void waits_for_ever(void) { setenv("WEFT_LEAKS", "off", 1); }

static inline void nap(int milliseconds)
{
    (void)weft_sleep(weft_background(), milliseconds * WEFT_MILLISECOND);
}

#endif /* WEFT_TESTS_RULES_H */

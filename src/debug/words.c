/* SPDX-License-Identifier: MIT */
/* The words of reports; the manual and log tools know them, so they stay. */
#include "base/atomic.h"
#include "debug/debug.h"

static const char *const words[] = {
    [WAIT_NONE] = "waiting",
    [WAIT_CHAN_SEND] = "chan send",
    [WAIT_CHAN_RECV] = "chan receive",
    [WAIT_CHAN_SEND_NIL] = "chan send (nil chan)",
    [WAIT_CHAN_RECV_NIL] = "chan receive (nil chan)",
    [WAIT_SELECT] = "select",
    [WAIT_SELECT_NONE] = "select (no cases)",
    [WAIT_MUTEX] = "mutex lock",
    [WAIT_RWMUTEX_READ] = "rwmutex read lock",
    [WAIT_RWMUTEX_WRITE] = "rwmutex write lock",
    [WAIT_COND] = "cond wait",
    [WAIT_WG] = "wg wait",
    [WAIT_ONCE] = "once",
    [WAIT_SEM] = "sem acquire",
    [WAIT_GROUP] = "group wait",
    [WAIT_SLEEP] = "sleep",
    [WAIT_IO] = "IO wait",
    [WAIT_BLOCKING] = "blocking call",
    [WAIT_TIMER_CALL] = "timer wait",
};
_Static_assert(array_len(words) == WAIT_REASONS, "every reason has its word");

const char *weft__wait_word(enum wait_reason reason)
{
    return (unsigned)reason < array_len(words) ? words[reason] : "waiting";
}

const char *weft__duration(char out[DURATION_MAX], int64_t ns)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    int64_t seconds = ns / WEFT_SECOND;
    out[0] = '\0';
    for (size_t i = 0; i < array_len(units); i++) {
        long long n = seconds / units[i].seconds;
        if (n < 1)
            continue;
        snprintf(out, DURATION_MAX, "%lld %s%s", n, units[i].name, n == 1 ? "" : "s");
        break;
    }
    return out;
}

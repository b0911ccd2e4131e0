/* SPDX-License-Identifier: MIT */
/* Signals on channels. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <weft.h>

WEFT_TEST(signals_arrive_on_all_channels_that_want_them)
{
    weft_auto(weft_signal_chan, a) = weft_make(weft_signal_chan, 4);
    weft_auto(weft_signal_chan, b) = weft_make(weft_signal_chan, 4);
    weft_signal_notify(a, SIGUSR1);
    weft_signal_notify(b, SIGUSR1, SIGUSR2);
    int sig = 0;
    kill(getpid(), SIGUSR1);
    weft_recv(a, &sig);
    weft_check(sig, ==, SIGUSR1);
    weft_recv(b, &sig);
    weft_check(sig, ==, SIGUSR1);
    weft_signal_notify(a, SIGUSR2); /* one more for this one */
    kill(getpid(), SIGUSR2);
    weft_recv(b, &sig);
    weft_check(sig, ==, SIGUSR2);
    weft_recv(a, &sig);
    weft_check(sig, ==, SIGUSR2);
    weft_signal_stop(b);
    kill(getpid(), SIGUSR1);
    weft_recv(a, &sig);
    weft_check(weft_len(b), ==, 0u);
    weft_signal_stop(a);
    weft_signal_stop(a); /* again is nothing */
}

static int seen;
static void count(int sig) { seen += sig == SIGUSR1; }

WEFT_TEST(the_programs_handler_comes_back)
{
    signal(SIGUSR1, count);
    weft_auto(weft_signal_chan, c) = weft_make(weft_signal_chan, 1);
    weft_auto(weft_ctx, ctx) = weft_ctx_with_signals(weft_background(), SIGUSR1);
    weft_signal_notify(c, SIGUSR1);
    raise(SIGUSR1);
    int sig;
    weft_recv(c, &sig);
    weft_recv(weft_ctx_done(ctx), NULL); /* and the context sees the same one */
    weft_check(seen, ==, 0);
    weft_signal_stop(c);
    raise(SIGUSR1); /* the context still watches */
    weft_check(seen, ==, 0);
    weft_ctx_cancel(ctx);
    raise(SIGUSR1);
    weft_check(seen, ==, 1);
}

WEFT_TEST(a_full_channel_drops_them)
{
    weft_auto(weft_signal_chan, c) = weft_make(weft_signal_chan, 1);
    weft_auto(weft_signal_chan, all) = weft_make(weft_signal_chan, 10);
    weft_signal_notify(c, SIGUSR1);
    weft_signal_notify(all, SIGUSR1);
    for (int i = 0; i < 3; i++) {
        kill(getpid(), SIGUSR1);
        weft_recv(all, NULL); /* c is served before */
    }
    weft_check(weft_len(c), ==, 1u);
    weft_signal_stop(c);
    weft_signal_stop(all);
}

static void notify(weft_signal_chan *c, int sig) { weft_signal_notify(c, sig); }

WEFT_TEST(signals_that_cannot_be_had)
{
    weft_auto(weft_signal_chan, c) = weft_make(weft_signal_chan, 1);
    static const int none[] = {SIGKILL, SIGSEGV, 999, -1};
    for (int i = 0; i < 4; i++) {
        weft_auto(weft_panic_info, p) = weft_try(notify, c, none[i]);
        weft_check(p && strstr(weft_panic_message(p), "weft_signal_notify: signal"));
    }
    weft_auto(weft_panic_info, p) = weft_try(notify, (weft_signal_chan *)NULL, SIGUSR1);
    weft_check(p && strstr(weft_panic_message(p), "the channel is NULL"));
}

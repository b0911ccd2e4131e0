/* SPDX-License-Identifier: MIT */
/* Handlers of signals. */
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <weft.h>
WEFT_CHAN(ints, int);
static ints *signals;
static weft_ctx *all;
static volatile sig_atomic_t stop;
static int pipe_end;

static void sends(int n) { weft_try_send(signals, n); } //! sighandler
static void cancels(int n) { (void)n; weft_ctx_cancel(all); } //! sighandler
static void notify(void) { weft_close(signals); } //! sighandler
static void through(int n) { (void)n; notify(); }
static void sets(int n) { (void)n; stop = 1; }
static void writes(int n) { (void)!write(pipe_end, &n, sizeof n); }
void install(void)
{
    signal(SIGINT, sends);
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = cancels;
    sigaction(SIGTERM, &a, NULL);
    struct sigaction b = {.sa_handler = through};
    sigaction(SIGHUP, &b, NULL);

    signal(SIGUSR1, sets);
    signal(SIGUSR2, writes);
    signal(SIGPIPE, SIG_IGN);
}

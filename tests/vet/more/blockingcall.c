/* SPDX-License-Identifier: MIT */
/* Advice: calls that block the thread, in what goroutines run. */
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include <weft.h>

static void naps(int n) { usleep((unsigned)n); } //! blockingcall
static int look_up(const char *host) { struct addrinfo *a; return getaddrinfo(host, "80", NULL, &a); } //! blockingcall
static void deeper(const char *host) { if (look_up(host)) puts(host); }
static void waits_for(pthread_t *t) { pthread_join(*t, NULL); } //! blockingcall
static void polls(struct pollfd *p) { poll(p, 1, -1); } //! blockingcall
static void runs(void) { if (system("true")) puts("no"); } //! blockingcall
void start(pthread_t *t, struct pollfd *p)
{
    weft_go(naps, 5);
    weft_go(deeper, "host");
    weft_go(waits_for, t);
    weft_go(polls, p);
    weft_go(runs);
}

void main_only(void) { usleep(5); }
static void weft_own(weft_ctx *ctx) { (void)weft_sleep(ctx, WEFT_SECOND); }
static void quick(void) { puts("x"); getpid(); }
static int flock(int n) { return n + 1; }
static void own_function(int n) { printf("%d\n", flock(n)); }
void fine(weft_ctx *ctx) { weft_go(weft_own, ctx); weft_go(quick); weft_go(own_function, 3); }

/* SPDX-License-Identifier: MIT */
/* Calls that leave the thread or the stack. */
#include <pthread.h>
#include <setjmp.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft.h>
static jmp_buf outside, own;

static void ends_thread(int n) { printf("%d\n", n); pthread_exit(NULL); } //! longjmp
static void jumps(int n) { if (n) longjmp(outside, 1); } //! longjmp
static void forks(void) { if (fork() == 0) puts("child"); } //! longjmp
static void deeper(int n) { if (n) jumps(n); }
void start(void)
{
    if (setjmp(outside))
        return;
    weft_go(ends_thread, 3);
    weft_go(jumps, 3);
    weft_go(deeper, 3);
    weft_go(forks);
}

static void parse(int n) { if (n) longjmp(own, 1); }
static void reads(int n) { if (setjmp(own) == 0) parse(n); }
static void runs(void) { if (fork() == 0) { execlp("true", "true", (char *)0); _exit(127); } }
static void ends(int n) { if (n) weft_goexit(); }
void fine(void) { weft_go(ends, 3); weft_go(runs); }
void reading(void) { weft_go(reads, 3); }
void threads(void) { if (fork() == 0) puts("not in a goroutine"); }

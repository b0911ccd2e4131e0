/* SPDX-License-Identifier: MIT */
/*
 * child.h - running another program in our place: its end and its signals are ours.
 *
 * While a child runs, this process is meant to be invisible.  It waits, hands on the signals that
 * were sent to it, never ends before the child, and then ends as the child did.
 *
 *  signal comes from           reaches                  what we do
 *  the terminal (^C, ^\)       the whole process group  nothing: the child has it already
 *  the child itself            us                       nothing: it did not mean itself
 *  kill(2) by anybody else     us                       send it on
 *
 * The kernel tells the first from the third (si_code).  It does not tell a signal to us from one
 * to our whole group; then the child gets it twice, which beats never.  ^Z needs no help, as it
 * stops both.  SIGKILL cannot be handed on, so the kernel is asked to kill the child with us.
 */
#ifndef WEFT_CMD_CHILD_H
#define WEFT_CMD_CHILD_H

#include <stdbool.h>

#include "argv.h"

struct ending {
    int error;     /* an errno value: the program could not be started; else 0 */
    int status;    /* as from waitpid() */
    int signalled; /* the last signal that came for us while it ran, or 0 */
};

/*
 * child_hold_signals - from now on signals wait until child_run() takes them.
 *
 * To be called once, before anything exists that a signal must not leave behind.  Signals that
 * our caller ignores stay ignored, for us and for the children; only SIGCHLD gets its default.
 */
void child_hold_signals(void);

/* What a program starts with besides its arguments.  Zero bytes are what we have ourselves. */
struct child_setup {
    bool fixed_addresses; /* see child_run() */
    const char *folder;   /* its current folder */
    const char *output;   /* a file that all its output is added to */
    int descriptor;       /* becomes its number 3, unless 0 */
};

/*
 * child_start - start a program: its process, or 0 with @end->error set.
 *
 * Looked up as by child_run().  Some other end of it must be awaited with child_reap().
 */
int child_start(struct ending *end, const char *path, const struct list *argv,
                const struct child_setup *setup);

/*
 * child_reap - take the signals that have come: hand them on to the @count children, and reap.
 *
 * @pid[i] is 0 when there is none; it becomes 0 when that child has ended, and @end[i].status is
 * set.  Returns the last signal that came for us, or 0.
 */
int child_reap(int *pid, struct ending *end, size_t count);

/* child_await - wait until child_reap() has something to do. */
void child_await(void);

/* child_signals - a descriptor that is readable when it has. */
int child_signals(void);

/*
 * child_run - run a program to its end.
 *
 * @path is looked up in PATH unless it has a slash; @argv holds its name and arguments.  With
 * @fixed_addresses the kernel does not randomise the program's address space; where it will not
 * have that, the program runs all the same and finds out itself.
 */
struct ending child_run(const char *path, const struct list *argv, bool fixed_addresses);

/*
 * end_by_signal - end this process as the signal would, without another core file.
 *
 * A shell then sees 128 + the signal's number and knows why.
 */
void end_by_signal(int signal) __attribute__((noreturn));

#endif /* WEFT_CMD_CHILD_H */

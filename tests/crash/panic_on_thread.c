/* SPDX-License-Identifier: MIT */
/* A panic on a thread that is no goroutine ends the program too. */
#include <pthread.h>
#include <weft.h>

static void say(const char *s) { puts(s); }

static void *run(void *arg)
{
    weft_defer(say, arg);
    weft_panic("on a thread"); /* @panic */
    return NULL;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    pthread_t t;
    if (pthread_create(&t, NULL, run, "deferred") != 0)
        return 1;
    pthread_join(t, NULL);
    return 0;
}
/*
 * exit: 2
 * stdout:
 *     deferred
 * stderr:
 *     panic: on a thread
 *
 *     thread [running]:
 *     run panic_on_thread.c:@panic
 *     ...
 */

/* SPDX-License-Identifier: MIT */
/* The copy of a semaphore would let in as many again. */
#include <weft.h>

static bool one_more(weft_sem copy) { return weft_sem_try_acquire(&copy, 1); /* @copy */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_sem sem = WEFT_SEM(2);
    weft_sem_acquire(weft_background(), &sem, 1); /* @original */
    return one_more(sem);                         /* @call */
}
/*
 * exit: 2
 * stderr:
 *     panic: semaphore was copied after its first use
 *     	the original was last acquired at weft_main copied_sem.c:@original
 *
 *     goroutine N "main" [running]:
 *     one_more copied_sem.c:@copy
 *     weft_main copied_sem.c:@call
 */

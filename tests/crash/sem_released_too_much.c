/* SPDX-License-Identifier: MIT */
/* More units are given back than were acquired. */
#include <weft.h>

static weft_sem sem = WEFT_SEM(10);

static void finish(void) { weft_sem_release(&sem, 2); /* @release */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_sem_acquire(weft_background(), &sem, 3); /* @acquire */
    finish();
    finish(); /* @second */
    return 0;
}
/*
 * exit: 2
 * stderr:
 *     panic: semaphore released beyond its size: 2 units, while 1 of 10 are held
 *     	it was last acquired at weft_main sem_released_too_much.c:@acquire
 *
 *     goroutine N "main" [running]:
 *     finish sem_released_too_much.c:@release
 *     weft_main sem_released_too_much.c:@second
 */

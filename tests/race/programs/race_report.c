/* SPDX-License-Identifier: MIT */
/* A race is reported with both places, both goroutines, and where these were made. */
#include <weft.h>

static int hits;

static void hit(void) { hits++; /* @hit */ }

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_go_with((&(weft_go_opts){.name = "counter"}), hit); /* @named */
    weft_wg wg = {0};
    weft_wg_go(&wg, hit); /* @spawn */
    weft_wg_wait(&wg);
    while (weft_num_goroutine() > 1)
        weft_yield();
    puts("goes on");
    return 0;
}

/*
 * flags: -race
 * cc: gcc clang
 * exit: 66
 * stdout:
 *     goes on
 * stderr:
 *     ==================
 *     WARNING: ThreadSanitizer: data race (pid=N)
 *     ...
 *         #0 hit race_report.c:@hit
 *     ...
 *         #0 hit race_report.c:@hit
 *     ...
 *       Location is global 'hits' of size 4 at 0xX
 *     ...
 *       Thread TN 'goroutine N created at race_report.c:@spawn' (tid=N) created by thread TN at:
 *     ...
 *         #1 weft_main race_report.c:@spawn
 *     ...
 *     SUMMARY: ThreadSanitizer: data race race_report.c:@hit in hit
 *     ==================
 *     ThreadSanitizer: reported 1 warnings
 */

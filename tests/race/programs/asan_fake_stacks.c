/* SPDX-License-Identifier: MIT */
/* What the sanitizer keeps for a goroutine is given back at its end, however it ends. */
#include <stdlib.h>
#include <string.h>
#include <weft.h>

static void work(int how)
{
    volatile char local[1000];
    local[how] = 1;
    if (how % 3 == 1)
        weft_goexit();
}

static long resident_kb(void)
{
    char line[128];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && kb == 0 && fgets(line, sizeof line, f))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = atol(line + 6);
    if (f)
        fclose(f);
    return kb;
}

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_wg wg = {0};
    long before = 0;
    for (int i = 0; i < 6000; i++) {
        weft_wg_go(&wg, work, i % 999);
        weft_wg_wait(&wg);
        if (i == 3000)
            before = resident_kb();
    }
    /* A fake stack is some hundred kilobytes. */
    puts(resident_kb() < before + 32 * 1024 ? "given back" : "kept");
    return 0;
}

/*
 * flags: -asan
 * cc: gcc clang
 * env: ASAN_OPTIONS=detect_stack_use_after_return=1:quarantine_size_mb=1
 * exit: 0
 * stdout:
 *     given back
 */

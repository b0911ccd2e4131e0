/* SPDX-License-Identifier: MIT */
#include "stack/stack.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/platform.h"
#include "weft/base.h"
#include "weft/go.h"
#include "weft/test.h"

/* How a process ends that writes there. */
static int signal_of_write(char *at)
{
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        *(volatile char *)at = 1;
        _exit(0);
    }
    int status = 0;
    weft_check(waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static size_t resident(char *lo, char *hi)
{
    unsigned char pages[4096];
    size_t n = (size_t)(hi - lo) / weft__page_size, found = 0;
    weft_check(n <= sizeof pages);
    weft_check(mincore(lo, (size_t)(hi - lo), pages) == 0);
    for (size_t i = 0; i < n; i++)
        found += pages[i] & 1;
    return found;
}

WEFT_TEST(slots_are_apart_and_guarded)
{
    enum { N = 3 * STACK_CACHE };
    struct stack_cache cache = {.n = 0};
    char *lo[N], *hi[N];
    for (int i = 0; i < N; i++) {
        weft_check(weft__stack_get(&cache, &lo[i], &hi[i]));
        weft_check(weft__stack_is_slot(lo[i], hi[i]));
        weft_check((uintptr_t)hi[i] % 16, ==, 0);
        memset(hi[i] - 100, i, 100);
        for (int k = 0; k < i; k++)
            weft_check(hi[k] <= lo[i] || hi[i] <= lo[k]);
    }
    for (int i = 0; i < N; i++)
        weft_check(hi[i][-1], ==, i);
    for (int i = 0; i < N; i += 17) {
        weft_check(signal_of_write(lo[i]), ==, SIGSEGV);
        weft_check(signal_of_write(lo[i] + weft__page_size - 1), ==, SIGSEGV);
        weft_check(signal_of_write(lo[i] + weft__page_size), ==, 0);
    }
    for (int i = 0; i < N; i++)
        weft__stack_put(&cache, hi[i]);
    weft__stack_flush(&cache);
    weft_check(cache.n, ==, 0);
}

WEFT_TEST(an_ended_goroutines_slot_is_the_next_ones)
{
    struct stack_cache cache = {.n = 0};
    char *lo, *hi, *again_lo, *again;
    weft_check(weft__stack_get(&cache, &lo, &hi));
    weft__stack_put(&cache, hi);
    weft_check(weft__stack_get(&cache, &again_lo, &again));
    weft_check(again == hi && again_lo == lo);
    weft__stack_put(&cache, again);
    weft__stack_flush(&cache);
}

WEFT_TEST(an_untouched_slot_costs_no_memory)
{
    struct stack_cache cache = {.n = 0};
    char *lo[100], *hi[100];
    size_t pages = 0;
    for (int i = 0; i < 100; i++) {
        weft_check(weft__stack_get(&cache, &lo[i], &hi[i]));
        hi[i][-64] = 1;
    }
    for (int i = 0; i < 100; i++)
        pages += resident(lo[i] + weft__page_size, hi[i]);
    weft_check(pages <= 110); /* some may be warm from before */
    for (int i = 0; i < 100; i++)
        weft__stack_put(&cache, hi[i]);
    weft__stack_flush(&cache);
}

/* Used deep and given back: what is kept is the top. */
WEFT_TEST(memory_goes_back_to_the_system)
{
    enum { N = 300 };
    struct stack_cache cache = {.n = 0};
    static char *lo[N], *hi[N];
    for (int i = 0; i < N; i++) {
        weft_check(weft__stack_get(&cache, &lo[i], &hi[i]));
        memset(lo[i] + weft__page_size, 1, STACK_SLOT - weft__page_size);
    }
    for (int i = 0; i < N; i++)
        weft__stack_put(&cache, hi[i]);
    weft__stack_flush(&cache);
    while (weft__stacks_trim(true))
        ;
    size_t pages = 0;
    for (int i = 0; i < N; i++)
        pages += resident(lo[i] + weft__page_size, hi[i]);
    weft_check(pages <= N * ((size_t)16 << 10) / weft__page_size);
}

static void get_all(struct stack_cache *cache, char **lo, char **hi, int n)
{
    for (int i = 0; i < n; i++) {
        weft_check(weft__stack_get(cache, &lo[i], &hi[i]));
        memcpy(hi[i] - sizeof i, &i, sizeof i);
    }
}

static void put_some(struct stack_cache *cache, char **hi, int from, int to)
{
    for (int i = from; i < to; i++)
        weft__stack_put(cache, hi[i]);
    weft__stack_flush(cache);
}

static size_t pages_of(char **lo, char **hi, int n)
{
    size_t pages = 0;
    for (int i = 0; i < n; i++)
        pages += resident(lo[i] + weft__page_size, hi[i]);
    return pages;
}

/* The monitor gives slots back also while something runs: those that nobody wanted for a while,
 * even if others come and go above them.  None is lost or there twice after that. */
WEFT_TEST(unwanted_slots_go_back_while_others_are_used)
{
    enum { N = 6000, USED = 500, KEPT = 2048 };
    struct stack_cache cache = {.n = 0};
    static char *lo[N], *hi[N], *used_lo[USED], *used_hi[USED];
    get_all(&cache, lo, hi, N);
    weft_check(pages_of(lo, hi, N) >= N);
    put_some(&cache, hi, 0, N);
    while (pages_of(lo, hi, N) > KEPT + USED + 100) {
        get_all(&cache, used_lo, used_hi, USED);
        put_some(&cache, used_hi, 0, USED);
        weft_yield();
    }
    get_all(&cache, lo, hi, N);
    for (int i = 0; i < N; i++)
        weft_check(memcmp(hi[i] - sizeof i, &i, sizeof i) == 0);
    put_some(&cache, hi, 0, N);
}

WEFT_TEST(stacks_of_other_sizes)
{
    static const size_t sizes[] = {1, 4096, 5000, 64 << 10, 1 << 20, 64 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *lo, *hi;
        weft_check(weft__stack_map(sizes[i], &lo, &hi));
        weft_check((size_t)(hi - lo) >= sizes[i] + weft__page_size);
        weft_check(!weft__stack_is_slot(lo, hi));
        weft_check(signal_of_write(lo), ==, SIGSEGV);
        lo[weft__page_size] = 1;
        hi[-1] = 1;
        weft__stack_unmap(lo, hi);
        weft_check(signal_of_write(hi - 1), ==, SIGSEGV);
    }
    char *lo, *hi;
    weft_check(!weft__stack_map(SIZE_MAX, &lo, &hi));
    weft_check(!weft__stack_map((size_t)1 << 55, &lo, &hi));
}

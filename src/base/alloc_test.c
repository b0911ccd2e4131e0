/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "weft/base.h"
#include "weft/test.h"

/* Every size class, its neighbours, and blocks that are mapped on their own. */
static const size_t sizes[] = {1,    63,   64,    65,    127,   128,    129,    4095,
                               4096, 4097, 65535, 65536, 65537, 200000, 1 << 20};
enum { SIZES = sizeof sizes / sizeof *sizes };

WEFT_TEST(blocks_are_aligned_writable_and_apart)
{
    enum { EACH = 20 };
    static unsigned char *block[SIZES][EACH];
    for (int i = 0; i < SIZES; i++)
        for (int k = 0; k < EACH; k++) {
            block[i][k] = weft__alloc(sizes[i]);
            weft_check(block[i][k] != NULL);
            weft_check((uintptr_t)block[i][k] % 64, ==, 0);
            memset(block[i][k], i * EACH + k, sizes[i]);
        }
    for (int i = 0; i < SIZES; i++)
        for (int k = 0; k < EACH; k++) {
            unsigned char want = (unsigned char)(i * EACH + k);
            for (size_t at = 0; at < sizes[i]; at++)
                if (block[i][k][at] != want)
                    weft_fail("block %d of size %zu was overwritten at %zu", k, sizes[i], at);
            weft__free(block[i][k], sizes[i]);
        }
}

WEFT_TEST(freed_blocks_are_used_again)
{
    for (int i = 0; i < SIZES; i++) {
        if (sizes[i] > 65536)
            continue; /* those go back to the system */
        void *a = weft__alloc(sizes[i]);
        weft__free(a, sizes[i]);
        void *b = weft__alloc(sizes[i]);
        weft_check(a == b);
        weft__free(b, sizes[i]);
    }
}

WEFT_TEST(cleared_blocks_are_cleared)
{
    for (int i = 0; i < SIZES; i++) {
        unsigned char *a = weft__alloc(sizes[i]);
        memset(a, 0xff, sizes[i]);
        weft__free(a, sizes[i]);
        a = weft__alloc_zero(sizes[i]);
        for (size_t at = 0; at < sizes[i]; at++)
            if (a[at])
                weft_fail("size %zu: byte %zu is %d", sizes[i], at, a[at]);
        weft__free(a, sizes[i]);
    }
}

WEFT_TEST(impossible_sizes_give_null)
{
    weft_check(weft__alloc(SIZE_MAX) == NULL);
    weft_check(weft__alloc(PTRDIFF_MAX) == NULL);
    weft_check(weft__alloc((size_t)1 << 60) == NULL);
    weft_check(weft__alloc_zero((size_t)1 << 60) == NULL);
    weft__free(NULL, 64);
}

static void *churn(void *arg)
{
    uint64_t *held[64] = {0};
    uint64_t id = (uint64_t)(uintptr_t)arg;
    for (uint64_t i = 0; i < 40000; i++) {
        unsigned at = (unsigned)(i * 7 % 64);
        size_t size = (size_t)64 << at % 5;
        if (held[at]) {
            weft_check(held[at][0] == (id << 32 | at));
            weft__free(held[at], size);
            held[at] = NULL;
        } else {
            held[at] = weft__alloc(size);
            held[at][0] = id << 32 | at;
        }
    }
    for (unsigned at = 0; at < 64; at++)
        weft__free(held[at], (size_t)64 << at % 5);
    return NULL;
}

WEFT_TEST(threads_share_the_allocator)
{
    pthread_t t[4];
    for (uintptr_t i = 0; i < 4; i++)
        weft_check(pthread_create(&t[i], NULL, churn, (void *)(i + 1)) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
}

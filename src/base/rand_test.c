/* SPDX-License-Identifier: MIT */
#include "base/rand.h"

#include <string.h>

#include "weft/base.h"
#include "weft/test.h"

WEFT_TEST(numbers_stay_below_the_bound_and_reach_it)
{
    uint64_t state = 42;
    for (uint32_t n = 1; n <= 300; n += 7) {
        bool lowest = false, highest = false;
        for (int i = 0; i < 20000; i++) {
            uint32_t r = rand_below(&state, n);
            weft_check(r < n);
            lowest |= r == 0;
            highest |= r == n - 1;
        }
        weft_check(lowest && highest);
    }
}

WEFT_TEST(numbers_are_spread_evenly)
{
    enum { N = 100000, K = 16 };
    uint64_t state = 7;
    int count[K] = {0};
    for (int i = 0; i < N; i++)
        count[rand_below(&state, K)]++;
    for (int k = 0; k < K; k++) {
        double off = count[k] - (double)N / K;
        weft_check(off * off < 36 * (double)N / K);
    }
}

WEFT_TEST(the_same_seed_gives_the_same_numbers)
{
    uint64_t a = 5, b = 5, c = 6;
    bool differs = false;
    for (int i = 0; i < 100; i++) {
        uint64_t x = rand_next(&a);
        weft_check(x == rand_next(&b));
        differs |= x != rand_next(&c);
    }
    weft_check(differs);
}

WEFT_TEST(public_numbers_differ)
{
    uint64_t seen[64];
    for (int i = 0; i < 64; i++) {
        seen[i] = weft_rand();
        for (int k = 0; k < i; k++)
            weft_check(seen[i] != seen[k]);
    }
}

WEFT_TEST(errors_have_a_text)
{
    weft_check(weft_strerror(0) != NULL);
    weft_check(weft_strerror(-ENOENT), ==, strerror(ENOENT));
    weft_check(weft_strerror(ENOENT), ==, strerror(ENOENT));
    const char *unknown = weft_strerror(-99999);
    weft_check(unknown && *unknown);
    unknown = weft_strerror(INT32_MIN);
    weft_check(unknown && *unknown);
    weft_check(weft_version(), ==, WEFT_VERSION);
}

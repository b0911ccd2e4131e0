/* SPDX-License-Identifier: MIT */
#include "sched/policy.h"

#include "platform/platform.h"
#include "sched/park.h"

static struct lock lock;
static uint64_t state; /* under lock */

uint64_t weft__policy_random_slow(void)
{
    weft__lock(&lock);
    if (state == 0)
        state = weft__random_seed();
    uint64_t r = rand_next(&state);
    weft__unlock(&lock);
    return r;
}

uint64_t weft_rand(void) { return weft__policy_random(weft__current()); }

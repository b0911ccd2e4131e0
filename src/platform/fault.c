/* SPDX-License-Identifier: MIT */
#include "platform/fault.h"

#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"

bool weft__faults_on;

static const char *const names[FAULT_KINDS] = {"mmap", "thread", "commit", "guard"};
static int countdown[FAULT_KINDS];

bool weft__fault_now(enum fault kind)
{
    return __atomic_sub_fetch(&countdown[kind], 1, __ATOMIC_RELAXED) == 0;
}

void weft__fault_init(void)
{
    const char *spec = getenv("WEFT_FAULT");
    if (!spec)
        return;
    for (int kind = 0; kind < FAULT_KINDS; kind++) {
        const char *at = strstr(spec, names[kind]);
        size_t n = strlen(names[kind]);
        if (at && at[n] == '=') {
            countdown[kind] = atoi(at + n + 1);
            weft__faults_on = true;
        }
    }
}

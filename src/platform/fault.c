/* SPDX-License-Identifier: MIT */
#include "platform/fault.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic.h"

bool weft__faults_on;

static const char *const names[FAULT_KINDS] = {"mmap",  "thread",  "commit", "guard",
                                               "epoll", "eventfd", "pidfd", "fiber"};

static struct {
    uint32_t at;    /* the number of the call that fails; 0: none does */
    bool on;        /* and those after it */
    uint32_t calls; /* atomic */
} plan[FAULT_KINDS];

bool weft__fault_now(enum fault kind)
{
    uint32_t at = plan[kind].at, call = add_relaxed(&plan[kind].calls, 1) + 1;
    if (at == 0 || call < at || (call > at && !plan[kind].on))
        return false;
    if (call == at) {
        char line[64];
        int n = snprintf(line, sizeof line, "weft: WEFT_FAULT: %s %u fails\n", names[kind], call);
        if (write(STDERR_FILENO, line, (size_t)n) < 0)
            return true;
    }
    return true;
}

/* One KIND=N or KIND=N+; returns what follows, NULL when it is neither. */
static const char *plan_one(const char *spec)
{
    for (int kind = 0; kind < FAULT_KINDS; kind++) {
        size_t n = strlen(names[kind]);
        if (strncmp(spec, names[kind], n) != 0 || spec[n] != '=')
            continue;
        char *end;
        unsigned long at = strtoul(spec + n + 1, &end, 10);
        if (end == spec + n + 1 || at < 1 || at > UINT32_MAX / 2)
            return NULL;
        plan[kind].at = (uint32_t)at;
        plan[kind].on = *end == '+';
        return end + plan[kind].on;
    }
    return NULL;
}

void weft__fault_init(void)
{
    static bool read;
    const char *spec = getenv("WEFT_FAULT");
    if (read || !spec || !*spec)
        return;
    read = true; /* the calls of all runs count together */
    for (const char *at = spec; at; at++) {
        at = plan_one(at);
        if (!at || (*at != ',' && *at != '\0')) {
            fprintf(
                stderr,
                "weft: WEFT_FAULT=%s: not a list of mmap=N, thread=N, commit=N, guard=N, epoll=N, "
                "eventfd=N, pidfd=N, each with + for \"from then on\"\n",
                spec);
            _exit(2);
        }
        if (*at == '\0')
            break;
    }
    weft__faults_on = true;
}

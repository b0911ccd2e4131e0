/* SPDX-License-Identifier: MIT */
/*
 * What the programs for failure injection share.
 *
 * Each does its work and prints "ok" at its end, so that a run that lost some
 * of it cannot look like a success.  What failed, the runtime has to say.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weft.h>

#define REQUIRE(cond)                                                                              \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #cond);                     \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

#endif

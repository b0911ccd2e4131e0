/* SPDX-License-Identifier: MIT */
/*
 * Reports and TSan.
 *
 * Reports run on stacks that threads share, one after the other, under locks
 * that TSan does not see.  What libc does there on their behalf would look like
 * races of the program, and locks that libraries take would look like edges
 * between its goroutines.  So TSan is told to look away meanwhile.
 */
#ifndef WEFT_SRC_IGNORE_H
#define WEFT_SRC_IGNORE_H

#include "sanitize/sanitize.h"

__attribute__((weak)) void AnnotateIgnoreReadsBegin(const char *file, int line);
__attribute__((weak)) void AnnotateIgnoreReadsEnd(const char *file, int line);
__attribute__((weak)) void AnnotateIgnoreWritesBegin(const char *file, int line);
__attribute__((weak)) void AnnotateIgnoreWritesEnd(const char *file, int line);
__attribute__((weak)) void AnnotateIgnoreSyncBegin(const char *file, int line);
__attribute__((weak)) void AnnotateIgnoreSyncEnd(const char *file, int line);

static inline void ignore_begin(void)
{
    if (likely(!weft__tsan))
        return;
    if (AnnotateIgnoreReadsBegin && AnnotateIgnoreWritesBegin) {
        AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
        AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    }
    if (AnnotateIgnoreSyncBegin)
        AnnotateIgnoreSyncBegin(__FILE__, __LINE__);
}

static inline void ignore_end(void)
{
    if (likely(!weft__tsan))
        return;
    if (AnnotateIgnoreSyncEnd)
        AnnotateIgnoreSyncEnd(__FILE__, __LINE__);
    if (AnnotateIgnoreReadsEnd && AnnotateIgnoreWritesEnd) {
        AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
        AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
    }
}

#endif /* WEFT_SRC_IGNORE_H */

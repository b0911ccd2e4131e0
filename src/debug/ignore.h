/* SPDX-License-Identifier: MIT */
/*
 * Reports and TSan.
 *
 * Reports run on stacks that threads share, one after the other, under locks
 * that TSan does not see.  What libc does there on their behalf would look like
 * races of the program, so TSan is told to look away meanwhile.
 */
#ifndef WEFT_SRC_IGNORE_H
#define WEFT_SRC_IGNORE_H

#include "sanitize/sanitize.h"

__attribute__((weak)) void AnnotateIgnoreReadsBegin(const char *file, int line);
__attribute__((weak)) void AnnotateIgnoreReadsEnd(const char *file, int line);
__attribute__((weak)) void AnnotateIgnoreWritesBegin(const char *file, int line);
__attribute__((weak)) void AnnotateIgnoreWritesEnd(const char *file, int line);

static inline void ignore_begin(void)
{
    if (unlikely(weft__tsan) && AnnotateIgnoreReadsBegin && AnnotateIgnoreWritesBegin) {
        AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
        AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    }
}

static inline void ignore_end(void)
{
    if (unlikely(weft__tsan) && AnnotateIgnoreReadsEnd && AnnotateIgnoreWritesEnd) {
        AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
        AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
    }
}

#endif /* WEFT_SRC_IGNORE_H */

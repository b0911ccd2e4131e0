/* SPDX-License-Identifier: MIT */
/*
 * object.h - what a compiled file has in it, as far as `weft test` must know.
 */
#ifndef WEFT_CMD_OBJECT_H
#define WEFT_CMD_OBJECT_H

#include "argv.h"

struct object {
    bool has_main;      /* defines main() */
    bool has_weft_main; /* ... weft_main() */
    bool has_tests;     /* registers a WEFT_TEST() */
};

/*
 * object_read - look at the symbols of the object file @path, compiled from @source.
 *
 * An object without symbols of its own, for link-time optimisation or of another kind, is judged
 * by the text of its source.
 */
struct object object_read(const char *path, const char *source);

/* object_of_text - the same from the source's text alone; misled by what the preprocessor drops. */
struct object object_of_text(const char *source);

/*
 * object_reads - the files of the dependency file @path, as -MMD writes it.
 */
void object_reads(const char *path, struct list *files);

#endif /* WEFT_CMD_OBJECT_H */

/* SPDX-License-Identifier: MIT */
/*
 * manifest.h - weft.test, a file that says how the tests of a folder are built.
 *
 *     # The tests of the parser, which are linked with the library that make builds.
 *     tests: test_*.c
 *     sources: ../src/parse*.c ../build/libtext.a
 *     flags: -I../include -DLIMIT=4 -lcrypto
 *
 * It counts for its folder and those below, up to the next one; the search for it goes up from the
 * tests to the top of the repository.  Each line may be there several times, and then they add up.
 *
 *     tests     which files of a folder hold tests; *_test.c without this line
 *     sources   what they are linked with: C files, objects, archives; without this line the
 *               folder's other C files, except those with a main()
 *     flags     for the compiler and the linker
 *
 * Paths start at the manifest's folder.
 */
#ifndef WEFT_CMD_MANIFEST_H
#define WEFT_CMD_MANIFEST_H

#include "argv.h"

struct manifest {
    const char *path; /* NULL: there is none */
    struct list tests;
    struct list sources;
    struct list flags;
    bool has_sources;
};

/*
 * manifest_find - the one that counts for @folder; 0, or the status of a complaint.
 *
 * The patterns of sources are expanded; one that stands for no file is complained about.
 */
int manifest_find(struct manifest *manifest, const char *folder);

/* manifest_tests - is a file of this name, without its folder, one of tests? */
bool manifest_tests(const struct manifest *manifest, const char *name);

#endif /* WEFT_CMD_MANIFEST_H */

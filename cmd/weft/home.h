/* SPDX-License-Identifier: MIT */
/*
 * home.h - where the headers and the library are that programs are built with.
 *
 * The command finds them from its own place, so a moved installation works, and so does a build
 * tree that was never installed.  WEFT_HOME names another place of either kind:
 *
 *     an installation    PREFIX/include/weft.h, PREFIX/lib/libweft.a
 *     a build tree       DIR/libweft.a, and DIR/weft-build-tree, a file with the headers' folder
 */
#ifndef WEFT_CMD_HOME_H
#define WEFT_CMD_HOME_H

struct home {
    const char *dir;     /* the prefix or the build tree */
    const char *include; /* the folder of weft.h */
    const char *lib;     /* the folder of libweft.a */
    const char *archive; /* libweft.a itself */
};

/* home_find - fill @home in; nothing is checked to be there.  0, or the status of a complaint. */
int home_find(struct home *home);

/* home_check - complain if the headers or the library are missing. */
int home_check(const struct home *home);

/* home_version - the version that the headers there state, or NULL. */
const char *home_version(const struct home *home);

#endif /* WEFT_CMD_HOME_H */

/* SPDX-License-Identifier: MIT */
/*
 * home.c - finding the headers and the library; see home.h for where they may be.
 */
#include "home.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "argv.h"
#include "complain.h"

/* The first line of a file, without its end; NULL if there is none. */
static char *first_line(const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    char *line = NULL;
    size_t room = 0;
    ssize_t length = getline(&line, &room, file);
    fclose(file);
    if (length <= 0)
        return NULL;
    line[strcspn(line, "\n")] = 0;
    return line;
}

static void set(struct home *home, const char *dir, const char *include, const char *lib)
{
    home->dir = dir;
    home->include = include;
    home->lib = lib;
    home->archive = text("%s/libweft.a", lib);
}

/* An absolute folder given to the build stands as it is. */
static char *below(const char *prefix, const char *folder)
{
    return folder[0] == '/' ? text("%s", folder) : text("%s/%s", prefix, folder);
}

static bool set_build_tree(struct home *home, const char *dir)
{
    char *include = first_line(text("%s/weft-build-tree", dir));
    if (include)
        set(home, dir, include, dir);
    return include != NULL;
}

static void set_installation(struct home *home, const char *prefix)
{
    set(home, prefix, below(prefix, WEFT_INSTALL_INCLUDEDIR), below(prefix, WEFT_INSTALL_LIBDIR));
}

int home_find(struct home *home)
{
    const char *named = getenv("WEFT_HOME");
    if (named && *named) {
        if (!set_build_tree(home, named))
            set_installation(home, named);
        return 0;
    }

    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self);
    if (length < 0)
        return complain("cannot read /proc/self/exe: %s; set WEFT_HOME", strerror(errno));
    if ((size_t)length == sizeof self)
        return complain("the path in /proc/self/exe is too long; set WEFT_HOME");
    self[length] = 0;

    char *dir = dir_name(self);
    if (!set_build_tree(home, dir))
        set_installation(home, dir_name(dir));
    return 0;
}

int home_check(const struct home *home)
{
    char *header = text("%s/weft.h", home->include);
    const char *missing = access(header, R_OK) != 0          ? header
                          : access(home->archive, R_OK) != 0 ? home->archive
                                                             : NULL;
    if (!missing)
        return 0;
    const char *named = getenv("WEFT_HOME");
    return complain("%s: %s (%s)", missing, strerror(errno),
                    named && *named ? "WEFT_HOME is set" : "WEFT_HOME may name another place");
}

const char *home_version(const struct home *home)
{
    FILE *file = fopen(text("%s/weft/base.h", home->include), "re");
    if (!file)
        return NULL;
    char line[256], version[64];
    const char *found = NULL;
    while (!found && fgets(line, sizeof line, file))
        if (sscanf(line, "#define WEFT_VERSION \"%63[^\"]\"", version) == 1)
            found = text("%s", version);
    fclose(file);
    return found;
}

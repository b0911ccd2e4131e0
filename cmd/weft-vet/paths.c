/* SPDX-License-Identifier: MIT */
/*
 * paths.c - see paths.h.  Symbolic links are not looked through: the user's name for a file stays.
 */
#include "paths.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *shown_from;

static char *here(void)
{
    char folder[PATH_MAX];
    return text("%s", getcwd(folder, sizeof folder) ? folder : "/");
}

void path_begin(void) { shown_from = here(); }

/* Take out "." and "..", and double slashes. */
static void tidy(char *path)
{
    char *to = path;
    for (const char *p = path; *p;) {
        p += strspn(p, "/");
        size_t n = strcspn(p, "/");
        if (n == 2 && p[0] == '.' && p[1] == '.') {
            while (to > path && *--to != '/')
                ;
        } else if (n > 0 && !(n == 1 && p[0] == '.')) {
            *to++ = '/';
            memmove(to, p, n);
            to += n;
        }
        p += n;
    }
    *to = 0;
}

key path_key(const char *name, const char *folder)
{
    char *path = name[0] == '/' ? text("%s", name)
                 : folder       ? text("%s/%s", folder, name)
                                : text("%s/%s", here(), name);
    tidy(path);
    return key_of(*path ? path : "/");
}

const char *path_shown(key path)
{
    size_t n = strlen(shown_from);
    if (n > 1 && strncmp(path, shown_from, n) == 0 && path[n] == '/')
        return path + n + 1;
    return path;
}

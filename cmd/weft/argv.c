/* SPDX-License-Identifier: MIT */
/*
 * argv.c - strings and lists that are made and never freed; see argv.h.
 *
 * Without memory there is nothing to clean up and nobody to ask: the command says so and ends.
 */
#include "argv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"

static void *check_memory(void *memory)
{
    if (!memory)
        exit(complain("out of memory"));
    return memory;
}

char *text(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *made = check_memory(length < 0 ? NULL : malloc((size_t)length + 1));
    va_start(args, format);
    vsnprintf(made, (size_t)length + 1, format, args);
    va_end(args);
    return made;
}

const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *dir_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return text(".");
    if (slash == path)
        return text("/");
    return text("%.*s", (int)(slash - path), path);
}

bool has_suffix(const char *name, const char *suffix)
{
    size_t length = strlen(name), tail = strlen(suffix);
    return length > tail && strcmp(name + length - tail, suffix) == 0;
}

void list_add(struct list *list, const char *item)
{
    if (list->count + 1 >= list->room) {
        list->room = list->room ? 2 * list->room : 16;
        list->item = check_memory(realloc(list->item, list->room * sizeof *list->item));
    }
    list->item[list->count++] = item;
    list->item[list->count] = NULL;
}

void list_add_all(struct list *list, const struct list *more)
{
    for (size_t i = 0; i < more->count; i++)
        list_add(list, more->item[i]);
}

bool list_add_words(struct list *list, const char *words)
{
    const char *space = " \t\r\n";
    for (const char *p = words + strspn(words, space); *p; p += strspn(p, space)) {
        char *word = text("%s", p), *end = word;
        char quote = 0;
        for (; *p && (quote || !strchr(space, *p)); p++) {
            if (quote ? *p == quote : *p == '"' || *p == '\'')
                quote = quote ? 0 : *p;
            else
                *end++ = *p;
        }
        if (quote)
            return false;
        *end = 0;
        list_add(list, word);
    }
    return true;
}

/* Whether a shell would take the word as it is. */
static bool is_plain(const char *word)
{
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
    return *word && word[strspn(word, plain)] == 0;
}

/* Within single quotes only their own kind is special. */
static char *quote(const char *word)
{
    if (is_plain(word))
        return text("%s", word);
    char *quoted = text("'");
    for (; *word; word++)
        quoted = *word == '\'' ? text("%s'\\''", quoted) : text("%s%c", quoted, *word);
    return text("%s'", quoted);
}

char *list_line(const struct list *list)
{
    char *line = text("%s", "");
    for (size_t i = 0; i < list->count; i++)
        line = text("%s%s%s", line, i ? " " : "", quote(list->item[i]));
    return line;
}

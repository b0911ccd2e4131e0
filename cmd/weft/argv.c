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

const char *tidy_path(const char *path)
{
    char *made = text("%s", path), *to = made;
    for (const char *p = path; *p;) {
        if (p[0] == '.' && (p[1] == '/' || !p[1])) {
            p += 1 + (p[1] == '/');
            p += strspn(p, "/");
            continue;
        }
        while (*p && *p != '/')
            *to++ = *p++;
        if (*p == '/' && p[strspn(p, "/")])
            *to++ = '/';
        else if (*p == '/' && to == made)
            *to++ = '/';
        p += strspn(p, "/");
    }
    if (to > made + 1 && to[-1] == '/')
        to--;
    *to = '\0';
    return *made ? made : ".";
}

bool has_suffix(const char *name, const char *suffix)
{
    size_t length = strlen(name), tail = strlen(suffix);
    return length > tail && strcmp(name + length - tail, suffix) == 0;
}

size_t text_character(const char *p, size_t left)
{
    const unsigned char *b = (const unsigned char *)p;
    size_t n = *b < 0x80                  ? 1
               : *b >= 0xc2 && *b <= 0xdf ? 2
               : *b >= 0xe0 && *b <= 0xef ? 3
               : *b >= 0xf0 && *b <= 0xf4 ? 4
                                          : 0;
    if (n == 0 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((b[i] & 0xc0) != 0x80)
            return 0;
    /* Longer than need be, half of a UTF-16 pair, or beyond the last one. */
    bool wrong = (b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] >= 0xa0) ||
                 (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] >= 0x90);
    return wrong ? 0 : n;
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

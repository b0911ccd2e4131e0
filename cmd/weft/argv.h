/* SPDX-License-Identifier: MIT */
/*
 * argv.h - strings, and lists of them to hand to other programs.
 *
 * The command lives for one compile or one program.  Strings and lists are kept until it ends, so
 * nobody has to know who owns one.
 */
#ifndef WEFT_CMD_ARGV_H
#define WEFT_CMD_ARGV_H

#include <stdbool.h>
#include <stddef.h>

/* text - a new string, as by printf. */
char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* base_name - what follows the last slash. */
const char *base_name(const char *path);

/* dir_name - a new string with what stands before the last slash; "." without one. */
char *dir_name(const char *path);

/* tidy_path - ./a//b/ as people would write it: a/b; "." when nothing is left. */
const char *tidy_path(const char *path);

/* has_suffix - also tells a name that is nothing but the suffix: then it is false. */
bool has_suffix(const char *name, const char *suffix);

/* text_character - the length of the UTF-8 character at @p, of @left bytes; 0 when it is none. */
size_t text_character(const char *p, size_t left);

/* A growing list; item[count] is NULL, so that item is an argument vector.  Zero bytes are empty. */
struct list {
    const char **item;
    size_t count, room;
};

void list_add(struct list *list, const char *item);
void list_add_all(struct list *list, const struct list *more);

/*
 * list_add_words - split text at white space, as a shell would without its expansions.
 *
 * Quotes of both kinds hold a word with spaces together.  False if one is not closed.
 */
bool list_add_words(struct list *list, const char *words);

/* list_line - the items on one line, quoted so that a shell would read the same words. */
char *list_line(const struct list *list);

#endif /* WEFT_CMD_ARGV_H */

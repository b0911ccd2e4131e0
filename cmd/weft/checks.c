/* SPDX-License-Identifier: MIT */
/*
 * checks.c - checks that show the values of what they compare.
 *
 * C gives a macro the text of `n == 3` and its result, but not n.  So for weft_check(n == 3) to say
 * what n was, its operands must come apart before the compiler sees them: a file of tests is
 * compiled from a copy, in which
 *
 *     weft_check(n == 3)     is     weft_impl_check(n, ==, 3)
 *     weft_expect(n == 3)           weft_impl_expect(n, ==, 3)
 *
 * and <weft/test.h> says what that is: the same comparison, with both sides kept.  Lines stay
 * lines, and when the compiler has anything to say, it is asked again about the file as it is.
 *
 * Only what is certain is changed: one comparison at the top of the only argument, with nothing
 * beside it that binds less tightly.  Macros and everything in doubt stay as they are.
 */
#include <stdlib.h>
#include <string.h>

#include "test.h"

static bool is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* Behind a literal that begins here with a quote. */
static const char *past_literal(const char *p)
{
    char quote = *p++;
    for (; *p && *p != quote && *p != '\n'; p++)
        if (*p == '\\' && p[1])
            p++;
    return *p == quote ? p + 1 : p;
}

/* Behind a comment that begins here, or @p. */
static const char *past_comment(const char *p)
{
    if (p[0] != '/' || (p[1] != '/' && p[1] != '*'))
        return p;
    if (p[1] == '*') {
        const char *end = strstr(p + 2, "*/");
        return end ? end + 2 : p + strlen(p);
    }
    while (*p && *p != '\n')
        p += p[0] == '\\' && p[1] == '\n' ? 2 : 1;
    return p;
}

/* Behind a directive that begins here; its newline is left. */
static const char *past_directive(const char *p)
{
    while (*p && *p != '\n') {
        const char *behind = past_comment(p);
        if (behind == p)
            behind = p + (p[0] == '\\' && p[1] ? 2 : 1);
        p = behind;
    }
    return p;
}

static const char *past_word(const char *p)
{
    while (is_word(*p))
        p++;
    return p;
}

/* An operator's length; the longest one that fits. */
static size_t operator_at(const char *p)
{
    static const char *const known[] = {
        "<<=", ">>=", "...", "<<", ">>", "<=", ">=", "==", "!=", "->", "&&",
        "||",  "++",  "--",  "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strncmp(p, known[i], strlen(known[i])) == 0)
            return strlen(known[i]);
    return 1;
}

static bool compares(const char *p, size_t n)
{
    return n == 2 ? (strchr("=!<>", p[0]) && p[1] == '=') : *p == '<' || *p == '>';
}

/* Binds less tightly than a comparison; & only between two operands. */
static bool is_loose(const char *p, size_t n, bool behind_operand)
{
    if (n == 1)
        return strchr("?:=,;|^#", *p) || (*p == '&' && behind_operand);
    return (n == 2 && (strncmp(p, "&&", 2) == 0 || strncmp(p, "||", 2) == 0)) ||
           (p[n - 1] == '=' && !compares(p, n)); /* an assignment */
}

/* The argument of a check. */
struct argument {
    const char *comparison; /* its operator, or NULL when there is not exactly one */
    size_t length;
    const char *end; /* its closing parenthesis */
};

/* False when it is not to be touched. */
static bool read_argument(const char *p, struct argument *a)
{
    int round = 0, other = 0, found = 0;
    bool behind_operand = false;
    for (*a = (struct argument){0}; *p;) {
        const char *behind = past_comment(p);
        if (behind > p || is_space(*p)) {
            p = behind > p ? behind : p + 1;
            continue;
        }
        if (*p == '"' || *p == '\'' || is_word(*p)) {
            p = is_word(*p) ? past_word(p) : past_literal(p);
            behind_operand = true;
            continue;
        }
        if (*p == ')' && round == 0 && other == 0) {
            a->end = p;
            return found == 1;
        }
        round += (*p == '(') - (*p == ')');
        other += (strchr("[{", *p) != NULL) - (strchr("]}", *p) != NULL);
        size_t n = operator_at(p);
        bool outside = round == 0 && other == 0 && !strchr(")]}", *p);
        if (*p == '#' || round < 0 || other < 0 || (round == 0 && *p == ',') ||
            (outside && is_loose(p, n, behind_operand)))
            return false;
        if (outside && compares(p, n)) {
            a->comparison = p;
            a->length = n;
            found++;
        }
        behind_operand = strchr(")]}", *p) ||
                         (n == 2 && (p[0] == '+' || p[0] == '-') && p[1] == p[0] && behind_operand);
        p += n;
    }
    return false;
}

/* The check that the word @p is, as its new name; NULL for other words. */
static const char *new_name(const char *p, size_t n)
{
    return n == 10 && strncmp(p, "weft_check", n) == 0    ? "weft_impl_check"
           : n == 11 && strncmp(p, "weft_expect", n) == 0 ? "weft_impl_expect"
                                                          : NULL;
}

static void put(FILE *out, const char *from, const char *to)
{
    if (out)
        fwrite(from, 1, (size_t)(to - from), out);
}

/* Writes the check with its operands apart; how much of the text that was, or 0. */
static size_t split(FILE *out, const char *name, const char *word, const char *behind)
{
    struct argument a;
    const char *open = behind + strspn(behind, " \t");
    if (*open != '(' || !read_argument(open + 1, &a))
        return 0;
    if (out)
        fputs(name, out);
    put(out, behind, a.comparison);
    if (out)
        fprintf(out, ", %.*s, ", (int)a.length, a.comparison);
    put(out, a.comparison + a.length, a.end + 1);
    return (size_t)(a.end + 1 - word);
}

/* How many checks were, or without @out would be, changed. */
static size_t rewrite(FILE *out, const char *p)
{
    size_t changed = 0;
    bool line_begins = true;
    while (*p) {
        const char *behind = past_comment(p), *name = NULL;
        if (behind == p && *p == '#' && line_begins) {
            behind = past_directive(p);
        } else if (behind == p && (*p == '"' || *p == '\'')) {
            behind = past_literal(p);
        } else if (behind == p && is_word(*p)) {
            behind = past_word(p);
            name = new_name(p, (size_t)(behind - p));
        } else if (behind == p) {
            behind++;
        }
        line_begins = *p == '\n' || (line_begins && (is_space(*p) || *p == '/'));
        size_t n = name ? split(out, name, p, behind) : 0;
        changed += n > 0;
        if (n == 0)
            put(out, p, behind);
        p = n > 0 ? p + n : behind;
    }
    return changed;
}

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "re");
    char *all = NULL;
    size_t room = 0;
    /* A file with a zero byte is no text, and is left as it is. */
    bool whole =
        file && getdelim(&all, &room, '\0', file) > 0 && fgetc(file) == EOF && !ferror(file);
    if (file)
        fclose(file);
    return whole ? all : NULL;
}

/* As a file name in a # line. */
static void put_name(FILE *out, const char *path)
{
    fputs("# 1 \"", out);
    for (; *path; path++) {
        if (*path == '"' || *path == '\\')
            fputc('\\', out);
        fputc(*path, out);
    }
    fputs("\"\n", out);
}

bool checks_rewrite(const char *path, const char *copy)
{
    char *all = read_whole(path);
    FILE *out = all && rewrite(NULL, all) > 0 ? fopen(copy, "we") : NULL;
    if (out) {
        put_name(out, path);
        rewrite(out, all);
    }
    free(all);
    return out && fclose(out) == 0;
}

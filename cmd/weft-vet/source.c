/* SPDX-License-Identifier: MIT */
/*
 * source.c - the text that a user wrote: for messages, and for the comments that silence them.
 *
 *     // weft:ignore CHECK reason
 *
 * holds for the line it stands in, or, alone in a line, for the next line that is no comment; when
 * a function begins there, for all of the function.
 *
 * Where a whole folder is wrong on purpose, as that of a test's programs, a file "vet-ignore" in it
 * says so: lines of the form "CHECK reason"; # begins a comment.
 * With a line "all reason" its files are not read when a folder is given.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "paths.h"
#include "vet.h"

struct text {
    key file;
    char **line;
    unsigned count;
};

static struct text *texts;
static size_t text_count, text_room;

static struct text *text_of(key file)
{
    for (size_t i = 0; i < text_count; i++)
        if (texts[i].file == file)
            return &texts[i];
    texts = make_room(texts, text_count, &text_room, sizeof *texts);
    struct text *t = &texts[text_count++];
    *t = (struct text){.file = file};
    FILE *in = fopen(file, "re");
    if (!in)
        return t;
    size_t lines = 0, length = 0;
    char *line = NULL;
    while (getline(&line, &length, in) >= 0) {
        t->line = make_room(t->line, t->count, &lines, sizeof *t->line);
        line[strcspn(line, "\r\n")] = 0;
        t->line[t->count++] = line;
        line = NULL;
    }
    fclose(in);
    return t;
}

const char *source_line(key file, unsigned line)
{
    struct text *t = file ? text_of(file) : NULL;
    return t && line >= 1 && line <= t->count ? t->line[line - 1] : NULL;
}

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static const char *text_at(struct place at)
{
    const char *line = source_line(at.file, at.line);
    return line && at.col >= 1 && at.col <= strlen(line) ? line + at.col - 1 : NULL;
}

const char *source_word(struct place at)
{
    const char *p = text_at(at);
    size_t n = 0;
    while (p && is_word(p[n]))
        n++;
    return n ? text("%.*s", (int)n, p) : "";
}

/* Arguments may run over several lines. */
static char *joined(struct place at)
{
    const char *p = text_at(at);
    if (!p)
        return NULL;
    char *all = text("%s", p);
    for (unsigned i = 1; i < 8; i++) {
        const char *more = source_line(at.file, at.line + i);
        if (!more)
            break;
        all = text("%s %s", all, more + strspn(more, " \t"));
    }
    return all;
}

char *source_argument(struct place at, unsigned n)
{
    char *p = joined(at);
    if (!p)
        return NULL;
    while (is_word(*p))
        p++;
    p += strspn(p, " ");
    if (*p != '(')
        return NULL;
    int depth = 0;
    const char *begin = ++p;
    for (; *p; p++) {
        if (strchr("([{", *p))
            depth++;
        bool ends = depth == 0 && (*p == ')' || *p == ',');
        if (ends && n == 0) {
            while (p > begin && isspace((unsigned char)p[-1]))
                p--;
            begin += strspn(begin, " \t");
            if (*begin == '&')
                begin++;
            return p > begin && p - begin < 60 ? text("%.*s", (int)(p - begin), begin) : NULL;
        }
        if (ends && *p == ')')
            return NULL;
        if (ends) {
            n--;
            begin = p + 1;
        }
        if (strchr(")]}", *p))
            depth--;
    }
    return NULL;
}

/* ---- suppressions -------------------------------------------------------------------------- */

struct ignore {
    key file;
    unsigned at;          /* the comment's line */
    unsigned first, last; /* the lines it holds for */
    int check;
    bool reason, used;
};

static struct ignore *ignores;
static size_t ignore_count, ignore_room;

static bool only_comment(const char *line)
{
    line += strspn(line, " \t");
    return strncmp(line, "//", 2) == 0 || strncmp(line, "/*", 2) == 0 || line[0] == '*';
}

static void take(key file, unsigned number, const char *line, const char *mark)
{
    const char *name = mark + strlen("weft:ignore");
    name += strspn(name, " \t");
    size_t length = strcspn(name, " \t*");
    struct ignore ig = {.file = file, .at = number, .first = number, .last = number};
    ig.check = check_named(name, length);
    struct place at = {file, number, (unsigned)(mark - line) + 1};
    if (ig.check < 0) {
        found(CHECK_ignore, at, "weft:ignore is followed by %s; weft vet -list shows the checks",
              length ? text("%.*s, which is no check", (int)length, name) : "no check");
        return;
    }
    const char *reason = name + length;
    reason += strspn(reason, " \t:-");
    ig.reason = *reason && strncmp(reason, "*/", 2) != 0;
    if (only_comment(line)) {
        const char *next;
        do
            next = source_line(file, ++ig.last);
        while (next && (only_comment(next) || next[strspn(next, " \t")] == 0));
    }
    ignores = make_room(ignores, ignore_count, &ignore_room, sizeof *ignores);
    ignores[ignore_count++] = ig;
}

void ignore_scan(key file)
{
    struct text *t = text_of(file);
    for (unsigned i = 1; i <= t->count; i++) {
        /* Only a comment that begins with it: a text about suppressions is none. */
        for (const char *line = t->line[i - 1], *p = line; (p = strstr(p, "weft:ignore")); p++) {
            const char *before = p;
            while (before > line && before[-1] == ' ')
                before--;
            if (before - line >= 2 &&
                (!strncmp(before - 2, "//", 2) || !strncmp(before - 2, "/*", 2)))
                take(file, i, line, p);
        }
    }
}

void ignore_function(key file, unsigned first, unsigned last)
{
    for (size_t i = 0; i < ignore_count; i++)
        if (ignores[i].file == file && ignores[i].last == first && ignores[i].at < first)
            ignores[i].last = last;
}

void ignores_write(FILE *out)
{
    for (size_t i = 0; i < ignore_count; i++) {
        struct ignore *ig = &ignores[i];
        fprintf(out, "%u %u %u %d %d %s\n", ig->at, ig->first, ig->last, ig->check, (int)ig->reason,
                ig->file);
    }
    fputs("end\n", out);
}

/* A header's comments come from every file that includes it. */
bool ignores_read(FILE *in)
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, in) >= 0) {
        struct ignore ig = {0};
        int reason, file = 0;
        if (strcmp(line, "end\n") == 0)
            return true;
        if (sscanf(line, "%u %u %u %d %d %n", &ig.at, &ig.first, &ig.last, &ig.check, &reason,
                   &file) != 5 ||
            file == 0)
            return false;
        line[strcspn(line, "\n")] = 0;
        ig.file = key_of(line + file);
        ig.reason = reason;
        bool known = false;
        for (size_t i = 0; i < ignore_count && !known; i++)
            known = ignores[i].file == ig.file && ignores[i].at == ig.at &&
                    ignores[i].check == ig.check;
        if (known)
            continue;
        ignores = make_room(ignores, ignore_count, &ignore_room, sizeof *ignores);
        ignores[ignore_count++] = ig;
    }
    return false;
}

/* ---- folders ------------------------------------------------------------------------------- */

struct folder {
    key name;
    bool ignored[CHECK_COUNT];
};

static struct folder *folders;
static size_t folder_count, folder_room;

static const struct folder *folder_of(key file)
{
    key name = key_of(dir_name(file));
    for (size_t i = 0; i < folder_count; i++)
        if (folders[i].name == name)
            return &folders[i];
    folders = make_room(folders, folder_count, &folder_room, sizeof *folders);
    struct folder *f = &folders[folder_count++];
    *f = (struct folder){.name = name};
    key list = key_text("%s/vet-ignore", name);
    struct text *t = text_of(list);
    for (unsigned i = 1; i <= t->count; i++) {
        const char *line = t->line[i - 1];
        size_t n = strcspn(line, " \t");
        const char *reason = line + n + strspn(line + n, " \t");
        int check = check_named(line, n);
        bool all = n == 3 && strncmp(line, "all", 3) == 0;
        struct place at = {list, i, 1};
        if (n == 0 || *line == '#')
            continue;
        if (check < 0 && !all)
            found(CHECK_ignore, at, "%.*s is no check; weft vet -list shows them", (int)n, line);
        else if (!*reason)
            found(CHECK_ignore, at, "say why %.*s does not hold here, behind its name", (int)n,
                  line);
        for (int c = 0; c < CHECK_COUNT; c++)
            f->ignored[c] |= (all || c == check) && *reason;
    }
    return f;
}

bool folder_is_ignored(const char *path)
{
    const struct folder *f = folder_of(path_key(text("%s/x.c", path), NULL));
    for (int c = 0; c < CHECK_COUNT; c++)
        if (!f->ignored[c])
            return false;
    return true;
}

bool folder_ignores(key file, enum check check) { return folder_of(file)->ignored[check]; }

bool ignored(const struct finding *f)
{
    bool yes = false;
    for (size_t i = 0; i < ignore_count; i++) {
        struct ignore *ig = &ignores[i];
        if (ig->check == (int)f->check && ig->file == f->at.file && f->at.line >= ig->first &&
            f->at.line <= ig->last)
            yes = ig->used = true;
    }
    return yes;
}

void ignore_check(void)
{
    for (size_t i = 0; i < ignore_count; i++) {
        struct ignore *ig = &ignores[i];
        struct place at = {ig->file, ig->at, 1};
        if (folder_ignores(ig->file, CHECK_ignore))
            continue;
        const char *line = source_line(ig->file, ig->at);
        const char *mark = line ? strstr(line, "weft:ignore") : NULL;
        if (mark)
            at.col = (unsigned)(mark - line) + 1;
        if (!ig->reason)
            found(CHECK_ignore, at, "say why %s does not hold here, behind its name",
                  checks[ig->check].name);
        else if (!ig->used && checks[ig->check].on)
            found(CHECK_ignore, at, "nothing here is reported by %s: remove this comment",
                  checks[ig->check].name);
    }
}

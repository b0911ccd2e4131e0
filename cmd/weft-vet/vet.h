/* SPDX-License-Identifier: MIT */
/*
 * vet.h - what the parts of weft-vet share: texts, findings, facts.
 *
 * weft-vet reads a C file twice.  libclang's tree (ast.c) knows declarations, types and macros; the
 * bitcode that clang makes of the file (ir.c) knows every path through a function, with the ends of
 * scopes as plain calls.  The tree's layer hands what bitcode cannot say to the other one as facts:
 * which function has which role, what the fields of a struct are called, what guards them.
 *
 * A file is read by a process of its own.  It may die of a file that clang cannot digest, it lives
 * for a second, and it frees nothing.
 */
#ifndef WEFT_VET_VET_H
#define WEFT_VET_VET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "../weft/argv.h"
#include "../weft/complain.h"

/* ---- texts -------------------------------------------------------------------------------- */

/* A text of which there is one copy only: equal texts are equal pointers. */
typedef const char *key;

key key_of(const char *s);
key key_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* make_room - a growing array: room for one more of @size bytes after @count. */
void *make_room(void *array, size_t count, size_t *room, size_t size);
void *zeroed(size_t count, size_t size);

/* ---- checks ------------------------------------------------------------------------------- */

enum level { LEVEL_E, LEVEL_W, LEVEL_A };

enum check {
#define CHECK(name, level, text) CHECK_##name,
#include "checks.def"
#undef CHECK
    CHECK_COUNT
};

struct check_info {
    const char *name;
    enum level level;
    const char *text;
    bool on;
};

extern struct check_info checks[CHECK_COUNT];

/* check_named - its number, or -1. */
int check_named(const char *name, size_t length);

/* check_page - the page of docs/vet/, or NULL. */
const char *check_page(const char *name);

/* ---- findings ----------------------------------------------------------------------------- */

struct place {
    key file;
    unsigned line, col;
};

struct finding {
    struct place at;
    enum check check;
    char *text;
    char *fix; /* what to write instead, or NULL */
};

/* found - report something; the first report at a place stands. */
void found(enum check check, struct place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* was_found - is it reported at this line already? */
bool was_found(enum check check, struct place at);

/* fix - what repairs the last thing found, when it is mechanical. */
void fix(const char *format, ...) __attribute__((format(printf, 1, 2)));

extern struct finding *findings;
extern size_t finding_count;

/* findings_write, findings_read - to and from another process. */
void findings_write(FILE *out);
bool findings_read(FILE *in);

/* ---- source text -------------------------------------------------------------------------- */

/* source_line - a line without its end, or NULL. */
const char *source_line(key file, unsigned line);

/*
 * source_argument - the text of argument number @n of the call that begins at @at.
 *
 * Without the & before it.  NULL if there is no call.
 */
char *source_argument(struct place at, unsigned n);

/* source_word - the identifier at a place; "" if there is none. */
const char *source_word(struct place at);

/*
 * ignored - is there a comment "weft:ignore CHECK reason" for this finding: at its line, alone in
 * the line above, or in the line above the function at @function (0: none)?
 */
bool ignored(const struct finding *f);

/* folder_is_ignored - does it silence all of them? */
bool folder_is_ignored(const char *path);

/* folder_ignores - does the folder's file "vet-ignore" silence the check for all of it? */
bool folder_ignores(key file, enum check check);

/* ignore_scan - read a file's suppression comments; ignore_check - report useless ones. */
void ignore_scan(key file);
void ignore_function(key file, unsigned first, unsigned last);
void ignore_check(void);

/* ignores_write, ignores_read - to and from another process. */
void ignores_write(FILE *out);
bool ignores_read(FILE *in);

/* ---- facts -------------------------------------------------------------------------------- */

enum role {
    ROLE_NONE,
#define ROLE(name, text) ROLE_##name,
#include "roles.def"
#undef ROLE
    ROLE_COUNT
};

struct role_fact {
    enum role role;
    int arg; /* the argument that matters; -1: none */
};

struct lock_fact { /* of a function: WEFT_REQUIRES and its like */
    key function;
    char kind; /* 'r'equires, 'a'cquires, re'l'eases */
    key lock;  /* the mutex, as ir.c writes places: "{P0}+8" */
    key record;
    long offset; /* in its struct; record is NULL for a global */
};

struct field_fact {
    key record; /* the struct's name, or "@" and the global's */
    long offset;
    key name;
    key guard;         /* the name of what guards it, or NULL */
    long guard_offset; /* in the same struct; -1: guard is a global */
};

void fact_role(key function, enum role role, int arg);
void fact_field(key record, long offset, key name, key guard, long guard_offset);
void fact_lock(key function, char kind, key lock, key record, long offset);
void fact_ctx_param(key function, int number);

bool role_of(key function, enum role want, int *arg);
struct role_fact role_first(key function);
const struct field_fact *field_at(key record, long offset);
const struct lock_fact *lock_fact_next(key function, const struct lock_fact *after);
int ctx_param(key function); /* -1: none */

/* facts_write, facts_read - to and from a file, for a whole program. */
void facts_write(FILE *out);
bool facts_read(FILE *in);

/* ---- the layers --------------------------------------------------------------------------- */

struct unit {
    key file;           /* as named by the user or the database */
    const char *folder; /* where its flags are meant */
    struct list flags;  /* those that change what the text means */
};

enum outcome { OUTCOME_FINE, OUTCOME_FOREIGN, OUTCOME_BROKEN };

/*
 * ast_read - the first layer: facts and findings.  Complains when the file is broken.
 *
 * A file that does not include weft is left alone (OUTCOME_FOREIGN) unless @foreign.
 */
enum outcome ast_read(const struct unit *u, bool foreign);

/* ir_make - compile to bitcode.  0, or the status of a complaint. */
int ir_make(const struct unit *u, const char *bitcode);

/* ir_read - the second layer, on one or several files of bitcode that belong together. */
int ir_read(char *const *bitcode, size_t count);

/* safety_read - what clang's own -Wthread-safety says, where it is new enough. */
void safety_read(const struct unit *u);

/* unit_arguments - the whole argument list for clang, without the compiler and the file. */
void unit_arguments(const struct unit *u, struct list *args);

extern const char *vet_include; /* the folder of weft.h */

/* is_ours - does the path lead into that folder? */
bool is_ours(key path);

#endif /* WEFT_VET_VET_H */

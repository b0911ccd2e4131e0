/* SPDX-License-Identifier: MIT */
/*
 * ast_decl.c - the first layer's gift to the second: roles, fields, locks that functions name.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ast.h"
#include "roles.h"

/* ---- the place that an annotation names ----------------------------------------------------- */

/*
 * WEFT_REQUIRES(&a->mu) names a mutex by an expression over the parameters.  It arrives as text;
 * what people write there is a name with fields behind it, and that is all that is understood.
 */
struct lock_name {
    key root; /* "{P0}", "@global", or what they point to: "{P0}+8*" */
    long offset;
    key record; /* the struct that the last field is in */
    long record_offset;
};

static key written(const struct lock_name *l)
{
    return l->offset ? key_text("%s+%ld", l->root, l->offset) : l->root;
}

static CXType globals_type[256];
static key globals_name[256];
static size_t globals_count;

static bool find_root(CXCursor function, const char *name, struct lock_name *l, CXType *type)
{
    int count = clang_Cursor_getNumArguments(function);
    for (int i = 0; i < count; i++) {
        CXCursor param = clang_Cursor_getArgument(function, (unsigned)i);
        if (strcmp(ast_key(clang_getCursorSpelling(param)), name) == 0) {
            l->root = key_text("{P%d}", i);
            *type = clang_getCursorType(param);
            return true;
        }
    }
    for (size_t i = 0; i < globals_count; i++)
        if (strcmp(globals_name[i], name) == 0) {
            l->root = key_text("@%s", name);
            *type = globals_type[i];
            return true;
        }
    return false;
}

static bool read_lock_name(CXCursor function, const char *text, struct lock_name *l)
{
    text += strspn(text, " (");
    bool address = *text == '&';
    text += address;
    char name[128];
    size_t n = 0;
    CXType type;
    for (bool root = true;; root = false) {
        text += strspn(text, " ()");
        bool arrow = !root && strncmp(text, "->", 2) == 0;
        if (!root && !*text)
            break;
        if (!root)
            text += arrow ? 2 : *text == '.' ? 1 : 0;
        text += strspn(text, " ");
        for (n = 0; (isalnum((unsigned char)text[n]) || text[n] == '_') && n < sizeof name - 1; n++)
            name[n] = text[n];
        name[n] = 0;
        text += n;
        if (n == 0)
            return false;
        if (root) {
            if (!find_root(function, name, l, &type))
                return false;
            continue;
        }
        if (arrow) {
            bool is_parameter = l->root[0] == '{' && !strchr(l->root, '*') && !l->record;
            if (!is_parameter) {
                l->root = key_text("%s*", written(l));
                l->offset = 0;
            }
            type = clang_getPointeeType(clang_getCanonicalType(type));
        }
        type = clang_getCanonicalType(type);
        long long bits = clang_Type_getOffsetOf(type, name);
        if (bits < 0)
            return false;
        l->record = ast_tag(type);
        l->record_offset = (long)(bits / 8);
        l->offset += (long)(bits / 8);
        struct field_type {
            const char *name;
            CXType type;
        } wanted = {name, {0}};
        CXCursor decl = clang_getTypeDeclaration(type);
        for (unsigned i = 0;; i++) {
            CXCursor field = ast_child(decl, i);
            if (clang_Cursor_isNull(field))
                return false;
            if (clang_getCursorKind(field) == CXCursor_FieldDecl &&
                strcmp(ast_key(clang_getCursorSpelling(field)), wanted.name) == 0) {
                type = clang_getCursorType(field);
                break;
            }
        }
    }
    bool is_parameter = l->root[0] == '{' && !l->record;
    if (!address && !is_parameter) {
        l->root = key_text("%s*", written(l));
        l->offset = 0;
        l->record = NULL;
    }
    return true;
}

/* ---- annotations ----------------------------------------------------------------------------- */

static void function_says(CXCursor function, const char *says)
{
    static const struct {
        const char *word;
        char kind;
    } locks[] = {{"requires:", 'r'}, {"acquires:", 'a'}, {"releases:", 'l'}};
    key name = ast_key(clang_getCursorSpelling(function));
    for (size_t i = 0; i < sizeof locks / sizeof *locks; i++) {
        size_t n = strlen(locks[i].word);
        if (strncmp(says, locks[i].word, n) == 0) {
            struct lock_name l = {0};
            if (read_lock_name(function, says + n, &l))
                fact_lock(name, locks[i].kind, written(&l), l.record, l.record_offset);
            else
                found(CHECK_ignore, ast_cursor_place(function),
                      "%s names no parameter or global with fields behind it", says + n);
            return;
        }
    }
    size_t length = strcspn(says, ":");
    enum role role = role_named(says, length);
    if (role != ROLE_NONE)
        fact_role(name, role, says[length] ? atoi(says + length + 1) : -1);
}

struct subject {
    CXCursor what;
    void (*hear)(CXCursor what, const char *says);
};

static enum CXChildVisitResult hear_annotation(CXCursor c, CXCursor parent, CXClientData data)
{
    (void)parent;
    struct subject *s = data;
    if (clang_getCursorKind(c) == CXCursor_AnnotateAttr) {
        const char *says = ast_key(clang_getCursorSpelling(c));
        if (strncmp(says, "weft:", 5) == 0)
            s->hear(s->what, says + 5);
    }
    return CXChildVisit_Continue;
}

static void hear(CXCursor what, void (*listener)(CXCursor, const char *))
{
    struct subject s = {what, listener};
    clang_visitChildren(what, hear_annotation, &s);
}

/* ---- declarations ----------------------------------------------------------------------------- */

void decl_function(CXCursor function)
{
    hear(function, function_says);
    int count = clang_Cursor_getNumArguments(function);
    for (int i = 0; i < count; i++)
        if (ast_is_ctx(clang_getCursorType(clang_Cursor_getArgument(function, (unsigned)i)))) {
            fact_ctx_param(ast_key(clang_getCursorSpelling(function)), i);
            break;
        }
}

static const char *guard_heard;
static void hear_guard(CXCursor what, const char *says)
{
    (void)what;
    if (strncmp(says, "guarded_by:", 11) == 0)
        guard_heard = says + 11;
}

static enum CXChildVisitResult take_field(CXCursor c, CXCursor parent, CXClientData data)
{
    (void)data;
    if (clang_getCursorKind(c) != CXCursor_FieldDecl || clang_Cursor_isBitField(c))
        return CXChildVisit_Continue;
    CXType record = clang_getCursorType(parent);
    key tag = ast_tag(record);
    key name = ast_key(clang_getCursorSpelling(c));
    long long bits = *name ? clang_Type_getOffsetOf(record, name) : -1;
    if (!tag || bits < 0)
        return CXChildVisit_Continue;
    guard_heard = NULL;
    hear(c, hear_guard);
    long long guard = guard_heard ? clang_Type_getOffsetOf(record, guard_heard) : -1;
    fact_field(tag, (long)(bits / 8), name, guard_heard ? key_of(guard_heard) : NULL,
               guard < 0 ? -1 : (long)(guard / 8));
    return CXChildVisit_Continue;
}

void decl_record(CXCursor record)
{
    if (clang_isCursorDefinition(record))
        clang_visitChildren(record, take_field, NULL);
}

void decl_variable(CXCursor variable)
{
    key name = ast_key(clang_getCursorSpelling(variable));
    if (globals_count < sizeof globals_name / sizeof *globals_name) {
        globals_type[globals_count] = clang_getCursorType(variable);
        globals_name[globals_count++] = name;
    }
    guard_heard = NULL;
    hear(variable, hear_guard);
    if (guard_heard)
        fact_field(key_text("@%s", name), 0, name, key_of(guard_heard), -1);
}

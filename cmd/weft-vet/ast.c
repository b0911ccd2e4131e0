/* SPDX-License-Identifier: MIT */
/*
 * ast.c - the first layer: one walk over libclang's tree of a file.
 *
 * libclang shows neither operators nor conversions by name, the same in all versions, so what is
 * asked of it here is little: declarations, types, annotations, places.  Everything that depends on
 * the order of things is the second layer's.
 */
#include "ast.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "paths.h"

key ast_key(CXString s)
{
    const char *c = clang_getCString(s);
    key k = key_of(c ? c : "");
    clang_disposeString(s);
    return k;
}

/* Where the user wrote it: for a macro, where it is used. */
struct place ast_place(CXSourceLocation where)
{
    CXFile file;
    struct place p = {0};
    clang_getExpansionLocation(where, &file, &p.line, &p.col, NULL);
    if (file)
        p.file = path_key(ast_key(clang_getFileName(file)), NULL);
    return p;
}

struct place ast_cursor_place(CXCursor c) { return ast_place(clang_getCursorLocation(c)); }

bool ast_is_user(CXCursor c)
{
    CXSourceLocation where = clang_getCursorLocation(c);
    return !clang_Location_isInSystemHeader(where) && !is_ours(ast_place(where).file);
}

struct nth {
    unsigned left;
    CXCursor found;
};

static enum CXChildVisitResult take_nth(CXCursor c, CXCursor parent, CXClientData data)
{
    (void)parent;
    struct nth *n = data;
    if (n->left-- > 0)
        return CXChildVisit_Continue;
    n->found = c;
    return CXChildVisit_Break;
}

CXCursor ast_child(CXCursor c, unsigned n)
{
    struct nth nth = {n, clang_getNullCursor()};
    clang_visitChildren(c, take_nth, &nth);
    return nth.found;
}

CXCursor ast_bare(CXCursor c)
{
    for (;;) {
        enum CXCursorKind kind = clang_getCursorKind(c);
        if (kind != CXCursor_UnexposedExpr && kind != CXCursor_ParenExpr)
            return c;
        CXCursor in = ast_child(c, 0);
        if (clang_Cursor_isNull(in) || !clang_isExpression(clang_getCursorKind(in)))
            return c;
        c = in;
    }
}

key ast_tag(CXType record)
{
    record = clang_getCanonicalType(record);
    const char *name =
        ast_key(clang_getTypeSpelling(clang_getCursorType(clang_getTypeDeclaration(record))));
    static const char *const words[] = {"const ", "volatile ", "struct ", "union "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(name, words[i], strlen(words[i])) == 0)
            name += strlen(words[i]);
    return strpbrk(name, " (:") ? NULL : key_of(name);
}

bool ast_is_ctx(CXType t)
{
    t = clang_getCanonicalType(t);
    if (t.kind != CXType_Pointer)
        return false;
    CXType to = clang_getCanonicalType(clang_getPointeeType(t));
    return to.kind == CXType_Record && ast_tag(to) == key_of("weft_ctx");
}

/* ---- the walk ------------------------------------------------------------------------------ */

static enum CXChildVisitResult walk_expressions(CXCursor c, CXCursor parent, CXClientData data)
{
    (void)data;
    check_expression(c, parent);
    return CXChildVisit_Recurse;
}

static enum CXChildVisitResult walk_record(CXCursor c, CXCursor parent, CXClientData data)
{
    (void)parent;
    bool user = *(bool *)data;
    enum CXCursorKind kind = clang_getCursorKind(c);
    if (kind == CXCursor_FieldDecl && user)
        check_field(c);
    if (kind == CXCursor_StructDecl || kind == CXCursor_UnionDecl) {
        decl_record(c);
        clang_visitChildren(c, walk_record, data);
    }
    return CXChildVisit_Continue;
}

static void walk_function(CXCursor c)
{
    if (!clang_isCursorDefinition(c))
        return;
    CXSourceRange extent = clang_getCursorExtent(c);
    struct place first = ast_place(clang_getRangeStart(extent));
    struct place last = ast_place(clang_getRangeEnd(extent));
    if (first.file == last.file)
        ignore_function(first.file, first.line, last.line);
    check_function_begin(c);
    clang_visitChildren(c, walk_expressions, NULL);
    check_function_end(c);
}

static enum CXChildVisitResult walk_top(CXCursor c, CXCursor parent, CXClientData data)
{
    (void)parent, (void)data;
    bool user = ast_is_user(c);
    switch (clang_getCursorKind(c)) {
    case CXCursor_FunctionDecl:
        decl_function(c);
        if (user)
            walk_function(c);
        break;
    case CXCursor_VarDecl:
        if (user) {
            decl_variable(c);
            clang_visitChildren(c, walk_expressions, NULL);
        }
        break;
    case CXCursor_StructDecl:
    case CXCursor_UnionDecl:
        if (user) {
            decl_record(c);
            clang_visitChildren(c, walk_record, &user);
        }
        break;
    default:
        break;
    }
    return CXChildVisit_Continue;
}

/* ---- reading a file ------------------------------------------------------------------------- */

static void see_inclusion(CXFile file, CXSourceLocation *stack, unsigned depth, CXClientData data)
{
    (void)stack, (void)depth;
    const char *name = ast_key(clang_getFileName(file));
    const char *tail = strstr(name, "weft/base.h");
    if (tail && tail[strlen("weft/base.h")] == 0)
        *(bool *)data = true;
}

/* A header of the user's may hold suppressions too. */
static void see_comments(CXFile file, CXSourceLocation *stack, unsigned depth, CXClientData data)
{
    (void)stack, (void)depth;
    CXTranslationUnit unit = data;
    CXSourceLocation begin = clang_getLocationForOffset(unit, file, 0);
    key name = path_key(ast_key(clang_getFileName(file)), NULL);
    if (!clang_Location_isInSystemHeader(begin) && !is_ours(name))
        ignore_scan(name);
}

static bool has_errors(CXTranslationUnit unit)
{
    bool errors = false;
    unsigned count = clang_getNumDiagnostics(unit);
    for (unsigned i = 0; i < count; i++) {
        CXDiagnostic d = clang_getDiagnostic(unit, i);
        if (clang_getDiagnosticSeverity(d) >= CXDiagnostic_Error && !errors) {
            struct place at = ast_place(clang_getDiagnosticLocation(d));
            complain("%s%s%u:%u: error: %s", at.file ? path_shown(at.file) : "", at.file ? ":" : "",
                     at.line, at.col, ast_key(clang_getDiagnosticSpelling(d)));
            errors = true;
        }
        clang_disposeDiagnostic(d);
    }
    return errors;
}

enum outcome ast_read(const struct unit *u, bool foreign)
{
    struct list args = {0};
    unit_arguments(u, &args);
    CXIndex index = clang_createIndex(0, 0);
    CXTranslationUnit unit = NULL;
    enum CXErrorCode error = clang_parseTranslationUnit2(
        index, u->file, args.item, (int)args.count, NULL, 0, CXTranslationUnit_KeepGoing, &unit);
    if (error != CXError_Success || !unit) {
        complain("%s: clang cannot read it", path_shown(u->file));
        return OUTCOME_BROKEN;
    }
    bool uses_weft = foreign;
    clang_getInclusions(unit, see_inclusion, &uses_weft);
    if (!uses_weft)
        return OUTCOME_FOREIGN; /* errors in it are not for us to tell */
    if (has_errors(unit))
        return OUTCOME_BROKEN;
    clang_getInclusions(unit, see_comments, unit);
    clang_visitChildren(clang_getTranslationUnitCursor(unit), walk_top, NULL);
    check_end();
    return OUTCOME_FINE;
}

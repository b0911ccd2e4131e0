/* SPDX-License-Identifier: MIT */
/*
 * ast_checks.c - checks that declarations, types and single expressions decide.
 */
#include <stdlib.h>
#include <string.h>

#include "ast.h"
#include "paths.h"

/* The function that is called, also when its name stands in parentheses. */
static CXCursor callee_of(CXCursor call)
{
    return clang_getCursorReferenced(ast_bare(ast_child(call, 0)));
}

static key callee_name(CXCursor call)
{
    CXCursor callee = callee_of(call);
    return clang_getCursorKind(callee) == CXCursor_FunctionDecl
               ? ast_key(clang_getCursorSpelling(callee))
               : key_of("");
}

/* ---- copylock -------------------------------------------------------------------------------- */

struct nocopy {
    key type;
    const char *why; /* "mu (weft_mutex)"; NULL: may be copied */
};
static struct nocopy *nocopies;
static size_t nocopy_count, nocopy_room;

static const char *why_nocopy(CXType type);

static enum CXChildVisitResult look_for_nocopy(CXCursor c, CXCursor parent, CXClientData data)
{
    (void)parent;
    const char **why = data;
    if (clang_getCursorKind(c) == CXCursor_AnnotateAttr &&
        strcmp(ast_key(clang_getCursorSpelling(c)), "weft:nocopy") == 0) {
        *why = "";
        return CXChildVisit_Break;
    }
    if (clang_getCursorKind(c) == CXCursor_FieldDecl) {
        const char *inner = why_nocopy(clang_getCursorType(c));
        if (inner) {
            const char *name = ast_key(clang_getCursorSpelling(c));
            *why = text("%s%s%s", *name ? name : "an unnamed member", *inner == '(' ? " " : ".",
                        inner);
            return CXChildVisit_Break;
        }
    }
    return CXChildVisit_Continue;
}

/* Why a value of this type must stay where it is, or NULL. */
static const char *why_nocopy(CXType type)
{
    type = clang_getCanonicalType(type);
    while (type.kind == CXType_ConstantArray || type.kind == CXType_IncompleteArray)
        type = clang_getCanonicalType(clang_getArrayElementType(type));
    if (type.kind != CXType_Record)
        return NULL;
    CXCursor decl = clang_getTypeDeclaration(type);
    key name = ast_key(clang_getCursorUSR(decl));
    for (size_t i = 0; i < nocopy_count; i++)
        if (nocopies[i].type == name)
            return nocopies[i].why;
    const char *why = NULL;
    clang_visitChildren(decl, look_for_nocopy, &why);
    if (why && !*why)
        why = text("(%s)", ast_tag(type));
    nocopies = make_room(nocopies, nocopy_count, &nocopy_room, sizeof *nocopies);
    nocopies[nocopy_count++] = (struct nocopy){name, why};
    return why;
}

static const char *type_name(CXType type) { return ast_key(clang_getTypeSpelling(type)); }

static void report_copy(CXCursor where, CXType type, const char *what)
{
    const char *why = why_nocopy(type);
    if (*why == '(')
        found(CHECK_copylock, ast_cursor_place(where), "%s copies a %s; pass a pointer to it", what,
              type_name(type));
    else
        found(CHECK_copylock, ast_cursor_place(where),
              "%s copies %s, whose %s must stay in place; pass a pointer to it", what,
              type_name(type), why);
}

static bool names_object(CXCursor c)
{
    switch (clang_getCursorKind(c)) {
    case CXCursor_DeclRefExpr:
    case CXCursor_MemberRefExpr:
    case CXCursor_ArraySubscriptExpr:
    case CXCursor_UnaryOperator:
        return true;
    default:
        return false;
    }
}

/*
 * Reading an object of a struct type is a conversion in the tree: initialisation, assignment,
 * argument and return alike.  A literal or the result of a call is a fresh value.
 */
static void check_copy(CXCursor c, CXCursor parent)
{
    if (clang_getCursorKind(c) != CXCursor_UnexposedExpr)
        return;
    CXType type = clang_getCursorType(c);
    if (clang_getCanonicalType(type).kind != CXType_Record || !why_nocopy(type))
        return;
    CXCursor object = ast_bare(c);
    if (!names_object(object))
        return;
    enum CXCursorKind in = clang_getCursorKind(parent);
    if (in == CXCursor_UnexposedExpr || in == CXCursor_ParenExpr || in == CXCursor_CompoundStmt)
        return; /* reported there, or dropped */
    if (in == CXCursor_CStyleCastExpr && clang_getCursorType(parent).kind == CXType_Void)
        return;
    report_copy(object, type,
                in == CXCursor_ReturnStmt ? "this return"
                : in == CXCursor_CallExpr ? "this argument"
                : in == CXCursor_VarDecl  ? "this initialisation"
                                          : "this assignment");
}

static void check_parameters(CXCursor function)
{
    int count = clang_Cursor_getNumArguments(function);
    for (int i = 0; i < count; i++) {
        CXCursor param = clang_Cursor_getArgument(function, (unsigned)i);
        CXType type = clang_getCursorType(param);
        if (clang_getCanonicalType(type).kind == CXType_Record && why_nocopy(type)) {
            report_copy(param, type, "each call");
            fix("%s *%s", type_name(type), ast_key(clang_getCursorSpelling(param)));
        }
    }
}

static void check_memory_copy(CXCursor call, const char *name)
{
    static const struct {
        const char *name;
        unsigned from, to; /* the arguments that point */
    } copiers[] = {
        {"memcpy", 0, 1},  {"memmove", 0, 1},      {"mempcpy", 0, 1},
        {"realloc", 0, 0}, {"reallocarray", 0, 0},
    };
    for (size_t i = 0; i < sizeof copiers / sizeof *copiers; i++) {
        size_t n = strlen(copiers[i].name);
        const char *at = strncmp(name, "__builtin_", 10) == 0 ? name + 10 : name;
        at += strncmp(at, "__", 2) == 0 ? 2 : 0; /* __builtin___memcpy_chk */
        if (strncmp(at, copiers[i].name, n) != 0 || (at[n] && strcmp(at + n, "_chk") != 0))
            continue;
        for (unsigned k = copiers[i].from; k <= copiers[i].to; k++) {
            CXCursor arg = ast_bare(clang_Cursor_getArgument(call, k));
            CXType type = clang_getCanonicalType(clang_getCursorType(arg));
            CXType to = type.kind == CXType_Pointer         ? clang_getPointeeType(type)
                        : type.kind == CXType_ConstantArray ? clang_getArrayElementType(type)
                                                            : type;
            if (type.kind != CXType_Record && why_nocopy(to)) {
                report_copy(call, to, copiers[i].name);
                return;
            }
        }
    }
}

/* ---- contexts in declarations ------------------------------------------------------------------ */

void check_field(CXCursor field)
{
    if (ast_is_ctx(clang_getCursorType(field)))
        found(CHECK_ctxfield, ast_cursor_place(field),
              "%s keeps a context in a struct, where it outlives the call that it is for; pass it "
              "as the first parameter to the functions that need it",
              ast_key(clang_getCursorSpelling(field)));
}

/* Functions with a context behind other parameters; judged when all uses have been seen. */
struct late {
    CXCursor function;
    key name;
    int at;
    bool foreign; /* its address goes where it is called as others want */
};
static struct late *lates;
static size_t late_count, late_room;

/* conn_read(conn *c, weft_ctx *ctx): the receiver comes before the context. */
static bool is_receiver(CXCursor param, key function)
{
    CXType type = clang_getCanonicalType(clang_getCursorType(param));
    if (type.kind != CXType_Pointer)
        return false;
    CXType to = clang_getCanonicalType(clang_getPointeeType(type));
    key tag = to.kind == CXType_Record ? ast_tag(to) : NULL;
    if (!tag)
        return false;
    if (tag == key_of("weft_flight_result"))
        return true; /* weft_flight_do() wants it first */
    size_t n = strlen(tag);
    if (n > 2 && strcmp(tag + n - 2, "_t") == 0)
        n -= 2;
    return strncmp(function, tag, n) == 0 && function[n] == '_';
}

static void note_late(CXCursor function)
{
    int count = clang_Cursor_getNumArguments(function), at = -1;
    key name = ast_key(clang_getCursorSpelling(function));
    for (int i = 0; i < count && at < 0; i++)
        if (ast_is_ctx(clang_getCursorType(clang_Cursor_getArgument(function, (unsigned)i))))
            at = i;
    if (at < 1)
        return;
    if (at == 1 && is_receiver(clang_Cursor_getArgument(function, 0), name))
        return;
    lates = make_room(lates, late_count, &late_room, sizeof *lates);
    lates[late_count++] = (struct late){function, name, at, false};
}

static key *foreign_uses;
static size_t foreign_count, foreign_room;
/* Cursors that lead to one node by different ways are not equal, but their places are. */
static bool is_same(CXCursor a, CXCursor b)
{
    return clang_getCursorKind(a) == clang_getCursorKind(b) &&
           clang_equalLocations(clang_getCursorLocation(a), clang_getCursorLocation(b));
}

static CXCursor last_callee; /* of the call whose parts are being visited */

/* A function whose address is taken; weft's macros have the name in parentheses. */
static void note_use(CXCursor c, CXCursor parent)
{
    CXCursor to = clang_getCursorReferenced(c);
    if (clang_getCursorKind(to) != CXCursor_FunctionDecl ||
        clang_getCursorKind(parent) != CXCursor_UnexposedExpr || is_same(c, last_callee))
        return;
    foreign_uses = make_room(foreign_uses, foreign_count, &foreign_room, sizeof *foreign_uses);
    foreign_uses[foreign_count++] = ast_key(clang_getCursorSpelling(to));
}

void check_end(void)
{
    for (size_t i = 0; i < late_count; i++) {
        struct late *l = &lates[i];
        for (size_t k = 0; k < foreign_count && !l->foreign; k++)
            l->foreign = foreign_uses[k] == l->name;
        if (l->foreign)
            continue;
        CXCursor param = clang_Cursor_getArgument(l->function, (unsigned)l->at);
        key name = ast_key(clang_getCursorSpelling(param));
        found(CHECK_ctxfirst, ast_cursor_place(l->function),
              "%s takes its context as parameter %d; the context comes first", l->name, l->at + 1);
        fix("%s(weft_ctx *%s, ...)", l->name, *name ? name : "ctx");
    }
}

/* ---- ctxpass, ctxbare ------------------------------------------------------------------------ */

static struct {
    CXCursor param; /* the function's context; null without one */
    key name;
    CXCursor dropped, base; /* thrown away by (void); what a context is being derived from */
    bool used, asked;       /* it is used at all; its end is looked at */
    bool optional;          /* it may be NULL */
    struct background {
        struct place at;
        bool derived; /* a parent for a new context */
    } background[16];
    unsigned count;
    struct bare {
        struct place at;
        key call;
    } bare[16];
    unsigned bare_count;
} here;

void check_function_begin(CXCursor function)
{
    memset(&here, 0, sizeof here);
    here.param = here.dropped = here.base = clang_getNullCursor();
    check_parameters(function);
    note_late(function);
    int count = clang_Cursor_getNumArguments(function);
    for (int i = 0; i < count; i++) {
        CXCursor param = clang_Cursor_getArgument(function, (unsigned)i);
        key name = ast_key(clang_getCursorSpelling(param));
        if (ast_is_ctx(clang_getCursorType(param)) && *name && strcmp(name, "_") != 0) {
            here.param = param;
            here.name = name;
            return;
        }
    }
}

/* Is it replacing a context that is not there: ctx = weft_background(), ctx ? ctx : ...? */
static bool is_fallback(CXCursor parent)
{
    enum CXCursorKind in = clang_getCursorKind(parent);
    if (in == CXCursor_ConditionalOperator)
        return true;
    if (in != CXCursor_BinaryOperator)
        return false;
    CXCursor left = ast_bare(ast_child(parent, 0));
    return clang_getCursorKind(left) == CXCursor_DeclRefExpr &&
           clang_equalCursors(clang_getCursorReferenced(left), here.param);
}

/* if (ctx), if (!ctx), if (ctx == NULL) */
static bool asks_for(CXCursor condition, CXCursor param)
{
    enum CXCursorKind kind = clang_getCursorKind(condition);
    if (kind == CXCursor_UnaryOperator || kind == CXCursor_BinaryOperator)
        condition = ast_bare(ast_child(condition, 0));
    return clang_getCursorKind(condition) == CXCursor_DeclRefExpr &&
           clang_equalCursors(clang_getCursorReferenced(condition), param);
}

static void note_context(CXCursor c, CXCursor parent, enum CXCursorKind kind)
{
    if (clang_Cursor_isNull(here.param))
        return;
    if (kind == CXCursor_IfStmt && asks_for(ast_bare(ast_child(c, 0)), here.param))
        here.optional = true;
    if (kind == CXCursor_CStyleCastExpr && clang_getCursorType(c).kind == CXType_Void)
        here.dropped = ast_bare(ast_child(c, 0)); /* (void)ctx is no use */
    if (kind == CXCursor_DeclRefExpr && !is_same(c, here.dropped) &&
        clang_equalCursors(clang_getCursorReferenced(c), here.param))
        here.used = true;
    if (kind != CXCursor_CallExpr)
        return;
    key name = callee_name(c);
    if (strncmp(name, "weft_ctx_with", 13) == 0)
        here.base = ast_bare(clang_Cursor_getArgument(c, 0));
    if (strcmp(name, "weft_ctx_done") == 0 || strcmp(name, "weft_vet_on_done") == 0 ||
        strcmp(name, "weft_ctx_err") == 0 || strcmp(name, "weft_ctx_cancel") == 0)
        here.asked = true;
    if (strcmp(name, "weft_background") == 0 && !is_fallback(parent) && here.count < 16)
        here.background[here.count++] =
            (struct background){ast_cursor_place(c), is_same(c, here.base)};
    bool send = strcmp(name, "weft_impl_send") == 0, recv = strcmp(name, "weft_impl_recv") == 0;
    if ((send || recv) && here.bare_count < 16)
        here.bare[here.bare_count++] =
            (struct bare){ast_cursor_place(c), key_of(send ? "weft_send" : "weft_recv")};
}

void check_function_end(CXCursor function)
{
    (void)function;
    if (!here.used || here.optional)
        return;
    for (unsigned i = 0; i < here.count; i++) {
        /* The few seconds that a clean end may take, once the context has ended. */
        if (here.background[i].derived && here.asked)
            continue;
        found(CHECK_ctxpass, here.background[i].at,
              "weft_background() never ends, but %s may; hand %s on, or "
              "weft_ctx_without_cancel(%s) to what must outlive it",
              here.name, here.name, here.name);
        fix("%s", here.name);
    }
    for (unsigned i = 0; i < here.bare_count; i++)
        found(CHECK_ctxbare, here.bare[i].at,
              "%s() waits on when %s has ended; %s_ctx(%s, ...) does not", here.bare[i].call,
              here.name, here.bare[i].call, here.name);
}

/* ---- durationarg ------------------------------------------------------------------------------ */

static bool is_duration(CXType type)
{
    const char *name = type_name(type);
    name += strncmp(name, "const ", 6) == 0 ? 6 : 0;
    return strcmp(name, "weft_duration") == 0;
}

static void check_duration_argument(CXCursor call)
{
    CXCursor callee = callee_of(call);
    if (clang_getCursorKind(callee) != CXCursor_FunctionDecl)
        return;
    int params = clang_Cursor_getNumArguments(callee), count = clang_Cursor_getNumArguments(call);
    for (int i = 0; i < params && i < count; i++) {
        CXCursor param = clang_Cursor_getArgument(callee, (unsigned)i);
        if (!is_duration(clang_getCursorType(param)))
            continue;
        CXCursor arg = ast_bare(clang_Cursor_getArgument(call, (unsigned)i));
        if (clang_getCursorKind(arg) != CXCursor_IntegerLiteral)
            continue;
        CXEvalResult value = clang_Cursor_Evaluate(arg);
        long long n = value ? clang_EvalResult_getAsLongLong(value) : 0;
        if (value)
            clang_EvalResult_dispose(value);
        /* 0 and a few nanoseconds are "as soon as can be"; a thousand and more was counted. */
        if (n >= 10 && n < 1000) {
            found(CHECK_durationarg, ast_cursor_place(call),
                  "%lld is %lld nanoseconds; write the unit, as in %lld * WEFT_MILLISECOND", n, n,
                  n);
            fix("%lld * WEFT_MILLISECOND", n);
        }
    }
}

/* libclang names operators only since version 17, so the text between the operands tells. */
static bool is_product(CXCursor left, CXCursor right)
{
    CXFile in_left, in_right;
    unsigned line, col, line2, col2;
    clang_getFileLocation(clang_getRangeEnd(clang_getCursorExtent(left)), &in_left, &line, &col,
                          NULL);
    clang_getFileLocation(clang_getRangeStart(clang_getCursorExtent(right)), &in_right, &line2,
                          &col2, NULL);
    if (!in_left || !in_right || !clang_File_isEqual(in_left, in_right) || line != line2 ||
        col2 <= col)
        return false;
    struct place at = ast_cursor_place(left);
    const char *text = source_line(at.file, line);
    if (!text || strlen(text) < col2)
        return false;
    const char *p = text + col - 1;
    p += strspn(p, " )");
    return *p == '*';
}

static bool from_number(CXCursor c)
{
    c = ast_bare(c);
    enum CXCursorKind kind = clang_getCursorKind(c);
    if (kind == CXCursor_CStyleCastExpr) /* (weft_duration)n is how an int is scaled */
        return true;
    return kind == CXCursor_IntegerLiteral;
}

/* Sums and products forget the name of their type, so a unit is known by its own. */
static bool is_unit(CXCursor c)
{
    struct place at = {0};
    CXFile file;
    clang_getFileLocation(clang_getRangeStart(clang_getCursorExtent(c)), &file, &at.line, &at.col,
                          NULL);
    if (!file)
        return false;
    at.file = path_key(ast_key(clang_getFileName(file)), NULL);
    const char *word = source_word(at);
    size_t n = strlen(word);
    return n > 9 && strncmp(word, "WEFT_", 5) == 0 &&
           (strcmp(word + n - 6, "SECOND") == 0 || strcmp(word, "WEFT_MINUTE") == 0 ||
            strcmp(word, "WEFT_HOUR") == 0);
}

static bool is_duration_operand(CXCursor c)
{
    return !from_number(c) && (is_duration(clang_getCursorType(ast_bare(c))) || is_unit(c));
}

static void check_duration_product(CXCursor c)
{
    CXCursor left = ast_child(c, 0), right = ast_child(c, 1);
    if (clang_Cursor_isNull(right) || !is_duration_operand(left) || !is_duration_operand(right) ||
        !is_product(left, right))
        return;
    found(CHECK_durationarg, ast_cursor_place(c),
          "the product of two durations is no duration; one of them should be a plain number");
}

/* ---- every expression ------------------------------------------------------------------------- */

void check_expression(CXCursor c, CXCursor parent)
{
    enum CXCursorKind kind = clang_getCursorKind(c);
    if (kind == CXCursor_StructDecl || kind == CXCursor_UnionDecl)
        decl_record(c);
    if (kind == CXCursor_FieldDecl)
        check_field(c);
    if (kind == CXCursor_UnexposedExpr)
        check_copy(c, parent);
    if (kind == CXCursor_BinaryOperator)
        check_duration_product(c);
    if (kind == CXCursor_DeclRefExpr)
        note_use(c, parent);
    if (kind == CXCursor_CallExpr) {
        last_callee = ast_bare(ast_child(c, 0));
        check_memory_copy(c, callee_name(c));
        check_duration_argument(c);
    }
    note_context(c, parent, kind);
}

/* SPDX-License-Identifier: MIT */
/*
 * ast.h - the first layer's own tools: libclang's answers as texts and places.
 */
#ifndef WEFT_VET_AST_H
#define WEFT_VET_AST_H

#include <clang-c/Index.h>

#include "vet.h"

key ast_key(CXString s);
struct place ast_place(CXSourceLocation where);
struct place ast_cursor_place(CXCursor c);

/* ast_is_user - does it stand in a file of the user's, not the system's or weft's? */
bool ast_is_user(CXCursor c);

/* ast_child - child number @n, or a null cursor. */
CXCursor ast_child(CXCursor c, unsigned n);

/* ast_bare - the expression without parentheses and implicit conversions. */
CXCursor ast_bare(CXCursor c);

/* ast_tag - the name of a struct as bitcode has it, or NULL without one. */
key ast_tag(CXType record);

bool ast_is_ctx(CXType t); /* weft_ctx *, whatever its qualifiers */

/* ---- ast_decl.c: what declarations say ------------------------------------------------------ */

void decl_function(CXCursor function);
void decl_record(CXCursor record);
void decl_variable(CXCursor variable);

/* ---- ast_checks.c ---------------------------------------------------------------------------- */

struct around; /* what an expression stands in */

void check_function_begin(CXCursor function);
void check_function_end(CXCursor function);
void check_field(CXCursor field);
void check_expression(CXCursor c, CXCursor parent);
void check_end(void); /* of the file */

#endif /* WEFT_VET_AST_H */

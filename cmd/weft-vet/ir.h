/* SPDX-License-Identifier: MIT */
/*
 * ir.h - the second layer: a program as bitcode.
 *
 * clang makes it without optimisation, then the ends of scopes are put in line and variables become
 * values.  What is left of a function are blocks of instructions in which each thing that the
 * headers' view (weft/vet.h) names is one call.
 *
 * Places in memory are compared by how the function reaches them, as a text:
 *
 *     {P0}          what parameter 0 points to       {A7}   the local variable of instruction 7
 *     {P0}+8        8 bytes into it                  {C9}   what call 9 returned
 *     {P0}+8*       what the pointer there leads to  {F3}   a value that depends on the way (phi 3)
 *     @total        a global                         {V5}   anything else
 *     {P0}+8[{F3}]  an element
 *
 * Beside that text, a place knows the field it is: the struct's name and the offset within.
 */
#ifndef WEFT_VET_IR_H
#define WEFT_VET_IR_H

#include <llvm-c/Core.h>
#include <llvm-c/Target.h>

#include "vet.h"

struct fn;

struct path {
    key text;    /* where it is */
    key object;  /* the struct it is a field of, as a place; NULL if it is none */
    key record;  /* that struct's name; "@name" for a plain global; NULL: unknown */
    long offset; /* in the record */
    bool varies; /* an index or a way decides */
};

struct inst {
    LLVMValueRef v;
    LLVMOpcode op;
    unsigned block, number;
    /* of a call: */
    key name; /* the callee's, or NULL */
    enum role role;
    int arg;           /* of the role */
    struct fn *callee; /* when the program has its body */
    unsigned argc;
    unsigned call_slot; /* guards.c's record of it, plus 1 */
    /* cached */
    key text;
};

struct block {
    LLVMBasicBlockRef v;
    unsigned first, last; /* instructions [first, last) */
    unsigned *succ, succs;
    unsigned *pred, preds;
    bool cyclic;   /* a way leads from it back to it */
    unsigned knot; /* number of its strongly connected part */
};

/* Where a function is launched. */
struct spawn {
    struct fn *by;
    struct inst *at;
    struct fn *fn;        /* what runs; NULL: unknown */
    LLVMValueRef target;  /* the same as a value */
    unsigned first, argc; /* its arguments among those of the call */
};

/* A lock as a caller sees it: over the function's parameters, or a global. */
struct taken {
    key text, record, object;
    long offset;
    int mode;    /* enum mode of walk.h */
    bool always; /* on every way through the function */
    struct inst *at;
    struct fn *in;
};

enum { TAKEN_MAX = 16, ENDS_MAX = 6 };

/* A way in which a function ends, for its callers. */
struct end {
    struct taken held[4];
    unsigned held_count;
    enum { END_UNKNOWN, END_VALUE, END_NONZERO } kind;
    long value;
};

struct fn {
    LLVMValueRef v;
    key name;
    struct place at;
    struct inst *inst;
    unsigned insts;
    struct block *block;
    unsigned blocks;
    bool internal, address_taken;
    struct inst **caller; /* the calls of it */
    struct fn **caller_fn;
    unsigned callers;
    struct spawn *spawned; /* one of the places that launch it, or NULL */
    bool concurrent;       /* it may run in a goroutine that was launched */

    /* What callers should know. */
    struct inst *waits;    /* for somebody else; where */
    struct inst *switches; /* may go on on another thread */
    bool joins, spawns, never_returns;
    struct taken takes[TAKEN_MAX];
    unsigned take_count;
    struct end end[ENDS_MAX];
    unsigned ends;
    bool ends_known;
    struct taken releases[4]; /* unlocks that it did not lock */
    unsigned release_count;
    unsigned closes; /* parameters whose channel is closed when it returns, as bits */
    unsigned sends, receives, dones; /* parameters that it may send on, receive from, count down */
    unsigned frees, blocking_sends, keeps; /* frees; sends without a way out; stores or ends */
    bool held_by_all;                      /* every caller holds some lock */
    unsigned long frame;                   /* bytes of its locals */
};

struct program {
    LLVMModuleRef module;
    LLVMTargetDataRef layout;
    struct fn *fn;
    unsigned fns;
    struct spawn *spawn;
    unsigned spawns;
};

extern struct program prog;

/* ---- looking ----------------------------------------------------------------------------------- */

struct fn *fn_of(LLVMValueRef v);                        /* NULL: no body */
struct inst *inst_of(LLVMValueRef v);                    /* NULL: no instruction */
LLVMValueRef stripped(LLVMValueRef v);                   /* without casts */
LLVMValueRef call_arg(const struct inst *i, unsigned n); /* NULL beyond the last */
struct path path_of(LLVMValueRef v);
key text_of(LLVMValueRef v);                         /* of any value, for comparing */
key field_name(const struct path *p, key otherwise); /* "n of struct s", "total" */
struct place place_of(const struct inst *i);

/* place_of_cause - for a deferred call, where it was deferred; else where it stands. */
struct place place_of_cause(struct fn *f, const struct inst *i);
bool is_constant(LLVMValueRef v, long *value);
bool is_null(LLVMValueRef v);
key record_key(key record, long offset); /* "s+8" */

/* terminator - the last instruction of a block. */
struct inst *terminator(struct fn *f, unsigned block);

/* root_of - the value at the start of a path: a parameter, alloca, call, global, ... */
LLVMValueRef root_of(LLVMValueRef v);

/* reaches - is there a way from just after @from to an instruction that @to accepts, without one
 * that @stop accepts?  That instruction, or NULL. */
typedef bool pick(struct fn *f, struct inst *i, void *data);
struct inst *reaches(struct fn *f, struct inst *from, pick *to, pick *stop, void *data);

#define EACH_INST(f, i) for (struct inst *i = (f)->inst; i < (f)->inst + (f)->insts; i++)
#define EACH_FN(f)      for (struct fn *f = prog.fn; f < prog.fn + prog.fns; f++)

bool is_spawn(enum role r);
bool is_wait(enum role r);   /* for another goroutine or the world */
bool is_switch(enum role r); /* may go on on another thread */
bool is_join(enum role r);   /* what others did before is seen */

#endif /* WEFT_VET_IR_H */

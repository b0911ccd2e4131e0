/* SPDX-License-Identifier: MIT */
/*
 * compile.h - from a command line to a program, through the user's own compiler.
 *
 * `weft run` and `weft build` read their arguments here and call the compiler once, for all files:
 *
 *     CC  our flags  //weft: flags  the user's flags and files  -I headers  //weft: libraries
 *         libweft.a  -lpthread -ldl -lm  -o PROGRAM
 *
 * Of two flags that contradict each other compilers take the later one, and of two -I the first,
 * so everywhere the user's word counts.
 *
 * A source may say itself what it needs, in lines of its own that begin in the first column:
 *
 *     //weft: -lcrypto -DLIMIT=4
 *
 * They may hold -D -I -L -l -O -U -pthread -std= and nothing else, so that building a file does
 * not run what it names.  Relative folders in them start at the file's own.
 *
 * A source that includes <weft/pg.h> or <weft/sqlite.h> is linked with that module and what it
 * stands on, as if it said `//weft: -lweft_pg -lpq`; one that does so through a header of its own
 * must say it.  -lweft_NAME there means the archive beside libweft.a: the shared one would bring a
 * second libweft along.
 */
#ifndef WEFT_CMD_COMPILE_H
#define WEFT_CMD_COMPILE_H

#include "argv.h"

struct home;

struct compile {
    struct list args;     /* the user's flags and files, in the user's order */
    struct list flags;    /* what the sources ask for: for their compilation */
    struct list libs;     /* ... and for linking */
    const char *name;     /* the program's: the first source's, without folder and ending */
    const char *output;   /* what -o says, or NULL */
    struct list program;  /* the program's name, and its arguments from behind -- */
    bool has_source;      /* there was a .c file */
    bool has_dashes;      /* there was a -- */
    bool verbose;         /* print the commands */
    bool race;            /* the program carries ThreadSanitizer */
    bool other_languages; /* -x was used, so it must end before our library */
};

/* The flags that every compile begins with, ending in NULL. */
extern const char *const compile_flags[];
/* What every link ends with. */
extern const char *const compile_libs[];

/*
 * compile_parse - read the arguments of `weft run` or `weft build`.
 *
 * Returns 0, or the status of a complaint.
 */
int compile_parse(struct compile *c, char **args);

/*
 * compile_take_flag - take the flag at *args, and the word behind it if it is the flag's.
 *
 * Leaves *args at the last word taken.  Returns 0, or the status of a complaint.
 */
int compile_take_flag(struct compile *c, char ***args);

/* compile_takes_word - may the flag's value be the next word? */
bool compile_takes_word(const char *flag);

/* compile_fixed_addresses - must the program's address space not be randomised? */
bool compile_fixed_addresses(const struct compile *c);

/* compile_compiler - add the words of CC, or cc; 0, or the status of a complaint. */
int compile_compiler(struct list *command);

/* compile_add_libs - the libraries that sources ask for; weft's own modules as archives. */
void compile_add_libs(struct list *command, const struct list *libs, const struct home *home);

/* compile_add_library - what every link of a program ends with: libweft, and what that needs. */
void compile_add_library(struct list *command, const struct compile *c, const struct home *home);

/*
 * compile_to - compile and link to the path @output.
 *
 * Returns 0, STATUS_COMPILE after the compiler spoke, or the status of a complaint.  A signal that
 * ends the compiler or comes in meanwhile is left in @signalled, with a status other than 0.
 */
int compile_to(const struct compile *c, const char *output, int *signalled);

/* compile_say - with -v, show a command as a line on standard error. */
void compile_say(const struct compile *c, const struct list *command);

#endif /* WEFT_CMD_COMPILE_H */

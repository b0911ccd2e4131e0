/* SPDX-License-Identifier: MIT */
/*
 * cmd_env.c - `weft env`: what weft run and weft build would use, as lines that a shell reads.
 */
#include <stdio.h>
#include <string.h>

#include "argv.h"
#include "commands.h"
#include "compile.h"
#include "complain.h"
#include "home.h"

struct variable {
    const char *name, *value;
};

/* In double quotes; the four characters that a shell would act on there are escaped. */
static void print_quoted(const struct variable *variable)
{
    printf("%s=\"", variable->name);
    for (const char *p = variable->value; *p; p++) {
        if (strchr("\"\\$`", *p))
            putchar('\\');
        putchar(*p);
    }
    puts("\"");
}

static int run(char **names)
{
    struct list cc = {0}, cflags = {0}, libs = {0};
    struct home home;
    int status = home_find(&home);
    if (status == 0)
        status = compile_compiler(&cc);
    if (status != 0)
        return status;
    for (size_t i = 0; compile_flags[i]; i++)
        list_add(&cflags, compile_flags[i]);
    list_add(&cflags, text("-I%s", home.include));
    list_add(&libs, home.archive);
    for (size_t i = 0; compile_libs[i]; i++)
        list_add(&libs, compile_libs[i]);
    const char *version = home_version(&home);

    const struct variable variables[] = {
        {"CC", list_line(&cc)},
        {"CFLAGS", list_line(&cflags)},
        {"LIBS", list_line(&libs)},
        {"WEFT_HOME", home.dir},
        {"WEFT_INCLUDE", home.include},
        {"WEFT_LIB", home.lib},
        {"WEFT_VERSION", version ? version : ""},
    };
    const size_t count = sizeof variables / sizeof *variables;
    for (size_t i = 0; !names[0] && i < count; i++)
        print_quoted(&variables[i]);
    for (; *names; names++) {
        size_t i = 0;
        while (i < count && strcmp(variables[i].name, *names) != 0)
            i++;
        if (i == count)
            return complain("no variable %s; weft env lists them", *names);
        puts(variables[i].value);
    }
    return STATUS_OK;
}

const struct command cmd_env = {
    .name = "env",
    .summary = "show the compiler, flags and paths in force",
    .usage = "usage: weft env [NAME...]\n"
             "\n"
             "Shows what weft run and weft build use, one NAME=\"value\" a line, or only the\n"
             "values of the names given:\n"
             "\n"
             "    CC            the compiler: the environment's CC, else cc\n"
             "    CFLAGS        the flags that every compile begins with, and where weft.h is\n"
             "    LIBS          what every link ends with\n"
             "    WEFT_HOME     the installation or build tree; the environment's, else its own\n"
             "    WEFT_INCLUDE  the folder of weft.h\n"
             "    WEFT_LIB      the folder of libweft.a\n"
             "    WEFT_VERSION  the version of the library there; empty without one\n"
             "\n"
             "To call the compiler by hand:\n"
             "\n"
             "    eval \"$(weft env)\"; eval \"$CC $CFLAGS -c a.c\"; eval \"$CC a.o $LIBS -o a\"\n",
    .run = run,
};

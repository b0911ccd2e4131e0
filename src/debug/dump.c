/* SPDX-License-Identifier: MIT */
/* weft_dump(): every goroutine, and the program goes on. */
#include "weft/debug.h"

#include "arch/switch.h"
#include "debug/debug.h"
#include "debug/lookup.h"
#include "debug/report.h"

struct dump {
    struct text text;
    struct trace trace;
    struct g *self;
};

static void put_dump(void *arg)
{
    struct dump *d = arg;
    struct all all = {.self = d->self, .trace = &d->trace, .in_full = true, .gentle = true};
    weft__put_all(&d->text, &all);
}

void weft_dump(FILE *out)
{
    struct dump d;
    weft__trace_here(&d.trace, (uintptr_t)__builtin_return_address(0));
    d.self = weft__self();
    weft__text_file(&d.text, out);
    weft__with_symbols(&d.text, put_dump, &d);
    weft__flush(&d.text);
}

/* SPDX-License-Identifier: MIT */
/* A program on the module for PostgreSQL; it needs no server. */
#include <weft.h>
#include <weft/pg.h>

int weft_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    weft_auto(weft_pg, db) = weft_pg_connect(weft_background(), "host=/nowhere/at/all");
    printf("%s\n", weft_strerror(weft_pg_err(db)));
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * values - prints what a query returns, as `psql -XAt` does.
 *
 *     values text|typed|binary|stream|copy SQL
 *
 * text prints what weft_pg_text() gives; typed and binary read each value by the getter of its type
 * and write it anew, binary from a result in binary; stream is text, row by row; copy runs
 * "copy (SQL) to stdout".  tests/pg/run compares.
 */
#include <weft.h>
#include <weft/pg.h>

#include <stdlib.h>
#include <string.h>

/*
 * PostgreSQL writes the shortest text that is read as the same number, with an exponent when that
 * is below -4 or at least the number of digits that are always exact; so does this.
 */
static void print_double(double v, bool is_float4)
{
    char text[40];
    int digits = 1, exponent;
    for (; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, v);
        if (is_float4 ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v)
            break;
    }
    exponent = atoi(strchr(text, 'e') + 1);
    if (exponent >= -4 && exponent < (is_float4 ? 6 : 15))
        printf("%.*f", exponent < digits - 1 ? digits - 1 - exponent : 0, v);
    else
        fputs(text, stdout);
}

static void print_typed(weft_pg_rows *r, int column)
{
    if (weft_pg_null(r, column))
        return;
    switch (weft_pg_column_type(r, column)) {
    case 16:
        fputs(weft_pg_bool(r, column) ? "t" : "f", stdout);
        break;
    case 17: {
        weft_pg_bytes b = weft_pg_blob(r, column);
        fputs("\\x", stdout);
        for (size_t i = 0; i < b.size; i++)
            printf("%02x", ((const unsigned char *)b.data)[i]);
        break;
    }
    case 20:
    case 21:
    case 23:
    case 26:
        printf("%lld", (long long)weft_pg_int(r, column));
        break;
    case 700:
    case 701:
        print_double(weft_pg_double(r, column), weft_pg_column_type(r, column) == 700);
        break;
    default:
        fputs(weft_pg_text(r, column), stdout);
    }
}

static int copy(weft_ctx *ctx, weft_pg *db, const char *sql)
{
    char command[4096];
    snprintf(command, sizeof command, "copy (%s) to stdout", sql);
    weft_auto(weft_pg_pipe, p) = weft_pg_copy(ctx, db, command);
    const char *row;
    for (ssize_t n; (n = weft_pg_copy_read(ctx, p, &row)) > 0;)
        fwrite(row, 1, (size_t)n, stdout);
    if (weft_pg_err(p))
        fprintf(stderr, "values: %s\n", weft_pg_error_of(p)->message);
    return weft_pg_err(p) != 0;
}

int weft_main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    const char *how = argv[1], *sql = argv[2];
    weft_ctx *ctx = weft_background();
    weft_auto(weft_pg, db) = weft_pg_connect(ctx, "");
    if (strcmp(how, "copy") == 0)
        return copy(ctx, db, sql);
    bool typed = strcmp(how, "typed") == 0 || strcmp(how, "binary") == 0;
    int flags = strcmp(how, "binary") == 0   ? WEFT_PG_BINARY
                : strcmp(how, "stream") == 0 ? WEFT_PG_STREAM
                                             : 0;
    weft_auto(weft_pg_rows, r) = weft_pg_query_as(ctx, db, flags, sql);
    while (weft_pg_next(ctx, r)) {
        for (int i = 0; i < weft_pg_columns(r); i++) {
            if (i > 0)
                putchar('|');
            const char *text = typed ? NULL : weft_pg_text(r, i);
            if (typed)
                print_typed(r, i);
            else if (text)
                fputs(text, stdout);
        }
        putchar('\n');
    }
    if (weft_pg_err(r))
        fprintf(stderr, "values: %s\n", weft_pg_error_of(r)->message);
    return weft_pg_err(r) != 0;
}

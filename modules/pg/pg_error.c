/* SPDX-License-Identifier: MIT */
/*
 * pg_error.c - failures: errno for programs, SQLSTATE for those who know it, words for people.
 */
#include "pg_impl.h"

#include <stdarg.h>
#include <stdio.h>

/* More particular ones first. */
static const struct {
    const char *prefix;
    int err;
} classes[] = {
    {"23505", -EEXIST}, {"40001", -EAGAIN},    {"40P01", -EAGAIN},   {"42501", -EACCES},
    {"42P01", -ENOENT}, {"42703", -ENOENT},    {"42883", -ENOENT},   {"42704", -ENOENT},
    {"25006", -EROFS},  {"57014", -ECANCELED}, {"53300", -EBUSY},    {"55P03", -EBUSY},
    {"53100", -ENOSPC}, {"53200", -ENOMEM},    {"3D", -ENOENT},      {"3F", -ENOENT},
    {"28", -EACCES},    {"08", -ECONNRESET},   {"57P", -ECONNRESET}, {"0A", -EOPNOTSUPP},
    {"22", -EINVAL},    {"23", -EINVAL},       {"42", -EINVAL},
};

int pg__errno_of(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strncmp(sqlstate, classes[i].prefix, strlen(classes[i].prefix)) == 0)
            return classes[i].err;
    return -EREMOTEIO;
}

void pg__fail_clear(struct failure *f)
{
    free(f->texts);
    *f = (struct failure)FAILURE_NONE;
}

/* How many texts an error has, and which. */
enum { MESSAGE, DETAIL, HINT, TABLE, COLUMN, CONSTRAINT, TEXTS };

static int set(struct failure *f, int err, const char *sqlstate, const char *const text[TEXTS],
               int position)
{
    size_t size = 0;
    for (int i = 0; i < TEXTS; i++)
        size += text[i] ? strlen(text[i]) + 1 : 1;
    char *block = pg__alloc(size), *at = block;
    const char *copy[TEXTS];
    for (int i = 0; i < TEXTS; i++) {
        copy[i] = at;
        at = stpcpy(at, text[i] ? text[i] : "") + 1;
    }
    free(f->texts); /* only now: a text may come from here */
    f->texts = block;
    f->e = (weft_pg_error){
        .err = err,
        .message = copy[MESSAGE],
        .detail = copy[DETAIL],
        .hint = copy[HINT],
        .table = copy[TABLE],
        .column = copy[COLUMN],
        .constraint = copy[CONSTRAINT],
        .position = position,
    };
    snprintf(f->e.sqlstate, sizeof f->e.sqlstate, "%s", sqlstate ? sqlstate : "");
    return err;
}

int pg__fail(struct failure *f, int err, const char *sqlstate, const char *format, ...)
{
    char *words = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&words, format, args) < 0)
        weft_panic("weft_pg: out of memory");
    va_end(args);
    for (size_t n = strlen(words); n > 0 && words[n - 1] == '\n'; n--)
        words[n - 1] = 0; /* libpq ends its messages with one */
    const char *text[TEXTS] = {[MESSAGE] = words};
    set(f, err, sqlstate, text, 0);
    free(words);
    return err;
}

int pg__fail_result(struct failure *f, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    if (!primary) /* libpq's own */
        return pg__fail(f, sqlstate ? pg__errno_of(sqlstate) : -EREMOTEIO, sqlstate, "%s",
                        PQresultErrorMessage(result));
    const char *text[TEXTS] = {
        [MESSAGE] = primary,
        [DETAIL] = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL),
        [HINT] = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT),
        [TABLE] = PQresultErrorField(result, PG_DIAG_TABLE_NAME),
        [COLUMN] = PQresultErrorField(result, PG_DIAG_COLUMN_NAME),
        [CONSTRAINT] = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME),
    };
    int err = sqlstate ? pg__errno_of(sqlstate) : -EREMOTEIO;
    return set(f, err, sqlstate, text, position ? atoi(position) : 0);
}

int pg__fail_copy(struct failure *f, const struct failure *from)
{
    const char *text[TEXTS] = {
        [MESSAGE] = from->e.message, [DETAIL] = from->e.detail, [HINT] = from->e.hint,
        [TABLE] = from->e.table,     [COLUMN] = from->e.column, [CONSTRAINT] = from->e.constraint,
    };
    return set(f, from->e.err, from->e.sqlstate, text, from->e.position);
}

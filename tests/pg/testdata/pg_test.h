/* SPDX-License-Identifier: MIT */
/*
 * pg_test.h - what the tests of weft/pg.h share.  The server is the one that tests/pg/run started;
 * a second connection, by plain libpq, is the witness of what happens there.
 */
#ifndef PG_TEST_H
#define PG_TEST_H

#include <weft.h>
#include <weft/pg.h>

#include <dirent.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif

/*
 * How many sockets, pipes and the like are open, the runtime's own for waiting
 * among them.  Files are not counted: whoever names a line in a report opens some.
 */
static inline int descriptors(void)
{
    int pair[2], n = 0;
    weft_auto(weft_ctx, soon) = weft_ctx_with_timeout(weft_background(), WEFT_MILLISECOND);
    if (pipe(pair) != 0 || weft_wait_fd(soon, pair[0], POLLIN) != -ETIMEDOUT)
        weft_fail("a pipe is not waited for");
    close(pair[0]);
    close(pair[1]);
    DIR *dir = opendir("/proc/self/fd");
    for (struct dirent *e; (e = readdir(dir));) {
        char target[2] = "";
        if (readlinkat(dirfd(dir), e->d_name, target, 1) == 1 && *target != '/')
            n++;
    }
    closedir(dir);
    return n;
}

/* One value, by another connection than those under test. */
static inline int64_t witness(const char *sql)
{
    PGconn *pq = PQconnectdb("application_name=witness");
    PGresult *result = PQexec(pq, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        weft_fail("witness: %s", PQerrorMessage(pq));
    int64_t n = PQntuples(result) ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
    PQclear(result);
    PQfinish(pq);
    return n;
}

/* Until the witness says so; how long it took. */
static inline weft_duration until(const char *sql, int64_t wanted, weft_duration limit)
{
    weft_time since = weft_now();
    for (int64_t n; (n = witness(sql)) != wanted; weft_sleep(weft_background(), WEFT_MILLISECOND))
        if (weft_now() - since > limit)
            weft_fail("%s: it is still %lld, not %lld", sql, (long long)n, (long long)wanted);
    return weft_now() - since;
}

/* Until no other goroutine is left. */
static inline void until_alone(void)
{
    weft_time since = weft_now();
    while (weft_num_goroutine() > 1) {
        if (weft_now() - since > 10 * WEFT_SECOND)
            weft_fail("%d goroutines are left", weft_num_goroutine() - 1);
        weft_sleep(weft_background(), WEFT_MILLISECOND);
    }
}

#define CONNECTIONS                                                                                \
    "select count(*) from pg_stat_activity where backend_type = 'client backend' and "             \
    "application_name <> 'witness'"
#define SLEEPERS                                                                                   \
    "select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep%' "    \
    "and application_name <> 'witness'"

/* A statement that must succeed. */
#define MUST(call)                                                                                 \
    ({                                                                                             \
        int64_t must_r = (call);                                                                   \
        if (must_r < 0)                                                                            \
            weft_fail("%s: %s", #call, weft_strerror((int)must_r));                                \
        must_r;                                                                                    \
    })

/* The one number that a query returns. */
static inline int64_t number(weft_ctx *ctx, weft_pg *db, const char *sql)
{
    weft_auto(weft_pg_rows, r) = weft_pg_query(ctx, db, sql);
    int64_t n = weft_pg_next(ctx, r) ? weft_pg_int(r, 0) : -1;
    if (weft_pg_err(r))
        weft_fail("%s: %s", sql, weft_pg_error_of(r)->message);
    return n;
}

#endif /* PG_TEST_H */

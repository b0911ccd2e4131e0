/* SPDX-License-Identifier: MIT */
/* Freed by who launched. */
#include <stdlib.h>
#include <string.h>
#include <weft.h>
struct job { char *name; int n; };
static void run(struct job *j) { printf("%s\n", j->name); }
static void run_text(const char *s) { puts(s); }
static void takes(struct job *j) { puts(j->name); free(j); }
static void job_free(struct job *j) { free(j->name); free(j); }

void at_once(void) { struct job *j = calloc(1, sizeof *j); weft_go(run, j); free(j); } //! argfree
void text(const char *s) { char *copy = strdup(s); weft_go(run_text, copy); weft_yield(); free(copy); } //! argfree
void by_callee(int n)
{
    struct job *j = calloc(1, sizeof *j);
    j->n = n;
    weft_go(run, j);
    job_free(j); //! argfree
}
void of_the_caller(struct job *j, int x)
{
    weft_go(run, j);
    if (x)
        free(j); //! argfree
}

void its_own(void) { struct job *j = calloc(1, sizeof *j); weft_go(takes, j); }
void waits(void)
{
    struct job *j = calloc(1, sizeof *j);
    weft_wg wg = {0};
    weft_wg_go(&wg, run, j);
    weft_wg_wait(&wg);
    free(j);
}
void each(int n)
{
    for (int i = 0; i < n; i++) {
        struct job *j = calloc(1, sizeof *j);
        if (!j || i % 2) {
            free(j);
            continue;
        }
        weft_go(takes, j);
    }
}
void other(struct job *j, char *name) { weft_go(run, j); free(name); }

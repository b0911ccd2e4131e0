/* SPDX-License-Identifier: MIT */
/*
 * test_vet.c - what weft-vet takes for a mistake (its checks of level E) is told before tests run.
 *
 * A test may do on purpose what would be a mistake elsewhere, so the tests of such a folder run all
 * the same, unless -vet was given.  A file that compiles but that libclang cannot read is left
 * alone then, too; the compiler may be another.
 */
#include <sys/wait.h>

#include "complain.h"
#include "home.h"
#include "jobs.h"
#include "test.h"
#include "vet.h"

/* What a file means does not depend on it. */
static bool is_of_no_meaning(const char *flag)
{
    static const char *const with[] = {"-D", "-U", "-I", "-i", "-std", NULL};
    return !flag_begins(flag, with);
}

static void compose(struct job *job, const struct unit *u, const struct test_options *options,
                    const char *program, const struct home *home)
{
    struct list *command = &job->command;
    list_add(command, program);
    list_add(command, "-include-dir");
    list_add(command, home->include);
    list_add(command, "-checks");
    list_add(command, "E");
    list_add(command, "-j");
    list_add(command, "1");
    for (size_t i = 0; i < u->parts; i++)
        add_flags(command, &u->part[i].flags, is_of_no_meaning);
    add_flags(command, &u->manifest.flags, is_of_no_meaning);
    add_flags(command, &options->flags.args, is_of_no_meaning);
    for (size_t i = 0; i < u->parts; i++)
        if (u->part[i].is_linked)
            list_add(command, u->part[i].path);
    job->output = text("%s/vet.log", u->folder);
}

int test_vet(struct units *units, const struct test_options *options, int *signalled)
{
    struct home home;
    int status = home_find(&home);
    if (status != 0 || options->vet == VET_OFF)
        return status;
    const char *program = vet_program(&home);
    if (!program)
        return options->vet == VET_FAIL ? complain("-vet: %s", vet_missing) : 0;
    struct job *jobs = jobs_new(units->count);
    size_t next = 0;
    for (size_t i = 0; i < units->count; i++)
        if (units->unit[i].state == UNIT_TO_BUILD)
            compose(&jobs[next++], &units->unit[i], options, program, &home);
    for (size_t i = 0; i < next; i++)
        compile_say(&options->flags, &jobs[i].command);
    *signalled = jobs_run(jobs, next);
    if (*signalled)
        return -1;
    next = 0;
    for (size_t i = 0; i < units->count; i++) {
        struct unit *u = &units->unit[i];
        if (u->state != UNIT_TO_BUILD)
            continue;
        const struct job *job = &jobs[next++];
        bool headed = false;
        bool found = !job->ending.error && WIFEXITED(job->ending.status) &&
                     WEXITSTATUS(job->ending.status) == 1;
        if (job_done_well(job) || (!found && options->vet != VET_FAIL))
            continue;
        show_file(job->output, text("%s: weft vet", u->label), &headed);
        if (options->vet == VET_FAIL)
            u->state = UNIT_VET_FAILED;
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * test_vet.c - what weft-vet takes for a mistake (its checks of level E) is told before tests run.
 *
 * A test may do on purpose what would be a mistake elsewhere, so the tests of such a folder run all
 * the same, unless -vet was given.  A file that compiles but that libclang cannot read is left
 * alone then, too; the compiler may be another.
 */
#include <string.h>
#include <sys/wait.h>

#include "complain.h"
#include "home.h"
#include "jobs.h"
#include "test.h"
#include "vet.h"

/* What a file means depends on these. */
static void add_flags(struct list *to, const struct list *flags)
{
    static const char *const with[] = {"-D", "-U", "-I", "-i", "-std"};
    for (size_t i = 0; i < flags->count; i++) {
        const char *flag = flags->item[i];
        bool pair = compile_takes_word(flag) && i + 1 < flags->count;
        for (size_t k = 0; k < sizeof with / sizeof *with; k++)
            if (strncmp(flag, with[k], strlen(with[k])) == 0) {
                list_add(to, flag);
                if (pair)
                    list_add(to, flags->item[i + 1]);
                break;
            }
        i += pair;
    }
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
        add_flags(command, &u->part[i].flags);
    add_flags(command, &u->manifest.flags);
    add_flags(command, &options->flags.args);
    for (size_t i = 0; i < u->parts; i++)
        if (u->part[i].is_linked)
            list_add(command, u->part[i].path);
    job->output = text("%s/vet.log", u->folder);
}

static void show(const struct unit *u, const char *path)
{
    char bytes[4096];
    size_t n;
    FILE *file = fopen(path, "re");
    fprintf(stderr, "# %s: weft vet\n", u->label);
    while (file && (n = fread(bytes, 1, sizeof bytes, file)) > 0)
        fwrite(bytes, 1, n, stderr);
    if (file)
        fclose(file);
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
        bool found = !job->ending.error && WIFEXITED(job->ending.status) &&
                     WEXITSTATUS(job->ending.status) == 1;
        if (job_done_well(job) || (!found && options->vet != VET_FAIL))
            continue;
        show(u, job->output);
        if (options->vet == VET_FAIL)
            u->state = UNIT_VET_FAILED;
    }
    return 0;
}

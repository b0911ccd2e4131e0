/* SPDX-License-Identifier: MIT */
/*
 * roles.c - the roles of functions that carry no annotation of ours: libc's and pthreads'.
 */
#include "roles.h"

#include <string.h>

static const char *const words[ROLE_COUNT] = {
#define ROLE(name, text) [ROLE_##name] = text,
#include "roles.def"
#undef ROLE
};

enum role role_named(const char *word, size_t length)
{
    for (int i = 1; i < ROLE_COUNT; i++)
        if (strlen(words[i]) == length && strncmp(words[i], word, length) == 0)
            return (enum role)i;
    return ROLE_NONE;
}

static const struct {
    const char *name;
    enum role role;
    int arg;
} foreign[] = {
    {"pthread_mutex_lock", ROLE_os_lock, 0},
    {"pthread_mutex_trylock", ROLE_os_trylock, 0},
    {"pthread_mutex_timedlock", ROLE_os_trylock, 0},
    {"pthread_mutex_unlock", ROLE_os_unlock, 0},
    {"pthread_rwlock_rdlock", ROLE_os_lock, 0},
    {"pthread_rwlock_wrlock", ROLE_os_lock, 0},
    {"pthread_rwlock_tryrdlock", ROLE_os_trylock, 0},
    {"pthread_rwlock_trywrlock", ROLE_os_trylock, 0},
    {"pthread_rwlock_unlock", ROLE_os_unlock, 0},
    {"pthread_spin_lock", ROLE_os_lock, 0},
    {"pthread_spin_trylock", ROLE_os_trylock, 0},
    {"pthread_spin_unlock", ROLE_os_unlock, 0},
    {"mtx_lock", ROLE_os_lock, 0},
    {"mtx_trylock", ROLE_os_trylock, 0},
    {"mtx_unlock", ROLE_os_unlock, 0},
    {"flockfile", ROLE_os_lock, 0},
    {"funlockfile", ROLE_os_unlock, 0},
    {"weft_accept", ROLE_wait, -1},
    {"weft_wait_fd", ROLE_wait, -1},
    {"weft_connect", ROLE_wait, -1},
    {"weft_dial", ROLE_wait, -1},
    {"weft_resolve", ROLE_wait, -1},
    {"weft_exec", ROLE_wait, -1},
    {"weft_proc_wait", ROLE_wait, -1},
    {"weft_readv", ROLE_yield, -1},
    {"weft_writev", ROLE_yield, -1},
    {"weft_write_all", ROLE_yield, -1},
    {"weft_read_full", ROLE_yield, -1},
    {"weft_sendfile", ROLE_yield, -1},
    {"weft_recvmsg", ROLE_yield, -1},
    {"weft_sendmsg", ROLE_yield, -1},
    {"weft_impl_blocking", ROLE_yield, -1},
    {"weft_read", ROLE_yield, -1},
    {"weft_write", ROLE_yield, -1},
    {"weft_recvfrom", ROLE_yield, -1},
    {"weft_sendto", ROLE_yield, -1},
    {"pthread_join", ROLE_blocks, -1},
    {"pthread_cond_wait", ROLE_blocks, -1},
    {"pthread_cond_timedwait", ROLE_blocks, -1},
    {"pthread_barrier_wait", ROLE_blocks, -1},
    {"sem_wait", ROLE_blocks, -1},
    {"sem_timedwait", ROLE_blocks, -1},
    {"sleep", ROLE_blocks, -1},
    {"usleep", ROLE_blocks, -1},
    {"nanosleep", ROLE_blocks, -1},
    {"clock_nanosleep", ROLE_blocks, -1},
    {"pause", ROLE_blocks, -1},
    {"poll", ROLE_blocks, -1},
    {"ppoll", ROLE_blocks, -1},
    {"select", ROLE_blocks, -1},
    {"pselect", ROLE_blocks, -1},
    {"epoll_wait", ROLE_blocks, -1},
    {"accept", ROLE_blocks, -1},
    {"accept4", ROLE_blocks, -1},
    {"connect", ROLE_blocks, -1},
    {"recv", ROLE_blocks, -1},
    {"recvfrom", ROLE_blocks, -1},
    {"recvmsg", ROLE_blocks, -1},
    {"wait", ROLE_blocks, -1},
    {"waitpid", ROLE_blocks, -1},
    {"system", ROLE_blocks, -1},
    {"flock", ROLE_blocks, -1},
    {"lockf", ROLE_blocks, -1},
    {"getaddrinfo", ROLE_blocks, -1},
    {"gethostbyname", ROLE_blocks, -1},
    {"getchar", ROLE_blocks, -1},
    {"sigwait", ROLE_blocks, -1},
    {"malloc", ROLE_allocates, -1},
    {"calloc", ROLE_allocates, -1},
    {"realloc", ROLE_allocates, -1},
    {"strdup", ROLE_allocates, -1},
    {"strndup", ROLE_allocates, -1},
    {"aligned_alloc", ROLE_allocates, -1},
    {"free", ROLE_frees, 0},
    {"setjmp", ROLE_setjmp, 0},
    {"_setjmp", ROLE_setjmp, 0},
    {"__sigsetjmp", ROLE_setjmp, 0},
    {"sigsetjmp", ROLE_setjmp, 0},
    {"longjmp", ROLE_longjmp, 0},
    {"_longjmp", ROLE_longjmp, 0},
    {"siglongjmp", ROLE_longjmp, 0},
    {"fork", ROLE_fork, -1},
    {"vfork", ROLE_fork, -1},
    {"execv", ROLE_exec, -1},
    {"execve", ROLE_exec, -1},
    {"execvp", ROLE_exec, -1},
    {"execvpe", ROLE_exec, -1},
    {"execl", ROLE_exec, -1},
    {"execlp", ROLE_exec, -1},
    {"execle", ROLE_exec, -1},
    {"fexecve", ROLE_exec, -1},
    {"_exit", ROLE_exec, -1},
    {"_Exit", ROLE_exec, -1},
    {"pthread_exit", ROLE_thread_exit, -1},
    {"thrd_exit", ROLE_thread_exit, -1},
    {"signal", ROLE_signal, 1},
    {"sigaction", ROLE_signal, 1},
};

void roles_foreign(void)
{
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        fact_role(key_of(foreign[i].name), foreign[i].role, foreign[i].arg);
}

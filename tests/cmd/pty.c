/* SPDX-License-Identifier: MIT */
/*
 * pty.c - type one key at a program's terminal.
 *
 *     pty KEY MARK COMMAND...
 *
 * Runs the command in a session of its own on a new terminal, in the foreground as a shell would,
 * and copies what it prints.  Once MARK was printed it types the key with the number KEY (3 is
 * ^C, 28 is ^\).  Exit status: the command's, 128 + n for signal n, or 99 if this could not be
 * done.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int trouble(const char *what)
{
    perror(what);
    return 99;
}

static int start(int terminal, char **command)
{
    setsid();
    int side = open(ptsname(terminal), O_RDWR);
    if (side < 0 || ioctl(side, TIOCSCTTY, 0) != 0)
        return trouble("terminal");
    for (int fd = 0; fd < 3; fd++)
        dup2(side, fd);
    close(side);
    execvp(command[0], command);
    return trouble(command[0]);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 99;
    char key = (char)atoi(argv[1]), seen[4096] = "";
    const char *mark = argv[2];
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0)
        return trouble("posix_openpt");
    pid_t child = fork();
    if (child < 0)
        return trouble("fork");
    if (child == 0)
        _exit(start(terminal, argv + 3));

    size_t filled = 0;
    int typed = 0;
    /* The read fails when the last process has left the terminal. */
    for (ssize_t n; filled + 1 < sizeof seen &&
                    (n = read(terminal, seen + filled, sizeof seen - 1 - filled)) > 0;) {
        fwrite(seen + filled, 1, (size_t)n, stdout);
        filled += (size_t)n;
        seen[filled] = 0;
        if (!typed && strstr(seen, mark))
            typed = write(terminal, &key, 1) == 1;
    }
    int status;
    if (waitpid(child, &status, 0) != child)
        return trouble("waitpid");
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

# SPDX-License-Identifier: MIT
#
# signals.sh - cases for tests/cmd/run: signals, and who ends how and when.

# Counts the signals it gets for 0.4 s from the first on, then says which and how often, and
# exits with 40.
signals_c='
#include <signal.h>
#include <stdio.h>
#include <time.h>
static volatile sig_atomic_t count[65];
static volatile sig_atomic_t any;
static void note(int n) { count[n]++; any = 1; }
int main(void)
{
    int all[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    for (int i = 0; i < 6; i++)
        signal(all[i], note);
    puts("ready");
    fflush(stdout);
    struct timespec tick = {0, 10000000};
    for (int i = 0; i < 1000 && !any; i++)
        nanosleep(&tick, NULL);
    for (int i = 0; i < 40; i++)
        nanosleep(&tick, NULL);
    for (int n = 1; n < 65; n++)
        if (count[n])
            printf("signal %d: %d\n", n, (int)count[n]);
    return 40;
}'

case_signal_death_is_handed_on() {
    echo '#include <signal.h>
    #include <stdlib.h>
    int main(int argc, char **argv) { (void)argc; raise(atoi(argv[1])); return 0; }' >a.c
    for n in 6 9 11 13 15; do
        call "$weft" run a.c -- $n
        exits $((128 + n))
        tmp_is_empty
    done
    # It is a death by that signal, not just the number: a shell says which.
    LC_ALL=C bash -c '"$0" run a.c -- 6; :' "$weft" 2>err
    has err Aborted
}

case_signals_are_handed_on_once() {
    echo "$signals_c" >a.c
    for n in 1 2 3 10 12 15; do
        rm -f out
        # A shell starts background jobs with SIGINT and SIGQUIT ignored.
        env --default-signal=INT,QUIT "$weft" run a.c >out 2>err &
        wait_for out ready
        kill -$n $!
        status=0
        wait $! || status=$?
        exits 40
        says "$(printf 'ready\nsignal %d: 1' $n)"
        tmp_is_empty
    done
}

case_terminal_keys_reach_the_program_once() {
    ${CC:-cc} "$here/pty.c" -o pty
    echo "$signals_c" >a.c
    for key in '3 2' '28 3'; do # ^C, ^\
        set -- $key
        call ./pty "$1" ready "$weft" run a.c
        exits 40
        has out "signal $2: 1"
        tmp_is_empty
    done
}

case_terminal_key_ends_a_program_that_does_not_mind_it() {
    ${CC:-cc} "$here/pty.c" -o pty
    echo "$sleep_c" >a.c
    call ./pty 3 pid "$weft" run a.c
    exits 130
    tmp_is_empty
}

case_weft_does_not_end_before_the_program() {
    echo '#include <signal.h>
    #include <stdio.h>
    #include <unistd.h>
    static volatile sig_atomic_t asked;
    static void note(int n) { asked = n; }
    int main(void)
    {
        signal(SIGTERM, note);
        alarm(20);
        puts("ready");
        fflush(stdout);
        while (!asked)
            usleep(10000);
        usleep(500000);
        puts("tidied up");
        return 5;
    }' >a.c
    "$weft" run a.c >out 2>err &
    wait_for out ready
    kill $!
    status=0
    wait $! || status=$?
    exits 5
    has out 'tidied up'
    tmp_is_empty
}

case_program_dies_with_weft() {
    echo "$sleep_c" >a.c
    "$weft" run a.c >out 2>err &
    wait_for out pid
    kill -9 $!
    wait $! || true
    local pid
    pid=$(sed 's/pid //' out)
    for ((i = 0; i < 100; i++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.05
    done
    die 'the program lives on'
}

case_signal_while_compiling_ends_everything() {
    printf '#!/bin/sh\necho compiling\nexec sleep 30\n' >slow
    chmod +x slow
    echo 'int main(void) { return 0; }' >a.c
    for command in run build; do
        rm -f out
        CC=$PWD/slow "$weft" $command a.c >out 2>err &
        wait_for out compiling
        kill $!
        status=0
        wait $! || status=$?
        exits 143
        tmp_is_empty
    done
}

# A compiler that lives through the signal must not lead to the program being run.
case_signal_while_compiling_starts_nothing() {
    printf '#!/bin/sh\ntrap "" TERM\necho compiling\nsleep 0.5\nexec %s "$@"\n' "${CC:-cc}" >slow
    chmod +x slow
    echo '#include <stdio.h>
    int main(void) { puts("ran"); }' >a.c
    CC=$PWD/slow "$weft" run a.c >out 2>err &
    wait_for out compiling
    kill $!
    status=0
    wait $! || status=$?
    exits 143
    lacks out ran
    tmp_is_empty
}

case_program_gets_our_callers_signal_settings() {
    echo '#include <signal.h>
    #include <stdio.h>
    int main(void)
    {
        sigset_t mask;
        sigprocmask(SIG_BLOCK, 0, &mask);
        for (int n = 1; n < 32; n++) {
            struct sigaction how;
            sigaction(n, 0, &how);
            if (sigismember(&mask, n) || how.sa_handler != SIG_DFL)
                printf("%d %s\n", n, how.sa_handler == SIG_IGN ? "ignored" : "blocked or caught");
        }
    }' >a.c
    call env --default-signal "$weft" run a.c
    exits 0
    says ''
    call env --default-signal --ignore-signal=HUP,CHLD,INT "$weft" run a.c
    exits 0
    says "$(printf '%d ignored\n' 1 2)"
}

# Neither the compiler nor we nor the program mind a signal that our caller has us ignore.
case_ignored_signals_stay_ignored() {
    printf '#!/bin/sh\necho compiling\nsleep 0.5\nexec %s "$@"\n' "${CC:-cc}" >slow
    chmod +x slow
    echo 'int main(void) { return 40; }' >a.c
    CC=$PWD/slow env --ignore-signal=HUP "$weft" run a.c >out 2>err &
    wait_for out compiling
    kill -HUP $!
    status=0
    wait $! || status=$?
    exits 40
}

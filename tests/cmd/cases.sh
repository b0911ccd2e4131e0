# SPDX-License-Identifier: MIT
#
# cases.sh - what tests/cmd/run and tests/cmd/install share: running cases, and what they say.
#
# A case is a function case_NAME.  It runs in an empty folder of its own, in a subshell under
# `set -eu`, and fails at the first expectation that does not hold.

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
failed=0

# run_cases - run every case_ function there is, in the order of their names.
run_cases() {
    local name
    for name in $(compgen -A function case_); do
        run_case "${name#case_}"
    done
}

run_case() {
    local status
    mkdir "$work/$1"
    (
        set -eu
        cd "$work/$1"
        mkdir tmp
        export TMPDIR=$PWD/tmp
        "case_$1"
    ) >"$work/$1.log" 2>&1
    status=$?
    if [ "$status" -eq 0 ]; then
        echo "ok $1"
    elif [ "$status" -eq 77 ]; then
        echo "SKIP $1 $(cat "$work/$1.log")"
    else
        echo "FAIL $1 $(tr '\n' ' ' <"$work/$1.log")"
        failed=1
    fi
}

# call COMMAND... - its output goes to the files out and err, its exit status to $status.
call() {
    status=0
    timeout --foreground -k 5 60 "$@" >out 2>err || status=$?
}

die() {
    echo "$*"
    for file in out err; do
        [ ! -s $file ] || { echo "[$file:]" && head -c 2000 $file; }
    done
    exit 1
}

# needs TOOL - the case is about working with a tool that need not be there.
needs() { type -P "$1" >/dev/null || { echo "$1 is not installed" && exit 77; }; }

# The expectations.
exits() { [ "$status" -eq "$1" ] || die "exit $status, wanted $1"; }
is() { [ "$1" = "$2" ] || die "«$1», wanted «$2»"; }
says() { [ "$(cat out)" = "$1" ] || die "wanted on stdout: «$1»"; }
has() { grep -qF -e "$2" "$1" || die "no «$2» in $1"; }
lacks() { ! grep -qF -e "$2" "$1" || die "«$2» in $1"; }
tmp_is_empty() { [ -z "$(ls -A tmp)" ] || die "left in TMPDIR: $(ls -AR tmp)"; }

# complains STATUS TEXT - one line on stderr that names the command and holds TEXT.
complains() {
    exits "$1"
    [ "$(wc -l <err)" -eq 1 ] || die "wanted one line on stderr"
    grep -q '^weft[ a-z]*: ' err || die "stderr does not begin with the command's name"
    has err "$2"
    tmp_is_empty
}

# wait_for FILE TEXT - until the file holds the text; gives up after 20 s.
wait_for() {
    for ((i = 0; i < 400; i++)); do
        ! grep -qsF -e "$2" "$1" || return 0
        sleep 0.05
    done
    die "$1 never held «$2»"
}

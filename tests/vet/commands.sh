# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# tests/vet/commands.sh - `weft vet` as a command; part of tests/vet/run.

# expect NAME STATUS PATTERN COMMAND... - the exit status, and what one of its lines matches.
expect() {
    local name=$1 wanted=$2 pattern=$3 status
    shift 3
    (cd "$work/files" && "$@") >"$work/said" 2>&1
    status=$?
    local as_wanted=no
    if [ -z "$pattern" ]; then
        [ -s "$work/said" ] || as_wanted=yes
    elif grep -qE -- "$pattern" "$work/said"; then
        as_wanted=yes
    fi
    if [ $status -eq "$wanted" ] && [ $as_wanted = yes ]; then
        ok "$name"
    else
        { echo "exit $status, wanted $wanted and ${pattern:-nothing}"; cat "$work/said"; } >"$work/why"
        fail "$name" <"$work/why"
    fi
}

# Without LLVM one line says what to install.
check_missing() {
    rm -rf "$work/files" && mkdir "$work/files"
    echo '#include <weft.h>' >"$work/files/a.c"
    expect "no LLVM" 2 '^weft vet: it needs libclang and LLVM.*libclang-14-dev' "$build/weft" vet a.c
}

check_commands() {
    local vet="$build/weft vet"
    rm -rf "$work/files" && mkdir -p "$work/files/sub" "$work/files/db" "$work/files/two"
    cat >"$work/files/error.c" <<'C'
#include <weft.h>
struct s { weft_mutex mu; };
void copy(struct s *a, struct s *b) { *a = *b; }
C
    cat >"$work/files/warning.c" <<'C'
#include <weft.h>
struct s { weft_ctx *ctx; };
C
    cat >"$work/files/advice.c" <<'C'
#include <weft.h>
WEFT_CHAN(ints, int);
void send(weft_ctx *ctx, ints *c) { weft_send(c, weft_ctx_err(ctx)); }
C
    cat >"$work/files/fine.c" <<'C'
#include <weft.h>
int n;
C
    cat >"$work/files/broken.c" <<'C'
#include <weft.h>
int n = missing;
C
    echo 'not C at all' >"$work/files/foreign.c"
    printf '//weft: -DTYPE=weft_mutex\n#include <weft.h>\nvoid copy(TYPE *a) { TYPE b = *a; (void)b; }\n' \
        >"$work/files/directive.c"
    printf '#include <weft.h>\n#include "h.h"\nvoid copy(T *a) { T b = *a; (void)b; }\n' \
        >"$work/files/flags.c"
    echo '#define H' >"$work/files/sub/h.h"
    cp "$work/files/error.c" "$work/files/sub/below.c"

    expect "an error" 1 '^error.c:3:44: error: .*\[copylock\]$' $vet error.c
    expect "a warning" 0 '^warning.c:2:.*: warning: .*\[ctxfield\]$' $vet warning.c
    expect "strict" 1 '\[ctxfield\]$' $vet -strict warning.c
    expect "no advice unasked" 0 '' $vet advice.c
    expect "advice" 0 ': advice: .*\[ctxbare\]$' $vet -checks +A advice.c
    expect "one check" 0 '' $vet -checks ctxfield error.c
    expect "only E" 0 '' $vet -checks E warning.c
    expect "without one" 0 '' $vet -checks -copylock error.c
    expect "unknown check" 2 '^weft vet: no check is called nothing;' $vet -checks nothing error.c
    expect "nothing to say" 0 '' $vet fine.c
    expect "does not use weft" 0 '' $vet foreign.c
    expect "does not compile" 2 '^weft vet: broken.c:2:9: error: ' $vet broken.c
    expect "the others all the same" 2 '\[copylock\]$' $vet broken.c error.c
    expect "no such file" 2 'missing.c: No such file' $vet missing.c
    expect "no arguments" 2 '^weft vet: no file or folder given$' $vet
    expect "a folder" 1 '^sub/below.c:3:' $vet sub
    expect "its //weft: lines" 1 '\[copylock\]$' $vet directive.c
    expect "flags" 1 '^flags.c:3:.*\[copylock\]$' $vet -Isub -DT=weft_mutex flags.c
    expect "a page" 0 '^# copylock$' $vet -help copylock
    expect "no page" 2 'no check is called nothing' $vet -help nothing
    expect "the list" 0 '^copylock +E ' $vet -list
    echo "copylock the folder's reason" >"$work/files/sub/vet-ignore"
    expect "vet-ignore" 0 '' $vet sub
    echo 'copylock' >"$work/files/sub/vet-ignore"
    expect "vet-ignore without a reason" 1 'vet-ignore:1:1: warning: say why .*\[ignore\]$' $vet sub
    rm "$work/files/sub/vet-ignore"

    cat >"$work/files/db/compile_commands.json" <<J
[{"directory": "$work/files/sub", "file": "below.c",
  "command": "gcc -fconserve-stack -I$PWD/include -O2 -c below.c -o below.o"},
 {"directory": "$work/files", "file": "flags.c",
  "arguments": ["cc", "-Isub", "-DT=weft_mutex", "-c", "flags.c"]}]
J
    expect "a database" 1 '^sub/below.c:3:' $vet -p db
    expect "arguments of a database" 1 '^flags.c:3:' $vet -p db
    expect "part of a database" 1 '^flags.c:3:' $vet -p db flags.c
    expect "no database" 2 'no compile_commands.json' $vet -p sub

    # The goroutine is launched in one file, and has its mistake in the other.
    printf '#include <weft.h>\nvoid work(weft_wg *wg) { weft_wg_add(wg, 1); weft_wg_done(wg); }\n' \
        >"$work/files/two/a.c"
    printf '#include <weft.h>\nvoid work(weft_wg *wg);\nvoid f(weft_wg *w) { weft_go(work, w); weft_wg_wait(w); }\n' \
        >"$work/files/two/b.c"
    expect "each file alone" 0 '' $vet two
    expect "the whole program" 1 '^two/a.c:2:.*\[waitgroup\]$' $vet -whole two

    if command -v python3 >/dev/null; then
        expect "json" 0 '^error copylock 3$' bash -c "$vet -json error.c | python3 -c '
import json, sys
for f in json.load(sys.stdin): print(f[\"level\"], f[\"check\"], f[\"line\"])'"
        expect "sarif" 0 '^2.1.0 copylock error.c 3$' bash -c "$vet -sarif error.c | python3 -c '
import json, sys
all = json.load(sys.stdin)
for r in all[\"runs\"][0][\"results\"]:
    at = r[\"locations\"][0][\"physicalLocation\"]
    print(all[\"version\"], r[\"ruleId\"], at[\"artifactLocation\"][\"uri\"], at[\"region\"][\"startLine\"])'"
    else
        echo "SKIP vet: json and sarif: there is no python3"
    fi
}

# SPDX-License-Identifier: MIT
#
# complaints.sh - cases for tests/cmd/run: what weft cannot do, it says in one line, with status 2.

case_complains_about_missing_files() {
    echo 'int main(void) { return 0; }' >a.c
    for command in run build; do
        call "$weft" $command a.c nowhere.c
        complains 2 'nowhere.c: No such file or directory'
        mkdir -p folder.c
        call "$weft" $command folder.c
        complains 2 folder.c
        call "$weft" $command
        complains 2 'no C file'
    done
}

case_complains_about_an_unreadable_file() {
    [ "$(id -u)" -ne 0 ] || { echo 'root may read every file' && exit 77; }
    echo 'int main(void) { return 0; }' >a.c
    chmod 0 a.c
    call "$weft" run a.c
    complains 2 'a.c: Permission denied'
}

case_complains_about_files_of_other_kinds() {
    echo 'int main(void) { return 0; }' >a.c
    touch notes.txt
    call "$weft" run a.c notes.txt
    complains 2 notes.txt
    touch word
    call "$weft" run a.c word
    complains 2 --
}

case_complains_about_unknown_words() {
    call "$weft"
    complains 2 'weft help'
    call "$weft" frobnicate
    complains 2 frobnicate
    call "$weft" -frobnicate
    complains 2 -frobnicate
    call "$weft" version x
    complains 2 x
    call "$weft" help frobnicate
    complains 2 frobnicate
    call "$weft" env FROBNICATE
    complains 2 FROBNICATE
}

case_complains_about_flags_that_cannot_work() {
    echo 'int main(void) { return 0; }' >a.c
    call "$weft" run -o b a.c
    complains 2 -o
    call "$weft" build a.c -- x
    complains 2 --
    call "$weft" run a.c -I
    complains 2 -I
    for flag in -c -S -E -M; do
        call "$weft" build $flag a.c
        complains 2 $flag
    done
    call "$weft" run -fsyntax-only a.c
    exits 2
    has err 'weft run: the compiler made no program'
    tmp_is_empty
}

case_complains_about_a_missing_compiler() {
    echo 'int main(void) { return 0; }' >a.c
    call env CC=no-such-compiler "$weft" run a.c
    complains 2 no-such-compiler
    call env CC="$PWD/nowhere/cc -m64" "$weft" build a.c
    complains 2 "$PWD/nowhere/cc"
    call env CC="$PWD/a.c" "$weft" run a.c
    complains 2 'Permission denied'
    call env CC="cc 'open" "$weft" run a.c
    complains 2 CC
}

case_complains_about_output_it_cannot_write() {
    echo 'int main(void) { return 0; }' >a.c
    call "$weft" build a.c -o nowhere/a
    complains 2 nowhere/a
    mkdir a
    call "$weft" build a.c
    complains 2 'cannot write a'
    call env TMPDIR="$PWD/nowhere" "$weft" run a.c
    complains 2 "$PWD/nowhere"
    call bash -c '"$0" help >/dev/full' "$weft"
    complains 2 'standard output'
}

case_complains_about_a_missing_library() {
    echo 'int main(void) { return 0; }' >a.c
    call env WEFT_HOME="$PWD/nowhere" "$weft" run a.c
    complains 2 "$PWD/nowhere"
    mkdir -p home/include
    touch home/include/weft.h
    call env WEFT_HOME="$PWD/home" "$weft" run a.c
    complains 2 libweft.a
}

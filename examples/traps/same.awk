# SPDX-License-Identifier: MIT
#
# same.awk - is the second file what the first one says?
#
# usage: awk -f same.awk WANTED GOT
#
# A line "..." stands for any number of lines, and "..." within a line for any text. Numbers of
# goroutines do not count, a tab is as good as eight spaces, and neither do empty lines at the end.
# The exit status is 0 when they agree, 1 when not.

function plain(line)
{
    gsub(/goroutine [0-9]+/, "goroutine N", line)
    gsub(/\t/, "        ", line)
    sub(/ +$/, "", line)
    return line
}

# fits - the pieces of @want between its dots stand in @got, in this order, the outer two at the
# ends.
function fits(want, got,    piece, n, i, at)
{
    n = split(want, piece, /\.\.\./)
    if (n < 2)
        return want == got
    if (substr(got, 1, length(piece[1])) != piece[1])
        return 0
    got = substr(got, length(piece[1]) + 1)
    for (i = 2; i < n; i++) {
        at = index(got, piece[i])
        if (at == 0)
            return 0
        got = substr(got, at + length(piece[i]))
    }
    return length(got) >= length(piece[n]) &&
           substr(got, length(got) - length(piece[n]) + 1) == piece[n]
}

FILENAME == ARGV[1] { want[n_want++] = plain($0); next }
{ got[n_got++] = plain($0) }

END {
    while (n_want > 0 && want[n_want - 1] == "")
        n_want--
    while (n_got > 0 && got[n_got - 1] == "")
        n_got--
    i = j = 0
    star = -1
    while (j < n_got) {
        if (i < n_want && want[i] == "...") {
            star = i++
            mark = j
        } else if (i < n_want && fits(want[i], got[j])) {
            i++
            j++
        } else if (star >= 0) {
            i = star + 1
            j = ++mark
        } else {
            exit 1
        }
    }
    while (i < n_want && want[i] == "...")
        i++
    exit i < n_want
}

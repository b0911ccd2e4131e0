// SPDX-License-Identifier: MIT

// Package bench is the twin of bench/bench.h: the clock, the command line and
// the line of results of a workload program.
//
// The code in this module keeps to Go 1.19, the version in Debian 12, and is
// built by the newest Go on the machine with that version's defaults.
package bench

import (
	"bufio"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Result is what one run of a row gives.
type Result struct {
	Ops      uint64        // ns_per_op is the time divided by this
	Elapsed  time.Duration // the work alone, without setting up
	Checksum uint64
	More     string // further "key=value" of this row, or empty
}

// Row is a workload and the name it goes by in every language.
type Row struct {
	Name string
	Run  func(count uint64) Result
	Cold bool // no warm-up: the row measures what a first run would leave behind, or its count
	// is no number of operations
}

// Work is something to do that takes about a nanosecond a step.
func Work(seed uint64, steps int) uint64 {
	for i := 0; i < steps; i++ {
		seed = (seed ^ 0x9e3779b97f4a7c15) * 0xd6e8feb86659fd93
	}
	return seed >> 33
}

// Random is the next of a sequence of numbers that is the same in every language.
func Random(state *uint64) uint64 {
	*state = *state*6364136223846793005 + 1442695040888963407
	return *state >> 33
}

// Lateness sorts the times and describes them, in microseconds.
func Lateness(late []time.Duration) string {
	sort.Slice(late, func(i, j int) bool { return late[i] < late[j] })
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
	n := len(late)
	return fmt.Sprintf("p50_us=%.1f p99_us=%.1f p999_us=%.1f",
		us(late[n/2]), us(late[n*99/100]), us(late[n*999/1000]))
}

// Main runs the row that the command line names and prints its line.
func Main(rows ...Row) {
	if len(os.Args) != 3 {
		badUsage("wrong number of arguments after", os.Args[0], rows)
	}
	row := find(rows, os.Args[1])
	if row == nil {
		badUsage("no row", os.Args[1], rows)
	}
	count, err := strconv.ParseUint(os.Args[2], 10, 64)
	if err != nil || count == 0 {
		badUsage("not a count above zero:", os.Args[2], rows)
	}

	if !row.Cold {
		row.Run(count/10 + 1)
	}
	r := row.Run(count)
	line := fmt.Sprintf("row=%s ops=%d ns_per_op=%.3f checksum=%d",
		row.Name, r.Ops, float64(r.Elapsed.Nanoseconds())/float64(r.Ops), r.Checksum)
	if r.More != "" {
		line += " " + r.More
	}
	fmt.Println(line)
}

func find(rows []Row, name string) *Row {
	for i := range rows {
		if rows[i].Name == name {
			return &rows[i]
		}
	}
	return nil
}

func badUsage(why, what string, rows []Row) {
	program := os.Args[0]
	fmt.Fprintf(os.Stderr, "%s: %s '%s'; usage: %s ROW COUNT, rows:", program, why, what, program)
	for _, row := range rows {
		fmt.Fprintf(os.Stderr, " %s", row.Name)
	}
	fmt.Fprintln(os.Stderr)
	os.Exit(2)
}

// ResidentBytes is this process's resident memory (VmRSS).
func ResidentBytes() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if field := strings.Fields(lines.Text()); len(field) == 3 && field[0] == "VmRSS:" {
			if kib, err := strconv.ParseInt(field[1], 10, 64); err == nil {
				return kib * 1024
			}
		}
	}
	fmt.Fprintln(os.Stderr, "bench: /proc/self/status: no VmRSS there")
	os.Exit(1)
	return 0
}

// SPDX-License-Identifier: MIT

// Things that are done once: the twin of bench/once_bench.c, which says what
// each row does.
package main

import (
	"sync"
	"time"

	"weft/bench/compare/bench"
)

var (
	ready  sync.Once
	answer uint64
)

func setUp() { answer += 7 }

func runOnce(count uint64) bench.Result {
	sum := uint64(0)
	start := time.Now()
	for i := uint64(0); i < count; i++ {
		ready.Do(setUp)
		sum += answer
	}
	return bench.Result{Ops: count, Elapsed: time.Since(start), Checksum: sum}
}

func main() {
	bench.Main(bench.Row{Name: "once", Run: runOnce})
}

// SPDX-License-Identifier: MIT

// Mutual exclusion: the twin of bench/mutex_bench.c, which says what each row
// does.
package main

import (
	"sync"
	"time"

	"weft/bench/compare/bench"
)

type account struct {
	mu    sync.Mutex
	total uint64 // guarded by mu
}

func runMutex(count uint64) bench.Result {
	var a account
	start := time.Now()
	for i := uint64(0); i < count; i++ {
		a.mu.Lock()
		a.total += i
		a.mu.Unlock()
	}
	return bench.Result{Ops: count, Elapsed: time.Since(start), Checksum: a.total}
}

func main() {
	bench.Main(bench.Row{Name: "mutex", Run: runMutex})
}

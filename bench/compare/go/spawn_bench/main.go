// SPDX-License-Identifier: MIT

// The life of a goroutine: the twin of bench/spawn_bench.c, which says what
// each row does.
package main

import (
	"sync"
	"time"

	"weft/bench/compare/bench"
)

func addTo(sum *uint64, v uint64, wg *sync.WaitGroup) {
	*sum += v
	wg.Done()
}

// runSpawn uses Add, go and Done: wg.Go of Go 1.25 allocates a second closure
// and is slower.
func runSpawn(count uint64) bench.Result {
	var sum uint64
	var wg sync.WaitGroup
	start := time.Now()
	for i := uint64(0); i < count; i++ {
		wg.Add(1)
		go addTo(&sum, i, &wg)
		wg.Wait()
	}
	return bench.Result{Ops: count, Elapsed: time.Since(start), Checksum: sum}
}

func main() {
	bench.Main(bench.Row{Name: "spawn", Run: runSpawn})
}

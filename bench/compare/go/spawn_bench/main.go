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

const fan = 1000

func put(slot *uint64, v uint64, wg *sync.WaitGroup) {
	*slot = v
	wg.Done()
}

func runFanout(count uint64) bench.Result {
	var slot [fan]uint64
	var wg sync.WaitGroup
	sum, ops := uint64(0), uint64(0)
	start := time.Now()
	for ops < count {
		wg.Add(fan)
		for i := range slot {
			go put(&slot[i], ops, &wg)
			ops++
		}
		wg.Wait()
		for _, v := range slot {
			sum += v
		}
	}
	return bench.Result{Ops: ops, Elapsed: time.Since(start), Checksum: sum}
}

func main() {
	bench.Main(
		bench.Row{Name: "spawn", Run: runSpawn},
		bench.Row{Name: "fanout", Run: runFanout},
	)
}

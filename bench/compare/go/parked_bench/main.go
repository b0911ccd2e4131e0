// SPDX-License-Identifier: MIT

// What a goroutine costs that only waits: the twin of bench/parked_bench.c,
// which says what each row does.
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"weft/bench/compare/bench"
)

func sleeper(gate <-chan struct{}, parked, done *sync.WaitGroup, sum *atomic.Uint64, i uint64) {
	parked.Done()
	<-gate
	sum.Add(i)
	done.Done()
}

func runParked(count uint64) bench.Result {
	gate := make(chan struct{})
	var parked, done sync.WaitGroup
	var sum atomic.Uint64

	before := bench.ResidentBytes()
	start := time.Now()
	parked.Add(int(count))
	for i := uint64(0); i < count; i++ {
		done.Add(1)
		go sleeper(gate, &parked, &done, &sum, i)
	}
	parked.Wait()
	spawn := time.Since(start)

	// The last ones have said so and are about to wait: give them the time.
	time.Sleep(20 * time.Millisecond)
	bytes := bench.ResidentBytes() - before

	start = time.Now()
	close(gate)
	done.Wait()
	wake := time.Since(start)

	n := float64(count)
	return bench.Result{
		Ops: count, Elapsed: spawn + wake, Checksum: sum.Load(),
		More: fmt.Sprintf("bytes=%.1f spawn_ns=%.1f wake_ns=%.1f",
			float64(bytes)/n, float64(spawn.Nanoseconds())/n, float64(wake.Nanoseconds())/n),
	}
}

func add(sum *atomic.Uint64, i uint64, done *sync.WaitGroup) {
	sum.Add(i)
	done.Done()
}

func runUnrun(count uint64) bench.Result {
	var done sync.WaitGroup
	var sum atomic.Uint64
	before := bench.ResidentBytes()
	start := time.Now()
	for i := uint64(0); i < count; i++ {
		done.Add(1)
		go add(&sum, i, &done)
	}
	bytes := bench.ResidentBytes() - before
	done.Wait()
	return bench.Result{
		Ops: count, Elapsed: time.Since(start), Checksum: sum.Load(),
		More: fmt.Sprintf("bytes=%.1f", float64(bytes)/float64(count)),
	}
}

func main() {
	bench.Main(
		bench.Row{Name: "parked", Run: runParked, Cold: true},
		bench.Row{Name: "unrun", Run: runUnrun, Cold: true},
	)
}

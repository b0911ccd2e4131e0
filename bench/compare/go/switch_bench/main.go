// SPDX-License-Identifier: MIT

// Handing the processor over: the twin of bench/switch_bench.c, which says
// what each row does.
package main

import (
	"runtime"
	"sync"
	"time"

	"weft/bench/compare/bench"
)

func yielder(count uint64, yields *uint64, wg *sync.WaitGroup) {
	n := uint64(0)
	for i := uint64(0); i < count; i++ {
		runtime.Gosched()
		n++
	}
	*yields = n
	wg.Done()
}

func runYield(count uint64) bench.Result {
	var left, right uint64
	var wg sync.WaitGroup
	start := time.Now()
	wg.Add(2)
	go yielder(count, &left, &wg)
	go yielder(count, &right, &wg)
	wg.Wait()
	return bench.Result{Ops: 2 * count, Elapsed: time.Since(start), Checksum: left + right}
}

func echo(ping <-chan uint64, pong chan<- uint64, wg *sync.WaitGroup) {
	for v := range ping {
		pong <- v + 1
	}
	wg.Done()
}

func runRoundtrip(count uint64) bench.Result {
	ping := make(chan uint64)
	pong := make(chan uint64)
	var wg sync.WaitGroup
	wg.Add(1)
	go echo(ping, pong, &wg)
	sum := uint64(0)
	start := time.Now()
	for i := uint64(0); i < count; i++ {
		ping <- i
		sum += <-pong
	}
	elapsed := time.Since(start)
	close(ping)
	wg.Wait()
	return bench.Result{Ops: count, Elapsed: elapsed, Checksum: sum}
}

func main() {
	bench.Main(
		bench.Row{Name: "yield", Run: runYield},
		bench.Row{Name: "roundtrip", Run: runRoundtrip},
	)
}

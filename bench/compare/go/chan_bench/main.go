// SPDX-License-Identifier: MIT

// Buffered channels: the twin of bench/chan_bench.c, which says what each row
// does.
package main

import (
	"sync"
	"time"

	"weft/bench/compare/bench"
)

func runBuffered(count uint64) bench.Result {
	c := make(chan uint64, 1)
	sum := uint64(0)
	start := time.Now()
	for i := uint64(0); i < count; i++ {
		c <- i
		sum += <-c
	}
	return bench.Result{Ops: count, Elapsed: time.Since(start), Checksum: sum}
}

func produce(out chan<- uint64, count uint64, wg *sync.WaitGroup) {
	for i := uint64(0); i < count; i++ {
		out <- i
	}
	close(out)
	wg.Done()
}

func runProdcons(count uint64) bench.Result {
	c := make(chan uint64, 128)
	var wg sync.WaitGroup
	sum := uint64(0)
	start := time.Now()
	wg.Add(1)
	go produce(c, count, &wg)
	for v := range c {
		sum += v
	}
	elapsed := time.Since(start)
	wg.Wait()
	return bench.Result{Ops: count, Elapsed: elapsed, Checksum: sum}
}

func main() {
	bench.Main(
		bench.Row{Name: "buffered", Run: runBuffered},
		bench.Row{Name: "prodcons", Run: runProdcons},
	)
}

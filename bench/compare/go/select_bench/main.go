// SPDX-License-Identifier: MIT

// Waiting for the first of several channels: the twin of bench/select_bench.c,
// which says what each row does.
package main

import (
	"context"
	"sync"
	"time"

	"weft/bench/compare/bench"
)

func alternate(even, odd chan<- uint64, count uint64, wg *sync.WaitGroup) {
	for i := uint64(0); i < count; i++ {
		if i%2 == 0 {
			even <- i
		} else {
			odd <- i
		}
	}
	wg.Done()
}

func runSelect2(count uint64) bench.Result {
	even := make(chan uint64)
	odd := make(chan uint64)
	var wg sync.WaitGroup
	wg.Add(1)
	go alternate(even, odd, count, &wg)
	sum := uint64(0)
	start := time.Now()
	for i := uint64(0); i < count; i++ {
		select {
		case v := <-even:
			sum += v
		case v := <-odd: // weighted, so that a value from the wrong case shows
			sum += 3 * v
		}
	}
	elapsed := time.Since(start)
	wg.Wait()
	return bench.Result{Ops: count, Elapsed: elapsed, Checksum: sum}
}

func sendAll(c chan<- uint64, count uint64, wg *sync.WaitGroup) {
	for i := uint64(0); i < count; i++ {
		c <- i
	}
	wg.Done()
}

func runSelectCtx(count uint64) bench.Result {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := make(chan uint64)
	var wg sync.WaitGroup
	wg.Add(1)
	go sendAll(c, count, &wg)
	sum := uint64(0)
	start := time.Now()
	for i := uint64(0); i < count; i++ {
		select {
		case v := <-c:
			sum += v
		case <-ctx.Done(): // nobody cancels it
			sum += count
		}
	}
	elapsed := time.Since(start)
	wg.Wait()
	return bench.Result{Ops: count, Elapsed: elapsed, Checksum: sum}
}

func main() {
	bench.Main(
		bench.Row{Name: "select2", Run: runSelect2},
		bench.Row{Name: "selectctx", Run: runSelectCtx},
	)
}

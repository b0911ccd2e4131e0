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
	wg.Done()
}

func consume(in <-chan uint64, sum *uint64, wg *sync.WaitGroup) {
	mine := uint64(0)
	for v := range in {
		mine += v
	}
	*sum = mine
	wg.Done()
}

func runPC(capacity, producers, consumers int) func(uint64) bench.Result {
	return func(count uint64) bench.Result {
		each := count/uint64(producers) + 1
		part := make([]uint64, consumers)
		c := make(chan uint64, capacity)
		var producing, consuming sync.WaitGroup
		start := time.Now()
		consuming.Add(consumers)
		for i := range part {
			go consume(c, &part[i], &consuming)
		}
		producing.Add(producers)
		for i := 0; i < producers; i++ {
			go produce(c, each, &producing)
		}
		producing.Wait()
		close(c)
		consuming.Wait()
		elapsed := time.Since(start)
		sum := uint64(0)
		for _, v := range part {
			sum += v
		}
		return bench.Result{Ops: each * uint64(producers), Elapsed: elapsed, Checksum: sum}
	}
}

func main() {
	bench.Main(
		bench.Row{Name: "buffered", Run: runBuffered},
		bench.Row{Name: "pc0_1x1", Run: runPC(0, 1, 1)},
		bench.Row{Name: "pc0_4x4", Run: runPC(0, 4, 4)},
		bench.Row{Name: "pc0_64x1", Run: runPC(0, 64, 1)},
		bench.Row{Name: "pc0_1x64", Run: runPC(0, 1, 64)},
		bench.Row{Name: "pc1_1x1", Run: runPC(1, 1, 1)},
		bench.Row{Name: "pc1_4x4", Run: runPC(1, 4, 4)},
		bench.Row{Name: "pc1_64x1", Run: runPC(1, 64, 1)},
		bench.Row{Name: "pc1_1x64", Run: runPC(1, 1, 64)},
		bench.Row{Name: "pc10_1x1", Run: runPC(10, 1, 1)},
		bench.Row{Name: "pc10_4x4", Run: runPC(10, 4, 4)},
		bench.Row{Name: "pc10_64x1", Run: runPC(10, 64, 1)},
		bench.Row{Name: "pc10_1x64", Run: runPC(10, 1, 64)},
		bench.Row{Name: "pc128_1x1", Run: runPC(128, 1, 1)},
		bench.Row{Name: "pc128_4x4", Run: runPC(128, 4, 4)},
		bench.Row{Name: "pc128_64x1", Run: runPC(128, 64, 1)},
		bench.Row{Name: "pc128_1x64", Run: runPC(128, 1, 64)},
	)
}

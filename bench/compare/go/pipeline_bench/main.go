// SPDX-License-Identifier: MIT

// Long chains of goroutines: the twin of bench/pipeline_bench.c, which says
// what each row does.
package main

import (
	"sync"
	"time"

	"weft/bench/compare/bench"
)

const stages = 1000

func stage(in <-chan uint64, out chan<- uint64) {
	for v := range in {
		out <- v + 1
	}
	close(out)
}

func feed(out chan<- uint64, from, to uint64, wg *sync.WaitGroup) {
	for i := from; i <= to; i++ {
		out <- i
	}
	close(out)
	wg.Done()
}

func runPipeline(count uint64) bench.Result {
	first := make(chan uint64)
	in := first
	for i := 0; i < stages; i++ {
		out := make(chan uint64)
		go stage(in, out)
		in = out
	}
	var wg sync.WaitGroup
	sum := uint64(0)
	wg.Add(1)
	start := time.Now()
	go feed(first, 1, count, &wg)
	for v := range in {
		sum += v
	}
	elapsed := time.Since(start)
	wg.Wait()
	return bench.Result{Ops: count * stages, Elapsed: elapsed, Checksum: sum}
}

// nthPrime is found by trial division; the first is 2.
func nthPrime(n uint64) uint64 {
	candidate := uint64(1)
	for n > 0 {
		candidate++
		prime := true
		for d := uint64(2); prime && d*d <= candidate; d++ {
			prime = candidate%d != 0
		}
		if prime {
			n--
		}
	}
	return candidate
}

// sift takes the first number, a prime, says so, and starts the next one with
// what it leaves.
func sift(in <-chan uint64, primes chan<- uint64) {
	prime, ok := <-in
	if !ok {
		close(primes)
		return
	}
	primes <- prime
	out := make(chan uint64)
	go sift(out, primes)
	for v := range in {
		if v%prime != 0 {
			out <- v
		}
	}
	close(out)
}

func runSieve(count uint64) bench.Result {
	last := nthPrime(count)
	numbers := make(chan uint64)
	primes := make(chan uint64)
	var wg sync.WaitGroup
	sum := uint64(0)
	start := time.Now()
	go sift(numbers, primes)
	wg.Add(1)
	go feed(numbers, 2, last, &wg)
	for p := range primes {
		sum += p
	}
	elapsed := time.Since(start)
	wg.Wait()
	return bench.Result{Ops: count, Elapsed: elapsed, Checksum: sum}
}

func main() {
	bench.Main(
		bench.Row{Name: "pipeline", Run: runPipeline},
		bench.Row{Name: "sieve", Run: runSieve},
	)
}

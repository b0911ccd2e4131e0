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

const spawners, burst = 4, 100

func spawnBursts(from, to uint64, result *uint64, done *sync.WaitGroup) {
	var slot [burst]uint64
	var wg sync.WaitGroup
	sum := uint64(0)
	for from < to {
		wg.Add(burst)
		for i := range slot {
			go put(&slot[i], from, &wg)
			from++
		}
		wg.Wait()
		for _, v := range slot {
			sum += v
		}
	}
	*result = sum
	done.Done()
}

func runSpawnAll(count uint64) bench.Result {
	each := (count/spawners/burst + 1) * burst
	var part [spawners]uint64
	var wg sync.WaitGroup
	start := time.Now()
	wg.Add(spawners)
	for i := range part {
		go spawnBursts(uint64(i)*each, uint64(i+1)*each, &part[i], &wg)
	}
	wg.Wait()
	elapsed := time.Since(start)
	sum := uint64(0)
	for _, v := range part {
		sum += v
	}
	return bench.Result{Ops: each * spawners, Elapsed: elapsed, Checksum: sum}
}

const children = 10

func skynet(up chan<- uint64, number, leaves uint64) {
	if leaves == 1 {
		up <- number
		return
	}
	sums := make(chan uint64, children)
	for i := uint64(0); i < children; i++ {
		go skynet(sums, number+i*(leaves/children), leaves/children)
	}
	sum := uint64(0)
	for i := 0; i < children; i++ {
		sum += <-sums
	}
	up <- sum
}

func runSkynet(count uint64) bench.Result {
	result := make(chan uint64, 1)
	start := time.Now()
	go skynet(result, 0, count)
	sum := <-result
	return bench.Result{Ops: count, Elapsed: time.Since(start), Checksum: sum}
}

// fib uses a wait group; a channel per call is slower.
func fib(n uint64) uint64 {
	if n < 2 {
		return n
	}
	var left struct {
		wg  sync.WaitGroup
		fib uint64
	}
	left.wg.Add(1)
	go func() {
		left.fib = fib(n - 1)
		left.wg.Done()
	}()
	right := fib(n - 2)
	left.wg.Wait()
	return left.fib + right
}

// forks is how many goroutines fib(n) launches.
func forks(n uint64) uint64 {
	if n < 2 {
		return 0
	}
	return 1 + forks(n-1) + forks(n-2)
}

func runFib(count uint64) bench.Result {
	ops := forks(count)
	start := time.Now()
	result := fib(count)
	return bench.Result{Ops: ops, Elapsed: time.Since(start), Checksum: result}
}

func main() {
	bench.Main(
		bench.Row{Name: "spawn", Run: runSpawn},
		bench.Row{Name: "fanout", Run: runFanout},
		bench.Row{Name: "spawnall", Run: runSpawnAll},
		bench.Row{Name: "skynet", Run: runSkynet, Cold: true},
		bench.Row{Name: "fib", Run: runFib, Cold: true},
	)
}

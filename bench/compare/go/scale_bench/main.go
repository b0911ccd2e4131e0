// SPDX-License-Identifier: MIT

// What only shows with more than one processor, or more threads: the twin of
// bench/scale_bench.c, which says what each row does.
package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"weft/bench/compare/bench"
)

const jobs, longEvery, longSteps, shortSteps = 1000, 50, 5000, 50

func job(slot *uint64, number uint64, wg *sync.WaitGroup) {
	if number%longEvery == 0 {
		*slot = bench.Work(number, longSteps)
	} else {
		*slot = bench.Work(number, shortSteps)
	}
	wg.Done()
}

func runImbalance(count uint64) bench.Result {
	var slot [jobs]uint64
	var wg sync.WaitGroup
	sum, ops := uint64(0), uint64(0)
	start := time.Now()
	for ops < count {
		wg.Add(jobs)
		for i := range slot {
			go job(&slot[i], ops, &wg)
			ops++
		}
		wg.Wait()
		for _, v := range slot {
			sum += v
		}
	}
	return bench.Result{Ops: ops, Elapsed: time.Since(start), Checksum: sum}
}

// runOutside: Go has no threads that are not its own.  A goroutine that is
// locked to its thread comes nearest.
func runOutside(count uint64) bench.Result {
	c := make(chan uint64, 128)
	sum := uint64(0)
	start := time.Now()
	go func() {
		runtime.LockOSThread()
		for i := uint64(0); i < count; i++ {
			c <- i
		}
		close(c)
	}()
	for v := range c {
		sum += v
	}
	return bench.Result{Ops: count, Elapsed: time.Since(start), Checksum: sum}
}

func compute(enough *atomic.Bool, result *uint64, wg *sync.WaitGroup) {
	for !enough.Load() {
		*result += bench.Work(*result, 1000)
	}
	wg.Done()
}

func runWakeBusy(count uint64) bench.Result {
	late := make([]time.Duration, count)
	result := make([]uint64, runtime.GOMAXPROCS(0))
	var enough atomic.Bool
	var wg sync.WaitGroup
	start := time.Now()
	wg.Add(len(result))
	for i := range result {
		go compute(&enough, &result[i], &wg)
	}
	for i := range late {
		when := time.Now().Add(time.Millisecond)
		time.Sleep(time.Millisecond)
		late[i] = time.Since(when)
	}
	elapsed := time.Since(start)
	enough.Store(true)
	wg.Wait()
	return bench.Result{Ops: count, Elapsed: elapsed, Checksum: count, More: bench.Lateness(late)}
}

func main() {
	bench.Main(
		bench.Row{Name: "imbalance", Run: runImbalance},
		bench.Row{Name: "outside", Run: runOutside},
		bench.Row{Name: "wakebusy", Run: runWakeBusy, Cold: true},
	)
}

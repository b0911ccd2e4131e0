// SPDX-License-Identifier: MIT

// Mutual exclusion: the twin of bench/mutex_bench.c, which says what each row
// does.
package main

import (
	"fmt"
	"sync"
	"time"

	"weft/bench/compare/bench"
)

type account struct {
	mu    sync.Mutex
	total uint64 // guarded by mu
}

func runMutex(count uint64) bench.Result {
	var a account
	start := time.Now()
	for i := uint64(0); i < count; i++ {
		a.mu.Lock()
		a.total += i
		a.mu.Unlock()
	}
	return bench.Result{Ops: count, Elapsed: time.Since(start), Checksum: a.total}
}

type pot struct {
	mu          sync.Mutex // guards the rest, but for size
	size        uint64
	next, total uint64
	worked      uint64
	longest     time.Duration
	work        int // steps, inside and outside
}

func (p *pot) take(wg *sync.WaitGroup) {
	for more := true; more; {
		p.mu.Lock()
		more = p.next < p.size
		if more {
			p.total += p.next
			p.next++
		}
		p.mu.Unlock()
	}
	wg.Done()
}

func (p *pot) takeAndWork(wg *sync.WaitGroup) {
	outside := uint64(0)
	for more := true; more; {
		mine := uint64(0)
		p.mu.Lock()
		more = p.next < p.size
		if more {
			mine = p.next
			p.next++
			p.total += bench.Work(mine, p.work)
		}
		p.mu.Unlock()
		if more {
			outside += bench.Work(mine+1, p.work)
		}
	}
	p.mu.Lock()
	p.worked += outside
	p.mu.Unlock()
	wg.Done()
}

func (p *pot) takeByTheClock(wg *sync.WaitGroup) {
	for more := true; more; {
		start := time.Now()
		p.mu.Lock()
		if waited := time.Since(start); waited > p.longest {
			p.longest = waited
		}
		more = p.next < p.size
		if more {
			p.total += p.next
			p.next++
		}
		p.mu.Unlock()
	}
	wg.Done()
}

// empty lets that many goroutines empty a pot and returns how long it took.
func empty(p *pot, goroutines int, taker func(*pot, *sync.WaitGroup)) time.Duration {
	var wg sync.WaitGroup
	start := time.Now()
	wg.Add(goroutines)
	for i := 0; i < goroutines; i++ {
		go taker(p, &wg)
	}
	wg.Wait()
	return time.Since(start)
}

func runContended(goroutines int) func(uint64) bench.Result {
	return func(count uint64) bench.Result {
		fast := pot{size: count}
		timed := pot{size: count/4 + 1}
		elapsed := empty(&fast, goroutines, (*pot).take)
		empty(&timed, goroutines, (*pot).takeByTheClock)
		return bench.Result{Ops: count, Elapsed: elapsed, Checksum: fast.total + timed.total,
			More: fmt.Sprintf("longest_ms=%.3f", float64(timed.longest.Nanoseconds())/1e6)}
	}
}

func runWorking(goroutines, work int) func(uint64) bench.Result {
	return func(count uint64) bench.Result {
		p := pot{size: count, work: work}
		elapsed := empty(&p, goroutines, (*pot).takeAndWork)
		return bench.Result{Ops: count, Elapsed: elapsed, Checksum: p.total + p.worked}
	}
}

func main() {
	bench.Main(
		bench.Row{Name: "mutex", Run: runMutex},
		bench.Row{Name: "mutex2", Run: runContended(2)},
		bench.Row{Name: "mutex8", Run: runContended(8)},
		bench.Row{Name: "mutex64", Run: runContended(64)},
		bench.Row{Name: "mutex2w100", Run: runWorking(2, 100)},
		bench.Row{Name: "mutex8w100", Run: runWorking(8, 100)},
		bench.Row{Name: "mutex64w100", Run: runWorking(64, 100)},
		bench.Row{Name: "mutex2w1000", Run: runWorking(2, 1000)},
		bench.Row{Name: "mutex8w1000", Run: runWorking(8, 1000)},
		bench.Row{Name: "mutex64w1000", Run: runWorking(64, 1000)},
	)
}

// SPDX-License-Identifier: MIT

// Many readers, few writers: the twin of bench/rwmutex_bench.c, which says what
// each row does.
package main

import (
	"sync"
	"time"

	"weft/bench/compare/bench"
)

const goroutines = 8

type pair struct {
	rw          sync.RWMutex
	left, right uint64 // guarded by rw; always equal
}

// use does n operations, of which each so-manieth writes (0: none); equal counts the reads that saw what they should.
func (p *pair) use(n, writeEvery uint64, equal *uint64, wg *sync.WaitGroup) {
	seen, since := uint64(0), uint64(0)
	for i := uint64(0); i < n; i++ {
		if since++; since == writeEvery {
			since = 0
			p.rw.Lock()
			p.left++
			p.right++
			p.rw.Unlock()
		} else {
			p.rw.RLock()
			if p.left == p.right {
				seen++
			}
			p.rw.RUnlock()
		}
	}
	*equal = seen
	wg.Done()
}

func runRWMutex(writeEvery uint64) func(uint64) bench.Result {
	return func(count uint64) bench.Result {
		var p pair
		var wg sync.WaitGroup
		var equal [goroutines]uint64
		each := count/goroutines + 1
		start := time.Now()
		wg.Add(goroutines)
		for i := range equal {
			go p.use(each, writeEvery, &equal[i], &wg)
		}
		wg.Wait()
		elapsed := time.Since(start)
		seen := uint64(0)
		for _, n := range equal {
			seen += n
		}
		return bench.Result{Ops: each * goroutines, Elapsed: elapsed, Checksum: seen*1000 + p.left}
	}
}

func main() {
	bench.Main(
		bench.Row{Name: "rwmutex0", Run: runRWMutex(0)},
		bench.Row{Name: "rwmutex1", Run: runRWMutex(100)},
		bench.Row{Name: "rwmutex10", Run: runRWMutex(10)},
	)
}

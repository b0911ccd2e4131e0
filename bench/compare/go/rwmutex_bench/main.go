// SPDX-License-Identifier: MIT

// Many readers, few writers: the twin of bench/rwmutex_bench.c, which says what
// each row does.
package main

import (
	"sync"
	"time"

	"weft/bench/compare/bench"
)

const (
	goroutines = 8
	writeEvery = 100
)

type pair struct {
	rw          sync.RWMutex
	left, right uint64 // guarded by rw; always equal
}

// use does n operations; equal counts the reads that saw what they should.
func (p *pair) use(n uint64, equal *uint64, wg *sync.WaitGroup) {
	seen := uint64(0)
	for i := uint64(0); i < n; i++ {
		if i%writeEvery == writeEvery/2 {
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

func runRWMutex(count uint64) bench.Result {
	var p pair
	var wg sync.WaitGroup
	var equal [goroutines]uint64
	each := count/goroutines + 1
	start := time.Now()
	wg.Add(goroutines)
	for i := range equal {
		go p.use(each, &equal[i], &wg)
	}
	wg.Wait()
	elapsed := time.Since(start)
	seen := uint64(0)
	for _, n := range equal {
		seen += n
	}
	return bench.Result{Ops: each * goroutines, Elapsed: elapsed, Checksum: seen*1000 + p.left}
}

func main() {
	bench.Main(bench.Row{Name: "rwmutex", Run: runRWMutex})
}

// SPDX-License-Identifier: MIT

// Wait groups, semaphores, conditions: the twin of bench/sync_bench.c, which
// says what each row does.
package main

import (
	"sync"
	"time"

	"weft/bench/compare/bench"
)

const counters, wanting, units, listeners = 4, 8, 4, 8

func countUpAndDown(wg *sync.WaitGroup, n uint64, done *uint64) {
	mine := uint64(0)
	for i := uint64(0); i < n; i++ {
		wg.Add(1)
		mine += i
		wg.Done()
	}
	*done = mine
	wg.Done()
}

func runWG(count uint64) bench.Result {
	each := count/counters + 1
	var part [counters]uint64
	var wg sync.WaitGroup
	start := time.Now()
	wg.Add(counters)
	for i := range part {
		go countUpAndDown(&wg, each, &part[i])
	}
	wg.Wait()
	elapsed := time.Since(start)
	sum := uint64(0)
	for _, v := range part {
		sum += v
	}
	return bench.Result{Ops: each * counters, Elapsed: elapsed, Checksum: sum}
}

// borrow uses a channel as the semaphore, as is usual.
func borrow(sem chan struct{}, n uint64, sum *uint64, wg *sync.WaitGroup) {
	mine := uint64(0)
	for i := uint64(0); i < n; i++ {
		sem <- struct{}{}
		mine += i
		<-sem
	}
	*sum = mine
	wg.Done()
}

func runSem(count uint64) bench.Result {
	each := count/wanting + 1
	var part [wanting]uint64
	sem := make(chan struct{}, units)
	var wg sync.WaitGroup
	start := time.Now()
	wg.Add(wanting)
	for i := range part {
		go borrow(sem, each, &part[i], &wg)
	}
	wg.Wait()
	elapsed := time.Since(start)
	sum := uint64(0)
	for _, v := range part {
		sum += v
	}
	return bench.Result{Ops: each * wanting, Elapsed: elapsed, Checksum: sum}
}

type news struct {
	mu           sync.Mutex // guards the rest
	somethingNew *sync.Cond
	allKnow      *sync.Cond
	number       uint64
	unaware      int
}

func listen(n *news, last uint64, sum *uint64, wg *sync.WaitGroup) {
	mine := uint64(0)
	n.mu.Lock()
	for known := uint64(0); known < last; {
		for n.number == known {
			n.somethingNew.Wait()
		}
		known = n.number
		mine += known
		n.unaware--
		if n.unaware == 0 {
			n.allKnow.Signal()
		}
	}
	n.mu.Unlock()
	*sum = mine
	wg.Done()
}

func runCond(count uint64) bench.Result {
	rounds := count/listeners + 1
	var part [listeners]uint64
	var n news
	n.somethingNew = sync.NewCond(&n.mu)
	n.allKnow = sync.NewCond(&n.mu)
	var wg sync.WaitGroup
	start := time.Now()
	wg.Add(listeners)
	for i := range part {
		go listen(&n, rounds, &part[i], &wg)
	}
	n.mu.Lock()
	for i := uint64(1); i <= rounds; i++ {
		n.number = i
		n.unaware = listeners
		n.somethingNew.Broadcast()
		for n.unaware > 0 {
			n.allKnow.Wait()
		}
	}
	n.mu.Unlock()
	wg.Wait()
	elapsed := time.Since(start)
	sum := uint64(0)
	for _, v := range part {
		sum += v
	}
	return bench.Result{Ops: rounds * listeners, Elapsed: elapsed, Checksum: sum}
}

func main() {
	bench.Main(
		bench.Row{Name: "wg", Run: runWG},
		bench.Row{Name: "sem", Run: runSem},
		bench.Row{Name: "cond", Run: runCond},
	)
}

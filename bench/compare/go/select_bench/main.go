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

func alternate(c []chan uint64, count uint64, wg *sync.WaitGroup) {
	for i := uint64(0); i < count; i++ {
		c[i%uint64(len(c))] <- i
	}
	wg.Done()
}

// weigh makes a value from the wrong case show.
func weigh(i, v uint64) uint64 { return (2*i + 1) * v }

func select2(c []chan uint64, count uint64) uint64 {
	even, odd := c[0], c[1]
	sum := uint64(0)
	for i := uint64(0); i < count; i++ {
		select {
		case v := <-even:
			sum += weigh(0, v)
		case v := <-odd:
			sum += weigh(1, v)
		}
	}
	return sum
}

func runSelect(n int, receive func([]chan uint64, uint64) uint64) func(uint64) bench.Result {
	return func(count uint64) bench.Result {
		c := make([]chan uint64, n)
		for i := range c {
			c[i] = make(chan uint64)
		}
		var wg sync.WaitGroup
		wg.Add(1)
		go alternate(c, count, &wg)
		start := time.Now()
		sum := receive(c, count)
		elapsed := time.Since(start)
		wg.Wait()
		return bench.Result{Ops: count, Elapsed: elapsed, Checksum: sum}
	}
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

// runSelectTimeout keeps one timer and resets it: time.After in a loop makes a
// new one each time and is slower.
func runSelectTimeout(count uint64) bench.Result {
	c := make(chan uint64)
	var wg sync.WaitGroup
	wg.Add(1)
	go sendAll(c, count, &wg)
	sum := uint64(0)
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	start := time.Now()
	for i := uint64(0); i < count; i++ {
		timer.Reset(time.Second)
		select {
		case v := <-c:
			sum += v
		case <-timer.C: // nobody is that slow
			sum += count
		}
	}
	elapsed := time.Since(start)
	wg.Wait()
	return bench.Result{Ops: count, Elapsed: elapsed, Checksum: sum}
}

// takeNow is what the channel holds, or otherwise.
func takeNow(c <-chan uint64, otherwise uint64) uint64 {
	select {
	case v := <-c:
		return v
	default:
		return otherwise
	}
}

func runSelectDefault(count uint64) bench.Result {
	c := make(chan uint64, 1)
	sum := uint64(0)
	start := time.Now()
	for i := uint64(0); i < count; i++ {
		select {
		case c <- i:
		default: // there is room
			sum += count
		}
		sum += takeNow(c, count)
		sum += takeNow(c, 1)
	}
	return bench.Result{Ops: 3 * count, Elapsed: time.Since(start), Checksum: sum}
}

const busy = 4

func sendSomewhere(c *[busy]chan uint64, count uint64, wg *sync.WaitGroup) {
	for i := uint64(0); i < count; i++ {
		select {
		case c[0] <- i:
		case c[1] <- i:
		case c[2] <- i:
		case c[3] <- i:
		}
	}
	wg.Done()
}

func receiveAnywhere(c *[busy]chan uint64, count uint64, sum *uint64, wg *sync.WaitGroup) {
	mine := uint64(0)
	for i := uint64(0); i < count; i++ {
		select {
		case v := <-c[0]:
			mine += v
		case v := <-c[1]:
			mine += v
		case v := <-c[2]:
			mine += v
		case v := <-c[3]:
			mine += v
		}
	}
	*sum = mine
	wg.Done()
}

func runSelectBusy(count uint64) bench.Result {
	var c [busy]chan uint64
	var part [busy]uint64
	each := count/busy + 1
	for i := range c {
		c[i] = make(chan uint64)
	}
	var wg sync.WaitGroup
	start := time.Now()
	wg.Add(2 * busy)
	for i := range c {
		go receiveAnywhere(&c, each, &part[i], &wg)
		go sendSomewhere(&c, each, &wg)
	}
	wg.Wait()
	elapsed := time.Since(start)
	sum := uint64(0)
	for _, v := range part {
		sum += v
	}
	return bench.Result{Ops: each * busy, Elapsed: elapsed, Checksum: sum}
}

func main() {
	bench.Main(
		bench.Row{Name: "select2", Run: runSelect(2, select2)},
		bench.Row{Name: "select8", Run: runSelect(8, select8)},
		bench.Row{Name: "select64", Run: runSelect(64, select64)},
		bench.Row{Name: "selectctx", Run: runSelectCtx},
		bench.Row{Name: "selecttimeout", Run: runSelectTimeout},
		bench.Row{Name: "selectdefault", Run: runSelectDefault},
		bench.Row{Name: "selectbusy", Run: runSelectBusy},
	)
}

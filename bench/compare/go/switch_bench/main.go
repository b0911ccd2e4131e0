// SPDX-License-Identifier: MIT

// Handing the processor over: the twin of bench/switch_bench.c, which says
// what each row does.
package main

import (
	"runtime"
	"sync"
	"time"

	"weft/bench/compare/bench"
)

func yielder(count uint64, yields *uint64, wg *sync.WaitGroup) {
	n := uint64(0)
	for i := uint64(0); i < count; i++ {
		runtime.Gosched()
		n++
	}
	*yields = n
	wg.Done()
}

func runYield(count uint64) bench.Result {
	var left, right uint64
	var wg sync.WaitGroup
	start := time.Now()
	wg.Add(2)
	go yielder(count, &left, &wg)
	go yielder(count, &right, &wg)
	wg.Wait()
	return bench.Result{Ops: 2 * count, Elapsed: time.Since(start), Checksum: left + right}
}

func echo(ping <-chan uint64, pong chan<- uint64, wg *sync.WaitGroup) {
	for v := range ping {
		pong <- v + 1
	}
	wg.Done()
}

func runRoundtrip(count uint64) bench.Result {
	ping := make(chan uint64)
	pong := make(chan uint64)
	var wg sync.WaitGroup
	wg.Add(1)
	go echo(ping, pong, &wg)
	sum := uint64(0)
	start := time.Now()
	for i := uint64(0); i < count; i++ {
		ping <- i
		sum += <-pong
	}
	elapsed := time.Since(start)
	close(ping)
	wg.Wait()
	return bench.Result{Ops: count, Elapsed: elapsed, Checksum: sum}
}

const ring = 503

// passOn is a place in the ring; the one that counts to zero says its number.
func passOn(in <-chan uint64, out chan<- uint64, last chan<- uint64, number uint64,
	wg *sync.WaitGroup) {
	for v := range in {
		if v == 0 {
			last <- number
			break
		}
		out <- v - 1
	}
	close(out) // the next one ends too
	wg.Done()
}

func runRing(count uint64) bench.Result {
	var place [ring]chan uint64
	last := make(chan uint64)
	var wg sync.WaitGroup
	for i := range place {
		place[i] = make(chan uint64)
	}
	wg.Add(ring)
	for i := range place {
		go passOn(place[i], place[(i+1)%ring], last, uint64(i)+1, &wg)
	}
	start := time.Now()
	place[0] <- count
	number := <-last
	elapsed := time.Since(start)
	wg.Wait()
	return bench.Result{Ops: count, Elapsed: elapsed, Checksum: number}
}

type colour int32

const (
	blue colour = iota
	red
	yellow
	faded
)

const creatures = 10

type request struct {
	creature int32
	colour   colour
}

func complement(mine, other colour) colour {
	if mine == other {
		return mine
	}
	return 3 - mine - other
}

func live(place chan<- request, answer <-chan colour, number int32, meetings *uint64,
	wg *sync.WaitGroup) {
	mine := colour(number % 3)
	met := uint64(0)
	for {
		place <- request{number, mine}
		other := <-answer
		if other == faded {
			break
		}
		mine = complement(mine, other)
		met++
	}
	*meetings = met
	wg.Done()
}

func runChameneos(count uint64) bench.Result {
	place := make(chan request)
	var answer [creatures]chan colour
	var meetings [creatures]uint64
	var wg sync.WaitGroup
	for i := range answer {
		answer[i] = make(chan colour)
	}
	start := time.Now()
	wg.Add(creatures)
	for i := range answer {
		go live(place, answer[i], int32(i), &meetings[i], &wg)
	}
	for i := uint64(0); i < count; i++ {
		first := <-place
		second := <-place
		answer[first.creature] <- second.colour
		answer[second.creature] <- first.colour
	}
	for range answer {
		late := <-place
		answer[late.creature] <- faded
	}
	wg.Wait()
	elapsed := time.Since(start)
	sum := uint64(0)
	for _, n := range meetings {
		sum += n
	}
	return bench.Result{Ops: count, Elapsed: elapsed, Checksum: sum}
}

func main() {
	bench.Main(
		bench.Row{Name: "yield", Run: runYield},
		bench.Row{Name: "roundtrip", Run: runRoundtrip},
		bench.Row{Name: "ring", Run: runRing},
		bench.Row{Name: "chameneos", Run: runChameneos},
	)
}

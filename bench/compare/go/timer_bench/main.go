// SPDX-License-Identifier: MIT

// What time costs, and how punctual it is: the twin of bench/timer_bench.c,
// which says what each row does.
package main

import (
	"fmt"
	"sync"
	"time"

	"weft/bench/compare/bench"
)

// giveUp is what would be done about a request that takes too long.
func giveUp() { panic("after an hour") }

func runTimerStop(count uint64) bench.Result {
	timer := make([]*time.Timer, count)
	state := uint64(1)
	stopped := uint64(0)
	start := time.Now()
	for i := range timer {
		timer[i] = time.AfterFunc(time.Hour+
			time.Duration(bench.Random(&state)%3600000)*time.Millisecond, giveUp)
	}
	for _, t := range timer {
		if t.Stop() {
			stopped++
		}
	}
	return bench.Result{Ops: count, Elapsed: time.Since(start), Checksum: stopped}
}

func runTimerReset(count uint64) bench.Result {
	t := time.NewTimer(time.Hour)
	defer t.Stop()
	armed := uint64(0)
	start := time.Now()
	for i := uint64(0); i < count; i++ {
		if t.Reset(time.Hour) {
			armed++
		}
	}
	return bench.Result{Ops: count, Elapsed: time.Since(start), Checksum: armed}
}

const settle, span = 700 * time.Millisecond, 400 * time.Millisecond

func sleepUntil(when time.Time, late *time.Duration, wg *sync.WaitGroup) {
	time.Sleep(time.Until(when))
	*late = time.Since(when)
	wg.Done()
}

func runSleepers(count uint64) bench.Result {
	late := make([]time.Duration, count)
	var wg sync.WaitGroup
	state := uint64(1)
	start := time.Now()
	wg.Add(int(count))
	for i := range late {
		within := time.Duration(bench.Random(&state)%uint64(span.Microseconds())) * time.Microsecond
		go sleepUntil(start.Add(settle+within), &late[i], &wg)
	}
	wg.Wait()
	elapsed := time.Since(start)
	punctual := count
	for _, d := range late {
		if d < 0 {
			punctual--
		}
	}
	return bench.Result{Ops: count, Elapsed: elapsed, Checksum: punctual, More: bench.Lateness(late)}
}

func runTicker(count uint64) bench.Result {
	late := make([]time.Duration, count)
	start := time.Now()
	t := time.NewTicker(time.Millisecond)
	defer t.Stop()
	for i := range late {
		<-t.C
		late[i] = time.Since(start) - time.Duration(i+1)*time.Millisecond
	}
	elapsed := time.Since(start)
	drift := late[count-1]
	return bench.Result{Ops: count, Elapsed: elapsed, Checksum: count,
		More: fmt.Sprintf("%s drift_us=%.1f", bench.Lateness(late), float64(drift.Nanoseconds())/1e3)}
}

func main() {
	bench.Main(
		bench.Row{Name: "timerstop", Run: runTimerStop},
		bench.Row{Name: "timerreset", Run: runTimerReset},
		bench.Row{Name: "sleepers", Run: runSleepers, Cold: true},
		bench.Row{Name: "ticker", Run: runTicker, Cold: true},
	)
}

// SPDX-License-Identifier: MIT

// Goroutines that succeed or stop together: the twin of bench/group_bench.c,
// which says what each row does.
package main

import (
	"context"
	"time"

	"weft/bench/compare/bench"
)

const members = 100

// runMembers runs one group and returns what its members have put into their
// slots.
func runMembers(ctx context.Context, from uint64) uint64 {
	var slot [members]uint64
	g, _ := withContext(ctx)
	for i := range slot {
		i := i
		g.run(func() error {
			slot[i] = from + uint64(i)
			return nil
		})
	}
	if g.wait() != nil {
		return 0
	}
	sum := uint64(0)
	for _, v := range slot {
		sum += v
	}
	return sum
}

func runGroup(count uint64) bench.Result {
	sum, ops := uint64(0), uint64(0)
	start := time.Now()
	for ; ops < count; ops += members {
		sum += runMembers(context.Background(), ops)
	}
	return bench.Result{Ops: ops, Elapsed: time.Since(start), Checksum: sum}
}

func main() {
	bench.Main(bench.Row{Name: "group", Run: runGroup})
}

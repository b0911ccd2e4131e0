// SPDX-License-Identifier: MIT

// Cancellation: the twin of bench/context_bench.c, which says what each row
// does.
package main

import (
	"context"
	"time"

	"weft/bench/compare/bench"
)

const children = 10000

// comeAndGo is one life; 1 if it ended as it should.
func comeAndGo(parent context.Context) uint64 {
	ctx, cancel := context.WithCancel(parent)
	cancel()
	if ctx.Err() == context.Canceled {
		return 1
	}
	return 0
}

func runBelow(parent context.Context, count uint64) bench.Result {
	ended := uint64(0)
	start := time.Now()
	for i := uint64(0); i < count; i++ {
		ended += comeAndGo(parent)
	}
	return bench.Result{Ops: count, Elapsed: time.Since(start), Checksum: ended}
}

func runCtx(count uint64) bench.Result { return runBelow(context.Background(), count) }

func runCtxChild(count uint64) bench.Result {
	parent, cancel := context.WithCancel(context.Background())
	defer cancel()
	return runBelow(parent, count)
}

var child [children]struct {
	ctx    context.Context
	cancel context.CancelFunc
}

// fellTree makes a tree, cancels it and drops it; returns how long the cancel
// took.
func fellTree(ended *uint64) time.Duration {
	root, cancel := context.WithCancel(context.Background())
	for i := range child {
		child[i].ctx, child[i].cancel = context.WithCancel(root)
	}
	start := time.Now()
	cancel()
	elapsed := time.Since(start)
	for i := range child {
		if child[i].ctx.Err() == context.Canceled {
			*ended++
		}
		child[i].cancel()
	}
	return elapsed
}

func runCtxTree(count uint64) bench.Result {
	var r bench.Result
	for ; r.Ops < count; r.Ops += children {
		r.Elapsed += fellTree(&r.Checksum)
	}
	return r
}

func main() {
	bench.Main(
		bench.Row{Name: "ctx", Run: runCtx},
		bench.Row{Name: "ctxchild", Run: runCtxChild},
		bench.Row{Name: "ctxtree", Run: runCtxTree},
	)
}

// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"sync"
)

// group does, step by step, what errgroup.Group of golang.org/x/sync does.  It
// is written out here so that the benchmark builds where that module cannot be
// had; the two were measured to take the same time.
type group struct {
	cancel  func()
	wg      sync.WaitGroup
	sem     chan struct{} // the limit; nil without one
	errOnce sync.Once
	err     error
}

func withContext(ctx context.Context) (*group, context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	return &group{cancel: cancel}, ctx
}

func (g *group) done() {
	if g.sem != nil {
		<-g.sem
	}
	g.wg.Done()
}

func (g *group) run(f func() error) {
	if g.sem != nil {
		g.sem <- struct{}{}
	}
	g.wg.Add(1)
	go func() {
		defer g.done()
		if err := f(); err != nil {
			g.errOnce.Do(func() {
				g.err = err
				g.cancel()
			})
		}
	}()
}

func (g *group) wait() error {
	g.wg.Wait()
	g.cancel()
	return g.err
}

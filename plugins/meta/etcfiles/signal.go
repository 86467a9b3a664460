package main

import (
	"context"
	"os/signal"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// interruptible is a context that is done by SIGINT or SIGTERM, from when somebody waits for it; a second signal ends the process. An
// operation that has to wait for nobody is spared the tenth of its time that it takes to listen for signals.
type interruptible struct {
	context.Context
	listen    func() context.Context
	listening atomic.Bool
}

// interruptibly returns such a context.
func interruptibly(parent context.Context) context.Context {
	c := &interruptible{Context: parent}
	c.listen = sync.OnceValue(func() context.Context {
		ctx, stop := signal.NotifyContext(parent, unix.SIGINT, unix.SIGTERM)
		context.AfterFunc(ctx, stop)
		c.listening.Store(true)
		return ctx
	})
	return c
}

// now is the context as it is without anybody having to listen for it.
func (c *interruptible) now() context.Context {
	if c.listening.Load() {
		return c.listen()
	}
	return c.Context
}

// Done is that of context.Context.
func (c *interruptible) Done() <-chan struct{} { return c.listen().Done() }

// Err is that of context.Context.
func (c *interruptible) Err() error { return c.now().Err() }

// Value is that of context.Context, so that context.Cause knows which signal it was.
func (c *interruptible) Value(key any) any { return c.now().Value(key) }

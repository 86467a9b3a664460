package main

import (
	"context"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// interruptible is a context that is done by SIGINT or SIGTERM, from when somebody waits for it; a second signal ends the process. An
// operation that has to wait for nobody is spared the tenth of its time that it takes to listen for signals.
type interruptible struct {
	context.Context
	listening func() context.Context
}

// interruptibly returns such a context.
func interruptibly(parent context.Context) context.Context {
	return interruptible{parent, sync.OnceValue(func() context.Context {
		ctx, stop := signal.NotifyContext(parent, unix.SIGINT, unix.SIGTERM)
		context.AfterFunc(ctx, stop)
		return ctx
	})}
}

// Done is that of context.Context.
func (c interruptible) Done() <-chan struct{} { return c.listening().Done() }

// Err is that of context.Context.
func (c interruptible) Err() error { return c.listening().Err() }

// Value is that of context.Context, so that context.Cause knows which signal it was.
func (c interruptible) Value(key any) any { return c.listening().Value(key) }

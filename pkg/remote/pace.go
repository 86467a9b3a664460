package remote

import (
	"context"
	"time"
)

// How long a step of an import is to hold the lock, and what it leaves to others.
const (
	stepAim   = 25 * time.Millisecond
	stepLimit = 50 * time.Millisecond
	stepRest  = 2 * time.Millisecond // whoever waits for the lock has it then
	lineCost  = 5 * time.Microsecond // of a line in a file, before anything is measured
)

// Pace says how many lines a step of an import may change. The zero Pace begins with a guess.
type Pace struct {
	Pause func(ctx context.Context, d time.Duration) error // nil for one that lasts so long

	lines int
	guess int // before anything is measured
	start time.Time
}

// Begin returns how many lines a step may change when each stands in so many files. It has had the lock since a moment: what was done
// before, to see how things are, is part of it.
func (p *Pace) Begin(since time.Time, files int) (lines int) {
	p.start = since
	p.guess = max(1, int(stepAim/lineCost)/files)
	if p.lines == 0 {
		p.lines = p.guess
	}
	return p.lines
}

// Rest learns from the step that has ended, and lets others have the lock. A step also takes what does not depend on its lines, and
// smaller ones would not change that: it is never much smaller than the guess. One that had to wait has done nothing, and the next is not
// to come before that time is over. The error is that of the context.
func (p *Pace) Rest(ctx context.Context, wait time.Duration) error {
	switch took := time.Since(p.start); {
	case wait > 0:
	case took > stepLimit*4/5:
		p.lines = max(1, p.guess/4, p.lines/2)
	case took < stepAim/2:
		p.lines *= 2
	}
	wait = max(wait, stepRest)
	if p.Pause != nil {
		return p.Pause(ctx, wait)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

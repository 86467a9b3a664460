package cli

import (
	"context"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// UntilSignal returns a context that is done at the first SIGINT or SIGTERM: what waits is to end, and what has begun to come
// to its end. A second signal ends the process at once. stop gives the signals back.
func UntilSignal(ctx context.Context) (_ context.Context, stop func()) {
	ctx, stop = signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// Waiting gives commands that may wait a context as UntilSignal makes it.
func Waiting(commands ...*cobra.Command) {
	for _, cmd := range commands {
		run := cmd.RunE
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			ctx, stop := UntilSignal(cmd.Context())
			defer stop()
			cmd.SetContext(ctx)
			return run(cmd, args)
		}
	}
}

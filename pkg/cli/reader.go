package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// OutliveReaders keeps the process alive when whoever reads its stdout or stderr has gone: Go ends a program by SIGPIPE at its
// first write after that. The signal is caught and not ignored, since the programs that it starts would ignore it too.
func OutliveReaders() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

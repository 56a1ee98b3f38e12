package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// interruptible returns a context that the first signal ends: Ctrl-C, a request to terminate, or
// the loss of the terminal. A second signal ends the process at once.
func interruptible(stderr io.Writer) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // nohup ignores the loss of the terminal
			signal.Notify(signals, s)
		}
	}
	done := make(chan struct{})
	go func() {
		select {
		case <-signals:
			cancel()
		case <-done:
			return
		}
		select { // most commands end before anybody reads a message
		case <-time.After(patience):
			fmt.Fprintf(stderr,
				"\nbench: interrupted; stopping after the running steps; finished runs are safe; "+
					"press Ctrl-C again to end at once\n")
		case <-signals:
			endAtOnce(stderr)
		case <-done:
			return
		}
		select {
		case <-signals:
			endAtOnce(stderr)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}

// patience is how long a command may take to stop before it prints that it is stopping.
const patience = 300 * time.Millisecond

func endAtOnce(stderr io.Writer) {
	fmt.Fprintf(stderr, "\nbench: ended at once; finished runs are safe, and the same command "+
		"resumes from them\n")
	os.Exit(exitInterrupted)
}

// interruption is the error of an interrupted command; its text names the results that are kept.
type interruption string

func (i interruption) Error() string { return string(i) }

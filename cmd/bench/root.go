package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"noisebench/internal/text"
)

// Exit statuses.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// run is the command with its arguments, without its name. Results go to stdout, all else to
// stderr.
func run(args []string, stdout, stderr io.Writer) int {
	// much of what is printed comes from others
	stdout, stderr = text.NewCleaner(stdout), text.NewCleaner(stderr)
	ctx, stop := interruptible(stderr)
	defer stop()
	setThreads(threadsOfEnvironment())

	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var usage *usageError
	said := interruption("interrupted")
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "bench: %v\nsee: %s --help\n", err, usage.command)
		return exitUsage
	case errors.As(err, &said) || ctx.Err() != nil: // any other error is a consequence
		fmt.Fprintf(stderr, "bench: %v\n", said)
		return exitInterrupted
	}
	fmt.Fprintf(stderr, "bench: %v\n", err)
	return exitError
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "bench",
		Short: "Tune, repeat and rank stochastic optimizers on test problems",
		Long: `Bench compares stochastic optimizers. It tunes each optimizer on each problem of a
plan, repeats what tuning chose under other seeds, and prints ranked tables. Every run is stored as
a file and never made twice.`,
		Example: `  bench run quick             tune, repeat and rank: under a minute, built-in data
  bench run my-plan.yaml      the same for a plan of your own
  bench table quick           print the tables again
  bench plot quick            draw figures of them
  bench list optimizers       list all optimizers
  bench show m-svag           show everything about one of them
  bench check ./my-plugin     does my plugin obey the rules?`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	for _, g := range []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{"run", "Run:", []*cobra.Command{newRun(), newReproduce()}},
		{
			"cluster", "Run on many machines:",
			[]*cobra.Command{newSubmit(), newStatus(), newCancel()},
		},
		{
			"results", "Show results:",
			[]*cobra.Command{
				newTable(), newPlot(), newPaper(), newReport(), newServe(), newExport(),
			},
		},
		{
			"publish", "Publish and verify:",
			[]*cobra.Command{newPublish(), newVerify(), newBoard(), newImport()},
		},
		{
			"plugins", "Optimizers, problems, plugins and data:",
			[]*cobra.Command{newList(), newShow(), newNew(), newCheck(), newData()},
		},
	} {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, c := range g.commands {
			c.GroupID = g.id
		}
		group(root, g.commands...)
	}
	group(root, newVersion(), newPluginServer(), newWorker())
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef(cmd, "%w", err)
	})
	return root
}

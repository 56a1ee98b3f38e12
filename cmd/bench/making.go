package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"noisebench/harness"
	"noisebench/harness/folder"
	"noisebench/harness/progress"
	"noisebench/harness/slurm"
	"noisebench/harness/worker"
	"noisebench/internal/text"
	"noisebench/plugins/catalogue"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
)

// making holds the flags of commands that make the runs of a plan.
type making struct {
	dir       string // results folder
	parallel  int
	stopAfter time.Duration // 0: never
	only      []string      // as the user wrote them
	launch    []string      // prefixes of workers
	plugins   []string      // of the plan, which workers launch, too
	flags     []string      // with which workers launch plugins
	threads   int           // of each run, as plugins were told; 0: their choice
}

func (m *making) add(cmd *cobra.Command) {
	addResults(cmd, &m.dir)
	flags := cmd.Flags()
	flags.IntVarP(&m.parallel, "parallel", "j", runtime.NumCPU(), "runs side by side")
	flags.DurationVar(&m.stopAfter, "stop-after", 0,
		"save unfinished runs after this `TIME`, such as 3h55m, and stop with status 130")
	flags.StringArrayVar(&m.only, "only", nil, "make only the runs of these entries: "+
		"`optimizer=NAME,problem=NAME` or one of both; names may have commas (may be repeated)")
	flags.StringArrayVar(&m.launch, "launch", nil,
		"make runs by a worker that this `COMMAND` starts, such as 'ssh node7' (may be repeated)")
}

func (m *making) check(cmd *cobra.Command) error {
	switch {
	case m.parallel < 1:
		return usagef(cmd, "--parallel is %d, want at least 1", m.parallel)
	case m.stopAfter < 0:
		return usagef(cmd, "--stop-after is %v, want a positive time such as 3h55m", m.stopAfter)
	case len(m.launch) > 0 && cmd.Flags().Changed("parallel"):
		return usagef(cmd, "--parallel and --launch exclude each other: each worker makes one "+
			"run at a time; repeat --launch for more")
	}
	return nil
}

// errStop is the cause of a context that --stop-after ends.
var errStop = errors.New("the time of --stop-after is over")

// execute makes the runs of a campaign that the results folder does not hold. It returns the store
// of that folder, and the runs that failed.
func execute(
	cmd *cobra.Command, campaign *harness.Campaign, definitions bundle.Lookup,
	c *catalogue.Catalogue, m *making,
) (store *folder.Store, failed map[string]*results.Record, err error) {
	stderr := cmd.ErrOrStderr()
	only, err := m.selection(&campaign.Plan)
	if err != nil {
		return nil, nil, err
	}
	if store, err = openResults(m.dir, stderr); err != nil {
		return nil, nil, err
	}
	ctx := cmd.Context()
	if m.stopAfter > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, m.stopAfter, errStop)
		defer cancel()
	}
	started := time.Now()
	display := progress.Start(stderr, progress.Options{Width: lineWidth(stderr)})
	opt := harness.Options{
		Parallel: m.parallel, Alloc: c.Alloc, Host: harness.ThisHost(), Only: only,
		Progress: display.Update, Note: display.Note,
	}
	opt.Host.Threads = m.threads
	if len(m.launch) > 0 {
		pool, err := m.workers(&campaign.Plan, display.Note)
		if err != nil {
			display.Stop()
			return nil, nil, err
		}
		defer pool.Close()
		opt.Maker, opt.Parallel = pool, pool.Size()
	}
	failed, err = store.Execute(ctx, campaign, definitions, slurm.ThisTask(), opt)
	display.Stop()
	safe := text.CountIs(store.Finished(), "finished run")
	switch {
	case cmd.Context().Err() != nil:
		return nil, nil, interruption(fmt.Sprintf("interrupted: %s safe in %s; the same command goes "+
			"on from there", safe, m.dir))
	case err != nil && errors.Is(context.Cause(ctx), errStop) &&
		errors.Is(err, context.DeadlineExceeded):
		return nil, nil, interruption(fmt.Sprintf("stopped after %v: %s safe in %s; the same command "+
			"goes on from there", m.stopAfter, safe, m.dir))
	case err != nil:
		return nil, nil, err
	}
	found := display.Last().Found
	fmt.Fprintf(stderr, "%s made in %s, %s found in %s\n", text.Count(store.Finished()-found,
		"run"),
		text.Duration(time.Since(started)), text.Count(found, "run"), m.dir)
	return store, failed, nil
}

// workers returns the pool of those that --launch starts: this bench, by its path.
func (m *making) workers(plan *protocol.Plan, note func(string)) (*worker.Pool, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("cannot find the executable for workers: %w", err)
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("cannot find the working directory for workers: %w", err)
	}
	opening := worker.Opening{
		Protocol: protocol.Version, Plan: *plan, Plugins: m.plugins,
		Flags: m.flags, Dir: dir,
	}
	return worker.NewPool(m.launch, []string{self, "worker"}, opening, note), nil
}

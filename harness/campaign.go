package harness

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"noisebench/protocol"
	"noisebench/results"
)

// Definitions finds problems and optimizers by the names that plans use.
type Definitions interface {
	Problem(name string) (protocol.ProblemDef, error)
	Optimizer(name string) (protocol.OptimizerDef, error)
}

// Store keeps finished runs. Its methods are called concurrently. A record that cannot be read
// counts as not found, and its run is made again.
type Store interface {
	// Lookup returns the finished run with this ID.
	Lookup(id string) (record *results.Record, found bool, err error)
	// Commit stores a record durably. It returns once the record would survive a crash.
	Commit(*results.Record) error
}

// Campaign is a checked plan together with the definitions that it names.
type Campaign struct {
	Plan  protocol.Plan // defaults filled in
	cells []*cell
}

// NewCampaign checks a plan and looks up the definitions that it names. Its errors name the entry
// and the remedy.
//
// Others are the definitions of the same optimizers and problems on other platforms, as bundles
// describe them. If all runs that a cell needs exist under one of them, but not under definitions,
// the cell consists of those. Version, contract and fingerprint version must agree, so that only
// rounding can differ.
func NewCampaign(plan protocol.Plan, definitions Definitions, others ...Definitions) (*Campaign, error) {
	c := &Campaign{Plan: plan.WithDefaults()}
	if err := c.Plan.Check(); err != nil {
		return nil, err
	}
	if err := c.name(definitions); err != nil {
		return nil, err
	}
	for _, pEntry := range c.Plan.Problems {
		p, err := definitions.Problem(pEntry.Problem)
		if err != nil {
			return nil, err
		}
		for _, oEntry := range c.Plan.Optimizers {
			o, err := definitions.Optimizer(oEntry.Optimizer)
			if err != nil {
				return nil, err
			}
			cell, err := newCell(&c.Plan, p, pEntry, o, oEntry)
			if err != nil {
				return nil, fmt.Errorf("plan %s: %w", c.Plan.Name, err)
			}
			for _, other := range others {
				cell.addOther(&c.Plan, other)
			}
			c.cells = append(c.cells, cell)
		}
	}
	if !slices.ContainsFunc(c.cells, func(c *cell) bool { return c.impossible == "" }) {
		return nil, fmt.Errorf("plan %s: none of its optimizers can run on any of its problems, such as %s: %s",
			c.Plan.Name, c.cells[0].pEntry.Name, c.cells[0].impossible)
	}
	return c, nil
}

// Contract makes the campaign look for runs of an older version of the contract. It serves for
// reading their records; such a campaign cannot be executed.
func (c *Campaign) Contract(version int) {
	for _, cell := range c.cells {
		cell.contract = version
	}
}

// name gives each entry without a name in the plan the name in its definition, unless another entry
// has that name. An entry that gives a plugin's path would otherwise be named by the path.
func (c *Campaign) name(definitions Definitions) error {
	rename := func(n int, entry func(i int) (given string, name *string), find func(given string) (string, error)) error {
		wanted := make([]string, n)
		for i := range n {
			given, name := entry(i)
			wanted[i] = *name
			if *name == given {
				var err error
				if wanted[i], err = find(given); err != nil {
					return err
				}
			}
		}
		for i, w := range wanted {
			if _, name := entry(i); slices.Index(wanted, w) == i && !slices.Contains(wanted[i+1:], w) {
				*name = w
			}
		}
		return nil
	}
	if err := rename(len(c.Plan.Problems), func(i int) (string, *string) {
		return c.Plan.Problems[i].Problem, &c.Plan.Problems[i].Name
	}, func(given string) (string, error) {
		d, err := definitions.Problem(given)
		return d.Name, err
	}); err != nil {
		return err
	}
	return rename(len(c.Plan.Optimizers), func(i int) (string, *string) {
		return c.Plan.Optimizers[i].Optimizer, &c.Plan.Optimizers[i].Name
	}, func(given string) (string, error) {
		d, err := definitions.Optimizer(given)
		return d.Name, err
	})
}

// Cells derives the state of every cell from the finished runs, and the tasks that are due in each.
// It calls find from several goroutines, since reading many records takes time.
func (c *Campaign) Cells(find Lookup) ([]results.Cell, [][]Task) {
	cells, due := make([]results.Cell, len(c.cells)), make([][]Task, len(c.cells))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(cells); i = int(next.Add(1)) - 1 {
				cells[i], due[i] = c.cells[i].state(find)
			}
		})
	}
	wg.Wait()
	return cells, due
}

// Forecast is an upper bound on the cost of one cell of a plan.
type Forecast struct {
	Problem, Optimizer string
	Runs               int   // at most
	Examples           int64 // per run
	BatchSize          int   // if the optimizer does not choose
	Chooses            bool  // the optimizer chooses its batch size
	// why the optimizer cannot run on the problem, see results.Cell; empty if it can
	Impossible string
}

// Forecast lists the cells of the plan, each with an upper bound on its cost.
func (c *Campaign) Forecast() []Forecast {
	all := make([]Forecast, len(c.cells))
	for i, cell := range c.cells {
		all[i] = Forecast{
			Problem: cell.pEntry.Name, Optimizer: cell.oEntry.Name, Runs: cell.mostRuns(), Examples: cell.budget,
			BatchSize: cell.batchSize(), Chooses: cell.optimizer.ChoosesBatchSize, Impossible: cell.impossible,
		}
	}
	return all
}

// Examples returns one run of each pair that can run, with the declared defaults and the sweep's
// seed.
func (c *Campaign) Examples() (runs []results.Run) {
	for _, cell := range c.cells {
		if cell.impossible == "" {
			runs = append(runs, cell.run(cell.sweep.fixed, c.Plan.Tuning.SweepSeed()))
		}
	}
	return runs
}

// Progress is the state of a campaign after an event.
type Progress struct {
	Task      Task            // that has ended; zero at the start
	Problem   string          // of the task's cell
	Optimizer string          //
	Record    *results.Record // of the task; nil at the start
	Done      int             // runs known to be finished
	// of those, found in the store; the number grows as tuning decides which runs are needed
	Found     int
	Left      int           // runs still to be made: an upper bound until all tuning is done
	Remaining time.Duration // estimated time for them; negative if not yet known
}

// Options are the options of an execution. They affect no result.
type Options struct {
	Store    Store
	Parallel int            // concurrent runs, at least 1
	Alloc    Alloc          // nil means plain memory
	Host     results.Host   // provenance to copy into each record
	Progress func(Progress) // called from one goroutine; may be nil
}

// Execute makes all runs of the plan that the store does not hold, and returns the cells. A run
// that fails is tried once more; if it fails again, the campaign continues without it and the cell
// lists the failure. When ctx ends, Execute stops each run within one step and returns ctx's error.
// Finished runs are in the store, and the next call of Execute continues from there.
func (c *Campaign) Execute(ctx context.Context, opt Options) ([]results.Cell, error) {
	if err := c.openProblems(); err != nil {
		return nil, err
	}
	e := &execution{
		campaign: c, opt: opt, known: map[string]*results.Record{}, running: map[string]bool{},
		cells: make([]cellState, len(c.cells)), done: make(chan ended),
	}
	defer func(n *int) { // wait for the runs in flight
		for ; *n > 0; *n-- {
			<-e.done
		}
	}(&e.inFlight)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return e.run(ctx)
}

// openProblems opens every problem that has a runnable cell once, so that missing data are reported
// before the first run.
func (c *Campaign) openProblems() error {
	opened := map[string]bool{}
	for _, cell := range c.cells {
		if cell.impossible != "" || opened[cell.pEntry.Name] {
			continue
		}
		opened[cell.pEntry.Name] = true
		if err := cell.problem.TryOpen(cell.params, cell.spec.DType); err != nil {
			return fmt.Errorf("problem %s: %w", cell.pEntry.Name, err)
		}
	}
	return nil
}

// execution is the state of Execute. It is used by one goroutine.
type execution struct {
	campaign *Campaign
	opt      Options
	known    map[string]*results.Record // finished, or failed in this execution, by ID
	running  map[string]bool            // by ID
	storeErr error                      // of a lookup
	cells    []cellState
	inFlight int
	done     chan ended
	finished int // runs in known that did not fail
	made     int // of them, made by this execution
}

// cellState is a cell with its due tasks.
type cellState struct {
	cell    results.Cell
	due     []Task
	settled int     // runs that have ended since the cell was derived
	seconds float64 // spent on its runs
	runs    int     // of this execution
}

// settle removes a run that has ended from the due tasks. It reports whether the cell must be
// derived again: while other runs of the same purpose are due, no new decision is possible, and
// deriving a cell takes time proportional to its runs.
func (s *cellState) settle(id string) bool {
	i := slices.IndexFunc(s.due, func(t Task) bool { return t.ID == id })
	if i < 0 {
		return false
	}
	purpose := s.due[i].Purpose
	copy(s.due[1:i+1], s.due[:i]) // runs end in about the order in which they are due: i is small
	s.due = s.due[1:]
	s.settled++
	return !slices.ContainsFunc(s.due, func(t Task) bool { return t.Purpose == purpose })
}

// ended is a run that a worker has finished.
type ended struct {
	cell   int
	task   Task
	record *results.Record
	found  bool  // in the store, where another harness put it meanwhile
	err    error // the store's, or ctx's
}

func (e *execution) run(ctx context.Context) ([]results.Cell, error) {
	for i := range e.cells {
		if err := e.refresh(i); err != nil {
			return nil, err
		}
	}
	e.report(Progress{})
	for {
		for e.inFlight < e.opt.Parallel {
			i, task, ok := e.nextTask()
			if !ok {
				break
			}
			e.inFlight++
			e.running[task.ID] = true
			go func() {
				record, found, err := e.make(ctx, i, task)
				e.done <- ended{i, task, record, found, err}
			}()
		}
		if e.inFlight == 0 {
			cells := make([]results.Cell, len(e.cells))
			for i := range e.cells {
				cells[i] = e.cells[i].cell
			}
			return cells, ctx.Err()
		}
		end := <-e.done
		e.inFlight--
		id := end.task.ID
		delete(e.running, id)
		if end.err != nil {
			return nil, end.err
		}
		e.learn(id, end.record)
		if !end.found && end.record.End.Status != results.Failed {
			e.made++
		}
		h := end.record.Host
		e.cells[end.cell].seconds += h.ProblemTime + h.OptimizerTime + h.EvaluateTime + h.HarnessTime
		e.cells[end.cell].runs++
		for i := range e.cells {
			if e.cells[i].settle(id) {
				if err := e.refresh(i); err != nil {
					return nil, err
				}
			}
		}
		cell := e.campaign.cells[end.cell]
		e.report(Progress{Task: end.task, Problem: cell.pEntry.Name, Optimizer: cell.oEntry.Name, Record: end.record})
	}
}

// refresh derives cell i again.
func (e *execution) refresh(i int) error {
	e.cells[i].cell, e.cells[i].due = e.campaign.cells[i].state(e.lookup)
	e.cells[i].settled = 0
	return e.storeErr
}

// lookup looks for a run in memory, then in the store.
func (e *execution) lookup(id string) *results.Record {
	if record, ok := e.known[id]; ok {
		return record
	}
	record, found, err := e.opt.Store.Lookup(id)
	if err != nil {
		e.storeErr = err
		return nil
	}
	if !found {
		return nil
	}
	e.learn(id, record)
	return record
}

// learn remembers a run that is in the store, without its trace, which no decision uses.
func (e *execution) learn(id string, record *results.Record) {
	if e.known[id] == nil && record.End.Status != results.Failed {
		e.finished++
	}
	record.Trace = nil
	e.known[id] = record
}

// nextTask chooses the run to start: by purpose, sweeps first since their next runs depend on
// these, then by cell.
func (e *execution) nextTask() (cell int, task Task, ok bool) {
	for _, purpose := range []Purpose{ForSweep, ForTie, ForReplicate, ForOneShot} {
		for i := range e.cells {
			for _, t := range e.cells[i].due {
				if t.Purpose == purpose && !e.running[t.ID] {
					return i, t, true
				}
			}
		}
	}
	return 0, Task{}, false
}

// make makes a run, again if a plugin fails, and commits its record, unless another harness on the
// same store has made it since it became due.
func (e *execution) make(ctx context.Context, i int, task Task) (record *results.Record, found bool, err error) {
	if record, found, err = e.opt.Store.Lookup(task.ID); found || err != nil {
		return record, found, err
	}
	cell := e.campaign.cells[i]
	for attempt := range 2 {
		started := time.Now()
		record, err = Run(ctx, cell.problem, cell.optimizer, task.Run, e.opt.Alloc)
		if fault := (*protocol.Fault)(nil); err != nil && !errors.As(err, &fault) {
			return nil, false, err
		}
		e.stamp(record, started)
		if err == nil {
			break
		}
		if attempt == 1 && record == nil {
			return nil, false, err
		}
	}
	return record, false, e.opt.Store.Commit(record)
}

// stamp copies the provenance into a record, beside what only the run knows.
func (e *execution) stamp(record *results.Record, started time.Time) {
	if record == nil {
		return
	}
	run := record.Host
	record.Host = e.opt.Host
	record.Host.Plan = e.campaign.Plan.Name
	record.Host.Parallel = e.opt.Parallel
	record.Host.Transport, record.Host.Executables, record.Host.Clocks = run.Transport, run.Executables, run.Clocks
	record.Host.Started = started.UTC().Format(time.RFC3339)
}

// report completes p and passes it to the callback.
func (e *execution) report(p Progress) {
	if e.opt.Progress == nil {
		return
	}
	p.Done, p.Found = e.finished, e.finished-e.made
	var seconds float64
	var runs int
	for _, s := range e.cells {
		seconds += s.seconds
		runs += s.runs
	}
	var remaining float64
	for i, s := range e.cells {
		left := len(s.due)
		if s.cell.Setting == nil && left > 0 {
			left = max(left, e.campaign.cells[i].mostRuns()-len(s.cell.Tuning)-len(s.cell.OneShot)-s.settled)
		}
		p.Left += left
		each := seconds / float64(max(1, runs))
		if s.runs > 0 {
			each = s.seconds / float64(s.runs)
		}
		remaining += each * float64(left)
	}
	p.Remaining = time.Duration(remaining / float64(e.opt.Parallel) * float64(time.Second))
	if runs == 0 {
		p.Remaining = -1
	}
	e.opt.Progress(p)
}

package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// Store keeps finished runs. Its methods are called side by side. One that it cannot read counts as not found: it is made again.
type Store interface {
	// Lookup returns the finished run with this ID.
	Lookup(id string) (record *results.Record, found bool, err error)
	// Commit keeps a record for good. It returns when the record is safe.
	Commit(*results.Record) error
}

// Campaign is a plan with everything that it names looked up and checked.
type Campaign struct {
	Plan  protocol.Plan // defaults filled in
	cells []*cell
}

// NewCampaign checks a plan and looks up what it names. Its errors name the entry and say what to do.
//
// Others are the same optimizers and problems as they were on another platform, such as a bundle describes. Where all runs
// that a cell needs were made by one of them, and not all by definitions, the cell is made of those: its version, contract and
// version of the fingerprint are the same, only rounding differs.
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

// Contract has the campaign's runs be those of an older version of the contract, to read its records. Nothing can be run then.
func (c *Campaign) Contract(version int) {
	for _, cell := range c.cells {
		cell.contract = version
	}
}

// name calls the entries to which the plan gives no name by what their definitions call themselves, where no other entry is
// called that: else an entry that gives a plugin's path would be called by the path.
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

// Cells derives the state of every cell from the finished runs, and the tasks that are due in each. It calls find from
// several goroutines: reading many records takes all cores.
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

// Forecast is what one cell of a plan will cost.
type Forecast struct {
	Problem, Optimizer string
	Runs               int    // at most
	Examples           int64  // per run
	BatchSize          int    // where the optimizer does not choose
	Chooses            bool   // the optimizer chooses its batch size
	Impossible         string // why the optimizer cannot run on the problem, see results.Cell; empty: it can
}

// Forecast lists the cells of the plan with the most that each will cost.
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

// Examples returns a run of each pair that can run: that of the declared defaults under the first tuning seed.
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
	Task      Task            // that ended; zero at the start
	Problem   string          // of the task's cell
	Optimizer string          //
	Record    *results.Record // of the task; nil at the start
	Done      int             // runs that are known to be finished
	Found     int             // of them, found in the store; more may come to light as tuning decides what is needed
	Left      int             // runs still to be made: at most, and exactly once all tuning is done
	Remaining time.Duration   // estimate of the time for them; negative: unknown yet
}

// Options are the circumstances of an execution. They influence no result.
type Options struct {
	Store    Store
	Parallel int            // runs side by side, at least 1
	Alloc    Alloc          // nil: plain memory
	Host     results.Host   // provenance to copy into each record
	Progress func(Progress) // called from one goroutine; may be nil
}

// Execute makes all runs of the plan that the store does not hold, and returns the cells. A run that fails is tried once
// more; if it fails again the campaign goes on without it, and the cell says so. When ctx ends, Execute stops within a
// step of each run and returns ctx's error; finished runs are safe in the store, and the next Execute goes on from there.
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

// openProblems opens every problem on which something can run once, so that missing data are reported before anything runs.
func (c *Campaign) openProblems() error {
	opened := map[string]bool{}
	for _, cell := range c.cells {
		if cell.impossible != "" || opened[cell.pEntry.Name] {
			continue
		}
		opened[cell.pEntry.Name] = true
		var problem any
		var err error
		if cell.spec.DType == protocol.Float32 {
			problem, err = cell.problem.New32(cell.params)
		} else {
			problem, err = cell.problem.New64(cell.params)
		}
		if err != nil {
			return fmt.Errorf("problem %s: %w", cell.pEntry.Name, err)
		}
		if closer, ok := problem.(io.Closer); ok {
			if err := closer.Close(); err != nil {
				return fmt.Errorf("problem %s: %w", cell.pEntry.Name, err)
			}
		}
	}
	return nil
}

// execution is the state of Execute; it belongs to one goroutine.
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

// cellState is a cell with what is due in it.
type cellState struct {
	cell    results.Cell
	due     []Task
	settled int     // runs that ended since the cell was derived
	seconds float64 // spent on its runs
	runs    int     // of this execution
}

// settle takes a run that ended off what is due. It reports whether the cell has to be derived anew: as long as other runs
// of the same purpose are due, nothing new can be decided, and deriving a cell takes time in proportion to its runs.
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

// ended is a run that a worker is done with.
type ended struct {
	cell   int
	task   Task
	record *results.Record
	found  bool  // in the store: another harness made it meanwhile
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

// refresh derives cell i anew.
func (e *execution) refresh(i int) error {
	e.cells[i].cell, e.cells[i].due = e.campaign.cells[i].state(e.lookup)
	e.cells[i].settled = 0
	return e.storeErr
}

// lookup finds a run in memory, then in the store.
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

// learn remembers a run that is safe in the store. Its trace is of no use to decisions.
func (e *execution) learn(id string, record *results.Record) {
	if e.known[id] == nil && record.End.Status != results.Failed {
		e.finished++
	}
	record.Trace = nil
	e.known[id] = record
}

// nextTask chooses the run to start: sweeps first, as each waits for its own runs; then by cell.
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

// make makes a run, once more if a plugin fails, and commits its record; or finds that another harness on the same store has
// made it since it became due.
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

// report completes p and calls back.
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

package harness

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
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

// Store stores the records of finished runs. Its methods are called concurrently. A record that
// cannot be read counts as not found, and its run is made again.
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
func NewCampaign(
	plan protocol.Plan, definitions Definitions, others ...Definitions,
) (*Campaign, error) {
	c := &Campaign{Plan: plan.WithDefaults()}
	if err := c.Plan.Check(); err != nil {
		return nil, err
	}
	definitions = remember(definitions)
	others = slices.Clone(others)
	for i := range others {
		others[i] = remember(others[i])
	}
	if err := c.name(definitions); err != nil {
		return nil, err
	}
	for _, pEntry := range c.Plan.Problems {
		p, err := definitions.Problem(pEntry.Problem)
		if err != nil {
			return nil, err
		}
		p.Spec = once(p.Spec)
		proof := &proof{}
		for _, oEntry := range c.Plan.Optimizers {
			o, err := definitions.Optimizer(oEntry.Optimizer)
			if err != nil {
				return nil, err
			}
			cell, err := newCell(&c.Plan, p, pEntry, o, oEntry)
			if err != nil {
				return nil, fmt.Errorf("plan %s: %w", c.Plan.Name, err)
			}
			cell.proof = proof
			for _, other := range others {
				cell.addOther(&c.Plan, other)
			}
			c.cells = append(c.cells, cell)
		}
	}
	if !slices.ContainsFunc(c.cells, func(c *cell) bool { return c.impossible == "" }) {
		return nil, fmt.Errorf("plan %s: none of its optimizers can run on any of its problems, "+
			"such as %s: %s",
			c.Plan.Name, c.cells[0].pEntry.Name, c.cells[0].impossible)
	}
	return c, nil
}

// remembered looks up each name once, so that all cells share what a definition declares.
type remembered struct {
	Definitions
	problems   map[string]protocol.ProblemDef
	optimizers map[string]protocol.OptimizerDef
}

func remember(d Definitions) Definitions {
	return &remembered{d, map[string]protocol.ProblemDef{}, map[string]protocol.OptimizerDef{}}
}

func (r *remembered) Problem(name string) (protocol.ProblemDef, error) {
	if def, ok := r.problems[name]; ok {
		return def, nil
	}
	def, err := r.Definitions.Problem(name)
	if err == nil {
		r.problems[name] = def
	}
	return def, err
}

func (r *remembered) Optimizer(name string) (protocol.OptimizerDef, error) {
	if def, ok := r.optimizers[name]; ok {
		return def, nil
	}
	def, err := r.Definitions.Optimizer(name)
	if err == nil {
		r.optimizers[name] = def
	}
	return def, err
}

// once returns a Spec that calls spec only once at each setting, for all cells and runs: otherwise
// each of them would wait for a plugin that hangs. A call that fails by a fault is repeated once.
func once(
	spec func(protocol.Setting) (protocol.ProblemSpec, error),
) func(protocol.Setting) (protocol.ProblemSpec, error) {
	type answer struct {
		spec protocol.ProblemSpec
		err  error
	}
	var mu sync.Mutex
	known := map[string]answer{}
	return func(at protocol.Setting) (protocol.ProblemSpec, error) {
		mu.Lock()
		defer mu.Unlock()
		a, ok := known[at.String()]
		if !ok {
			a.spec, a.err = spec(at)
			if fault := (*protocol.Fault)(nil); errors.As(a.err, &fault) {
				a.spec, a.err = spec(at)
			}
			known[at.String()] = a
		}
		return a.spec, a.err
	}
}

// Contract makes the campaign look for runs of an older version of the contract, so that their
// records can be read. Such a campaign cannot be executed.
func (c *Campaign) Contract(version int) {
	for _, cell := range c.cells {
		cell.contract = version
	}
}

// name gives each entry without a name in the plan the name in its definition, unless another entry
// has that name. An entry that gives a plugin's path would otherwise be named by the path.
func (c *Campaign) name(definitions Definitions) error {
	rename := func(
		n int, entry func(i int) (given string, name *string),
		find func(given string) (string, error),
	) error {
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
	c.Each(find, func(i int, cell results.Cell, tasks []Task) { cells[i], due[i] = cell, tasks })
	return cells, due
}

// Each is [Campaign.Cells] for more records than fit into memory: it passes cell i to a function,
// which it calls from several goroutines, and keeps nothing of it.
func (c *Campaign) Each(find Lookup, do func(i int, cell results.Cell, due []Task)) {
	sideBySide(len(c.cells), runtime.GOMAXPROCS(0), func(i int) {
		cell, due := c.cells[i].state(find)
		do(i, cell, due)
	})
}

// sideBySide calls do with 0 to n − 1, from as many goroutines, and returns when all calls have.
func sideBySide(n, goroutines int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, goroutines) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}

// Make makes one run of the campaign, which need not be due. A run that the campaign would not
// make, such as one whose optimizer computes other bits here, is refused with an error that names
// the difference. Otherwise it is [RunResumable].
func (c *Campaign) Make(
	ctx context.Context, run results.Run, alloc Alloc, checkpoints *Checkpoints,
) (*results.Record, error) {
	id := run.ID()
	var near *results.Run
	for _, cell := range c.cells {
		if cell.impossible != "" {
			continue
		}
		own := cell.run(run.Optimizer.Setting, run.Seed)
		if own.ID() == id {
			return RunResumable(ctx, cell.problem, cell.optimizer, run, alloc, checkpoints)
		}
		if own.Problem.Name == run.Problem.Name && own.Optimizer.Name == run.Optimizer.Name {
			near = &own
		}
	}
	if near == nil {
		return nil, fmt.Errorf("plan %s has no run of optimizer %s on problem %s", c.Plan.Name,
			run.Optimizer.Name, run.Problem.Name)
	}
	return nil, fmt.Errorf("the optimizer %s on the problem %s is not the same on this machine: %s",
		run.Optimizer.Name, run.Problem.Name, difference(near, &run))
}

// difference names the first property in which two runs differ.
func difference(here, wanted *results.Run) string {
	for _, d := range []struct{ what, here, wanted string }{
		{"version of the contract", fmt.Sprint(here.Protocol), fmt.Sprint(wanted.Protocol)},
		{"version of the problem", here.Problem.Version, wanted.Problem.Version},
		{"plugin of the problem", here.Problem.Plugin.String(), wanted.Problem.Plugin.String()},
		{"fingerprint of the problem", here.Problem.Fingerprint, wanted.Problem.Fingerprint},
		{"data of the problem", fmt.Sprint(here.Problem.Data), fmt.Sprint(wanted.Problem.Data)},
		{"version of the optimizer", here.Optimizer.Version, wanted.Optimizer.Version},
		{"plugin of the optimizer", here.Optimizer.Plugin.String(), wanted.Optimizer.Plugin.String()},
		{"fingerprint of the optimizer", here.Optimizer.Fingerprint, wanted.Optimizer.Fingerprint},
	} {
		if d.here != d.wanted {
			return fmt.Sprintf("the %s is %s here, want %s", d.what, d.here, d.wanted)
		}
	}
	return "budget, batch size, schedule or parameters differ"
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
	Saves      bool // the optimizer saves its state: an interrupted run resumes
}

// Forecast lists the cells of the plan, each with an upper bound on its cost.
func (c *Campaign) Forecast() []Forecast {
	all := make([]Forecast, len(c.cells))
	for i, cell := range c.cells {
		all[i] = Forecast{
			Problem: cell.pEntry.Name, Optimizer: cell.oEntry.Name, Runs: cell.mostRuns(),
			Examples: cell.budget, BatchSize: cell.batchSize(), Chooses: cell.optimizer.ChoosesBatchSize,
			Impossible: cell.impossible, Saves: cell.optimizer.Saves,
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
	Problem   string          // name of the plan's entry, of the task's cell
	Optimizer string          // name of the plan's entry, of the task's cell
	Record    *results.Record // of the task; nil at the start
	Done      int             // runs known to be finished
	// of those, found in the store; the number grows as tuning decides which runs are needed
	Found     int
	Left      int           // runs still to be made: an upper bound until all tuning is done
	Elsewhere int           // of those, runs that other harnesses are making
	Remaining time.Duration // estimated time for them; negative if not yet known
	Changed   []CellState   // since the last event; at the start, all cells
}

// CellState is the state of a cell while a campaign is executed.
type CellState struct {
	Index  int          // of the cell in the plan
	Cell   results.Cell // without records
	Tuning int          // tuning runs
	Ties   int          // of these, runs of the tie step
}

// Options are the options of an execution. They affect no result.
type Options struct {
	Store    Store
	Parallel int            // concurrent runs, at least 1
	Alloc    Alloc          // nil means plain memory
	Host     results.Host   // provenance to copy into each record
	Progress func(Progress) // called from one goroutine; may be nil

	// Claims share the work with other harnesses on the same store; nil if there are none.
	Claims Claims
	// Checkpoints keep the state of unfinished runs; with nil, an interrupted run starts again.
	Checkpoints CheckpointStore
	Every       time.Duration // between two checkpoints of a run; 0 means CheckpointEvery
	// Maker makes the runs, possibly on other machines; with nil, they are made in this process.
	Maker Maker
	// Only selects the cells to work on by the names of their entries; nil means all.
	Only func(problem, optimizer string) bool
	// Note is called with messages for the user that are not errors, from any goroutine; may be nil.
	Note func(string)
}

// Maker makes single runs. Its record's Host names the machine that made it. See [Campaign.Make]
// for the rest, and package worker.
type Maker interface {
	Make(ctx context.Context, run results.Run, checkpoints *Checkpoints) (*results.Record, error)
}

// Claims inform harnesses that share a store of the runs that the others are making, see package
// claim.
type Claims interface {
	// Take claims a run. ok is false while another harness makes it. The run must be made under the
	// context held, which ends with ctx or when the claim is lost. release ends the claim.
	Take(ctx context.Context, id string) (held context.Context, release func(), ok bool, err error)
}

// CheckpointStore keeps the last checkpoint of each unfinished run.
type CheckpointStore interface {
	LoadCheckpoint(id string) ([]byte, error) // nil: none
	SaveCheckpoint(id string, data []byte) error
	RemoveCheckpoint(id string) error
}

// Execute is [Campaign.MakeAll] that returns the cells.
func (c *Campaign) Execute(ctx context.Context, opt Options) ([]results.Cell, error) {
	failed, err := c.MakeAll(ctx, opt)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var storeErr error
	cells, _ := c.Cells(func(id string) *results.Record {
		record, found, err := opt.Store.Lookup(id)
		if err != nil {
			mu.Lock()
			defer mu.Unlock()
			storeErr = err
		}
		if !found {
			record = failed[id]
		}
		return record
	})
	return cells, storeErr
}

// MakeAll makes all runs of the plan that the store does not hold. A run that fails is tried once
// more; if it fails again, the campaign continues without it, and its record is among those
// returned, by ID. When ctx ends, MakeAll stops each run within one step and returns ctx's error.
// Finished runs are in the store, and the next call continues from there. It keeps no records of
// finished runs, of which there may be more than fit into memory.
func (c *Campaign) MakeAll(
	ctx context.Context, opt Options,
) (failed map[string]*results.Record, err error) {
	if opt.Only != nil && !slices.ContainsFunc(c.cells, func(c *cell) bool {
		return opt.Only(c.pEntry.Name, c.oEntry.Name)
	}) {
		return nil, fmt.Errorf("plan %s: no pair of a problem and an optimizer is selected", c.Plan.Name)
	}
	if err := c.openProblems(opt.Only); err != nil {
		return nil, err
	}
	e := &execution{
		campaign: c, opt: opt, known: map[results.RunID]outcome{}, failed: map[string]*results.Record{},
		running: map[string]bool{}, elsewhere: map[string]*elsewhere{},
		cells: make([]cellState, len(c.cells)), done: make(chan ended),
	}
	defer func(n *int) { // wait for the runs in flight
		for ; *n > 0; *n-- {
			<-e.done
		}
	}(&e.inFlight)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return e.failed, e.run(ctx)
}

// openProblems opens every problem that has a runnable cell once, so that missing data are reported
// before the first run. If a plugin fails, the cells of its problem cannot run; that is an error
// only if no other cell can.
func (c *Campaign) openProblems(only func(problem, optimizer string) bool) error {
	opened := map[string]bool{}
	var failed error
	for _, cell := range c.cells {
		if cell.impossible != "" || opened[cell.pEntry.Name] ||
			only != nil && !only(cell.pEntry.Name, cell.oEntry.Name) {
			continue
		}
		opened[cell.pEntry.Name] = true
		err := cell.problem.TryOpen(cell.params, cell.spec.DType)
		fault := (*protocol.Fault)(nil)
		if errors.As(err, &fault) { // once more, as with runs
			err = cell.problem.TryOpen(cell.params, cell.spec.DType)
		}
		if inClose(err) {
			continue
		}
		if errors.As(err, &fault) {
			for _, other := range c.cells {
				if other.pEntry.Name == cell.pEntry.Name {
					other.impossible = err.Error()
				}
			}
			failed = err
			continue
		}
		if err != nil {
			return fmt.Errorf("problem %s: %w", cell.pEntry.Name, err)
		}
	}
	runnable := func(c *cell) bool { return c.impossible == "" }
	if failed != nil && !slices.ContainsFunc(c.cells, runnable) {
		return failed
	}
	return nil
}

// execution is the state of Execute. It is used by one goroutine.
type execution struct {
	campaign *Campaign
	opt      Options
	known    map[results.RunID]outcome  // finished, or failed in this execution
	failed   map[string]*results.Record // of those, the failed ones, by ID
	running  map[string]bool            // by ID
	// elsewhere are runs that other harnesses are making, by ID; first is the cell where the search
	// for a task starts. It changes when another harness was faster, so that several harnesses do
	// not try to claim the same runs.
	elsewhere map[string]*elsewhere
	first     int
	storeErr  error // of a lookup
	cells     []cellState
	inFlight  int
	done      chan ended
	finished  int   // runs in known that did not fail
	made      int   // of them, made by this execution
	changed   []int // cells that were derived since the last report
}

// cellState is a cell with its due tasks.
type cellState struct {
	cell    results.Cell // without records
	tuning  int          // finished runs
	ties    int          // of these
	oneShot int          // finished runs
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
	cell    int
	task    Task
	record  *results.Record
	found   bool  // in the store: another harness has made it meanwhile
	claimed bool  // by another harness, which is making it
	err     error // the store's, or ctx's
}

// elsewhere is a run that another harness is making.
type elsewhere struct {
	since time.Time // when this harness learned of it
	next  time.Time // when to look for it again
}

// wait sets when to look again for the run's record or for a claim that is free: after a quarter of
// the time since this harness learned of it, so that runs of milliseconds are found at once and
// long ones are looked for rarely.
func (w *elsewhere) wait(now time.Time) {
	w.next = now.Add(min(max(now.Sub(w.since)/4, 20*time.Millisecond), time.Minute))
}

func (e *execution) run(ctx context.Context) error {
	if err := e.begin(); err != nil {
		return err
	}
	e.report(Progress{})
	for {
		var look <-chan time.Time // when to look for a run that is made elsewhere
		for e.inFlight < e.opt.Parallel {
			i, task, wait, ok := e.nextTask()
			if !ok {
				if wait > 0 {
					look = time.After(wait)
				}
				break
			}
			e.inFlight++
			e.running[task.ID] = true
			go func() { e.done <- e.make(ctx, i, task) }()
		}
		if e.inFlight == 0 && look == nil {
			return ctx.Err()
		}
		var end ended
		select {
		case end = <-e.done:
		case <-look:
			continue
		case <-e.idle(ctx):
			return ctx.Err()
		}
		e.inFlight--
		id := end.task.ID
		delete(e.running, id)
		if end.err != nil {
			return end.err
		}
		if end.claimed {
			e.lookLater(id)
			continue
		}
		delete(e.elsewhere, id)
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
					return err
				}
			}
		}
		cell := e.campaign.cells[end.cell]
		e.report(Progress{
			Task: end.task, Problem: cell.pEntry.Name, Optimizer: cell.oEntry.Name, Record: end.record,
		})
	}
}

// begin derives all cells, side by side.
func (e *execution) begin() error {
	var mu sync.Mutex // of what lookup changes
	sideBySide(len(e.cells), runtime.GOMAXPROCS(0), func(i int) { e.derive(i, &mu) })
	for i := range e.cells {
		e.changed = append(e.changed, i)
	}
	return e.storeErr
}

// refresh derives cell i again.
func (e *execution) refresh(i int) error {
	e.derive(i, new(sync.Mutex))
	e.changed = append(e.changed, i)
	return e.storeErr
}

func (e *execution) derive(i int, mu *sync.Mutex) {
	d := e.campaign.cells[i].decide(func(id string) (o outcome, reason string, ok bool) {
		if o, ok = e.lookup(id, mu); ok && o.failed {
			mu.Lock()
			defer mu.Unlock()
			reason = e.failed[id].End.Reason
		}
		return o, reason, ok
	})
	s := &e.cells[i]
	s.cell, s.due, s.settled = d.cell, d.due, 0
	s.tuning, s.ties, s.oneShot = len(d.tuning), d.ties, len(d.oneShot)
}

// lookup looks for a run in memory, then in the store.
func (e *execution) lookup(id string, mu *sync.Mutex) (outcome, bool) {
	short := results.MustParseID(id)
	mu.Lock()
	o, ok := e.known[short]
	mu.Unlock()
	if ok {
		return o, true
	}
	record, found, err := e.opt.Store.Lookup(id)
	mu.Lock()
	defer mu.Unlock()
	if err != nil {
		e.storeErr = err
		return outcome{}, false
	}
	if !found {
		return outcome{}, false
	}
	return e.learn(id, record), true
}

// learn remembers what decisions need of a run.
func (e *execution) learn(id string, record *results.Record) outcome {
	short := results.MustParseID(id)
	o := outcomeFor(&e.campaign.Plan, record)
	if old, known := e.known[short]; (!known || old.failed) && !o.failed {
		e.finished++
	}
	if delete(e.failed, id); o.failed {
		e.failed[id] = record
	}
	e.known[short] = o
	return o
}

// idle is closed when ctx has ended and no run is in flight, which would end with it.
func (e *execution) idle(ctx context.Context) <-chan struct{} {
	if e.inFlight > 0 {
		return nil
	}
	return ctx.Done()
}

// lookLater remembers that another harness is making a run, and lets the next search for a task
// start at another cell.
func (e *execution) lookLater(id string) {
	now := time.Now()
	w := e.elsewhere[id]
	if w == nil {
		w = &elsewhere{since: now}
		e.elsewhere[id] = w
		e.first = rand.IntN(len(e.cells))
		e.report(Progress{})
	}
	w.wait(now)
}

// nextTask chooses the run to start: by purpose, sweeps first since the next runs depend on them,
// then by cell. If there is none, wait is the time after which to look for a run that is made
// elsewhere; 0 if there is no such run.
func (e *execution) nextTask() (cell int, task Task, wait time.Duration, ok bool) {
	now := time.Now()
	for _, purpose := range []Purpose{ForSweep, ForTie, ForReplicate, ForOneShot} {
		for k := range e.cells {
			i := (e.first + k) % len(e.cells)
			if !e.selected(i) {
				continue
			}
			for _, t := range e.cells[i].due {
				if t.Purpose != purpose || e.running[t.ID] {
					continue
				}
				if w := e.elsewhere[t.ID]; w != nil && now.Before(w.next) {
					if left := w.next.Sub(now); wait == 0 || left < wait {
						wait = left
					}
					continue
				}
				return i, t, 0, true
			}
		}
	}
	return 0, Task{}, wait, false
}

// selected reports whether the campaign works on cell i.
func (e *execution) selected(i int) bool {
	c := e.campaign.cells[i]
	return e.opt.Only == nil || e.opt.Only(c.pEntry.Name, c.oEntry.Name)
}

// make makes a run, once more if a plugin fails, and commits its record, unless another harness on
// the same store has made it since it became due, or is making it.
func (e *execution) make(ctx context.Context, i int, task Task) ended {
	end := ended{cell: i, task: task}
	if end.record, end.found, end.err = e.opt.Store.Lookup(task.ID); end.found || end.err != nil {
		return end
	}
	held := ctx
	if e.opt.Claims != nil {
		var release func()
		var ok bool
		if held, release, ok, end.err = e.opt.Claims.Take(ctx, task.ID); end.err != nil {
			return end
		} else if !ok {
			end.claimed = true
			return end
		}
		defer release()
		// The last owner may have made it between the lookup and the claim.
		if end.record, end.found, end.err = e.opt.Store.Lookup(task.ID); end.found || end.err != nil {
			return end
		}
	}
	end.record, end.err = e.attempt(ctx, held, i, task)
	if end.err != nil && held.Err() != nil && ctx.Err() == nil {
		end.claimed, end.err = true, nil // the claim was lost: another harness makes the run now
	}
	return end
}

// attempt makes a run, once more and from its start if a plugin fails, and commits its record. It
// stops when held ends, which it does with ctx or when the run's claim is lost.
func (e *execution) attempt(
	ctx, held context.Context, i int, task Task,
) (record *results.Record, err error) {
	cell := e.campaign.cells[i]
	if impure := cell.prove(held, task.Run, e.opt.Alloc); impure != nil {
		if fault := (*protocol.Fault)(nil); !errors.As(impure, &fault) {
			return nil, impure
		}
		return e.keep(task, e.without(task, cell, impure, time.Now()))
	}
	for attempt := range 2 {
		started := time.Now()
		checkpoints := e.checkpoints(task.ID, attempt == 0)
		if checkpoints != nil {
			save := checkpoints.Save
			checkpoints.Save = func(data []byte) error {
				if held.Err() != nil && ctx.Err() == nil {
					return nil // another harness makes the run now, and may have finished it
				}
				return save(data)
			}
		}
		if e.opt.Maker != nil {
			record, err = e.opt.Maker.Make(held, task.Run, checkpoints)
		} else {
			record, err = RunResumable(held, cell.problem, cell.optimizer, task.Run, e.opt.Alloc,
				checkpoints)
		}
		if fault := (*protocol.Fault)(nil); err != nil && !errors.As(err, &fault) {
			return nil, err
		}
		if err == nil {
			if err = sameSpec(cell, record); err != nil {
				record = nil
			}
		}
		e.stamp(record, started)
		if err == nil {
			break
		}
		if record == nil { // the problem's specification could not be read
			record = e.without(task, cell, err, started)
		}
		if errors.As(err, new(*impurity)) {
			break // a second attempt could only hide it
		}
	}
	return e.keep(task, record)
}

// sameSpec returns a fault if an outside plugin described its problem otherwise for a run than for
// the plan, as one may whose description depends on the process that is asked.
func sameSpec(c *cell, record *results.Record) error {
	if !outside(c.problem.Origin) {
		return nil
	}
	var specs [2]map[string]json.RawMessage
	for i, s := range []*protocol.ProblemSpec{&record.Spec, &c.spec} {
		text, err := json.Marshal(s)
		if err == nil {
			err = json.Unmarshal(text, &specs[i])
		}
		if err != nil {
			return err
		}
	}
	names := slices.Concat(slices.Collect(maps.Keys(specs[0])), slices.Collect(maps.Keys(specs[1])))
	slices.Sort(names)
	for _, name := range names {
		if now, then := specs[0][name], specs[1][name]; !bytes.Equal(now, then) {
			return fault(c.problem.Origin, c.problem.Name, "Spec", fmt.Errorf("it is not what it was for the plan: %s is %.80s, was %.80s",
				name, cmp.Or(string(now), "absent"), cmp.Or(string(then), "absent")))
		}
	}
	return nil
}

// without is the record of a run that failed before it began.
func (e *execution) without(task Task, c *cell, err error, started time.Time) *results.Record {
	record := &results.Record{
		Run: task.Run, Spec: c.spec,
		End: results.End{Status: results.Failed, Reason: err.Error()},
	}
	e.stamp(record, started)
	return record
}

// keep commits the record of a run, and removes its checkpoint.
func (e *execution) keep(task Task, record *results.Record) (*results.Record, error) {
	if err := e.opt.Store.Commit(record); err != nil {
		return nil, err
	}
	if e.opt.Checkpoints != nil {
		return record, e.opt.Checkpoints.RemoveCheckpoint(task.ID)
	}
	return record, nil
}

// checkpoints returns how checkpoints of a run are loaded and saved; nil if they are not. Without
// load, none is loaded and the run starts from its beginning.
func (e *execution) checkpoints(id string, load bool) *Checkpoints {
	kept := e.opt.Checkpoints
	if kept == nil {
		return nil
	}
	c := &Checkpoints{
		Every: cmp.Or(e.opt.Every, CheckpointEvery),
		By:    Place(&e.opt.Host),
		Load:  func() ([]byte, error) { return nil, nil },
		Save:  func(data []byte) error { return kept.SaveCheckpoint(id, data) },
	}
	if load {
		c.Load = func() ([]byte, error) { return kept.LoadCheckpoint(id) }
	}
	if e.opt.Note != nil {
		c.Refused = func(err error) { e.opt.Note(err.Error()) }
	}
	return c
}

// stamp writes the provenance of this execution into a record, and keeps what the run recorded.
func (e *execution) stamp(record *results.Record, started time.Time) {
	if record == nil {
		return
	}
	if e.opt.Maker == nil {
		record.Host = e.opt.Host.With(&record.Host)
	}
	record.Host.Plan = e.campaign.Plan.Name
	record.Host.Parallel = e.opt.Parallel
	record.Host.Started = started.UTC().Format(time.RFC3339)
}

// report completes p and passes it to the callback.
func (e *execution) report(p Progress) {
	changed := e.changed
	e.changed = nil
	if e.opt.Progress == nil {
		return
	}
	for _, i := range changed {
		s := &e.cells[i]
		p.Changed = append(p.Changed, CellState{i, s.cell, s.tuning, s.ties})
	}
	p.Done, p.Found, p.Elsewhere = e.finished, e.finished-e.made, len(e.elsewhere)
	var seconds float64
	var runs int
	for _, s := range e.cells {
		seconds += s.seconds
		runs += s.runs
	}
	var remaining float64
	for i, s := range e.cells {
		if !e.selected(i) {
			continue
		}
		left := len(s.due)
		if s.cell.Setting == nil && left > 0 {
			left = max(left, e.campaign.cells[i].mostRuns()-s.tuning-s.oneShot-s.settled)
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

// Package measures computes the results of a plan from its run records: scores, ranks, intervals,
// measures of speed and of tuning, curves over the examples seen, and warnings.
//
// [Build] is the way in. All of it is numbers and names; how they are written and laid out is
// decided in package columns and in the packages report, figure and page. A warning is a value too:
// a kind for programs and a sentence for readers. What may mislead a reader (a best step size at
// the edge of the search, diverged, failed and missing runs, too few seeds) is a warning, and no
// row is left out.
package measures

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/notation"
	"noisebench/results/stats"
)

// Report has the results of a plan.
type Report struct {
	Plan        string
	Description string
	Finished    int // runs, each counted once
	Planned     int // runs: Finished, failed and missing ones
	Problems    []Problem
	Overall     []Overall // by place; nil if there are fewer than two problems
	Groups      []Group   // of the plan, by name
	Notes       []Warning // on all of it
	Protocol    int       // version of the contract that the records are of

	Baselines []string // entries that the others are compared with
	// one of Baselines: entry whose mean is 1 on the anchored scale; empty if there is none
	Anchor string
	// Friedman tests whether the entries of Overall that have a place differ at all over the
	// problems, and CriticalDifference is by how much mean ranks must differ by Nemenyi's test.
	// They are diagnostics; places do not rest on them.
	Friedman           stats.FriedmanTest
	CriticalDifference float64
}

// Group is a group of problems of the plan, with a report on them alone, of which Problems, Overall
// and what they refer to are filled in.
type Group struct {
	Name string
	Report
}

// Complete reports whether no run failed or is missing.
func (r *Report) Complete() bool { return r.Finished == r.Planned }

// Problem is the ranked table of one problem.
type Problem struct {
	Name   string
	Spec   *protocol.ProblemSpec // nil as long as there is no run
	Budget int64                 // examples
	// that the plan or the problem entry gives; nil: the problem's own
	Schedule  *protocol.Schedule
	BatchSize int           // where neither optimizer nor entry chooses
	Seeds     int           // replicates that the plan asks for
	Part      protocol.Part // on which the metric is reported
	Point     string        // at which point of a run, such as "at the last point"
	ShowFinal bool          // Row.Final differs from Row.Score
	Initial   float64       // mean metric at the start
	Rows      []Row         // by rank; those without one last
	Unranked  []Unranked    // beside the ranking, by name
	Notes     []Warning     // on all rows

	AnchorMean float64 // mean metric of Report.Anchor
	Target     float64 // metric of Measures.ToTarget: 95 % of the way from Initial to AnchorMean
	// AgreeFinal and AgreeDefault are Kendall's τ between the order of the rows and that by their
	// Final or OneShot.
	AgreeFinal, AgreeDefault float64
	Pairs                    []Pair // of ranked rows, in their order
}

// Row is one optimizer on one problem.
type Row struct {
	Optimizer  string
	Impossible string // why it cannot run on the problem; empty: it can
	Rank       int    // 1 is best, shared among equals; 0 if there are no runs
	Shared     bool   // Rank is
	// it used information that no real optimizer has, see protocol.Oracle
	Oracle  bool
	Setting protocol.Setting // the tuned hyperparameters, and Fixed; nil before tuning is done
	// hyperparameters that the plan sets to other values than declared, and the entry's batch size
	Fixed    protocol.Setting
	Ranges   map[string][]float64 // bounds of hyperparameters tuned over a range
	Tried    map[string][]float64 // values that the search tried
	Untuned  protocol.Setting     // hyperparameters that were not tuned
	Schedule *protocol.Schedule   // that its entry alone has; nil: none
	Clip     float64              // greatest norm of its gradients; 0: none
	Score    Summary              // of the replicates, by the plan's rule
	Final    Summary              // of the replicates at their last points
	OneShot  Summary              // of the replicates of the declared default, by the plan's rule
	Steps    float64              // mean per run
	// time of problem and optimizer per example, of the fastest replicate; NaN if unknown
	Seconds  float64
	Slowdown float64         // Seconds over the least Seconds on the problem
	Tuning   Cost            // of the sweep and the tie step
	Taken    []results.Taken // runs that were made elsewhere and came in bundles
	Notes    []Warning
	Measures
}

// Summary describes the scores of n runs.
type Summary struct {
	N         int     // finished runs
	Diverged  int     // of N
	Mean      float64 // NaN if N = 0
	Std       float64 // sample standard deviation; NaN if N < 2
	Low, High float64 // 95 % interval of the mean; NaN if N < 2

	Median, Q25, Q75 float64 // quartiles; NaN if N = 0
	// those of runs that did not diverge fall into two groups, see stats.Bimodal
	Bimodal bool
}

// Cost is the number of runs and of examples that they used.
type Cost struct {
	Runs     int
	Ties     int // of Runs, those of the tie step
	Examples int64
}

// Overall is the standing of one optimizer over all problems.
type Overall struct {
	Optimizer string
	stats.Place
	Ranks    []int // in the order of Report.Problems; 0 if there is none
	Oracle   bool  // see Row
	N        int   // replicates on all problems
	Diverged int   // of N
	Tuning   Cost
	OverallMeasures
}

const (
	level = 1 - stats.Alpha
	// draws of the bootstrap for up to drawnSeeds seeds: the percentiles of mean ranks, which take
	// few values, move no more with more of them. The error of an end of an interval is about
	// 1/√(draws · seeds) on the scale of the scores, so that with more seeds fewer draws do.
	draws, leastDraws, drawnSeeds = 2000, 1000, 100
	// unstableShare is the share of diverged replicates from which on an optimizer is listed behind
	// all others.
	unstableShare = 0.3
)

// Build makes the report of a plan with its defaults filled in. cells are in any order; a pair of
// the plan without a cell has nothing but missing replicates. Records of another protocol version
// are refused. baselines name the entries that others are compared with, see [Baselines]; without
// any, they are those of [DefaultBaselines] that the plan has.
func Build(plan *protocol.Plan, cells []results.Cell, baselines ...string) *Report {
	b := NewBuilder(plan, baselines...)
	for _, c := range cells {
		b.Add(c)
	}
	return b.Report()
}

// Builder is [Build] for more records than fit into memory: it takes one cell at a time, and keeps
// of its runs what tables need.
type Builder struct {
	plan      *protocol.Plan
	baselines []string
	mu        sync.Mutex
	cells     []reduced
	there     map[string]map[string]bool // problems and optimizers of cells to be ranked
}

// NewBuilder returns the Builder of a plan, see [Build].
func NewBuilder(plan *protocol.Plan, baselines ...string) *Builder {
	return &Builder{plan: plan, baselines: baselines, there: map[string]map[string]bool{}}
}

// Add adds a cell, to whose records the Builder does not refer later. It may be called
// concurrently.
func (b *Builder) Add(c results.Cell) {
	s := reduce(b.plan, c)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cells = append(b.cells, s)
	if c.Unranked == "" {
		if b.there[c.Problem] == nil {
			b.there[c.Problem] = map[string]bool{}
		}
		b.there[c.Problem][c.Optimizer] = true
		b.settle(c.Problem)
	}
}

// settle finds out when the runs of a problem met its target, once all its cells are there. What the
// runs reached before takes most of the memory of a Builder, and is no longer needed then, unless
// there are records of other contracts, on which the target may depend.
func (b *Builder) settle(problem string) {
	at := position(b.plan, problem)
	if at < 0 || len(b.there[problem]) < len(b.plan.Optimizers) {
		return
	}
	var mine []reduced
	for _, name := range sortedOptimizers(b.plan) {
		if !b.there[problem][name] {
			return
		}
		s := find(b.plan, b.cells, problem, name)
		if s.refused > 0 || s.records > 0 && s.contract != protocol.Version {
			return
		}
		mine = append(mine, s)
	}
	var r Report
	r.chooseBaselines(b.plan, b.baselines)
	p, input := newProblem(b.plan, b.plan.Problems[at], mine, nil)
	p.measure(&r, mine, &compared{input: input})
	for i := range b.cells {
		if s := &b.cells[i]; s.cell.Problem == problem && s.cell.Unranked == "" {
			if row := p.row(s.cell.Optimizer); row != nil {
				s.met, s.reached, s.points, s.seen = &row.ToTarget, nil, nil, nil
			}
		}
	}
}

// Report makes the report of the cells that were added. It can be called once.
func (b *Builder) Report() *Report {
	plan := b.plan
	r := &Report{Plan: plan.Name, Description: plan.Description}
	for _, d := range plan.Deviations() {
		r.warn(Deviation, "this plan departs from the standard protocol: %s", d)
	}
	cells, aside := r.accept(plan, b.cells)
	r.countRuns(plan, cells)
	r.chooseBaselines(plan, b.baselines)
	optimizers := sortedOptimizers(plan)
	// so that draws do not depend on their order
	entries := slices.SortedFunc(slices.Values(plan.Problems), byName)
	r.Problems = make([]Problem, len(entries))
	all := make([]compared, len(entries))
	each(len(entries), func(k int) {
		e := entries[k]
		var mine []reduced
		for _, name := range optimizers {
			mine = append(mine, find(plan, cells, e.Name, name))
		}
		p := &r.Problems[k]
		*p, all[k].input = newProblem(plan, e, mine, aside[e.Name])
		p.measure(r, mine, &all[k])
		p.pairs(mine, all[k].input.Scores)
	})
	for _, e := range entries {
		delete(aside, e.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(aside)) {
		r.warn(Incomparable, "%s of %s: left out, since the plan has no problem of that name",
			notation.Count(len(aside[name]), "unranked result"), notation.Clean(name))
	}
	slices.SortFunc(r.Problems, func(a, b Problem) int {
		return cmp.Compare(position(plan, a.Name),
			position(plan, b.Name))
	})
	if len(r.Problems) > 1 {
		r.rankOverall(all, optimizers)
		r.diagnose()
	}
	for _, name := range slices.Sorted(maps.Keys(plan.Groups)) {
		in := func(problem string) bool { return slices.Contains(plan.Groups[name], problem) }
		g := Group{Name: name, Report: Report{
			Plan: r.Plan, Finished: r.Finished, Planned: r.Planned,
			Baselines: r.Baselines, Anchor: r.Anchor,
		}}
		for _, p := range r.Problems {
			if in(p.Name) {
				g.Problems = append(g.Problems, p)
			}
		}
		var some []compared
		for k, e := range entries {
			if in(e.Name) {
				some = append(some, all[k])
			}
		}
		g.rankOverall(some, optimizers)
		r.Groups = append(r.Groups, g)
	}
	return r
}

// each calls f(0) … f(n−1), on all cores.
func each(n int, f func(k int)) {
	var wg sync.WaitGroup
	cores := make(chan struct{}, runtime.GOMAXPROCS(0))
	for k := range n {
		cores <- struct{}{}
		wg.Go(func() {
			f(k)
			<-cores
		})
	}
	wg.Wait()
}

func byName(a, b protocol.ProblemEntry) int { return cmp.Compare(a.Name, b.Name) }

// position is the place of a problem in the plan.
func position(plan *protocol.Plan, problem string) int {
	return slices.IndexFunc(plan.Problems,
		func(e protocol.ProblemEntry) bool { return e.Name == problem })
}

func find(plan *protocol.Plan, cells []reduced, problem, optimizer string) reduced {
	for i := range cells {
		if c := &cells[i].cell; c.Problem == problem && c.Optimizer == optimizer {
			return cells[i]
		}
	}
	return reduce(plan, results.Cell{
		Problem: problem, Optimizer: optimizer, Missing: plan.Replicates,
	})
}

func (r *Report) warn(kind Kind, format string, args ...any) {
	r.Notes = append(r.Notes, Warning{Kind: kind, Text: fmt.Sprintf(format, args...)})
}

// accept takes those cells apart that are not to be ranked, by problem. It returns the others
// without records of other protocol versions, and warns of records that were refused or pooled.
func (r *Report) accept(plan *protocol.Plan, all []reduced) (cells []reduced,
	aside map[string][]reduced,
) {
	aside = map[string][]reduced{}
	latest := 0
	for _, s := range all {
		if s.cell.Unranked != "" {
			aside[s.cell.Problem] = append(aside[s.cell.Problem], s)
		} else {
			cells = append(cells, s)
			latest = max(latest, s.latest)
		}
	}
	r.Protocol = contractOf(latest)
	refused := 0
	platforms := map[string]bool{}
	for i := range cells {
		s := &cells[i]
		refused += s.refused
		if s.records > 0 && s.contract != r.Protocol { // older ones
			refused += s.records
			s.cell.Missing += s.records
			*s = reduce(plan, s.cell)
		}
		maps.Copy(platforms, s.platforms)
	}
	if refused > 0 {
		r.warn(OtherProtocol, "%s made under another protocol version than %d %s left out",
			notation.Count(refused, "record"), r.Protocol, isAre(refused))
	}
	if len(platforms) > 1 {
		r.warn(Platforms, "runs of different platforms are pooled: %s",
			strings.Join(slices.Sorted(maps.Keys(platforms)), ", "))
	}
	return cells, aside
}

// countRuns fills in how much of the plan is done. A run may serve several purposes.
func (r *Report) countRuns(plan *protocol.Plan, cells []reduced) {
	var runs []results.ShortID
	for _, e := range plan.Problems {
		for _, o := range plan.Optimizers {
			s := find(plan, cells, e.Name, o.Name)
			runs = append(runs, s.ids...)
			r.Planned += len(s.cell.Failed) + s.cell.Missing
		}
	}
	slices.SortFunc(runs, func(a, b results.ShortID) int {
		return cmp.Or(cmp.Compare(a.Seed, b.Seed), bytes.Compare(a.Rest[:], b.Rest[:]))
	})
	r.Finished = len(slices.Compact(runs))
	r.Planned += r.Finished
}

// contractOf is the version of the contract that a report is of, by the latest one of its records,
// 0 if there are none: this one, unless all records are older.
func contractOf(latest int) int {
	if latest == 0 || latest > protocol.Version {
		return protocol.Version
	}
	return latest
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// Optimizers returns the names of all entries, in order.
func (r *Report) Optimizers() []string {
	names := map[string]bool{}
	for _, p := range r.Problems {
		for _, row := range p.Rows {
			names[row.Optimizer] = true
		}
	}
	return sortedKeys(names)
}

// Package measures computes what is known of a plan from its run records: scores, ranks, intervals,
// measures of speed and of tuning, curves over the examples seen, and warnings.
//
// [Build] is the way in. All of it is numbers and names; how they are written and laid out is
// decided in package columns and in the packages report, figure and page. A warning is a value too:
// a kind for programs and a sentence for readers. What may mislead a reader (a best step size at
// the edge of the search, diverged, failed and missing runs, too few seeds) is a warning, and no
// row is left out.
package measures

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/notation"
	"noisebench/results/stats"
)

// Report is what is known of a plan.
type Report struct {
	Plan        string
	Description string
	Finished    int // runs, each counted once
	Planned     int // runs: Finished, failed and missing ones
	Problems    []Problem
	Overall     []Overall // by place; nil if there are fewer than two problems
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
	// it was told what no real optimizer can know, see protocol.Oracle
	Oracle  bool
	Setting protocol.Setting // what was tuned, and Fixed; nil before tuning is done
	// what the plan sets otherwise than the optimizer declares, the entry's batch size too
	Fixed    protocol.Setting
	Ranges   map[string][]float64 // least and greatest value of what was tuned over a range
	Tried    map[string][]float64 // values of what was tuned that the search ran
	Untuned  protocol.Setting     // hyperparameters that were not tuned
	Schedule *protocol.Schedule   // that its entry alone has; nil: none
	Clip     float64              // greatest norm of its gradients; 0: none
	Score    Summary              // of the replicates, by the plan's rule
	Final    Summary              // of the replicates at their last points
	OneShot  Summary              // of the replicates of the declared default, by the plan's rule
	Steps    float64              // mean per run
	// median time of problem and optimizer per example; NaN if unknown
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

// Cost is what runs used.
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
	// draws of the bootstrap: the percentiles of mean ranks, which take few values, move no more
	// with more of them.
	draws = 2000
	// unstableShare is the share of diverged replicates from which on an optimizer is listed behind
	// all others.
	unstableShare = 0.3
)

// Build makes the report of a plan with its defaults filled in. cells are in any order; a pair of
// the plan without a cell has nothing but missing replicates. Records of another protocol version
// are refused. baselines name the entries that others are compared with, see [Baselines]; without
// any, they are those of [DefaultBaselines] that the plan has.
func Build(plan *protocol.Plan, cells []results.Cell, baselines ...string) *Report {
	r := &Report{Plan: plan.Name, Description: plan.Description}
	for _, d := range plan.Deviations() {
		r.warn(Deviation, "this plan departs from the standard protocol: %s", d)
	}
	cells, aside := r.accept(cells)
	r.countRuns(plan, cells)
	r.chooseBaselines(plan, baselines)
	optimizers := sortedOptimizers(plan)
	// so that draws do not depend on their order
	entries := slices.SortedFunc(slices.Values(plan.Problems), byName)
	r.Problems = make([]Problem, len(entries))
	inputs := make([]stats.Problem, len(entries))
	anchored := make([][][]float64, len(entries))
	times := make([][]float64, len(entries))
	each(len(entries), func(k int) {
		e := entries[k]
		var mine []results.Cell
		for _, name := range optimizers {
			mine = append(mine, find(cells, e.Name, name, plan.Replicates))
		}
		p := &r.Problems[k]
		*p, inputs[k] = newProblem(plan, e, mine, aside[e.Name])
		anchored[k], times[k] = p.measure(r, plan, mine, inputs[k].Scores)
		p.pairs(mine, inputs[k].Scores)
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
		draws := stats.Resample(stats.Seeds(inputs), draws, 0)
		r.Overall = overall(r.Problems, stats.Overall(inputs, draws), optimizers)
		r.measureOverall(inputs, anchored, times, optimizers, draws)
		r.diagnose()
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

func find(cells []results.Cell, problem, optimizer string, replicates int) results.Cell {
	for _, c := range cells {
		if c.Problem == problem && c.Optimizer == optimizer {
			return c
		}
	}
	return results.Cell{Problem: problem, Optimizer: optimizer, Missing: replicates}
}

func (r *Report) warn(kind Kind, format string, args ...any) {
	r.Notes = append(r.Notes, Warning{Kind: kind, Text: fmt.Sprintf(format, args...)})
}

// accept takes those cells apart that are not to be ranked, by problem. It returns the others
// without records of other protocol versions, and notes what was refused or pooled.
func (r *Report) accept(all []results.Cell) (cells []results.Cell,
	aside map[string][]results.Cell) {
	aside = map[string][]results.Cell{}
	for _, c := range all {
		if c.Unranked != "" {
			aside[c.Problem] = append(aside[c.Problem], c)
		} else {
			cells = append(cells, c)
		}
	}
	refused := 0
	r.Protocol = contractOf(cells)
	platforms := map[string]bool{}
	filter := func(records []*results.Record) []*results.Record {
		var ours []*results.Record
		for _, record := range records {
			if record.Run.Protocol != r.Protocol {
				refused++
				continue
			}
			platforms[record.Host.Platform] = true
			ours = append(ours, record)
		}
		return ours
	}
	for i := range cells {
		c := &cells[i]
		before := refused
		c.Runs, c.OneShot, c.Tuning = filter(c.Runs), filter(c.OneShot), filter(c.Tuning)
		c.Missing += refused - before
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
func (r *Report) countRuns(plan *protocol.Plan, cells []results.Cell) {
	runs := map[string]bool{}
	var ids results.IDs
	for _, e := range plan.Problems {
		for _, o := range plan.Optimizers {
			c := find(cells, e.Name, o.Name, plan.Replicates)
			for _, record := range slices.Concat(c.Runs, c.OneShot, c.Tuning) {
				runs[ids.Of(&record.Run)] = true
			}
			r.Planned += len(c.Failed) + c.Missing
		}
	}
	r.Finished = len(runs)
	r.Planned += len(runs)
}

// newProblem makes the table of one problem from the cells of all optimizers and those put aside,
// and the input of the overall table.
func newProblem(plan *protocol.Plan, entry protocol.ProblemEntry, cells,
	aside []results.Cell) (Problem, stats.Problem) {
	p := Problem{Name: entry.Name, Seeds: plan.Replicates, Part: protocol.TrainPart,
		Initial: math.NaN()}
	seeds := map[uint64]int{} // position of each seed in the scores
	var initial []float64
	for _, c := range slices.Concat(cells, aside) {
		for _, record := range slices.Concat(c.Runs, c.OneShot, c.Tuning) {
			if p.Spec == nil {
				p.describe(plan, entry, record)
			}
		}
	}
	for _, c := range cells {
		for _, record := range c.Runs {
			seeds[record.Run.Seed] = 0
			initial = append(initial, start(record, p.Part))
		}
	}
	for i, seed := range slices.Sorted(maps.Keys(seeds)) {
		seeds[seed] = i
	}
	p.Initial = stats.Mean(initial)

	input := stats.Problem{Scores: make([][]float64, len(cells)),
		Unstable: make([]bool, len(cells))}
	if p.Spec != nil {
		input.HigherBetter = p.Spec.Metric.HigherBetter
		input.Equivalence = func(leader float64) float64 {
			return results.Equivalence(p.Spec, p.Part, p.Initial, leader)
		}
	}
	for i, c := range cells {
		row := newRow(plan, c)
		p.Rows = append(p.Rows, row)
		input.Unstable[i] = row.unstable()
		input.Scores[i] = slices.Repeat([]float64{math.NaN()}, len(seeds))
		for _, record := range c.Runs {
			input.Scores[i][seeds[record.Run.Seed]] = record.Score(plan.Report, plan.Selection,
				protocol.TestPart)
		}
	}
	p.noteTest(len(seeds), cells)
	ranks := stats.Rank(input)
	for _, u := range stats.Untolds(input) {
		p.Rows[u.Entry].noteUntold(&p.Rows[u.Leader], &p.Rows[u.Between], ranks[u.Leader])
	}
	p.rank(ranks)
	p.noteTaken()
	p.compareTimes()
	var leader []float64
	if i := slices.IndexFunc(cells,
		func(c results.Cell) bool { return c.Optimizer == p.Rows[0].Optimizer }); i >= 0 {
		leader = scores(cells[i].Runs, plan.Report, plan.Selection)
	}
	p.addUnranked(plan, aside, leader)
	return p, input
}

// describe takes the facts of the problem from any of its records.
func (p *Problem) describe(plan *protocol.Plan, entry protocol.ProblemEntry,
	record *results.Record) {
	p.Spec = &record.Spec
	p.Budget, _ = entry.Examples(p.Spec) // the harness has refused what makes no sense
	p.Schedule = cmp.Or(entry.Schedule, plan.Schedule)
	p.BatchSize = cmp.Or(entry.BatchSize, record.Spec.BatchSize)
	p.Part = results.PartFor(p.Spec, protocol.TestPart)
	p.Point = "at the last point"
	selection := results.PartFor(p.Spec, plan.Selection)
	if plan.Report == protocol.Best && selection != protocol.TrainPart {
		p.Point = fmt.Sprintf("at the point that is best on the %s part", selection)
		p.ShowFinal = true
	}
}

// start returns the metric at the start of a run.
func start(record *results.Record, part protocol.Part) float64 {
	v, _ := record.Points[0].At(part)
	return float64(v.Metric)
}

func newRow(plan *protocol.Plan, c results.Cell) Row {
	row := Row{
		Optimizer: c.Optimizer, Impossible: c.Impossible, Ranges: c.Ranges, Schedule: c.Schedule,
		Clip:     c.Clip,
		Score:    summarize(c.Runs, plan.Report, plan.Selection),
		Final:    summarize(c.Runs, protocol.Final, plan.Selection),
		OneShot:  summarize(c.OneShot, plan.Report, plan.Selection),
		Tuning:   Cost{Runs: len(c.Tuning)},
		Measures: noMeasures(0),
	}
	if c.Setting != nil {
		row.Fixed = c.Fixed()
		row.Setting = maps.Clone(row.Fixed)
		for _, name := range c.Tuned {
			row.Setting[name] = c.Setting[name]
		}
		row.Untuned, row.Tried = protocol.Setting{}, map[string][]float64{}
		for name, value := range c.Setting {
			if !slices.Contains(c.Tuned, name) {
				row.Untuned[name] = value
			}
		}
		for _, name := range c.Tuned {
			tried := map[float64]bool{}
			for _, record := range c.Tuning {
				tried[record.Run.Optimizer.Setting[name]] = true
			}
			row.Tried[name] = sortedKeys(tried)
		}
	}
	for _, record := range c.Tuning {
		row.Tuning.Examples += record.End.Seen
		if record.Run.Seed != plan.Tuning.SweepSeed() {
			row.Tuning.Ties++
		}
	}
	for _, record := range slices.Concat(c.Runs, c.OneShot, c.Tuning) {
		row.Oracle = row.Oracle || record.End.Oracle
	}
	var steps, seconds []float64
	for _, record := range c.Runs {
		steps = append(steps, float64(record.End.Steps))
		if t := record.Host.ProblemTime + record.Host.OptimizerTime; t > 0 && record.End.Seen > 0 {
			seconds = append(seconds, t/float64(record.End.Seen))
		}
	}
	row.Steps, row.Seconds, row.Slowdown = stats.Mean(steps), stats.Median(seconds), math.NaN()
	row.Taken = c.Taken
	row.note(plan, c)
	return row
}

func summarize(runs []*results.Record, rule protocol.ReportRule, selection protocol.Part) Summary {
	s := Summary{N: len(runs)}
	scores := scores(runs, rule, selection)
	for _, record := range runs {
		if record.Diverged() {
			s.Diverged++
		}
	}
	s.Mean, s.Std = stats.Mean(scores), stats.Std(scores)
	s.Low, s.High = stats.TInterval(scores, level)
	s.Q25, s.Median, s.Q75 = stats.Quantile(scores, .25), stats.Median(scores),
		stats.Quantile(scores, .75)
	var regular []float64 // diverged runs are a group of their own, and flagged anyway
	for i, record := range runs {
		if !record.Diverged() {
			regular = append(regular, scaleOf(&record.Spec).of(scores[i]))
		}
	}
	s.Bimodal = stats.Bimodal(regular)
	return s
}

func (row *Row) unstable() bool {
	return row.Score.N > 0 && float64(row.Score.Diverged) >= unstableShare*float64(row.Score.N)
}

// note adds what a reader of the row has to know.
func (row *Row) note(plan *protocol.Plan, c results.Cell) {
	note := func(kind Kind, format string, args ...any) {
		row.Notes = append(row.Notes, Warning{kind, row.Optimizer, fmt.Sprintf(format, args...)})
	}
	if row.Impossible != "" {
		note(Impossible, "cannot run here, and is not ranked: %s", notation.Clean(row.Impossible))
	}
	if row.Schedule != nil {
		note(OwnSchedule, "has a step-size schedule of its own: %s", row.Schedule)
	}
	if row.Clip > 0 {
		note(Clipped, "gradients are clipped to norm %g before it sees them", row.Clip)
	}
	var ranges []string
	for _, name := range slices.Sorted(maps.Keys(row.Ranges)) {
		ranges = append(ranges, fmt.Sprintf("%s in [%g, %g]", notation.Clean(name),
			row.Ranges[name][0], row.Ranges[name][1]))
	}
	if ranges != nil {
		note(Ranges, "tuned over %s", strings.Join(ranges, ", "))
	}
	if row.Oracle {
		note(Oracle, "‡ an oracle: it was told gradient and variance of the whole distribution, "+
			"free of charge; no real optimizer is")
	}
	if n := row.Score.Diverged; n > 0 {
		note(Diverged, "† %d of %d runs diverged; each counts as the worse of its first and its "+
			"last finite value",
			n, row.Score.N)
	}
	if row.unstable() {
		note(Unstable, "unstable, therefore behind all others")
	}
	if n := row.OneShot.Diverged; n > 0 {
		note(Diverged, "† %d of %d runs of the default diverged", n, row.OneShot.N)
	}
	for _, e := range c.Edges {
		name, side := notation.Clean(e.Name), "lower"
		if e.Name == protocol.StepSize {
			name = "step size"
		}
		if e.Above {
			side = "upper"
		}
		note(Edge, "the best %s, %g, is at the %s edge of the search; the optimum may be beyond",
			name, c.Setting[e.Name], side)
	}
	if c.Capped {
		note(Capped, "the limit of %s ended the search", notation.Count(plan.Tuning.Runs,
			"tuning run"))
	}
	reasons := map[string]int{}
	for _, reason := range c.Failed {
		reasons[notation.Clean(reason)]++
	}
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		note(FailedRuns, "%s failed: %s", notation.Count(reasons[reason], "run"), reason)
	}
	if c.Missing > 0 {
		note(Missing, "%s %s missing", notation.Count(c.Missing, "run"), isAre(c.Missing))
	}
}

// noteUntold says that no test tells the row from a leader, though its rank is a later one.
func (row *Row) noteUntold(leader, between *Row, rank int) {
	row.Notes = append(row.Notes, Warning{Untold, row.Optimizer,
		fmt.Sprintf("no test tells it from %s, of rank %d; its rank is a later "+
			"one because its mean is not better than that of %s, which a test does tell apart",
			notation.Clean(leader.Optimizer), rank,
			notation.Clean(between.Optimizer))})
}

// noteTaken says which rows have runs that were made elsewhere, where, and how many of the bundles'
// runs were made again.
func (p *Problem) noteTaken() {
	var bundles []results.Taken
	who := map[string][]string{} // by root
	for _, row := range p.Rows {
		for _, t := range row.Taken {
			if who[t.Root] == nil {
				bundles = append(bundles, t)
			}
			name := notation.Clean(row.Optimizer)
			if t.Runs < t.Of {
				name = fmt.Sprintf("%s (%d of %s)", name, t.Runs, notation.Count(t.Of, "run"))
			}
			who[t.Root] = append(who[t.Root], name)
		}
	}
	for _, t := range bundles {
		again := "none of its runs was made again here"
		if t.Checked > 0 {
			again = fmt.Sprintf("%s of it made again here, %d with the same bits",
				notation.Count(t.Checked, "run"), t.Bits)
		}
		p.warn(Elsewhere, "made elsewhere, on %s, in the bundle %q (root %.12s): %s; %s",
			notation.Clean(t.Platforms), notation.Clean(t.Title), t.Root,
			strings.Join(who[t.Root], ", "), again)
	}
}

// noteTest says how far ranks can be trusted at the number of seeds.
func (p *Problem) noteTest(seeds int, cells []results.Cell) {
	entries := 0
	for _, c := range cells {
		if len(c.Runs) > 0 {
			entries++
		}
	}
	if entries < 2 || stats.CanTest(seeds, entries) {
		return
	}
	if seeds < 2 {
		p.warn(FewSeeds, "one seed cannot tell optimizers apart: they share the first rank")
		return
	}
	p.warn(FewSeeds, "%d seeds are too few for the sign-flip test to tell %d optimizers apart: "+
		"ranks rest on the paired t-test, which assumes normal differences", seeds, entries)
}

func (p *Problem) warn(kind Kind, format string, args ...any) {
	p.Notes = append(p.Notes, Warning{Kind: kind, Text: fmt.Sprintf(format, args...)})
}

// rank enters ranks and sorts the rows by them.
func (p *Problem) rank(ranks []int) {
	means := make([]float64, len(p.Rows))
	for i, row := range p.Rows {
		means[i] = row.Score.Mean
	}
	level := map[string]float64{} // means by optimizer, in which rounding makes no difference
	for i, mean := range stats.Level(means) {
		level[p.Rows[i].Optimizer] = mean
	}
	for i := range p.Rows {
		p.Rows[i].Rank = ranks[i]
		p.Rows[i].Shared = slices.Index(ranks, ranks[i]) != i ||
			slices.Contains(ranks[i+1:], ranks[i])
	}
	slices.SortStableFunc(p.Rows, func(a, b Row) int {
		byMean := cmp.Compare(level[a.Optimizer], level[b.Optimizer])
		if p.Spec != nil && p.Spec.Metric.HigherBetter {
			byMean = -byMean
		}
		return cmp.Or(compareRanks(a.Rank, b.Rank), byMean)
	})
}

// compareRanks puts 0, which is no rank, last.
func compareRanks(a, b int) int {
	if (a == 0) != (b == 0) {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

func (p *Problem) compareTimes() {
	fastest := math.Inf(1)
	for _, row := range p.Rows {
		if row.Seconds < fastest {
			fastest = row.Seconds
		}
	}
	for i := range p.Rows {
		p.Rows[i].Slowdown = p.Rows[i].Seconds / fastest
	}
}

// overall makes the overall table.
func overall(problems []Problem, places []stats.Place, optimizers []string) []Overall {
	table := make([]Overall, len(optimizers))
	for i, name := range optimizers {
		o := Overall{Optimizer: name, Place: places[i]}
		for _, p := range problems {
			row := p.Rows[slices.IndexFunc(p.Rows, func(r Row) bool { return r.Optimizer == name })]
			o.Ranks = append(o.Ranks, row.Rank)
			o.Oracle = o.Oracle || row.Oracle
			o.N += row.Score.N
			o.Diverged += row.Score.Diverged
			o.Tuning.Runs += row.Tuning.Runs
			o.Tuning.Ties += row.Tuning.Ties
			o.Tuning.Examples += row.Tuning.Examples
		}
		table[i] = o
	}
	slices.SortStableFunc(table, func(a, b Overall) int {
		return cmp.Or(compareRanks(a.Place.Place, b.Place.Place),
			cmp.Compare(a.MeanRank, b.MeanRank))
	})
	return table
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// contractOf is the version of the contract that a report of cells is of: this one, unless all
// records are older.
func contractOf(cells []results.Cell) int {
	latest := 0
	for _, c := range cells {
		for _, records := range [][]*results.Record{c.Runs, c.OneShot, c.Tuning} {
			for _, record := range records {
				latest = max(latest, record.Run.Protocol)
			}
		}
	}
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

// MetricName names what is reported, such as "test accuracy"; "score" as long as there is no run.
func (p *Problem) MetricName() string {
	switch {
	case p.Spec == nil:
		return "score"
	case p.Spec.Validation == 0 && p.Spec.Test == 0:
		return notation.Clean(p.Spec.Metric.Name)
	}
	return fmt.Sprintf("%s %s", p.Part, notation.Clean(p.Spec.Metric.Name))
}

// HigherBetter reports whether greater values of the metric are better.
func (p *Problem) HigherBetter() bool { return p.Spec != nil && p.Spec.Metric.HigherBetter }

package measures

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/notation"
	"noisebench/results/stats"
)

// newProblem makes the table of one problem from the cells of all optimizers and those put aside,
// and the input of the overall table.
func newProblem(plan *protocol.Plan, entry protocol.ProblemEntry, cells,
	aside []reduced,
) (Problem, stats.Problem) {
	p := Problem{
		Name: entry.Name, Seeds: plan.Replicates, Part: protocol.TrainPart,
		Initial: math.NaN(),
	}
	seeds := seedsOf(cells)
	var initial []float64
	for _, c := range slices.Concat(cells, aside) {
		if p.Spec == nil && c.spec != nil {
			p.describe(plan, entry, c.spec)
		}
	}
	for _, c := range cells {
		for _, run := range c.replicas {
			initial = append(initial, run.start)
		}
	}
	p.Initial = stats.Mean(initial)

	input := stats.Problem{
		Scores:   make([][]float64, len(cells)),
		Unstable: make([]bool, len(cells)),
	}
	if p.Spec != nil {
		input.HigherBetter = p.Spec.Metric.HigherBetter
		input.Equivalence = func(leader float64) float64 {
			return results.Equivalence(p.Spec, p.Part, p.Initial, leader)
		}
	}
	for i, c := range cells {
		p.Rows = append(p.Rows, c.row)
		input.Unstable[i] = c.row.unstable()
		input.Scores[i] = slices.Repeat([]float64{math.NaN()}, len(seeds))
		for _, run := range c.replicas {
			input.Scores[i][seeds[run.seed]] = run.score
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
		func(c reduced) bool { return c.cell.Optimizer == p.Rows[0].Optimizer }); i >= 0 {
		leader = cells[i].scores()
	}
	p.addUnranked(aside, leader)
	return p, input
}

// seedsOf returns the position of each seed of the replicates in their scores.
func seedsOf(cells []reduced) map[uint64]int {
	at := map[uint64]int{}
	for _, c := range cells {
		for _, run := range c.replicas {
			at[run.seed] = 0
		}
	}
	for i, seed := range slices.Sorted(maps.Keys(at)) {
		at[seed] = i
	}
	return at
}

// describe takes the facts of the problem from any of its records.
func (p *Problem) describe(plan *protocol.Plan, entry protocol.ProblemEntry,
	spec *protocol.ProblemSpec,
) {
	p.Spec = spec
	p.Budget, _ = entry.Examples(p.Spec) // the harness has refused invalid budgets
	p.Schedule = cmp.Or(entry.Schedule, plan.Schedule)
	p.BatchSize = cmp.Or(entry.BatchSize, spec.BatchSize)
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

// noteTest warns if the number of seeds limits the test behind the ranks.
func (p *Problem) noteTest(seeds int, cells []reduced) {
	entries := 0
	for _, c := range cells {
		if len(c.replicas) > 0 {
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

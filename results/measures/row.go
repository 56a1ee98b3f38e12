package measures

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/notation"
	"noisebench/results/stats"
)

func newRow(plan *protocol.Plan, c results.Cell) Row {
	row := Row{
		Optimizer: c.Optimizer, Impossible: c.Impossible, Ranges: c.Ranges, Schedule: c.Schedule,
		Clip:     c.Clip,
		Score:    summarize(c.Runs, plan.Report, plan.Selection),
		OneShot:  summarize(c.OneShot, plan.Report, plan.Selection),
		Tuning:   Cost{Runs: len(c.Tuning)},
		Measures: noMeasures(0),
	}
	if row.Final = row.Score; plan.Report != protocol.Final {
		row.Final = summarize(c.Runs, protocol.Final, plan.Selection)
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
		if t := computing(record); t > 0 && record.End.Seen > 0 {
			seconds = append(seconds, t/float64(record.End.Seen))
		}
	}
	row.Steps, row.Seconds, row.Slowdown = stats.Mean(steps), math.NaN(), math.NaN()
	if len(seconds) > 0 {
		row.Seconds = slices.Min(seconds) // what else the machine does can only add to it
	}
	row.Taken = c.Taken
	row.note(plan, c)
	return row
}

func (row *Row) hasRuns() bool { return row.Score.N+row.OneShot.N+row.Tuning.Runs > 0 }

func summarize(runs []*results.Record, rule protocol.ReportRule, selection protocol.Part) Summary {
	s := Summary{N: len(runs)}
	var scores, regular []float64 // diverged runs are a group of their own, and flagged anyway
	for _, record := range runs {
		score := record.Score(rule, selection, protocol.TestPart)
		scores = append(scores, score)
		if record.Diverged() {
			s.Diverged++
		} else {
			regular = append(regular, scaleOf(&record.Spec).of(score))
		}
	}
	s.Mean, s.Std = stats.Mean(scores), stats.Std(scores)
	s.Low, s.High = stats.TInterval(scores, level)
	q := stats.Quantiles(scores, .25, .5, .75)
	s.Q25, s.Median, s.Q75 = q[0], q[1], q[2]
	s.Bimodal = stats.Bimodal(regular)
	return s
}

func (row *Row) unstable() bool {
	return row.Score.N > 0 && float64(row.Score.Diverged) >= unstableShare*float64(row.Score.N)
}

// note adds the warnings about a row.
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

// noteUntold warns that no test separates the row from a leader although its rank is worse.
func (row *Row) noteUntold(leader, between *Row, rank int) {
	row.Notes = append(row.Notes, Warning{
		Untold, row.Optimizer,
		fmt.Sprintf("no test tells it from %s, of rank %d; its rank is a later "+
			"one because its mean is not better than that of %s, which a test does tell apart",
			notation.Clean(leader.Optimizer), rank,
			notation.Clean(between.Optimizer)),
	})
}

// noteTaken names the rows with runs that were made elsewhere, or the fewer rows without, where, and
// how many of the bundles' runs were made again.
func (p *Problem) noteTaken() {
	var bundles []results.Taken
	who := map[string][]string{} // by root
	parts := map[string]bool{}   // roots of which rows have but some runs
	for _, row := range p.Rows {
		for _, t := range row.Taken {
			if who[t.Root] == nil {
				bundles = append(bundles, t)
			}
			name := notation.Clean(row.Optimizer)
			if t.Runs < t.Of {
				name = fmt.Sprintf("%s (%d of %s)", name, t.Runs, notation.Count(t.Of, "run"))
				parts[t.Root] = true
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
		rows := strings.Join(who[t.Root], ", ")
		if n := len(who[t.Root]); !parts[t.Root] && n > len(p.Rows)-n {
			rows = p.allBut(t.Root)
		}
		p.warn(Elsewhere, "made elsewhere, on %s, in the bundle %q (root %.12s): %s; %s",
			notation.Clean(t.Platforms), notation.Clean(t.Title), t.Root, rows, again)
	}
}

// allBut names the rows that have runs, and none of a bundle.
func (p *Problem) allBut(root string) string {
	var others []string
	for _, row := range p.Rows {
		if row.hasRuns() && !slices.ContainsFunc(row.Taken, func(t results.Taken) bool { return t.Root == root }) {
			others = append(others, notation.Clean(row.Optimizer))
		}
	}
	if others == nil {
		return "all"
	}
	return "all but " + strings.Join(others, ", ")
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

package measures

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/notation"
	"noisebench/results/stats"
)

// Estimate is a number with its 95 % interval; NaN where it is unknown.
type Estimate struct{ Value, Low, High float64 }

// Unknown is the estimate of an unknown number.
var Unknown = Estimate{math.NaN(), math.NaN(), math.NaN()}

// Measures describe a row beyond its score: certainty, speed and tuning. Unknown numbers are NaN.
//
// Where the optimum of a metric is known, see [Optimum], these are differences and means of the
// logarithm of the distance to it, transformed back to the metric.
type Measures struct {
	// Anchored is the mean score on the scale on which the start is 0 and the mean of Report.Anchor
	// is 1.
	Anchored Estimate
	Default  Estimate // the same of the declared default
	// Better[b] is the share of seeds at which the row beats Report.Baselines[b], ties half; the
	// interval is that of Clopper and Pearson. It is unknown for the baseline itself.
	Better []Estimate
	// ToTarget is about the examples seen when Problem.Target was first met.
	ToTarget Times
	AUC      float64 // mean over runs of the mean metric over the budget
	// BestOf[k] is the expected best value of BestOfRuns[k] tuning runs, on the part used for
	// selection.
	BestOf     []float64
	Tunability float64 // weighted mean of that over the number of runs, see stats.Tunability
	// Width is the range in decades around the best step size in which less than a tenth of the way
	// from the start to the best is lost, all other hyperparameters being as chosen. WidthOpen is
	// true if it reaches an end of the step sizes that were tried.
	Width     float64
	WidthOpen bool
	// LossSpread is the standard deviation over these step sizes of log₁₀ of the loss at the end,
	// on the part used for selection.
	LossSpread float64
	// share of replicates that diverged, with the interval of Clopper and Pearson
	Failure Estimate
	// SeedBias is by how many standard deviations the chosen setting was better under the seed of
	// the sweep than under those of the replicates.
	SeedBias float64
}

// Times describes when runs met a target.
type Times struct {
	N       int // runs
	Reached int // of N
	// examples; +Inf if at most half of the runs met it, NaN if N = 0 or there is no target
	Median float64
}

// BestOfRuns are the numbers of tuning runs of Measures.BestOf.
var BestOfRuns = []int{1, 3, 6, 12}

const (
	anchorName  = "m-sgd" // the anchor, where it is among the baselines
	TargetShare = 0.95    // of the way from the start to the anchor's mean
	widthShare  = 0.1     // of the way from the start to the best that a step size may lose
	biasLevel   = 0.99    // of the warning of a lucky tuning seed
)

// scale turns values of a problem's metric into those whose differences are judged.
type scale struct {
	log     bool // of the distance to the optimum
	optimum float64
	sign    float64 // of better
}

// tiny is the least distance to an optimum that counts: logarithms must be finite.
const tiny = 0x1p-1022

func scaleOf(spec *protocol.ProblemSpec) scale {
	s := scale{sign: -1}
	if spec.Metric.HigherBetter {
		s.sign = 1
	}
	s.optimum, s.log = Optimum(spec)
	return s
}

// of is the value on the scale, higher being better.
func (s scale) of(v float64) float64 {
	if s.log {
		v = math.Log10(max(v-s.optimum, tiny))
	}
	return s.sign * v
}

// back is the inverse of of.
func (s scale) back(v float64) float64 {
	v *= s.sign
	if s.log {
		v = s.optimum + math.Pow(10, v)
	}
	return v
}

func (s scale) all(values []float64) []float64 {
	scaled := make([]float64, len(values))
	for i, v := range values {
		scaled[i] = s.of(v)
	}
	return scaled
}

// measure fills in the measures of all rows, and what is anchored in the comparison, whose scores
// have a place for every seed. cells are in the order of its entries.
func (p *Problem) measure(r *Report, cells []reduced, to *compared) {
	scores := to.input.Scores
	row := map[string]*Row{}
	for i := range p.Rows {
		row[p.Rows[i].Optimizer] = &p.Rows[i]
		p.Rows[i].Measures = noMeasures(len(r.Baselines))
	}
	p.AnchorMean, p.Target = math.NaN(), math.NaN()
	p.AgreeFinal, p.AgreeDefault = p.agreement(func(r Row) Summary { return r.Final }),
		p.agreement(func(r Row) Summary { return r.OneShot })
	if p.Spec == nil {
		return
	}
	s, seeds := scaleOf(p.Spec), seedsOf(cells)
	scaled := make([][]float64, len(cells))
	at := map[string]int{}
	for i, c := range cells {
		scaled[i] = s.all(scores[i])
		at[c.cell.Optimizer] = i
	}
	start, reference, ok := p.anchor(r, s, at, scaled)
	if ok {
		p.Target = s.back(start + TargetShare*(reference-start))
		to.anchored, to.defaults = make([][]float64, len(cells)), make([][]float64, len(cells))
		to.times = make([]float64, len(cells))
	}
	for i := range cells {
		c := &cells[i]
		row := row[c.cell.Optimizer]
		row.Measures = c.measures
		m := &row.Measures
		m.Better = slices.Repeat([]Estimate{Unknown}, len(r.Baselines))
		if ok {
			to.anchored[i], m.Anchored = anchoredMean(scaled[i], start, reference)
			defaults := slices.Repeat([]float64{math.NaN()}, len(scaled[i]))
			for _, run := range c.oneShot {
				if k, ok := seeds[run.seed]; ok { // of any replicate
					defaults[k] = s.of(run.score)
				}
			}
			to.defaults[i], m.Default = anchoredMean(defaults, start, reference)
			m.ToTarget = c.timesTo(p.Target)
			to.times[i] = m.ToTarget.Median
		}
		for b, name := range r.Baselines {
			if name != c.cell.Optimizer {
				m.Better[b] = better(scaled[i], scaled[at[name]])
			}
		}
		m.Failure = share(row.Score.Diverged, row.Score.N)
		row.Notes = append(row.Notes, c.notes...)
	}
}

// anchoredMean returns scaled scores on the scale on which start is 0 and reference is 1, and their
// mean over those that are known.
func anchoredMean(scaled []float64, start, reference float64) ([]float64, Estimate) {
	anchored := make([]float64, len(scaled))
	var there []float64
	for k, v := range scaled {
		anchored[k] = stats.Anchored(v, start, reference)
		if !math.IsNaN(v) {
			there = append(there, anchored[k])
		}
	}
	mean := Estimate{Value: stats.Mean(there)}
	mean.Low, mean.High = stats.TInterval(there, level)
	return anchored, mean
}

func noMeasures(baselines int) Measures {
	nan := math.NaN()
	return Measures{
		Anchored: Unknown, Default: Unknown, Better: slices.Repeat([]Estimate{Unknown}, baselines),
		ToTarget: Times{Median: nan}, AUC: nan,
		BestOf: slices.Repeat([]float64{nan}, len(BestOfRuns)), Tunability: nan, Width: nan,
		LossSpread: nan,
		Failure:    Unknown, SeedBias: nan,
	}
}

// anchor finds the scaled values of the start and of the anchor's mean, and whether the latter is
// an improvement at all.
func (p *Problem) anchor(r *Report, s scale, at map[string]int, scaled [][]float64) (start,
	reference float64, ok bool,
) {
	i, known := at[r.Anchor]
	if !known {
		return 0, 0, false
	}
	start = s.of(p.Initial)
	reference = stats.Mean(slices.DeleteFunc(slices.Clone(scaled[i]), math.IsNaN))
	if math.IsNaN(reference) {
		p.warn(NoAnchor, "%s has no runs: nothing is anchored, and there is no target",
			notation.Clean(r.Anchor))
		return 0, 0, false
	}
	p.AnchorMean = s.back(reference)
	if !(reference > start) {
		p.warn(NoAnchor, "%s is no better than the start: nothing is anchored, and there is no "+
			"target", notation.Clean(r.Anchor))
		return 0, 0, false
	}
	return start, reference, true
}

// better is the share of seeds at which x beats y.
func better(x, y []float64) Estimate {
	e := Estimate{Value: stats.PairedImprovement(x, y)}
	n := 0
	for s := range x {
		if !math.IsNaN(x[s]) && !math.IsNaN(y[s]) {
			n++
		}
	}
	// half a win for a tie: the interval takes it for none and for a whole one
	wins := e.Value * float64(n)
	if n == 0 {
		return Unknown
	}
	e.Low, _ = stats.ClopperPearson(int(wins), n, level)
	_, e.High = stats.ClopperPearson(int(math.Ceil(wins)), n, level)
	return e
}

func share(k, n int) Estimate {
	if n == 0 {
		return Unknown
	}
	e := Estimate{Value: float64(k) / float64(n)}
	e.Low, e.High = stats.ClopperPearson(k, n, level)
	return e
}

// tune computes the measures of tuning. Runs of the tie step do not count: they repeat
// settings.
func (m *Measures) tune(plan *protocol.Plan, s scale, c results.Cell) {
	var values, starts, steps, level, logs []float64
	for _, record := range c.Tuning {
		if record.Run.Seed != plan.Tuning.SweepSeed() {
			continue
		}
		part := results.PartFor(&record.Spec, plan.Selection)
		value := s.of(record.Score(plan.Report, plan.Selection, plan.Selection))
		values = append(values, value)
		if c.Setting == nil || !slices.Contains(c.Tuned, protocol.StepSize) ||
			!sameOthers(c, record.Run.Optimizer.Setting) {
			continue
		}
		starts = append(starts, s.of(start(record, part)))
		steps = append(steps, record.Run.Optimizer.Setting[protocol.StepSize])
		level = append(level, value)
		logs = append(logs, math.Log10(ValueAt(record, Quantity{part, false},
			record.Run.Budget)-lossOptimum(&record.Spec)))
	}
	for i, k := range BestOfRuns {
		m.BestOf[i] = s.back(stats.BestOf(values, k))
	}
	m.Tunability = s.back(stats.Tunability(values))
	if distinct := slices.Sorted(slices.Values(steps)); len(slices.Compact(distinct)) >= 3 {
		m.Width, m.WidthOpen = stats.Width(steps, level,
			widthShare*(slices.Max(level)-stats.Mean(starts)))
		if m.LossSpread = stats.Std(logs); math.IsInf(m.LossSpread, 0) {
			m.LossSpread = math.NaN()
		}
	}
}

func lossOptimum(spec *protocol.ProblemSpec) float64 { return spec.Constants["optimum"] }

// sameOthers reports whether a setting has the values that were chosen for all tuned
// hyperparameters but the step size.
func sameOthers(c results.Cell, setting protocol.Setting) bool {
	for _, name := range c.Tuned {
		if name != protocol.StepSize && setting[name] != c.Setting[name] {
			return false
		}
	}
	return true
}

// noteMeasures adds SeedBias, and the warnings that belong to measures.
func (s *reduced) noteMeasures(plan *protocol.Plan, on scale, c results.Cell) {
	note := func(kind Kind, format string, args ...any) {
		s.notes = append(s.notes, Warning{kind, c.Optimizer, fmt.Sprintf(format, args...)})
	}
	var others []float64 // a thesis-like plan counts the tuning seed among the replicates
	for _, run := range s.replicas {
		if run.seed != plan.Tuning.SweepSeed() {
			others = append(others, on.of(run.score))
		}
	}
	for _, record := range c.Tuning {
		if record.Run.Seed != plan.Tuning.SweepSeed() || c.Setting == nil ||
			!maps.Equal(record.Run.Optimizer.Setting, c.Setting) {
			continue
		}
		tuned := on.of(record.Score(plan.Report, plan.Selection, protocol.TestPart))
		bias, limit := stats.SeedBias(tuned, others, biasLevel)
		if s.measures.SeedBias = bias; bias > limit {
			note(SeedBias, "the chosen setting was %.1f standard deviations better under the "+
				"tuning seed than under the others: "+
				"it may owe its choice to luck", bias)
		}
		break
	}
	if score := &s.row.Score; score.Bimodal {
		note(Bimodal, "the seeds fall into two groups: mean and std describe neither; the median "+
			"is %s, the middle half %s",
			notation.Number(score.Median), notation.Span(score.Q25, score.Q75))
	}
	s.notes = append(s.notes, pooled(c)...)
}

// pooled warns of replicates that are not of one kind.
func pooled(c results.Cell) (notes []Warning) {
	kinds := map[string]map[string]bool{}
	add := func(what, value string) {
		if kinds[what] == nil {
			kinds[what] = map[string]bool{}
		}
		kinds[what][value] = true
	}
	var ids results.IDs
	var last results.ShortID
	for i, record := range c.Runs {
		run := &record.Run
		before := last
		last = ids.Short(run)
		if i > 0 && last.Rest == before.Rest && record.Spec.DType == c.Runs[i-1].Spec.DType {
			continue // all but the seed is as before
		}
		add("settings", run.Optimizer.Setting.String())
		add("batch sizes", fmt.Sprint(run.BatchSize))
		add("budgets", fmt.Sprint(run.Budget))
		add("schedules", run.Schedule.String())
		add("clip norms", fmt.Sprint(run.Clip))
		add("data orders", string(run.Order))
		add("versions of the optimizer", run.Optimizer.Version)
		add("versions of the problem", run.Problem.Version)
		add("float types", fmt.Sprint(record.Spec.DType))
	}
	for _, what := range slices.Sorted(maps.Keys(kinds)) {
		if values := kinds[what]; len(values) > 1 {
			notes = append(notes, Warning{
				Pooled, c.Optimizer,
				fmt.Sprintf("runs of %d %s are pooled: %s",
					len(values), what, notation.Clean(joined(values))),
			})
		}
	}
	return notes
}

// agreement is Kendall's τ between the order of the rows by Score and by another summary.
func (p *Problem) agreement(other func(Row) Summary) float64 {
	var x, y []float64
	for _, row := range p.Rows {
		x = append(x, row.Score.Mean)
		y = append(y, other(row).Mean)
	}
	return stats.Kendall(x, y)
}

// row returns the row of an optimizer, nil if there is none.
func (p *Problem) row(optimizer string) *Row {
	if i := slices.IndexFunc(p.Rows, func(r Row) bool { return r.Optimizer == optimizer }); i >= 0 {
		return &p.Rows[i]
	}
	return nil
}

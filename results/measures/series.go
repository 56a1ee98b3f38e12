package measures

import (
	"cmp"
	"maps"
	"slices"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/stats"
)

// Quantity is the value of a [Curve]: the loss, or the metric, on a part of the data.
type Quantity struct {
	Part   protocol.Part
	Metric bool // the metric in place of the loss
}

// Spread describes finite values v₁…vₙ of as many runs.
type Spread struct {
	N                 int
	Mean              float64 // NaN if N = 0, as all that follow
	Std               float64 // sample standard deviation; NaN if N < 2
	Min, Max          float64
	Low, Median, High float64 // quartiles, see stats.Quantile
}

func spread(values []float64) Spread {
	s := Spread{N: len(values), Mean: stats.Mean(values), Std: stats.Std(values)}
	q := stats.Quantiles(values, 0, 0.25, 0.5, 0.75, 1)
	s.Min, s.Low, s.Median, s.High, s.Max = q[0], q[1], q[2], q[3], q[4]
	return s
}

// CurvePoint is a curve at one number of examples seen.
type CurvePoint struct {
	Seen int64
	Spread
}

// Curve is how a quantity develops in the replicates of one optimizer on one problem.
type Curve struct {
	Optimizer string
	Runs      int
	Diverged  []int64 // examples seen by each run that diverged, ascending
	Points    []CurvePoint
}

// Curves returns one curve for each optimizer of the plan that has replicates on a problem, by
// name, at the plan's marks 0, …, budget. It is nil if the problem lacks the part.
//
// The value of a run at a mark is the one at its last evaluation up to the mark (step
// interpolation: an evaluation may stand for several marks that one large batch passed). Where a
// run has diverged before the mark, or that value is not finite, the run counts as the worse of its
// first and its last finite value up to the mark, so that no run ever leaves a curve (R7). At the
// last mark this is [results.Record.Score] under the rule protocol.Final.
func Curves(plan *protocol.Plan, cells []results.Cell, problem string, q Quantity) []Curve {
	var curves []Curve
	for _, c := range cellsOf(plan, cells, problem) {
		if len(c.Runs) == 0 || results.PartFor(&c.Runs[0].Spec, q.Part) != q.Part {
			continue
		}
		budget, marks := c.Runs[0].Run.Budget, int64(max(1, c.Runs[0].Run.Evaluations))
		curve := newCurve(c)
		values, last := make([]float64, len(c.Runs)), make([]int, len(c.Runs))
		for k := range marks + 1 {
			mark := budget * k / marks
			for i, r := range c.Runs {
				last[i] = lastUpTo(r, last[i], mark)
				values[i] = valueFrom(r, q, last[i], mark)
			}
			curve.Points = append(curve.Points, CurvePoint{mark, spread(values)})
		}
		curves = append(curves, curve)
	}
	return curves
}

func newCurve(c results.Cell) Curve {
	curve := Curve{Optimizer: c.Optimizer, Runs: len(c.Runs)}
	for _, r := range c.Runs {
		if r.Diverged() {
			curve.Diverged = append(curve.Diverged, r.End.Seen)
		}
	}
	slices.Sort(curve.Diverged)
	return curve
}

// ValueAt is the value of a run at a mark, in examples, as [Curves] defines it. The run has the
// part. The first point is finite: the harness sees to that.
func ValueAt(r *results.Record, q Quantity, mark int64) float64 {
	return valueFrom(r, q, lastUpTo(r, 0, mark), mark)
}

// lastUpTo returns the last of the points from i on that is up to a mark; i if none is.
func lastUpTo(r *results.Record, i int, mark int64) int {
	for i+1 < len(r.Points) && r.Points[i+1].Mark <= mark {
		i++
	}
	return i
}

// valueFrom is ValueAt, where i is the last point up to the mark.
func valueFrom(r *results.Record, q Quantity, i int, mark int64) float64 {
	of := func(p *results.Point) float64 {
		v, _ := p.At(q.Part)
		if q.Metric {
			return float64(v.Metric)
		}
		return float64(v.Loss)
	}
	v := of(&r.Points[i])
	gone := i == len(r.Points)-1 && (mark > r.Points[i].Mark || mark >= r.Run.Budget) &&
		r.Diverged()
	if protocol.Finite(v) && !gone {
		return v
	}
	for !protocol.Finite(v) && i > 0 {
		i--
		v = of(&r.Points[i])
	}
	metric := r.Spec.Metric
	if !q.Metric {
		metric.HigherBetter = false
	}
	if first := of(&r.Points[0]); results.Better(metric, v, first) {
		return first
	}
	return v
}

// Columns of traces: two that every trace has, and a diagnostic that pages and figures show.
const (
	TraceLoss      = "loss"       // of the batch
	TraceBatchSize = "batch_size" // m
	NoiseToSignal  = results.NoiseToSignal
)

// TraceCurves returns one curve of a trace's column for each optimizer of the plan that has it on a
// problem, by name, at the hundredths 0, …, 100 of the budget.
//
// The value of a run at a number of examples is that of the last kept step whose batch began there
// or before. A run has no value after its last step, nor where the value is not finite: [Spread].N
// then counts fewer runs.
func TraceCurves(plan *protocol.Plan, cells []results.Cell, problem, name string) []Curve {
	var curves []Curve
	for _, c := range cellsOf(plan, cells, problem) {
		curve, found := newCurve(c), false
		columns := make([][]protocol.Number, len(c.Runs))
		for i, r := range c.Runs {
			if r.Trace != nil && name == TraceLoss {
				columns[i] = r.Trace.Loss
			} else if r.Trace != nil && name != TraceBatchSize {
				columns[i] = r.Trace.Column(name)
			}
		}
		values := make([]float64, 0, len(c.Runs))
		for k := range int64(results.TraceIntervals + 1) {
			values = values[:0]
			var seen int64
			for i, r := range c.Runs {
				seen = r.Run.Budget * k / results.TraceIntervals
				t := r.Trace
				if t == nil || seen > r.End.Seen && r.Diverged() {
					continue
				}
				if at := t.At(seen); at < 0 {
					continue
				} else if name == TraceBatchSize {
					values = append(values, float64(t.BatchSize[at]))
				} else if at < len(columns[i]) && protocol.Finite(float64(columns[i][at])) {
					values = append(values, float64(columns[i][at]))
				}
			}
			found = found || len(values) > 0
			curve.Points = append(curve.Points, CurvePoint{seen, spread(values)})
		}
		if found {
			curves = append(curves, curve)
		}
	}
	return curves
}

// Trial is one tuning run at a step size.
type Trial struct {
	StepSize float64
	Seed     uint64
	Value    float64 // by which tuning selects: see results.Record.Score
	Start    float64 // the same at the start of the run
	Unstable bool    // diverged, or ended no better than it started
	Diverged bool
	Chosen   bool // its setting is the one that tuning chose
}

// Sensitivity is how the outcome of tuning depends on the step size, all other hyperparameters
// being equal.
type Sensitivity struct {
	Optimizer string
	Others    protocol.Setting // the other tuned hyperparameters; empty if there are none
	Chosen    bool             // tuning chose among these trials
	// by step size, then seed; those under the seed of the sweep are comparable
	Trials []Trial
}

// Sensitivities returns the tuning runs on a problem by optimizer and by the values of
// hyperparameters other than the step size, those that tuning chose first. Optimizers whose step
// size was not tuned are left out.
func Sensitivities(plan *protocol.Plan, cells []results.Cell, problem string) []Sensitivity {
	var all []Sensitivity
	for _, c := range cellsOf(plan, cells, problem) {
		if !slices.Contains(c.Tuned, protocol.StepSize) {
			continue
		}
		byOthers := map[string]*Sensitivity{}
		for _, r := range c.Tuning {
			setting := r.Run.Optimizer.Setting
			others := protocol.Setting{}
			for _, name := range c.Tuned {
				if name != protocol.StepSize {
					others[name] = setting[name]
				}
			}
			s := byOthers[others.String()]
			if s == nil {
				s = &Sensitivity{Optimizer: c.Optimizer, Others: others}
				byOthers[others.String()] = s
			}
			chosen := c.Setting != nil && maps.Equal(setting, c.Setting)
			s.Chosen = s.Chosen || chosen
			s.Trials = append(s.Trials, Trial{
				StepSize: setting[protocol.StepSize], Seed: r.Run.Seed,
				Value:    r.Score(plan.Report, plan.Selection, plan.Selection),
				Start:    start(r, results.PartFor(&r.Spec, plan.Selection)),
				Unstable: r.Unstable(), Diverged: r.Diverged(), Chosen: chosen,
			})
		}
		first := len(all)
		for _, key := range slices.Sorted(maps.Keys(byOthers)) {
			s := byOthers[key]
			slices.SortFunc(s.Trials, func(a, b Trial) int {
				return cmp.Or(cmp.Compare(a.StepSize, b.StepSize), cmp.Compare(a.Seed, b.Seed))
			})
			all = append(all, *s)
		}
		slices.SortStableFunc(all[first:], func(a, b Sensitivity) int {
			switch {
			case a.Chosen == b.Chosen:
				return 0
			case a.Chosen:
				return -1
			}
			return 1
		})
	}
	return all
}

// cellsOf returns the cells of a problem in order of the optimizers' names, with the records of
// this protocol version. cells may be in any order.
func cellsOf(plan *protocol.Plan, cells []results.Cell, problem string) []results.Cell {
	latest := 0
	for i := range cells {
		if cells[i].Unranked == "" {
			for _, r := range cells[i].Records() {
				latest = max(latest, r.Run.Protocol)
			}
		}
	}
	contract := contractOf(latest)
	var mine []results.Cell
	for _, name := range sortedOptimizers(plan) {
		for _, c := range cells {
			if c.Problem == problem && c.Optimizer == name && c.Unranked == "" {
				mine = append(mine, ofContract(contract, c))
				break
			}
		}
	}
	return mine
}

// ofContract leaves records of another contract out of a cell; they are missing from it.
func ofContract(contract int, c results.Cell) results.Cell {
	filter := func(records []*results.Record) (ours []*results.Record) {
		for _, r := range records {
			if r.Run.Protocol == contract {
				ours = append(ours, r)
			} else {
				c.Missing++
			}
		}
		return ours
	}
	c.Runs, c.OneShot, c.Tuning = filter(c.Runs), filter(c.OneShot), filter(c.Tuning)
	return c
}

func sortedOptimizers(plan *protocol.Plan) []string {
	names := make([]string, len(plan.Optimizers))
	for i, e := range plan.Optimizers {
		names[i] = e.Name
	}
	slices.Sort(names) // so that nothing depends on the order in the plan
	return names
}

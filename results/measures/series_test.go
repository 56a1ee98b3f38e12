package measures

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/internal/synthetic"
)

// drawn makes a finished run with values and marks drawn at random: some evaluations skip marks,
// some values are not finite, some runs diverge on the way.
func drawn(random *rand.Rand, problem, optimizer string, seed uint64,
	step float64,
) *results.Record {
	r := synthetic.Run(problem, optimizer, seed, step, 0, 0)
	const evaluations = 8
	r.Run.Evaluations = evaluations
	r.Points = nil
	last := evaluations
	if random.IntN(3) == 0 {
		r.End.Status, last = results.Diverged, random.IntN(evaluations+1)
	}
	for k := range last + 1 {
		if k > 0 && k < last && random.IntN(4) == 0 {
			continue // passed in one step with the next
		}
		value := func() results.Value {
			draw := func() protocol.Number {
				if k > 0 && random.IntN(6) == 0 {
					return protocol.Number([]float64{
						math.NaN(), math.Inf(1),
						math.Inf(-1),
					}[random.IntN(3)])
				}
				return protocol.Number(math.Exp(random.NormFloat64()))
			}
			return results.Value{Loss: draw(), Metric: draw()}
		}
		mark := r.Run.Budget * int64(k) / evaluations
		p := results.Point{Mark: mark, Seen: mark + random.Int64N(100), Train: value()}
		if r.Spec.Validation > 0 {
			validation, test := value(), value()
			p.Validation, p.Test = &validation, &test
		}
		r.Points = append(r.Points, p)
	}
	r.End.Seen = r.Points[len(r.Points)-1].Seen
	seen := int64(0)
	r.Trace = &results.Trace{Stride: 1, Diagnostics: map[string][]protocol.Number{"noise": nil}}
	for random.IntN(40) > 0 {
		m := 1 + random.IntN(300)
		if seen += int64(m); seen > r.End.Seen {
			break
		}
		r.Trace.Seen = append(r.Trace.Seen, seen)
		r.Trace.BatchSize = append(r.Trace.BatchSize, m)
		r.Trace.Loss = append(r.Trace.Loss, protocol.Number(random.Float64()))
		noise := protocol.Number(random.Float64())
		if random.IntN(5) == 0 {
			noise = protocol.Number(math.NaN())
		}
		r.Trace.Diagnostics["noise"] = append(r.Trace.Diagnostics["noise"], noise)
	}
	return r
}

func drawnPlan(random *rand.Rand) (*protocol.Plan, []results.Cell) {
	plan := protocol.Plan{
		Name:     "drawn",
		Problems: []protocol.ProblemEntry{{Problem: "digits"}, {Problem: "valley"}},
		Optimizers: []protocol.OptimizerEntry{
			{Optimizer: "sgd"},
			{Optimizer: "adam"},
			{Optimizer: "late"},
		},
	}.WithDefaults()
	var cells []results.Cell
	for _, problem := range []string{"valley", "digits"} {
		for _, optimizer := range []string{"sgd", "adam"} {
			c := results.Cell{Problem: problem, Optimizer: optimizer, Tuned: []string{"step_size"}}
			for seed := range 1 + random.Uint64N(7) {
				c.Runs = append(c.Runs, drawn(random, problem, optimizer, seed, 0.1))
			}
			for i := range 5 {
				c.Tuning = append(c.Tuning, drawn(random, problem, optimizer, 1000, math.Pow10(-i)))
			}
			c.Setting = c.Tuning[2].Run.Optimizer.Setting
			cells = append(cells, c)
		}
	}
	return &plan, cells
}

// quantities are all that a curve can show.
var quantities = []Quantity{
	{protocol.TrainPart, false},
	{protocol.TrainPart, true},
	{protocol.ValidationPart, false},
	{protocol.ValidationPart, true},
	{protocol.TestPart, false},
	{protocol.TestPart, true},
}

// column is what a run shows of a quantity, mark by mark.
func column(r *results.Record, q Quantity) (marks []int64, values []float64) {
	for _, p := range r.Points {
		v := &p.Train
		switch q.Part {
		case protocol.ValidationPart:
			v = p.Validation
		case protocol.TestPart:
			v = p.Test
		}
		marks = append(marks, p.Mark)
		if q.Metric {
			values = append(values, float64(v.Metric))
		} else {
			values = append(values, float64(v.Loss))
		}
	}
	return marks, values
}

// expected is valueAt from the words of its definition.
func expected(r *results.Record, q Quantity, mark int64) float64 {
	marks, values := column(r, q)
	var past []float64
	for i := range marks {
		if marks[i] <= mark {
			past = append(past, values[i])
		}
	}
	end := slices.Max(marks)
	ended := hasDiverged(r) && (mark > end || mark == end && mark == r.Run.Budget)
	if v := past[len(past)-1]; !math.IsNaN(v) && !math.IsInf(v, 0) && !ended {
		return v
	}
	past = slices.DeleteFunc(past,
		func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	first, last := past[0], past[len(past)-1]
	if q.Metric && r.Spec.Metric.HigherBetter {
		return min(first, last)
	}
	return max(first, last)
}

// hasDiverged says that r ended so, or that a value of it is not finite.
func hasDiverged(r *results.Record) bool {
	diverged := r.End.Status == results.Diverged
	for _, p := range r.Points {
		for _, v := range []*results.Value{&p.Train, p.Validation, p.Test} {
			if v != nil {
				zero := (v.Loss - v.Loss) + (v.Metric - v.Metric)
				diverged = diverged || zero != 0
			}
		}
	}
	return diverged
}

func near(a, b float64) bool {
	return math.IsNaN(a) && math.IsNaN(b) || a == b || math.Abs(a-b) <= 1e-12*max(math.Abs(a),
		math.Abs(b))
}

// checkSpread compares a spread with its definition.
func checkSpread(t *testing.T, what string, got Spread, values []float64) {
	t.Helper()
	n := float64(len(values))
	sum, squares, least, most := 0.0, 0.0, math.Inf(1), math.Inf(-1)
	for _, v := range values {
		sum += v
		least, most = min(least, v), max(most, v)
	}
	for _, v := range values {
		squares += (v - sum/n) * (v - sum/n)
	}
	if len(values) == 0 {
		if got.N != 0 || !math.IsNaN(got.Mean) || !math.IsNaN(got.Median) {
			t.Errorf("%s: %+v of no values", what, got)
		}
		return
	}
	sorted := slices.Sorted(slices.Values(values))
	median := (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
	if got.N != len(values) || !near(got.Mean, sum/n) || got.Min != least || got.Max != most ||
		!near(got.Median, median) ||
		got.Low < least || got.Low > median || got.High < median || got.High > most {
		t.Errorf("%s: %+v of %v", what, got, values)
	}
	if len(values) > 1 && math.Abs(got.Std-math.Sqrt(squares/(n-1))) > 1e-12*most {
		t.Errorf("%s: standard deviation is %g of %v", what, got.Std, values)
	}
}

func cellOf(cells []results.Cell, problem, optimizer string) *results.Cell {
	return &cells[slices.IndexFunc(cells, func(c results.Cell) bool {
		return c.Problem == problem && c.Optimizer == optimizer
	})]
}

func TestCurves(t *testing.T) {
	for draw := range uint64(30) {
		plan, cells := drawnPlan(rand.New(rand.NewPCG(draw, 0)))
		for _, problem := range []string{"digits", "valley"} {
			for _, q := range quantities {
				curves := Curves(plan, cells, problem, q)
				if problem == "valley" && q.Part != protocol.TrainPart {
					if curves != nil {
						t.Errorf("%s has no %s part, but %d curves", problem, q.Part, len(curves))
					}
					continue
				}
				if len(curves) != 2 || curves[0].Optimizer != "adam" ||
					curves[1].Optimizer != "sgd" {
					t.Fatalf("%s, %v: curves %v, want adam and sgd", problem, q, curves)
				}
				for _, curve := range curves {
					c := cellOf(cells, problem, curve.Optimizer)
					for k, p := range curve.Points {
						mark := c.Runs[0].Run.Budget * int64(k) / 8
						var values []float64
						for _, r := range c.Runs {
							values = append(values, expected(r, q, mark))
						}
						if p.Seen != mark {
							t.Errorf("mark %d is %d, want %d", k, p.Seen, mark)
						}
						checkSpread(t, problem+" "+curve.Optimizer, p.Spread, values)
					}
					if len(curve.Points) != 9 || curve.Runs != len(c.Runs) {
						t.Errorf("%d points of %d runs, want 9 of %d", len(curve.Points),
							curve.Runs, len(c.Runs))
					}
					diverged := 0
					for _, r := range c.Runs {
						if hasDiverged(r) {
							diverged++
						}
					}
					if len(curve.Diverged) != diverged || !slices.IsSorted(curve.Diverged) {
						t.Errorf("runs diverged at %v, want %d", curve.Diverged, diverged)
					}
				}
			}
		}
	}
}

// A curve of the reported metric ends where the tables say that runs end.
func TestCurvesEndAtFinal(t *testing.T) {
	for draw := range uint64(30) {
		plan, cells := drawnPlan(rand.New(rand.NewPCG(draw, 1)))
		for _, p := range Build(plan, cells).Problems {
			for _, curve := range Curves(plan, cells, p.Name, Quantity{p.Part, true}) {
				row := p.Rows[slices.IndexFunc(p.Rows,
					func(r Row) bool { return r.Optimizer == curve.Optimizer })]
				if end := curve.Points[len(curve.Points)-1]; !near(end.Mean, row.Final.Mean) ||
					end.N != row.Final.N {
					t.Errorf("%s on %s ends at %g of %d runs, the table says %g of %d",
						curve.Optimizer, p.Name, end.Mean, end.N, row.Final.Mean, row.Final.N)
				}
			}
		}
	}
}

func TestTraceCurves(t *testing.T) {
	for draw := range uint64(10) {
		plan, cells := drawnPlan(rand.New(rand.NewPCG(draw, 2)))
		for _, name := range []string{"batch_size", "loss", "noise"} {
			for _, curve := range TraceCurves(plan, cells, "digits", name) {
				c := cellOf(cells, "digits", curve.Optimizer)
				for k, p := range curve.Points {
					x := c.Runs[0].Run.Budget * int64(k) / 100
					var values []float64
					for _, r := range c.Runs {
						if hasDiverged(r) && x > r.End.Seen {
							continue
						}
						for i := len(r.Trace.Seen) - 1; i >= 0; i-- {
							if r.Trace.Seen[i]-int64(r.Trace.BatchSize[i]) > x {
								continue
							}
							v := map[string]float64{
								"batch_size": float64(r.Trace.BatchSize[i]),
								"loss":       float64(r.Trace.Loss[i]),
								"noise":      float64(r.Trace.Diagnostics["noise"][i]),
							}[name]
							if !math.IsNaN(v) {
								values = append(values, v)
							}
							break
						}
					}
					if p.Seen != x {
						t.Errorf("point %d is at %d, want %d", k, p.Seen, x)
					}
					checkSpread(t, name, p.Spread, values)
				}
			}
		}
		if got := TraceCurves(plan, cells, "digits", "nothing"); got != nil {
			t.Errorf("%d curves of a column that no trace has", len(got))
		}
	}
}

func TestSensitivities(t *testing.T) {
	plan, cells := drawnPlan(rand.New(rand.NewPCG(0, 3)))
	c := &cells[slices.IndexFunc(cells,
		func(c results.Cell) bool { return c.Problem == "valley" && c.Optimizer == "sgd" })]
	c.Tuned = []string{"beta", "step_size"}
	c.Tuning = nil
	at := func(α, β float64, seed uint64, start, end float64) {
		r := synthetic.Run("valley", "sgd", seed, α, start, end)
		r.Run.Optimizer.Setting["beta"] = β
		c.Tuning = append(c.Tuning, r)
	}
	at(1, 0.9, 1000, 2, 3)
	at(0.1, 0.9, 1001, 2, 1)
	at(0.1, 0.9, 1000, 2, 0.5)
	at(0.1, 0, 1000, 2, 0.25)
	synthetic.Diverge(c.Tuning[0])
	c.Setting = protocol.Setting{"step_size": 0.1, "beta": 0}
	var got []Sensitivity
	for _, s := range Sensitivities(plan, cells, "valley") {
		if s.Optimizer == "sgd" {
			got = append(got, s)
		}
	}
	if len(got) != 2 || !got[0].Chosen || got[1].Chosen || got[0].Others["beta"] != 0 ||
		got[1].Others["beta"] != 0.9 {
		t.Fatalf("got %+v, want beta 0, which was chosen, before beta 0.9", got)
	}
	if trials := got[0].Trials; len(trials) != 1 || trials[0] != (Trial{
		StepSize: 0.1, Seed: 1000, Value: 0.25 * 0.99, Start: 2, Chosen: true,
	}) {
		t.Errorf("trials at beta 0 are %+v", trials)
	}
	want := []Trial{
		{StepSize: 0.1, Seed: 1000, Value: 0.5 * 0.99, Start: 2},
		{StepSize: 0.1, Seed: 1001, Value: 0.99, Start: 2},
		{StepSize: 1, Seed: 1000, Value: 3, Start: 2, Unstable: true, Diverged: true},
	}
	if !slices.Equal(got[1].Trials, want) {
		t.Errorf("trials at beta 0.9 are %+v, want %+v", got[1].Trials, want)
	}
	c.Tuned = []string{"beta"}
	for _, s := range Sensitivities(plan, cells, "valley") {
		if s.Optimizer == "sgd" {
			t.Error("a sensitivity to a step size that was not tuned")
		}
	}
}

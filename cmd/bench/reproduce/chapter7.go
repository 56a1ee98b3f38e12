package reproduce

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/report/figure"
)

// The methods of Sec. 7.4, by their names in plans.
const (
	gd   = "GD"
	ngd  = "NGD"
	efgd = "EFGD"
)

// dataSet is one of those of Table D.3 and what Table D.5 selects for it, corrected where the table cannot be right: decimal
// logarithms of the step size γ and the damping λ, λ first for NGD and EFGD.
type dataSet struct {
	name, problem string
	gd            float64    // γ
	ngd, efgd     [2]float64 // λ, γ
	correction    string     // of the table; empty: none
	with          protocol.Setting
}

// clip is what the authors' code does to probabilities; the table's numbers for BreastCancer need it.
var clip = protocol.Setting{"clip": 1e-8}

var dataSets = []dataSet{
	{"Boston", "boston-linreg", -5.25, [2]float64{-10, 0.125}, [2]float64{-8, 1.25}, "EFGD's γ is printed as 10^-1.25, at which the loss hardly moves", nil},
	{"BreastCancer", "wdbc-logreg", -5.125, [2]float64{-10, 0.125}, [2]float64{-10, -1.25}, "the table describes another version of the data; its numbers belong to this one", clip},
	{"a1a", "a1a-logreg", 0.25, [2]float64{-10, 0.25}, [2]float64{-8, -0.375}, "", clip},
	{"Wine", "wine-linreg", -5.625, [2]float64{-8.5, 0}, [2]float64{-6, -1.375}, "", nil},
	{"Energy", "energy-linreg", -5.5, [2]float64{-7.5, 0}, [2]float64{-3, 0.875}, "", nil},
	{"Powerplant", "powerplant-linreg", -5.75, [2]float64{-8, -0.625}, [2]float64{-1, 3.375}, "", nil},
	{"Yacht", "yacht-linreg", -1.5, [2]float64{-7.5, -0.75}, [2]float64{-6.5, 1.625}, "", nil},
}

// set returns the data set of a name.
func set(name string) dataSet {
	return dataSets[slices.IndexFunc(dataSets, func(d dataSet) bool { return d.name == name })]
}

// Table D.4: 241 step sizes from 10^-20 to 10^10 in steps of 0.125, 41 dampings from 10^-10 to 10^10 in steps of 0.5.
var (
	stepSizesD4 = powersOfTen(-20, 10, 241)
	dampingsD4  = powersOfTen(-10, 10, 41)
)

// powersOfTen returns n powers of ten whose logarithms are spaced evenly from a to b.
func powersOfTen(a, b float64, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = math.Pow(10, a+(b-a)*float64(i)/float64(n-1))
	}
	return v
}

// The reduced grid of a1a, whose matrices have 14 884 elements: it spans the whole of the full one,
// evenly, whatever the table selects.
var (
	coarseStepsD4    = powersOfTen(-20, 10, 61)
	coarseDampingsD4 = powersOfTen(-10, 10, 6)
)

// What items of chapter 7 depart in.
const (
	ends7   = "a run ends once its loss is more than 100 times the initial one"
	coarse7 = "for NGD and EFGD on a1a the grid has 61 step sizes and 6 dampings, which span the same ranges, in place of " +
		"241 and 41; the table's settings are run beside it"
	ties7 = "where settings tie, that with the least damping is drawn, and of these that with the step size nearest to 1; " +
		"the thesis' choice among them is by rounding"
	singular7 = "the cosine is without damping; where a matrix is singular, as all are for a1a, its pseudo-inverse is " +
		"taken, with eigenvalues below d ε λmax as 0"
)

// asPublished is what follows the name of a method that is run at the setting of Table D.5, corrected.
const asPublished = " (D.5)"

// plan7 is the plan of a data set: the least loss after 100 full-batch steps from 0, over grids of step
// sizes and dampings. Runs keep no more than their ends; there are ten thousand of them.
func plan7(name string, size Size) protocol.Plan {
	no := false
	plan := protocol.Plan{
		Name: "table-d.5-" + name, Description: name + ": step sizes and dampings",
		Problems:   []protocol.ProblemEntry{{Problem: set(name).problem, Name: name, With: set(name).with}},
		Replicates: 1, Evaluations: 1, Trace: -1, OneShot: &no, Report: protocol.Final,
		Tuning: protocol.Tuning{TieSeeds: -1},
	}
	steps, dampings := stepSizesD4, dampingsD4
	if size == Reduced && name == "a1a" {
		plan.Name += "-reduced"
		steps, dampings = coarseStepsD4, coarseDampingsD4
	}
	both := map[string][]float64{protocol.StepSize: steps, "damping": dampings}
	plan.Optimizers = []protocol.OptimizerEntry{
		{Optimizer: "gd", Name: gd, Sweep: map[string][]float64{protocol.StepSize: stepSizesD4}},
		{Optimizer: "ngd", Name: ngd, Sweep: both},
		{Optimizer: "efgd", Name: efgd, Sweep: both},
	}
	if size == Reduced && name == "a1a" {
		for _, method := range []string{ngd, efgd} {
			plan.Optimizers = append(plan.Optimizers, protocol.OptimizerEntry{
				Optimizer: optimizers7[method], Name: method + asPublished, Set: publishedSetting(set(name), method),
			})
		}
	}
	return plan
}

var allMethods7 = []string{gd, ngd, efgd}

// descent is a full-batch run of one of the methods, step by step.
type descent struct {
	losses []float64 // of x₀, x₁, …; NaN after a run has diverged
	cosine []float64 // EFGD alone: between F̃⁻¹∇f and F⁻¹∇f, both without damping, at its points
}

var optimizers7 = map[string]string{gd: "gd", ngd: "ngd", efgd: "efgd"}

// descend makes a run again, and keeps what records do not hold. start is nil for 0; steps are charged by the full batch.
func descend(data dataSet, method string, setting protocol.Setting, start []float64, steps int) (*descent, error) {
	d := &descent{}
	w, err := openWhole(data.problem, data.with)
	if err != nil {
		return nil, err
	}
	own := protocol.Setting{protocol.StepSize: setting[protocol.StepSize]}
	if method != gd {
		own["damping"] = setting["damping"]
	}
	p := path{
		problem: data.problem, with: data.with, optimizer: optimizers7[method], set: own, batch: w.spec.Train,
		budget: int64(steps) * int64(w.spec.Train), start: start,
	}
	if method == efgd {
		p.needs = protocol.Fisher
	}
	p.see = func(_ []float64, m *protocol.Measurement[float64], _ []float64) {
		d.losses = append(d.losses, m.Loss)
		if method == efgd {
			d.cosine = append(d.cosine, cosine7(m))
		}
	}
	_, record, err := p.follow()
	if err != nil {
		return nil, err
	}
	d.losses = append(d.losses, float64(record.Points[len(record.Points)-1].Train.Loss))
	for len(d.losses) <= steps { // it diverged
		d.losses = append(d.losses, math.NaN())
	}
	return d, nil
}

// cosine7 is the cosine between the undamped directions of EFGD and NGD.
func cosine7(m *protocol.Measurement[float64]) float64 {
	e, n := undamped(m.EmpiricalFisher, m.Gradient), undamped(m.Fisher, m.Gradient)
	return floats.Dot(e, n) / (floats.Norm(e, 2) * floats.Norm(n, 2))
}

// undamped is A⁻¹g for a symmetric A that is not negative; where A is singular, A⁺g, the direction of
// least norm: eigenvalues below d ε λmax, which rounding cannot tell from 0, count as 0.
func undamped(a, g []float64) []float64 {
	d := len(g)
	var e mat.EigenSym
	if !e.Factorize(mat.NewSymDense(d, slices.Clone(a)), true) {
		return make([]float64, d)
	}
	λ := e.Values(nil)
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	const ε = 0x1p-52
	x, v := make([]float64, d), make([]float64, d)
	for k := range d {
		if λ[k] <= float64(d)*ε*λ[d-1] {
			continue
		}
		mat.Col(v, k, &vectors)
		floats.AddScaled(x, floats.Dot(v, g)/λ[k], v)
	}
	return x
}

// tie7 is the relative difference below which the losses of two settings tie. On linear problems
// hundreds of settings reach the optimum, and rounding would choose among them.
const tie7 = 1e-9

// ties are the tuning runs whose losses tie with the lowest, in the grid's order.
func ties(c *results.Cell) []*results.Record {
	best := tuned(c, c.Setting)
	var all []*results.Record
	for _, r := range c.Tuning {
		if r.End.Status == results.OK && best != nil && trainLoss(r) <= trainLoss(best)*(1+tie7) {
			all = append(all, r)
		}
	}
	return all
}

// shown is the setting at which a method is drawn: that of the lowest loss of the grid. Of several that
// tie it is the one with the least damping, and of these the one whose step size is nearest to 1, the
// step that the undamped quadratic model suggests.
func shown(c *results.Cell) protocol.Setting {
	best := c.Setting
	far := func(s protocol.Setting) float64 { return math.Abs(math.Log(s[protocol.StepSize])) }
	for _, r := range ties(c) {
		s := r.Run.Optimizer.Setting
		if s["damping"] < best["damping"] || s["damping"] == best["damping"] && far(s) < far(best) {
			best = s
		}
	}
	return best
}

// descents are the runs of the settings that are shown, by method.
func descents(in *Input, name string) (map[string]*descent, error) {
	all := map[string]*descent{}
	for i := range in.Done {
		for _, m := range allMethods7 {
			cell := in.Done[i].Cell(name, m)
			if cell == nil || cell.Setting == nil {
				continue
			}
			d, err := descend(set(name), m, shown(cell), nil, 100)
			if err != nil {
				return nil, err
			}
			all[m] = d
		}
	}
	return all, nil
}

// drawDescents draws, for each data set, losses over iterations, and below the cosine between EFGD's and NGD's steps.
func drawDescents(in *Input, names []string, caption string) (*Output, error) {
	var top, bottom []*figure.Panel
	for _, name := range names {
		all, err := descents(in, name)
		if err != nil {
			return nil, err
		}
		loss := figure.NewPanel(name, "iteration", "loss")
		figure.LogY(loss)
		low, high := math.Inf(1), 0.0
		for k, m := range allMethods7 {
			l := iterations(all[m].losses, style(k))
			loss.Add(l)
			for _, v := range l.Y {
				low, high = min(low, v), max(high, v)
			}
		}
		high = min(high, 3*all[gd].losses[0])
		loss.X.Min, loss.X.Max, loss.Y.Min, loss.Y.Max = 0, 100, low/math.Pow(high/low, 0.05), high*math.Pow(high/low, 0.05)
		cosine := figure.NewPanel("", "iteration", "cosine")
		cosine.Add(&figure.Line{X: []float64{0, 100}, Y: []float64{0, 0}, Style: dashed(figure.PaleStyle)}, iterations(all[efgd].cosine, style(2)))
		cosine.X.Min, cosine.X.Max, cosine.Y.Min, cosine.Y.Max = 0, 100, -1, 1
		top, bottom = append(top, loss), append(bottom, cosine)
	}
	var legend []figure.Entry
	for k, m := range allMethods7 {
		legend = append(legend, figure.Entry{Label: m, Style: style(k)})
	}
	out := only(figure.New(figure.Page, 4.2*vg.Inch, [][]*figure.Panel{top, bottom}, legend...), caption)
	out.Tables = []Table{selected(in)}
	return out, nil
}

func iterations(values []float64, s figure.Style) *figure.Line {
	l := &figure.Line{Y: values, Style: s}
	for i := range values {
		l.X = append(l.X, float64(i))
	}
	return l
}

// selected tabulates what the plans selected beside what Table D.5 says.
func selected(in *Input) Table {
	t := Table{
		Title:  "best of the grid, decimal logarithms; Table D.5, corrected; loss after 100 iterations at the best, and at those of the table; settings that tie with the best",
		Header: []string{"data", "method", "γ", "λ", "γ (D.5)", "λ (D.5)", "loss", "loss (D.5)", "initial", "tie", "runs"},
	}
	for i := range in.Done {
		d := &in.Done[i]
		name := d.Plan.Problems[0].Name
		for _, method := range allMethods7 {
			cell := d.Cell(name, method)
			if cell.Setting == nil {
				continue
			}
			published := publishedSetting(set(name), method)
			row := []string{name, method, logText(cell.Setting[protocol.StepSize]), "", logText(published[protocol.StepSize]), ""}
			if method != gd {
				row[3], row[5] = logText(cell.Setting["damping"]), logText(published["damping"])
			}
			best, theirs := tuned(cell, cell.Setting), tuned(cell, published)
			if other := d.Cell(name, method+asPublished); theirs == nil && other != nil && len(other.Runs) > 0 {
				theirs = other.Runs[0]
			}
			row = append(row, lossText(best), lossText(theirs), fmt.Sprintf("%.6g", float64(best.Points[0].Train.Loss)),
				fmt.Sprint(len(ties(cell))), fmt.Sprint(len(cell.Tuning)))
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// publishedSetting is what Table D.5, corrected, says of a method.
func publishedSetting(s dataSet, method string) protocol.Setting {
	switch method {
	case ngd:
		return protocol.Setting{protocol.StepSize: math.Pow(10, s.ngd[1]), "damping": math.Pow(10, s.ngd[0])}
	case efgd:
		return protocol.Setting{protocol.StepSize: math.Pow(10, s.efgd[1]), "damping": math.Pow(10, s.efgd[0])}
	}
	return protocol.Setting{protocol.StepSize: math.Pow(10, s.gd)}
}

func lossText(r *results.Record) string {
	switch {
	case r == nil:
		return "not run"
	case r.Diverged():
		return "diverged"
	}
	return fmt.Sprintf("%.8g", float64(r.Points[len(r.Points)-1].Train.Loss))
}

// tuned is the tuning run at the point of the grid that is nearest to a setting, nil if none is within a hundredth of a
// decade.
func tuned(c *results.Cell, s protocol.Setting) *results.Record {
	for _, r := range c.Tuning {
		near := true
		for name, v := range s {
			w, ok := r.Run.Optimizer.Setting[name]
			near = near && ok && math.Abs(math.Log10(w/v)) < 0.01
		}
		if near {
			return r
		}
	}
	return nil
}

// within is the first iteration from which on losses stay within 1 % of the lowest; the number of losses if none does.
func within(losses []float64, lowest float64) int {
	first := len(losses)
	for t := len(losses) - 1; t >= 0 && losses[t]-lowest <= 0.01*lowest; t-- {
		first = t
	}
	return first
}

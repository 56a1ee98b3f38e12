package reproduce

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results/report/figure"
)

// descent is a full-batch run of one of the methods, step by step.
type descent struct {
	losses []float64 // of x₀, x₁, …; NaN after a run has diverged
	cosine []float64 // EFGD alone: between F̃⁻¹∇f and F⁻¹∇f, both without damping, at its points
	least  float64   // NGD alone: the least loss that there is; NaN after a run has diverged
}

// descend makes a run again, and keeps what records do not hold. start is nil for 0; steps are
// charged by the full batch.
func descend(
	data dataSet, method string, setting protocol.Setting, start []float64, steps int,
) (*descent, error) {
	d := &descent{least: math.NaN()}
	w, err := openWhole(data.problem, data.with)
	if err != nil {
		return nil, err
	}
	own := protocol.Setting{protocol.StepSize: setting[protocol.StepSize]}
	if method != gd {
		own["damping"] = setting["damping"]
	}
	p := path{
		problem: data.problem, with: data.with, optimizer: optimizers7[method], set: own,
		batch:  w.spec.Train,
		budget: int64(steps) * int64(w.spec.Train), start: start,
	}
	switch method { // for what is measured here, whatever the optimizer needs
	case ngd:
		p.needs = protocol.Fisher
	case efgd:
		p.needs = protocol.Fisher | protocol.EmpiricalFisher
	}
	p.see = func(m *protocol.Measurement[float64]) {
		d.losses = append(d.losses, m.Loss)
		if method == ngd && len(d.losses) == steps {
			// What a step of Newton's method leads to from the last point, wherever that is, since F
			// is the Hessian of a linear model; exact where the loss is quadratic, and near the
			// optimum else.
			d.least = m.Loss - floats.Dot(m.Gradient, undamped(m.Fisher, m.Gradient))/2
		}
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

// undamped is A⁻¹g for a symmetric A that is not negative; where A is singular, A⁺g, the solution of
// least norm. Features have units that differ by many powers of ten, so that A is scaled to a
// diagonal of ones first; then eigenvalues below d ε λmax, which rounding cannot tell from 0, count
// as 0.
func undamped(a, g []float64) []float64 {
	const ε = 0x1p-52
	d := len(g)
	unit := make([]float64, d)
	for i := range unit {
		if v := a[i*d+i]; v > 0 {
			unit[i] = 1 / math.Sqrt(v)
		}
	}
	scaled := mat.NewSymDense(d, nil)
	for i := range d {
		for j := range i + 1 {
			scaled.SetSym(i, j, unit[i]*a[i*d+j]*unit[j])
		}
	}
	var e mat.EigenSym
	if !e.Factorize(scaled, true) {
		return make([]float64, d)
	}
	λ := e.Values(nil)
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	x, v := make([]float64, d), make([]float64, d)
	var null [][]float64 // directions of the null space, orthonormal
	for k := range d {
		mat.Col(v, k, &vectors)
		floats.Mul(v, unit) // so that vᵀAv = λ
		if λ[k] > float64(d)*ε*λ[d-1] {
			floats.AddScaled(x, floats.Dot(v, g)/λ[k], v)
			continue
		}
		for _, u := range null {
			floats.AddScaled(v, -floats.Dot(u, v), u)
		}
		if norm := floats.Norm(v, 2); norm > 0 {
			floats.Scale(1/norm, v)
			null = append(null, slices.Clone(v))
		}
	}
	for _, u := range null {
		floats.AddScaled(x, -floats.Dot(u, x), u)
	}
	return x
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

// drawDescents draws, for each data set, losses over iterations, and below the cosine between
// EFGD's and NGD's steps.
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
		margin := math.Pow(high/low, 0.05)
		limit(loss, 0, 100, low/margin, high*margin)
		cosine := figure.NewPanel("", "iteration", "cosine")
		cosine.Add(&figure.Line{
			X: []float64{0, 100}, Y: []float64{0, 0},
			Style: dashed(figure.PaleStyle),
		}, iterations(all[efgd].cosine, style(2)))
		limit(cosine, 0, 100, -1, 1)
		top, bottom = append(top, loss), append(bottom, cosine)
	}
	var legend []figure.Entry
	for k, m := range allMethods7 {
		legend = append(legend, figure.Entry{Label: m, Style: style(k)})
	}
	out := only(figure.New(figure.Page, 4.2*vg.Inch, [][]*figure.Panel{top, bottom}, legend...),
		caption)
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

// within is the first iteration from which on losses stay within 1 % of the least loss that there
// is; the number of losses if none does.
func within(losses []float64, least float64) int {
	first := len(losses)
	for t := len(losses) - 1; t >= 0 && losses[t]-least <= 0.01*least; t-- {
		first = t
	}
	return first
}

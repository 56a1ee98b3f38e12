package optimizers

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"

	"noisebench/protocol"
)

// world measures f(x) = 3 + Σ hᵢ r²/2 + quartic·r⁴ + noise·r with r = xᵢ − 1. It answers requests
// as the harness does.
type world struct {
	h       []float64
	quartic float64
	// event happens in steps from the sixth on, where rules for ordinary measurements do not apply:
	// "negative" losses, a "peak" of the loss or gradients that "vanish", for five steps; "rising"
	// losses, to the end; an "overflow" of ‖s‖₁; or nothing.
	event string
	batch uint64 // number of the batch, which determines its noise
	size  int
	all   bool // the batch is all training examples, without noise
	step  int
}

// measure returns what the request asks for at x, and goes on to the next step.
func (w *world) measure(x []float64, request protocol.Request, needs protocol.Quantity) *protocol.Measurement[float64] {
	switch {
	case request.Draw == protocol.New || w.batch == 0:
		if request.BatchSize > 0 {
			w.size = request.BatchSize
		}
		w.batch++
		w.all = false
	case request.Draw == protocol.All:
		w.batch++
		w.all = true
	}
	d := len(x)
	random := protocol.Stream(w.batch, "world")
	m := &protocol.Measurement[float64]{
		Have: needs, BatchSize: w.size, Loss: 3, Step: w.step, Seen: int64(32 * (w.step + 1)),
		StepScale: 1 - float64(w.step%4)/8,
	}
	event := ""
	if 5 <= w.step && (w.step < 10 || w.event == "rising") {
		event = w.event
	}
	if request.Want != 0 {
		m.Have = request.Want
	}
	for _, s := range m.Slices() {
		if needs.Has(s.Of) {
			*s.At = make([]float64, s.Of.Elements(d))
		}
	}
	for i := range d {
		r, noise, variance := x[i]-1, random.NormFloat64()/4, 100*(0.5+random.Float64())
		if w.all {
			noise = 0
		}
		m.Loss += w.h[i]*r*r/2 + w.quartic*r*r*r*r + noise*r
		slope := w.h[i]*r + 4*w.quartic*r*r*r
		if event == "vanish" {
			slope, noise = 0, 0
		}
		m.VarianceNorm += variance
		for _, v := range []struct {
			at    []float64
			value float64
		}{
			{m.Gradient, slope + noise},
			{m.Variance, variance},
			{m.TrueGradient, slope},
			{m.TrueVariance, variance},
			{m.SampledGradient, random.NormFloat64()},
		} {
			if v.at != nil {
				v.at[i] = v.value
			}
		}
		for _, s := range m.Slices() {
			if s.Of&protocol.Matrices != 0 && *s.At != nil {
				(*s.At)[i*d+i] = w.h[i]
			}
		}
	}
	switch event {
	case "negative":
		m.Loss -= 100
	case "overflow":
		m.VarianceNorm = math.Inf(1)
	case "peak", "rising":
		m.Loss += 100 * float64(w.step)
	}
	w.step++
	return m
}

// follow makes steps and returns everything that can be seen of them: points, requests, reports and
// estimates, from before the first step on.
func follow(t *testing.T, def *protocol.OptimizerDef, o protocol.Optimizer[float64], w world, x []float64,
	request protocol.Request, steps int,
) (seen []uint64, end world, next protocol.Request) {
	t.Helper()
	reports, estimate := make([]float64, len(def.Reports)), make([]float64, len(x))
	see := func() {
		if r, ok := o.(protocol.Reporter); ok {
			r.Report(reports)
		}
		if a, ok := o.(protocol.Averager[float64]); ok {
			a.Estimate(x, estimate)
		}
		seen = append(seen, uint64(request.BatchSize), uint64(request.Draw), uint64(request.Want))
		if request.Trial {
			seen = append(seen, 1)
		}
		for _, values := range [][]float64{x, reports, estimate} {
			for _, v := range values {
				seen = append(seen, math.Float64bits(v))
			}
		}
	}
	see()
	for range steps {
		var err error
		if request, err = o.Step(x, w.measure(x, request, def.Needs)); err != nil {
			t.Fatal(err)
		}
		see()
	}
	return seen, w, request
}

// leaves lists the variables to which the entries of a state lead, with names.
func leaves(name string, s protocol.Stateful) (names []string, at []reflect.Value) {
	for i, entry := range s.State() {
		name := fmt.Sprintf("%s[%d]", name, i)
		if nested, ok := entry.(protocol.Stateful); ok {
			n, a := leaves(name, nested)
			names, at = append(names, n...), append(at, a...)
			continue
		}
		v := reflect.ValueOf(entry).Elem()
		if nested, ok := v.Addr().Interface().(protocol.Stateful); ok {
			n, a := leaves(name, nested)
			names, at = append(names, n...), append(at, a...)
			continue
		}
		names, at = append(names, name), append(at, v)
	}
	return names, at
}

// assign copies a variable, with the elements of a slice.
func assign(to, from reflect.Value) {
	if from.Kind() == reflect.Slice && !from.IsNil() {
		to.Set(reflect.AppendSlice(reflect.MakeSlice(from.Type(), 0, from.Len()), from))
		return
	}
	to.Set(from)
}

// redundant is the entry γ of the inverse Hessian of l-bfgs. Each new pair sets it, and no run here
// has a pair that is rejected: see TestRejectedPair.
const redundant = "l-bfgsState()[6][3]"

// A pair that is rejected leaves γ, the scale of the last accepted one, to the next direction.
func TestRejectedPair(t *testing.T) {
	h := newInverseHessian[float64](2, 2)
	zero, d := make([]float64, 2), make([]float64, 2)
	h.add([]float64{1, 0}, zero, []float64{4, 0}, zero)  // curvature 4
	h.add([]float64{0, 1}, zero, []float64{0, -1}, zero) // rejected: curvature −1
	h.direction(d, []float64{0, 1})
	if want := []float64{0, -0.25}; !slices.Equal(d, want) {
		t.Errorf("the direction is %v, want %v", d, want)
	}
	h.γ = 0
	if h.direction(d, []float64{0, 1}); d[1] == -0.25 {
		t.Error("without γ the direction is the same")
	}
}

// Every entry of a state is needed: if it is left out, the restored run shows a difference at some
// step. So the comparison of restored runs finds an optimizer whose State lacks an entry.
func TestOmittedStateShows(t *testing.T) {
	if testing.Short() {
		t.Skip("numerics, one after the other")
	}
	for _, def := range All() {
		t.Run(def.Name, func(t *testing.T) {
			missed := map[string]bool{}
			for _, setting := range settingsOf(t, &def) {
				for _, event := range []string{"", "negative", "peak", "rising", "vanish", "overflow"} {
					for _, quartic := range []float64{0, 0.5} {
						omit(t, &def, setting, world{quartic: quartic, event: event, size: 32}, missed)
						if !slices.Contains(slices.Collect(maps.Values(missed)), true) {
							return
						}
					}
				}
			}
			for name, missing := range missed {
				if missing && def.Name+name != redundant {
					t.Errorf("entry %s can be left out: nothing shows", name)
				}
			}
		})
	}
}

// settingsOf lists settings in which different parts of an optimizer's state matter: step sizes
// from good to far too large, and other values of each hyperparameter.
func settingsOf(t *testing.T, def *protocol.OptimizerDef) (settings []protocol.Setting) {
	l := lawOf(t, def.Name)
	declared := map[string]protocol.Hyperparameter{}
	for _, h := range def.Hyperparameters {
		declared[h.Name] = h
	}
	base := protocol.Setting{}
	for _, factor := range []float64{1, 4, 30} {
		s := protocol.Setting{}
		if _, ok := declared[protocol.StepSize]; ok {
			s[protocol.StepSize] = factor * l.fit
			base[protocol.StepSize] = l.fit
		}
		settings = append(settings, s)
	}
	for _, h := range def.Hyperparameters {
		for _, v := range append(slices.Clone(h.Grid), 4, 1, 0.75, 0) {
			if h.Name != protocol.StepSize && h.Check(v) == nil && v != h.Default {
				s := maps.Clone(base)
				s[h.Name] = v
				settings = append(settings, s)
			}
		}
	}
	return settings
}

// omit interrupts a run after some numbers of steps, and continues it without each entry of the
// state. missed tells which entries have made no difference yet.
func omit(t *testing.T, def *protocol.OptimizerDef, setting protocol.Setting, w world, missed map[string]bool) {
	const dim, steps = networkDim, 40
	blocks := blocksOfNetwork(false)
	w.h = make([]float64, dim)
	for i := range w.h {
		w.h[i] = math.Exp2(-float64(i % 7))
	}
	for _, at := range []int{0, 1, 2, 3, 5, 6, 7, 9, 12, 15, 18} {
		start := protocol.Start{
			Dim: dim, Blocks: blocks, BatchSize: 32, Budget: 1 << 20, Train: 1000,
			Constants: map[string]float64{"smoothness": 0.5},
		}
		a, request, err := tryOpen[float64](t, def.Name, setting, start)
		if err != nil {
			return // the value does not go with the defaults
		}
		saver, ok := a.(protocol.Stateful)
		if !ok {
			t.Fatal("it is not Stateful")
		}
		x := make([]float64, dim)
		for i := range x {
			x[i] = math.Sin(float64(i + 1))
		}
		_, here, next := follow(t, def, a, w, x, request, at)
		there := slices.Clone(x)
		names, from := leaves("State()", saver)
		saved := make([]reflect.Value, len(from))
		for i, v := range from {
			saved[i] = reflect.New(v.Type()).Elem()
			assign(saved[i], v)
		}
		want, _, _ := follow(t, def, a, here, x, next, steps-at)
		for omitted := -1; omitted < len(names); omitted++ { // first none
			if omitted >= 0 {
				if known, seen := missed[names[omitted]]; seen && !known {
					continue
				}
				missed[names[omitted]] = true
			}
			b, _ := open[float64](t, def.Name, setting, dim, blocks...)
			_, to := leaves("State()", b.(protocol.Stateful))
			for i := range to {
				if i != omitted {
					assign(to[i], saved[i])
				}
			}
			got, _, _ := follow(t, def, b, here, slices.Clone(there), next, steps-at)
			switch equal := slices.Equal(got, want); {
			case omitted < 0 && !equal:
				t.Fatalf("restored after %d steps, it takes another course", at)
			case omitted >= 0 && !equal:
				missed[names[omitted]] = false
			}
		}
	}
}

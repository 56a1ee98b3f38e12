package problems

import (
	"context"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"

	"noisebench/harness"
	"noisebench/plugins/optimizers"
	"noisebench/protocol"
	"noisebench/results"
)

// kept is an optimizer whose measurements and points are kept.
type kept struct {
	protocol.Optimizer[float64]
	fishers, gradients, points *[][]float64
}

func (p kept) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	keep := func(to *[][]float64, v []float64) { *to = append(*to, slices.Clone(v)) }
	if len(*p.points) == 0 {
		keep(p.points, x)
	}
	keep(p.fishers, m.SampledFisher)
	keep(p.gradients, m.Gradient)
	request, err := p.Optimizer.Step(x, m)
	keep(p.points, x)
	return request, err
}

// severalLabels runs mc-fisher-ngd in the harness for a number of passes over all examples, and
// returns the sampled matrix and the gradient of each pass, and the points before and after them.
func severalLabels(t *testing.T, def protocol.ProblemDef, passesMade int, set protocol.Setting, seed uint64) (
	fishers, gradients, points [][]float64,
) {
	t.Helper()
	all := optimizers.All()
	o := all[slices.IndexFunc(all, func(d protocol.OptimizerDef) bool { return d.Name == "mc-fisher-ngd" })]
	setting, err := protocol.Resolve(o.Hyperparameters, set)
	if err != nil {
		t.Fatal(err)
	}
	params, spec, err := def.At(nil)
	if err != nil {
		t.Fatal(err)
	}
	open := o.New64
	o.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		inner, request, err := open(s)
		return kept{inner, &fishers, &gradients, &points}, request, err
	}
	r, err := harness.Run(context.Background(), def, o, results.Run{
		Problem:   results.ProblemID{Name: def.Name, Parameters: params},
		Optimizer: results.OptimizerID{Name: o.Name, Setting: setting},
		Seed:      seed, Budget: int64(passesMade * spec.Train), BatchSize: spec.Train, Order: protocol.Reshuffled,
		Evaluations: 1,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// Every draw of the labels is charged, and gradients are measured once in a step.
	steps := passesMade / int(setting["labels"])
	if got, want := r.End.Curvatures, int64(passesMade*spec.Train); got != want || r.End.Seen != want {
		t.Errorf("%d examples charged, %d with curvature, want %d", r.End.Seen, got, want)
	}
	if got, want := r.End.Gradients, int64(steps*spec.Train); got != want {
		t.Errorf("%d gradients charged, want %d", got, want)
	}
	return fishers, gradients, points
}

// A step is that of the mean matrix of its passes, whose labels are all different, by Cramer's
// rule, and x stays between.
func TestStepsOfSeveralLabels(t *testing.T) {
	const k, steps, α, λ = 5, 3, 0.5, 0.01
	for _, def := range modelsOfLabels() {
		fishers, gradients, points := severalLabels(t, def, k*steps,
			protocol.Setting{protocol.StepSize: α, "damping": λ, "labels": k}, 1)
		seen := map[float64]bool{}
		for step := range steps {
			var mean [4]float64
			for pass := step * k; pass < (step+1)*k; pass++ {
				seen[fishers[pass][0]] = true
				floats.AddScaled(mean[:], 1./k, fishers[pass])
				if pass < (step+1)*k-1 && !slices.Equal(points[pass+1], points[pass]) {
					t.Errorf("%s: x moves after pass %d of a step", def.Name, pass)
				}
			}
			a, b, c, d := mean[0]+λ, mean[1], mean[2], mean[3]+λ
			g, x := gradients[(step+1)*k-1], points[step*k]
			for j, v := range []float64{(d*g[0] - b*g[1]) / (a*d - b*c), (a*g[1] - c*g[0]) / (a*d - b*c)} {
				near(t, def.Name+": step", points[(step+1)*k][j]-x[j], -α*v, 1e-12*(1+math.Abs(x[j])))
			}
		}
		if len(seen) != k*steps {
			t.Errorf("%s: %d passes have %d draws of the labels", def.Name, k*steps, len(seen))
		}
	}
}

// Over many steps the mean matrix of k draws is the exact Fisher matrix at x, and its squared
// distance from it is the variance of one draw in theory, divided by k: with one label yᵢ of
// example i the element ∂ℓ² has the variance p(1−p)(1−2p)² for classes, and 2 for N(0, 1).
func TestVarianceOfSeveralLabels(t *testing.T) {
	for _, def := range modelsOfLabels() {
		p, spec := open(t, def, nil)
		inner := p.(begins).Problem.(*opened[float64]).f.(*linearModel)
		x := startOfLabels
		exact := measured(t, p, spec, x, protocol.Batch{Examples: ascending(spec.Train)}).Fisher
		n := float64(spec.Train)
		variance := 0.0 // of one draw, summed over the elements of the matrix
		for i := range spec.Train {
			u, v := inner.design.columns[0][i], inner.design.columns[1][i]
			of := 2.0
			if !inner.quadratic {
				prob := 1 / (1 + math.Exp(-u*x[0]-v*x[1]))
				of = prob * (1 - prob) * (1 - 2*prob) * (1 - 2*prob)
			}
			variance += of * math.Pow(u*u+v*v, 2) / n / n
		}
		for _, k := range []int{1, 4, 16} {
			const draws = 320
			// The step is so short that x stays where it is, up to rounding.
			fishers, _, _ := severalLabels(t, def, draws,
				protocol.Setting{protocol.StepSize: 1e-14, "labels": float64(k)}, 3)
			var mean [4]float64
			square, steps := 0.0, draws/k
			for step := range steps {
				var own [4]float64
				for _, f := range fishers[step*k : (step+1)*k] {
					floats.AddScaled(own[:], 1/float64(k), f)
				}
				distance := floats.Distance(own[:], exact, 2)
				square += distance * distance / float64(steps)
				floats.AddScaled(mean[:], 1/float64(steps), own[:])
			}
			near(t, def.Name+": distance of the mean of all draws", floats.Distance(mean[:], exact, 2), 0,
				4*math.Sqrt(variance/draws))
			// A sum of squares of few normal numbers, nearly one, has a relative deviation of √(2/steps).
			want := variance / float64(k)
			near(t, def.Name+": squared distance of a mean", square, want, 5*math.Sqrt(2/float64(steps))*want)
		}
	}
}

// startOfLabels is where the runs begin: at 0 all draws for classes give F.
var startOfLabels = []float64{-0.7, 0.3}

// modelsOfLabels are a regression and a classification in the plane that begin there.
func modelsOfLabels() []protocol.ProblemDef {
	defs := []protocol.ProblemDef{lognormalDef(), logisticToyDef()}
	for i := range defs {
		open := defs[i].New64
		defs[i].New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
			p, err := open(s)
			return begins{p, startOfLabels}, err
		}
	}
	return defs
}

// begins is a problem with a starting point of its own.
type begins struct {
	protocol.Problem[float64]
	x []float64
}

func (b begins) Init(x []float64, _ uint64) error {
	copy(x, b.x)
	return nil
}

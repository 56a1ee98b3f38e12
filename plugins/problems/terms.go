package problems

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"

	"noisebench/protocol"
)

// terms is a function f(x) = f₀(x) + (1/N) Σ fᵢ(x), given term by term. Whatever is the same for
// all examples belongs in f₀: it adds to loss and gradient and nothing to the variance (rule R1).
type terms interface {
	start(x []float64, seed uint64)
	// shared returns f₀(x) and writes ∇f₀(x) to g.
	shared(x, g []float64) float64
	// example returns fᵢ(x) and writes ∇fᵢ(x) to g, where fᵢ is the i-th example of the batch.
	example(x []float64, batch protocol.Batch, i int, g []float64) float64
	evaluate(x []float64, part protocol.Part) protocol.Evaluation
}

// oracle is implemented by terms whose ∇f and σ² (see protocol.Oracle) have closed forms. Those of
// other functions are summed up over all training examples.
type oracle interface {
	oracle(x, gradient, variance []float64)
}

// model is implemented by terms whose fᵢ is −log p(yᵢ|zᵢ) + const with the natural parameter zᵢ(x)
// of p.
type model interface {
	// sampled writes ∇(−log p(ỹ|zᵢ)) of the batch's i-th example to g, for a label ỹ ~ p(·|zᵢ).
	sampled(x []float64, batch protocol.Batch, i int, random *rand.Rand, g []float64)
}

// sum measures a function that is given by its terms, in O(d) memory whatever the batch size.
type sum struct {
	terms
	all      []int     // training examples
	common   []float64 // ∇f₀
	gradient []float64 // ∇fᵢ
	total    []float64 // Σ ∇fᵢ
	mean     []float64 // of the ∇fᵢ so far
	square   []float64 // Σ (∇fᵢ − mean)² so far
}

// openSum opens the function f for one run.
func openSum(spec protocol.ProblemSpec, f terms) *opened[float64] {
	buf := make([]float64, 5*spec.Dim)
	next := func() (v []float64) { v, buf = buf[:spec.Dim:spec.Dim], buf[spec.Dim:]; return v }
	return &opened[float64]{
		spec, &sum{f, ascending(spec.Train), next(), next(), next(), next(), next()},
	}
}

// measure implements [function]. The gradient's bits do not depend on whether a variance is wanted.
func (f *sum) measure(
	x []float64, batch protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float64],
) {
	if want.Has(protocol.Oracle) {
		f.whole(x, m.TrueGradient, m.TrueVariance)
	}
	size := float64(len(batch.Examples))
	loss := f.add(x, batch, want&(protocol.Variance|protocol.VarianceNorm) != 0)
	m.Loss = f.shared(x, f.common) + loss/size
	if want.Has(protocol.Gradient) {
		for j := range m.Gradient {
			m.Gradient[j] = f.common[j] + f.total[j]/size
		}
	}
	if want.Has(protocol.Variance) {
		for j := range m.Variance {
			m.Variance[j] = f.square[j] / (size - 1) // Balles 2021, Eq. 3.30
		}
	}
	if want.Has(protocol.VarianceNorm) {
		norm := 0.0
		for _, s := range f.square {
			norm += s
		}
		m.VarianceNorm = norm / (size - 1)
	}
	if want.Has(protocol.SampledGradient) {
		clear(m.SampledGradient)
		for i := range batch.Examples {
			random := protocol.Stream(batch.Seed, protocol.PurposeLabel, uint64(batch.Position)+uint64(i))
			f.terms.(model).sampled(x, batch, i, random, f.gradient)
			floats.AddScaled(m.SampledGradient, 1/size, f.gradient)
		}
	}
}

// whole writes ∇f and σ² of the whole distribution of examples.
func (f *sum) whole(x, gradient, variance []float64) {
	if closed, ok := f.terms.(oracle); ok {
		closed.oracle(x, gradient, variance)
		return
	}
	f.add(x, protocol.Batch{Examples: f.all}, true)
	f.shared(x, f.common)
	n := float64(len(f.all))
	for j := range gradient {
		gradient[j] = f.common[j] + f.total[j]/n
		variance[j] = f.square[j] / n
	}
}

// add sums up the examples of a batch: it returns Σ fᵢ(x) and leaves Σ ∇fᵢ in total and, if wanted,
// Σ (∇fᵢ − mean)² in square. That goes in one pass (Welford, Technometrics 4, 1962). No large
// squares are subtracted from each other, so s is accurate to rounding, never negative, and 0 for
// equal examples.
func (f *sum) add(x []float64, batch protocol.Batch, variance bool) (loss float64) {
	clear(f.total)
	clear(f.mean)
	clear(f.square)
	for i := range batch.Examples {
		loss += f.example(x, batch, i, f.gradient)
		for j, g := range f.gradient {
			f.total[j] += g
		}
		if variance {
			weight := 1 / float64(i+1)
			for j, g := range f.gradient {
				before := g - f.mean[j]
				f.mean[j] += weight * before
				f.square[j] += before * (g - f.mean[j])
			}
		}
	}
	return loss
}

// curvature writes the one matrix that is Fisher, generalised Gauss–Newton and Hessian of a model
// whose output is linear in x and the natural parameter of its distribution (Balles 2021, Prop.
// 7.1) to those of the three that are wanted.
func curvature(
	want protocol.Quantity, m *protocol.Measurement[float64], compute func(at []float64),
) {
	var done []float64
	for _, s := range m.Slices() {
		switch {
		case s.Of&(protocol.Fisher|protocol.GaussNewton|protocol.Hessian) == 0 || !want.Has(s.Of):
		case done != nil:
			copy(*s.At, done)
		default:
			done = *s.At
			compute(done)
		}
	}
}

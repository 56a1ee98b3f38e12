package problems

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"noisebench/protocol"
)

// measuredLikely measures the sampled matrix and gradient at x with the most likely labels.
func measuredLikely(t *testing.T, def protocol.ProblemDef, params protocol.Setting, x []float64,
	batch protocol.Batch,
) *protocol.Measurement[float64] {
	t.Helper()
	with := protocol.Setting{likelyLabels: 1}
	for name, v := range params {
		with[name] = v
	}
	p, spec := open(t, def, with)
	return measured(t, p, spec, x, batch)
}

// Of the squared loss the most likely label is the output itself: matrix and gradient are 0.
func TestLikelyLabelsOfSquares(t *testing.T) {
	for _, def := range []protocol.ProblemDef{lognormalDef(), yachtDef()} {
		p, spec := open(t, def, nil)
		x := randomPoint(p, spec, 4)
		m := measuredLikely(t, def, nil, x, randomBatch(spec, 20, 1))
		if floats.Norm(m.SampledFisher, 2) != 0 || floats.Norm(m.SampledGradient, 2) != 0 {
			t.Errorf("%s: the norms are %g and %g, want 0", def.Name, floats.Norm(m.SampledFisher, 2),
				floats.Norm(m.SampledGradient, 2))
		}
	}
}

// With few classes every label can be tried: the most likely one is that of the least −log p. Its
// matrix of a batch is the mean of the products of its gradients, wherever the batch is in the
// stream.
func TestLikelyLabelsOfClasses(t *testing.T) {
	for _, c := range []struct {
		def     protocol.ProblemDef
		with    protocol.Setting
		classes int
		relabel func(p protocol.Problem[float64], spec protocol.ProblemSpec, c int) protocol.Problem[float64]
	}{
		{logisticToyDef(), nil, 2, relabelledLinear},
		{a1aDef(), nil, 2, relabelledLinear},
		{a1aDef(), protocol.Setting{"clip": 1e-8}, 2, relabelledLinear},
		{digitsDef(), nil, classes, relabelledSoftmax},
	} {
		p, spec := open(t, c.def, c.with)
		x := randomPoint(p, spec, 3)
		batch := randomBatch(spec, 4, 5)
		matrix, mean := make([]float64, spec.Dim*spec.Dim), make([]float64, spec.Dim)
		for i := range batch.Examples {
			one := protocol.Batch{Examples: batch.Examples[i : i+1]}
			var likely *protocol.Measurement[float64]
			for k := range c.classes {
				m := measure(t, c.relabel(p, spec, k), spec, x, one, protocol.Gradient)
				if likely == nil || m.Loss < likely.Loss {
					likely = m
				}
			}
			addOuter(matrix, 1./4, likely.Gradient)
			floats.AddScaled(mean, 1./4, likely.Gradient)
		}
		for _, position := range []int64{0, 1000} {
			batch.Position = position
			m := measuredLikely(t, c.def, c.with, x, batch)
			nearMatrix(t, c.def.Name+": matrix of the most likely labels", m.SampledFisher, matrix, 1e-12)
			for j := range mean {
				near(t, c.def.Name+": gradient of the most likely labels", m.SampledGradient[j], mean[j],
					1e-12*floats.Norm(mean, math.Inf(1)))
			}
		}
	}
}

// The most likely labels underestimate F: with two classes F − F̂ is the mean of terms p(1−p) −
// min(p, 1−p)² ≥ 0 times aaᵀ. At 0, where p is ½, both are the same. Where all outputs z are far
// from 0, F̂ is less than exp(−|z|) of F. Where the model is so steep that their density near 0 is
// level, F̂ is ∫ min(p, 1−p)² dz / ∫ p(1−p) dz = 2 log 2 − 1 of F.
func TestLikelyLabelsUnderestimate(t *testing.T) {
	def, with := logisticToyDef(), protocol.Setting{"examples": 20_000}
	p, spec := open(t, def, with)
	quotient := func(x []float64, batch []int) float64 {
		exact := measured(t, p, spec, x, protocol.Batch{Examples: batch}).Fisher
		likely := measuredLikely(t, def, with, x, protocol.Batch{Examples: batch}).SampledFisher
		var e mat.EigenSym
		difference := mat.NewSymDense(2, nil)
		for i := range 2 {
			for j := range i + 1 {
				difference.SetSym(i, j, exact[2*i+j]-likely[2*i+j])
			}
		}
		if !e.Factorize(difference, false) || e.Values(nil)[0] < -1e-15 {
			t.Errorf("F less the matrix of the most likely labels has the eigenvalues %v", e.Values(nil))
		}
		return (likely[0] + likely[3]) / (exact[0] + exact[3])
	}
	all := ascending(spec.Train)
	near(t, "quotient of the traces at 0", quotient([]float64{0, 0}, all), 1, 1e-14)
	steep := []float64{-8, -8}
	near(t, "quotient of the traces of a steep model", quotient(steep, all), 2*math.Ln2-1, 0.04)
	inner := p.(*opened[float64]).f.(*linearModel)
	var far []int
	for _, n := range all {
		if z := inner.design.columns[0][n]*steep[0] + inner.design.columns[1][n]*steep[1]; math.Abs(z) > 6 {
			far = append(far, n)
		}
	}
	if got := quotient(steep, far); !(0 < got && got < math.Exp(-6)) {
		t.Errorf("the quotient of the traces of %d examples far from 0 is %g, want less than exp(−6)", len(far), got)
	}
}

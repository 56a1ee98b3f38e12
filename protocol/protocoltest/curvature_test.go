package protocoltest

import (
	"math"
	"strings"
	"testing"

	"noisebench/protocol"
)

// bent is logistic regression with a regulariser that offers every quantity, in a slow
// implementation by definition. twist changes a measurement and may make others.
type bent struct {
	twist func(b *bent, x []float64, batch protocol.Batch, m *protocol.Measurement[float64])
}

const everyNoise = protocol.Gradient | protocol.VarianceNorm | protocol.Variance

const (
	bentDim   = 3
	bentSize  = 30
	bentDecay = 0.05 // λ of λ/2 ‖x‖²
)

func (b *bent) row(n int) ([]float64, float64) {
	return []float64{math.Sin(float64(5*n + 1)), math.Cos(float64(3 * n)), 1}, float64(n % 2)
}

func (b *bent) def() protocol.ProblemDef {
	return protocol.ProblemDef{
		Name: "bent", Version: "1", Doc: "a toy", Source: "this file",
		Spec: func(protocol.Setting) (protocol.ProblemSpec, error) {
			return protocol.ProblemSpec{
				Dim: bentDim, DType: protocol.Float64, Train: bentSize,
				Measures: everyNoise | protocol.Matrices | protocol.Oracle | protocol.SampledGradient,
				Metric:   protocol.Metric{Name: "loss"}, BatchSize: 4, Budget: 100,
			}, nil
		},
		New64: func(protocol.Setting) (protocol.Problem[float64], error) { return b, nil },
	}
}

func (b *bent) Init(x []float64, _ uint64) error {
	copy(x, []float64{0.4, -0.2, 0.3})
	return nil
}

// outer adds w v vᵀ to a.
func outer(a []float64, w float64, v []float64) {
	for i := range v {
		for j := range v {
			a[i*bentDim+j] += w * (v[i] * v[j])
		}
	}
}

func (b *bent) Measure(x []float64, batch protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float64]) error {
	m.Have, m.BatchSize = want, len(batch.Examples)
	n := float64(len(batch.Examples))
	var gradients [][]float64
	mean := make([]float64, bentDim)
	m.Loss = 0
	for _, s := range m.Slices() {
		clear(*s.At)
	}
	for i, example := range batch.Examples {
		a, y := b.row(example)
		z := a[0]*x[0] + a[1]*x[1] + a[2]*x[2]
		p := 1 / (1 + math.Exp(-z))
		m.Loss += (math.Log1p(math.Exp(z)) - y*z) / n
		g := make([]float64, bentDim)
		for j := range g {
			g[j] = (p - y) * a[j]
			mean[j] += g[j] / n
		}
		gradients = append(gradients, g)
		if m.Fisher != nil {
			outer(m.Fisher, p*(1-p)/n, a)
		}
		if m.GaussNewton != nil {
			outer(m.GaussNewton, p*(1-p)/n, a)
		}
		if m.Hessian != nil {
			outer(m.Hessian, p*(1-p)/n, a)
		}
		if m.EmpiricalFisher != nil {
			outer(m.EmpiricalFisher, 1/n, g)
		}
		label := 0.0
		if protocol.Stream(batch.Seed, protocol.PurposeLabel, uint64(batch.Position)+uint64(i)).Float64() < p {
			label = 1
		}
		if m.SampledFisher != nil {
			outer(m.SampledFisher, (p-label)*(p-label)/n, a)
		}
		for j := range m.SampledGradient {
			m.SampledGradient[j] += (p - label) * a[j] / n
		}
	}
	m.VarianceNorm = 0
	for j := range x {
		m.Loss += bentDecay / 2 * x[j] * x[j]
		if m.Gradient != nil {
			m.Gradient[j] = mean[j] + bentDecay*x[j]
		}
		if m.Hessian != nil {
			m.Hessian[j*bentDim+j] += bentDecay
		}
		s := 0.0
		for _, g := range gradients {
			s += (g[j] - mean[j]) * (g[j] - mean[j]) / (n - 1)
		}
		m.VarianceNorm += s
		if m.Variance != nil {
			m.Variance[j] = s
		}
	}
	if m.Covariance != nil {
		for _, g := range gradients {
			outer(m.Covariance, 1/(n-1), []float64{g[0] - mean[0], g[1] - mean[1], g[2] - mean[2]})
		}
	}
	if m.TrueGradient != nil {
		b.whole(x, m.TrueGradient, m.TrueVariance)
	}
	if b.twist != nil {
		b.twist(b, x, batch, m)
	}
	return nil
}

// whole writes gradient and variance over all training examples.
func (b *bent) whole(x, gradient, variance []float64) {
	all := protocol.Batch{Examples: make([]int, bentSize)}
	for i := range all.Examples {
		all.Examples[i] = i
	}
	m := protocol.Measurement[float64]{Gradient: gradient, Variance: variance}
	_ = (&bent{}).Measure(x, all, everyNoise, &m)
	for j := range variance {
		variance[j] *= (bentSize - 1.0) / bentSize
	}
}

func (b *bent) Evaluate(x []float64, part protocol.Part) (protocol.Evaluation, error) {
	if part != protocol.TrainPart {
		return protocol.Evaluation{}, errPanicked
	}
	all := protocol.Batch{Examples: make([]int, bentSize)}
	for i := range all.Examples {
		all.Examples[i] = i
	}
	var m protocol.Measurement[float64]
	_ = (&bent{}).Measure(x, all, 0, &m)
	return protocol.Evaluation{Loss: m.Loss, Metric: m.Loss}, nil
}

func TestEveryQuantity(t *testing.T) {
	if err := Problem((&bent{}).def(), nil); err != nil {
		t.Error(err)
	}
}

// Each mistake is found by the check for it.
func TestBrokenMatrices(t *testing.T) {
	if testing.Short() { // the goroutines of the suite are those of TestEveryQuantity
		t.Skip("the suite runs many times")
	}
	scale := func(a []float64, c float64) {
		for i := range a {
			a[i] *= c
		}
	}
	type measurement = *protocol.Measurement[float64]
	for _, c := range []struct {
		name  string
		twist func(b *bent, x []float64, batch protocol.Batch, m measurement)
		want  string
	}{
		{"not symmetric", func(_ *bent, _ []float64, _ protocol.Batch, m measurement) {
			if m.Fisher != nil {
				m.Fisher[1] *= 1 + 1e-14
			}
		}, "want a symmetric matrix"},
		{"negative diagonal", func(_ *bent, _ []float64, _ protocol.Batch, m measurement) {
			if m.SampledFisher != nil {
				m.SampledFisher[4] = -1
			}
		}, "sampled-fisher[1][1] is -1, want no negative number"},
		{"sums", func(_ *bent, _ []float64, batch protocol.Batch, m measurement) {
			scale(m.GaussNewton, float64(len(batch.Examples)))
		}, "want the mean over its examples"},
		{"biased covariance", func(_ *bent, _ []float64, batch protocol.Batch, m measurement) {
			n := float64(len(batch.Examples))
			scale(m.Covariance, (n-1)/n)
		}, "want 1/(m−1) Σ"},
		{"empirical Fisher of other gradients", func(_ *bent, _ []float64, _ protocol.Batch, m measurement) {
			scale(m.EmpiricalFisher, 1.01)
		}, "empirical-fisher of single examples is not ∇fᵢ ∇fᵢᵀ"},
		{"Hessian without regulariser", func(_ *bent, _ []float64, _ protocol.Batch, m measurement) {
			for j := range bentDim {
				if m.Hessian != nil {
					m.Hessian[j*bentDim+j] -= bentDecay
				}
			}
		}, "want the gradient's rate of change"},
		{"the most likely label", func(b *bent, x []float64, batch protocol.Batch, m measurement) {
			if m.SampledFisher == nil {
				return
			}
			clear(m.SampledFisher)
			for _, example := range batch.Examples {
				a, _ := b.row(example)
				p := 1 / (1 + math.Exp(-a[0]*x[0]-a[1]*x[1]-a[2]*x[2]))
				slope := min(p, 1-p)
				outer(m.SampledFisher, slope*slope/float64(len(batch.Examples)), a)
			}
		}, "the mean of sampled-fisher"},
		{"sampled gradient with a regulariser", func(_ *bent, x []float64, _ protocol.Batch, m measurement) {
			for j := range m.SampledGradient {
				m.SampledGradient[j] += bentDecay * x[j]
			}
		}, "want the product of its sampled gradient's elements"},
		{"sampled gradient as a sum", func(_ *bent, _ []float64, batch protocol.Batch, m measurement) {
			scale(m.SampledGradient, float64(len(batch.Examples)))
		}, "sampled-gradient[0] of the batch"},
		{"sampled gradient of the data's labels", func(b *bent, x []float64, batch protocol.Batch, m measurement) {
			clear(m.SampledGradient)
			clear(m.SampledFisher)
			for _, example := range batch.Examples {
				a, y := b.row(example)
				slope := 1/(1+math.Exp(-a[0]*x[0]-a[1]*x[1]-a[2]*x[2])) - y
				for j := range m.SampledGradient {
					m.SampledGradient[j] += slope * a[j] / float64(len(batch.Examples))
				}
				if m.SampledFisher != nil {
					outer(m.SampledFisher, slope*slope/float64(len(batch.Examples)), a)
				}
			}
		}, "its labels are not drawn"},
		{"sampled labels of other probabilities", func(b *bent, x []float64, batch protocol.Batch, m measurement) {
			clear(m.SampledGradient)
			for i, example := range batch.Examples {
				a, _ := b.row(example)
				slope := 1 / (1 + math.Exp(-a[0]*x[0]-a[1]*x[1]-a[2]*x[2]))
				if protocol.Stream(batch.Seed, protocol.PurposeLabel, uint64(batch.Position)+uint64(i)).IntN(5) > 0 {
					slope--
				}
				for j := range m.SampledGradient {
					m.SampledGradient[j] += slope * a[j] / float64(len(batch.Examples))
				}
			}
		}, "want 0: labels are drawn"},
		{"sampled labels by the place in the batch", func(b *bent, x []float64, batch protocol.Batch, m measurement) {
			clear(m.SampledGradient)
			clear(m.SampledFisher)
			for i, example := range batch.Examples {
				a, _ := b.row(example)
				p := 1 / (1 + math.Exp(-a[0]*x[0]-a[1]*x[1]-a[2]*x[2]))
				label := 0.0
				if protocol.Stream(batch.Seed, protocol.PurposeLabel, uint64(batch.Position), uint64(i)).Float64() < p {
					label = 1
				}
				if m.SampledFisher != nil {
					outer(m.SampledFisher, (p-label)*(p-label)/float64(len(batch.Examples)), a)
				}
				for j := range m.SampledGradient {
					m.SampledGradient[j] += (p - label) * a[j] / float64(len(batch.Examples))
				}
			}
		}, "want the mean over its examples, each with the label of its place"},
		{"sampled gradient not written", func(_ *bent, _ []float64, _ protocol.Batch, m measurement) {
			if m.SampledGradient != nil {
				m.SampledGradient[2] = sentinel[float64]()
			}
		}, "of the sampled-gradient were not written"},
		{"loss of sampled labels", func(_ *bent, _ []float64, _ protocol.Batch, m measurement) {
			if m.SampledGradient != nil && m.Gradient == nil && m.Fisher == nil && m.BatchSize > 1 {
				m.Loss += 0.01
			}
		}, "beside the sampled gradient, want that of the data"},
		{"oracle of the batch", func(_ *bent, _ []float64, _ protocol.Batch, m measurement) {
			copy(m.TrueGradient, m.Gradient)
			if m.TrueGradient != nil {
				m.TrueGradient[0] += float64(m.BatchSize)
			}
		}, "element 0 of the oracle"},
		{"oracle with Bessel's correction", func(_ *bent, _ []float64, _ protocol.Batch, m measurement) {
			scale(m.TrueVariance, bentSize/(bentSize-1.0))
		}, "want (1/N) Σ"},
		{"oracle without regulariser", func(_ *bent, x []float64, _ protocol.Batch, m measurement) {
			for j := range m.TrueGradient {
				m.TrueGradient[j] -= bentDecay * x[j]
			}
		}, "the oracle's gradient[0]"},
		{"slice replaced", func(_ *bent, _ []float64, _ protocol.Batch, m measurement) {
			m.Hessian = append([]float64(nil), m.Hessian...)
		}, "replaced the slice for the hessian"},
		{"element not written", func(_ *bent, _ []float64, _ protocol.Batch, m measurement) {
			if m.Covariance != nil {
				m.Covariance[8] = sentinel[float64]()
			}
		}, "of the covariance were not written"},
	} {
		err := Problem((&bent{twist: c.twist}).def(), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: findings are %v, want one with %q", c.name, err, c.want)
		}
	}
}

package problems

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"noisebench/protocol"
)

func TestQuadraticDeepHessian(t *testing.T) {
	q := quadraticDeepHessian()
	dense := mat.NewDense(quadraticDeepDim, quadraticDeepDim, q)
	if !mat.Equal(dense, dense.T()) {
		t.Error("Q is not symmetric")
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(mat.NewSymDense(quadraticDeepDim, q), false) {
		t.Fatal("no eigenvalues")
	}
	// They are the ones that were drawn, but for the rounding of 100 × 100 elements of size 10 to
	// float32.
	random := newNumpyRandom(42)
	drawn := make([]float64, quadraticDeepDim)
	for k := range drawn {
		drawn[k] = random.uniform()
		if k >= 90 {
			drawn[k] = 30 + 30*drawn[k]
		}
	}
	trace := 0.0
	for k, value := range eigen.Values(nil) {
		if inside := value > 0 && value < 1; k < 90 && !inside {
			t.Errorf("eigenvalue %d is %g, want it in (0, 1)", k, value)
		}
		if inside := value > 30 && value < 60; k >= 90 && !inside {
			t.Errorf("eigenvalue %d is %g, want it in (30, 60)", k, value)
		}
		trace += value - drawn[k]
	}
	near(t, "difference of the traces", trace, 0, 1e-5)
}

func TestRandomRotation(t *testing.T) {
	const n = 20
	r := mat.NewDense(n, n, randomRotation(n, newNumpyRandom(1)))
	var product mat.Dense
	product.Mul(r, r.T())
	for i := range n {
		product.Set(i, i, product.At(i, i)-1)
	}
	near(t, "‖RRᵀ − I‖", mat.Norm(&product, 2), 0, 1e-14)
}

// Loss and gradient are those of the definition ½ (θ − x)ᵀQ(θ − x), and so is the mean over the
// test part.
func TestQuadraticDeepDefinition(t *testing.T) {
	p, spec := open(t, quadraticDeepDef(), nil)
	theta := randomPoint(p, spec, 1)
	q := mat.NewSymDense(quadraticDeepDim, quadraticDeepHessian())
	// loss returns loss and gradient of the next example that the stream yields.
	loss := func(random *numpyRandom) (float64, *mat.VecDense) {
		from := mat.NewVecDense(quadraticDeepDim, nil)
		for j, v := range theta {
			from.SetVec(j, v-float64(float32(0.6*random.normal())))
		}
		gradient := mat.NewVecDense(quadraticDeepDim, nil)
		gradient.MulVec(q, from)
		return mat.Dot(from, gradient) / 2, gradient
	}
	random := newNumpyRandom(42)
	for n := range 3 {
		want, gradient := loss(random)
		m := measure(t, p, spec, theta, protocol.Batch{Examples: []int{n}}, protocol.Gradient)
		near(t, "loss of an example", m.Loss, want, 1e-12*want)
		for j, g := range m.Gradient {
			near(t, "gradient of an example", g, gradient.AtVec(j), 1e-12*mat.Norm(gradient, 2))
		}
	}
	random = newNumpyRandom(43)
	mean := 0.0
	for range quadraticDeepTest {
		one, _ := loss(random)
		mean += one / quadraticDeepTest
	}
	near(t, "loss on the test part", evaluate(t, p, theta, protocol.TestPart).Loss, mean, 1e-12*mean)
}

func TestQuadraticDeepConstants(t *testing.T) {
	p, spec := open(t, quadraticDeepDef(), nil)
	all := protocol.Batch{}
	for n := range spec.Train {
		all.Examples = append(all.Examples, n)
	}
	mean := newQuadraticDeepTables().train.mean // minimises the training loss
	m := measure(t, p, spec, mean, all, everything)
	near(t, "‖∇f‖ at the minimum", norm(m.Gradient), 0, 1e-10)
	near(t, "f at the minimum", m.Loss, spec.Constants["optimum"], 1e-11)
	size := float64(spec.Train)
	want := spec.Constants["gradient_variance"] * size / (size - 1)
	near(t, "‖s‖₁ of all examples", m.VarianceNorm, want, 1e-12*want)
}

// DeepOBS published the final test losses of ten seeds, mean ± sample standard deviation, for SGD
// and for momentum 0.99 at their tuned step sizes. Its data order was one shuffle per run, of which
// 7 batches of 128 are used in every epoch. Ten runs of ours have the same mean within 4 standard
// errors of the difference.
func TestQuadraticDeepPublished(t *testing.T) {
	for _, c := range []struct {
		name               string
		stepSize, momentum float64
		mean, std          float64
	}{
		{"SGD", 1.58489e-2, 0, 87.397, 0.169},
		{"momentum", 2.51189e-3, 0.99, 87.045, 0.025},
	} {
		p, spec := open(t, quadraticDeepDef(), nil)
		m := roomFor(spec)
		x, velocity := make([]float64, spec.Dim), make([]float64, spec.Dim)
		total := 0.0
		for seed := range uint64(10) {
			if err := p.Init(x, seed); err != nil {
				t.Fatal(err)
			}
			clear(velocity)
			order := rand.New(rand.NewPCG(seed, 0)).Perm(spec.Train)
			for step := range 100 * 7 {
				first := step % 7 * 128
				batch := protocol.Batch{Examples: order[first : first+128]}
				if err := p.Measure(x, batch, protocol.Gradient, m); err != nil {
					t.Fatal(err)
				}
				for j, g := range m.Gradient {
					velocity[j] = c.momentum*velocity[j] - c.stepSize*g
					x[j] += velocity[j]
				}
			}
			loss := evaluate(t, p, x, protocol.TestPart).Loss
			t.Logf("%s, seed %d: test loss %.3f", c.name, seed, loss)
			total += loss
		}
		near(t, "mean test loss of "+c.name, total/10, c.mean, 4*c.std*math.Sqrt(2./10))
	}
}

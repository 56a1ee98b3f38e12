package problems

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"

	"noisebench/protocol"
)

// sampledGradient measures it alone, with the loss.
func sampledGradient(t *testing.T, p protocol.Problem[float64], x []float64, batch protocol.Batch) ([]float64, float64) {
	t.Helper()
	m := &protocol.Measurement[float64]{SampledGradient: make([]float64, len(x))}
	if err := p.Measure(x, batch, protocol.SampledGradient, m); err != nil {
		t.Fatal(err)
	}
	return m.SampledGradient, m.Loss
}

// forEachModel runs a test for every problem in float64 that offers the sampled gradient.
func forEachModel(t *testing.T, test func(t *testing.T, p protocol.Problem[float64], spec protocol.ProblemSpec)) {
	models := 0
	forEach(t, func(t *testing.T, p protocol.Problem[float64], spec protocol.ProblemSpec) {
		if !spec.Measures.Has(protocol.SampledGradient) {
			t.Skip("not a model")
		}
		models++
		test(t, p, spec)
	})
	if models < 12 {
		t.Errorf("%d problems offer the sampled gradient, want all linear models and softmax regressions", models)
	}
}

// One example's sampled gradient g has the label of its sampled Fisher matrix, which is g gᵀ; a
// batch's is the mean of its examples'; and the loss is that of the data.
func TestSampledGradientOfExamples(t *testing.T) {
	forEachModel(t, func(t *testing.T, p protocol.Problem[float64], spec protocol.ProblemSpec) {
		x := randomPoint(p, spec, 1)
		batch := randomBatch(spec, 6, 3)
		batch.Position = 40
		mean := make([]float64, spec.Dim)
		size := 0.0
		for i := range batch.Examples {
			one := protocol.Batch{Examples: batch.Examples[i : i+1], Seed: batch.Seed, Position: batch.Position + int64(i)}
			g, loss := sampledGradient(t, p, x, one)
			floats.AddScaled(mean, 1.0/6, g)
			size = max(size, floats.Norm(g, math.Inf(1)))
			if want := measure(t, p, spec, x, one, 0).Loss; loss != want {
				t.Errorf("loss is %g beside the sampled gradient, want that of the data, %g", loss, want)
			}
			if spec.Measures.Has(protocol.SampledFisher) && i < 2 {
				m := &protocol.Measurement[float64]{SampledFisher: make([]float64, spec.Dim*spec.Dim), SampledGradient: make([]float64, spec.Dim)}
				if err := p.Measure(x, one, protocol.SampledFisher|protocol.SampledGradient, m); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(m.SampledGradient, g) {
					t.Error("the sampled gradient has other bits beside the sampled Fisher matrix")
				}
				want := make([]float64, spec.Dim*spec.Dim)
				addOuter(want, 1, g)
				nearMatrix(t, "sampled Fisher", m.SampledFisher, want, 1e-13)
			}
		}
		g, _ := sampledGradient(t, p, x, batch)
		for j := range g {
			near(t, "sampled gradient of the batch", g[j], mean[j], 1e-13*size)
		}
	})
}

// E ∇log p(ỹ|z) = 0: in the mean over many draws of the labels, the sampled gradient vanishes.
func TestSampledGradientVanishesInTheMean(t *testing.T) {
	forEachModel(t, func(t *testing.T, p protocol.Problem[float64], spec protocol.ProblemSpec) {
		draws := 1500
		if spec.Dim > 1000 {
			draws = 300
		}
		x := make([]float64, spec.Dim)
		if err := p.Init(x, 1); err != nil { // where no label is all but certain
			t.Fatal(err)
		}
		batch := randomBatch(spec, 2, 4)
		sum, square := make([]float64, spec.Dim), make([]float64, spec.Dim)
		seen := map[float64]bool{}
		for k := range draws {
			batch.Position = int64(2 * k)
			g, _ := sampledGradient(t, p, x, batch)
			for j, v := range g {
				sum[j] += v
				square[j] += v * v
			}
			seen[floats.Sum(g)] = true
		}
		if len(seen) < 3 {
			t.Errorf("%d draws give %d gradients", draws, len(seen))
		}
		n := float64(draws)
		for j := range sum {
			deviation := math.Sqrt(square[j] / n / n)
			if !(math.Abs(sum[j]/n) <= 6*deviation) {
				t.Errorf("the mean of element %d is %g ± %.2g, want 0", j, sum[j]/n, deviation)
				return
			}
		}
	})
}

// With few classes, all labels can be tried: each sampled gradient is the gradient of −log p(c|z)
// for the class c that was drawn, by central differences, too; classes are drawn with their
// probabilities; and Σ p(c|z) ∇log p(c|z) = 0.
func TestSampledGradientByClasses(t *testing.T) {
	for _, c := range []struct {
		def       protocol.ProblemDef
		classes   int
		relabel   func(p protocol.Problem[float64], spec protocol.ProblemSpec, c int) protocol.Problem[float64]
		draws, at int
	}{
		{logisticToyDef(), 2, relabelledLinear, 3000, 17},
		{a1aDef(), 2, relabelledLinear, 1000, 5},
		{breastCancerDef(), 2, func(p protocol.Problem[float64], spec protocol.ProblemSpec, c int) protocol.Problem[float64] {
			inner := p.(*opened[float64]).f.(*sum).terms.(*breastCancer)
			tables := *inner.breastCancerTables
			tables.train.t = slices.Repeat([]float64{2*float64(c) - 1}, spec.Train)
			return openSum(spec, &breastCancer{&tables, 0}) // without the regulariser
		}, 3000, 8},
		{digitsDef(), classes, relabelledSoftmax, 2000, 5},
	} {
		t.Run(c.def.Name, func(t *testing.T) {
			p, spec := open(t, c.def, nil)
			x := randomPoint(p, spec, 3)
			example := protocol.Batch{Examples: []int{c.at}, Seed: 9}
			g, probability := make([][]float64, c.classes), make([]float64, c.classes)
			mean, size := make([]float64, spec.Dim), 0.0
			for k := range c.classes {
				other := c.relabel(p, spec, k)
				m := measure(t, other, spec, x, example, protocol.Gradient)
				g[k], probability[k] = m.Gradient, math.Exp(-m.Loss)
				floats.AddScaled(mean, probability[k], g[k])
				size = max(size, floats.Norm(g[k], math.Inf(1)))
				for j := 0; j < spec.Dim; j += 1 + spec.Dim/20 {
					const h = 1e-5
					y := slices.Clone(x)
					y[j] = x[j] + h
					high := measure(t, other, spec, y, example, 0).Loss
					y[j] = x[j] - h
					low := measure(t, other, spec, y, example, 0).Loss
					near(t, "gradient of −log p", g[k][j], (high-low)/(2*h), 1e-8*(1+size))
				}
			}
			near(t, "Σ p", floats.Sum(probability), 1, 1e-13)
			near(t, "the mean over the classes", floats.Norm(mean, math.Inf(1)), 0, 1e-13*size)
			times := make([]float64, c.classes)
			for n := range c.draws {
				example.Position = int64(n)
				got, _ := sampledGradient(t, p, x, example)
				drawn := slices.IndexFunc(g, func(g []float64) bool { return floats.EqualApprox(got, g, 1e-13*size) })
				if drawn < 0 {
					t.Fatalf("the sampled gradient at place %d is that of no class", n)
				}
				times[drawn]++
			}
			for k, n := range times {
				want := float64(c.draws) * probability[k]
				near(t, "times that a class is drawn", n, want, 5*math.Sqrt(want)+1)
			}
		})
	}
}

func relabelledLinear(p protocol.Problem[float64], spec protocol.ProblemSpec, c int) protocol.Problem[float64] {
	relabelled := *p.(*opened[float64]).f.(*linearModel).design
	relabelled.y = slices.Repeat([]float64{float64(c)}, spec.Train)
	return openLinear(spec, &relabelled, bernoulli, nil)
}

func relabelledSoftmax(p protocol.Problem[float64], spec protocol.ProblemSpec, c int) protocol.Problem[float64] {
	relabelled := *p.(*opened[float64]).f.(*softmax).imageSet
	relabelled.label = slices.Repeat([]uint8{uint8(c)}, len(relabelled.label))
	return openSoftmax(spec, &relabelled)
}

// Of the squared loss, the sampled gradient is −ε a with ε ~ N(0, 1): the gradient of ½ (aᵀx − ỹ)²
// at ỹ = aᵀx + ε.
func TestSampledGradientOfSquares(t *testing.T) {
	p, spec := open(t, yachtDef(), nil)
	inner := p.(*opened[float64]).f.(*linearModel)
	x := randomPoint(p, spec, 2)
	example := protocol.Batch{Examples: []int{7}, Seed: 3}
	at := slices.IndexFunc(inner.design.columns, func(c []float64) bool { return math.Abs(c[7]) > 1e-3 })
	const draws = 4000
	var sum, square float64
	for n := range draws {
		example.Position = int64(n)
		g, _ := sampledGradient(t, p, x, example)
		ε := -g[at] / inner.design.columns[at][7]
		sum, square = sum+ε, square+ε*ε
		if n > 0 {
			continue
		}
		inner.prepare(x, inner.all)
		relabelled := *inner.design
		relabelled.y = slices.Repeat([]float64{inner.z[7] + ε}, spec.Train)
		want := measure(t, openLinear(spec, &relabelled, gaussian, nil), spec, x, example, protocol.Gradient).Gradient
		for j := range g {
			near(t, "sampled gradient", g[j], want[j], 1e-10*(1+math.Abs(want[j])))
		}
	}
	near(t, "mean of ε", sum/draws, 0, 5/math.Sqrt(draws))
	near(t, "variance of ε", square/draws, 1, 5*math.Sqrt(2.0/draws))
}

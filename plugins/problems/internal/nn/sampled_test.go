package nn

import (
	"math"
	"slices"
	"testing"

	"noisebench/protocol"
)

// relabel measures the sampled gradient and makes the targets those that it drew.
func (f *fixture) relabel() *protocol.Measurement[float32] {
	m := f.measure(protocol.SampledGradient)
	for i := range f.targets {
		f.targets[i] = slices.Clone(f.net.loss.targets(i))
	}
	return m
}

// The sampled gradient is the gradient at the targets that were drawn: by the reference's central
// differences of −log p, and to the bit by the engine's own gradient. Nothing else that is wanted
// moves it, nor it anything else.
func TestSampledGradient(t *testing.T) {
	for _, n := range networks {
		t.Run(n.name, func(t *testing.T) {
			f := newFixture(n.input, n.m, n.layers)
			plain := f.measure(protocol.Gradient)
			both := f.measure(f.net.Measures())
			if !slices.Equal(both.Gradient, plain.Gradient) || both.Loss != plain.Loss {
				t.Error("loss or gradient have other bits where the sampled gradient is wanted, too")
			}
			if n.m > slice {
				f.inputs, f.targets = f.inputs[:slice], f.targets[:slice]
				plain = f.measure(0)
				both = f.measure(protocol.SampledGradient)
			}
			drawn := f.relabel()
			if drawn.Loss != plain.Loss {
				t.Errorf("loss is %v, want that of the data, %v", drawn.Loss, plain.Loss)
			}
			if !slices.Equal(drawn.SampledGradient, both.SampledGradient) {
				t.Error("the sampled gradient has other bits where it alone is wanted")
			}
			if len(f.net.latents) > 0 {
				return // see TestSampledGradientOfAutoencoder
			}
			want := f.measure(protocol.Gradient).Gradient
			if !slices.Equal(drawn.SampledGradient, want) {
				t.Error("the sampled gradient is not the gradient at the targets that it drew")
			}
			largest := 0.0
			for i := range f.inputs { // roundings are relative to the examples' gradients, which may cancel
				g := make([]float64, len(f.x))
				if len(f.net.norms) == 0 {
					g = refGradient(f.ref, wide(f.x), f.data().example(i))
				}
				for _, v := range g {
					largest = max(largest, math.Abs(v))
				}
			}
			reference := refGradient(f.ref, wide(f.x), f.data())
			for _, v := range reference {
				largest = max(largest, math.Abs(v))
			}
			check(t, "sampled gradient", drawn.SampledGradient, reference, largest, 16)
		})
	}
}

// Of an autoencoder, it is the gradient of −log p(ỹ|z) without the divergence: what the gradient
// grows by when the loss counts twice.
func TestSampledGradientOfAutoencoder(t *testing.T) {
	layers := func(factor float64) []Layer {
		return []Layer{Dense{Units: 6}, Latent{}, Dense{Units: 5}, Sigmoid{}, Dense{Units: 7}, SquaredLoss{Factor: factor}}
	}
	one := newFixture(Vector(7), 9, layers(1))
	drawn := one.relabel().SampledGradient
	two := newFixture(Vector(7), 9, layers(2))
	two.targets = one.targets
	g1, g2 := one.measure(protocol.Gradient).Gradient, two.measure(protocol.Gradient).Gradient
	want, largest := make([]float64, len(g1)), 0.0
	for j := range want {
		want[j] = float64(g2[j]) - float64(g1[j])
		largest = max(largest, math.Abs(float64(g2[j])))
	}
	check(t, "sampled gradient", drawn, want, largest, 32)
	if slices.Equal(drawn, g1) {
		t.Error("the divergence is in the sampled gradient")
	}
}

// A regulariser is no part of it.
func TestSampledGradientWithoutRegulariser(t *testing.T) {
	f := newFixture(Vector(4), 5, []Layer{Dense{Units: 3}, SoftmaxCrossEntropy{}})
	before := f.measure(protocol.SampledGradient)
	f.net.L2(0.5)
	after := f.measure(protocol.SampledGradient)
	if !slices.Equal(before.SampledGradient, after.SampledGradient) {
		t.Error("the regulariser is in the sampled gradient")
	}
	if !(after.Loss > before.Loss) {
		t.Errorf("loss is %v with the regulariser and %v without, want more", after.Loss, before.Loss)
	}
}

// Classes are drawn with the probabilities of the softmax, and in the mean over them the gradient
// is 0: E ∇log p(ỹ|z) = 0.
func TestSampledClasses(t *testing.T) {
	const classes, draws = 3, 6000
	f := newFixture(Vector(4), 1, []Layer{Dense{Units: 5}, Sigmoid{}, Dense{Units: classes}, SoftmaxCrossEntropy{}})
	var p [classes]float64
	var g [classes][]float32
	for c := range classes {
		f.targets[0][0] = float32(c)
		m := f.measure(protocol.Gradient)
		p[c], g[c] = math.Exp(-m.Loss), m.Gradient
	}
	for j := range f.x {
		sum, size := 0.0, 0.0
		for c := range classes {
			sum += p[c] * float64(g[c][j])
			size += math.Abs(float64(g[c][j]))
		}
		if !(math.Abs(sum) <= 8*ε*size) {
			t.Errorf("the mean over the classes is %g at %d, want 0", sum, j)
		}
	}
	var seen [classes]float64
	for n := range draws {
		m := f.measureAt(protocol.SampledGradient, int64(n))
		c := int(f.net.loss.targets(0)[0])
		seen[c]++
		if !slices.Equal(m.SampledGradient, g[c]) {
			t.Fatalf("at position %d the sampled gradient is not that of class %d", n, c)
		}
		if again := f.measureAt(protocol.SampledGradient, int64(n)); !slices.Equal(again.SampledGradient, m.SampledGradient) {
			t.Fatalf("a second look at position %d draws another class", n)
		}
	}
	chi2 := 0.0
	for c, n := range seen {
		chi2 += (n - draws*p[c]) * (n - draws*p[c]) / (draws * p[c])
	}
	if chi2 > 18.4 { // exceeded with probability 1e-4 at 2 degrees of freedom
		t.Errorf("classes were drawn %v times with probabilities %v: χ² is %g", seen, p, chi2)
	}
}

// Targets of a squared loss of factor c are drawn from N(y, 1/(2c)).
func TestSampledValues(t *testing.T) {
	for _, factor := range []float64{0, 1, 2} {
		f := newFixture(Vector(2), 100, []Layer{Dense{Units: 30}, SquaredLoss{Factor: factor}})
		f.measure(protocol.SampledGradient)
		want := 1.0
		if factor > 0 {
			want = 1 / (2 * factor)
		}
		var sum, square, n float64
		for i := range f.inputs {
			for j, v := range f.net.loss.targets(i) {
				d := float64(v) - float64(f.net.loss.in.values(i)[j])
				sum, square, n = sum+d, square+d*d, n+1
			}
		}
		if mean := sum / n; !(math.Abs(mean) <= 5*math.Sqrt(want/n)) {
			t.Errorf("factor %g: the mean of ỹ − y is %g, want 0", factor, mean)
		}
		if v := square / n; !(math.Abs(v-want) <= 5*want*math.Sqrt(2/n)) {
			t.Errorf("factor %g: the variance of ỹ − y is %g, want %g", factor, v, want)
		}
	}
}

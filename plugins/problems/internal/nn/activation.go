package nn

import "noisebench/plugins/internal/simd"

// inPlace is a layer whose output takes the place of its input, unless another layer reads that,
// too.
type inPlace struct{ in, out *tensor }

func (net *Network) inPlace(in *tensor) inPlace {
	if in.shared {
		return inPlace{in, net.tensor(in.shape)}
	}
	return inPlace{in, in}
}

// activate adds a layer that needs its output in the backward pass, so that the next layer must
// leave it alone.
func (net *Network) activate(l local, in, out *tensor) *tensor {
	net.addLocal(l, in, out)
	out.shared = true
	return out
}

func (l *inPlace) grow(int, int) {}

// delta returns the in delta, where the out delta is now, and the output; nil if no delta is
// needed.
func (l *inPlace) delta(i int) (δ, y []float32) {
	if !l.in.needed() {
		return nil, nil
	}
	δ = l.in.deltas(i)
	if l.in != l.out {
		copy(δ, l.out.deltas(i))
	}
	return δ, l.out.values(i)
}

// ReLU is y = max(0, x); its derivative at 0 is taken as 0.
type ReLU struct{}

type relu struct{ inPlace }

func (ReLU) build(net *Network, in *tensor) *tensor {
	l := &relu{net.inPlace(in)}
	return net.activate(l, l.in, l.out)
}

func (l *relu) forward(_ *thread, i int) { simd.AtLeast(l.out.values(i), 0, l.in.values(i)) }

func (l *relu) backward(_ *thread, i int) {
	δ, y := l.delta(i)
	simd.MaskPositive(δ, y)
}

// LeakyReLU is y = x where x > 0, else Slope x.
type LeakyReLU struct{ Slope float32 } // in (0, 1)

type leakyReLU struct {
	inPlace
	slope float32
}

func (a LeakyReLU) build(net *Network, in *tensor) *tensor {
	l := &leakyReLU{net.inPlace(in), a.Slope}
	return net.activate(l, l.in, l.out)
}

func (l *leakyReLU) forward(_ *thread, i int) {
	y := l.out.values(i)
	for j, x := range l.in.values(i) {
		if !(x > 0) {
			x *= l.slope
		}
		y[j] = x
	}
}

func (l *leakyReLU) backward(_ *thread, i int) {
	δ, y := l.delta(i)
	for j := range δ {
		if !(y[j] > 0) {
			δ[j] *= l.slope
		}
	}
}

// Sigmoid is y = 1/(1 + e⁻ˣ).
type Sigmoid struct{}

type sigmoid struct{ inPlace }

func (Sigmoid) build(net *Network, in *tensor) *tensor {
	l := &sigmoid{net.inPlace(in)}
	return net.activate(l, l.in, l.out)
}

func (l *sigmoid) forward(_ *thread, i int) { logistic(l.out.values(i), l.in.values(i)) }

// logistic writes 1/(1 + e⁻ˣ) = ½ + ½ tanh ½x to y; its error is absolute, a rounding of 1.
func logistic(y, x []float32) {
	simd.Scale(y, 0.5, x)
	simd.Tanh(y, y)
	simd.Scale(y, 0.5, y)
	simd.Shift(y, 0.5, y)
}

func (l *sigmoid) backward(_ *thread, i int) {
	δ, y := l.delta(i)
	for j := range δ {
		δ[j] *= y[j] * (1 - y[j])
	}
}

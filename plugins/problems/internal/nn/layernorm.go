package nn

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// LayerNorm shifts and scales the features of each position to mean 0 and variance 1, and then by
// parameters of its own: y = γ (x − mean)/√(variance + Epsilon) + β (Ba, Kiros & Hinton 2016, Eq.
// 4). Examples do not depend on each other.
type LayerNorm struct {
	Epsilon float64 // added to the variance; 0 means 1e-5
}

type layerNorm struct {
	net     *Network
	in, out *tensor
	ε       float64
	c       int
	scales
	moments *strip // −mean and 1/√(variance + ε) of each position
	scratch [][]float32
}

func (l LayerNorm) build(net *Network, in *tensor) *tensor {
	n := &layerNorm{net: net, in: in, ε: epsilon(l.Epsilon), c: in.shape.Channels}
	n.moments = net.keep(2 * in.shape.Positions())
	n.scales = net.scales(n.c)
	n.out = net.tensor(in.shape)
	net.addLocal(n, in, n.out)
	n.scales.use(net)
	return n.out
}

func epsilon(ε float64) float64 {
	if ε == 0 {
		return 1e-5
	}
	return ε
}

func (l *layerNorm) grow(_, threads int) {
	l.scratch = make([][]float32, threads)
	for i := range l.scratch {
		l.scratch[i] = make([]float32, 2*l.c)
	}
}

func (l *layerNorm) forward(t *thread, i int) {
	c := l.c
	γ, β := l.γ.at(l.net.x), l.β.at(l.net.x)
	x, y, z, moments := l.in.values(i), l.out.values(i), l.scratch[t.number][:c], l.moments.of(i)
	for p := range l.in.shape.Positions() {
		x, y := x[p*c:][:c], y[p*c:][:c]
		shift := -simd.Sum(x) / float32(c)
		simd.Shift(z, shift, x)
		inverse := float32(1 / math.Sqrt(simd.Dot(z, z)/float64(c)+l.ε))
		moments[2*p], moments[2*p+1] = shift, inverse
		simd.Scale(z, inverse, z)
		simd.Mul(y, z, γ)
		simd.Add(y, y, β)
	}
}

// backward: with d = γ δ and z the normalised input, (d − mean of d − z mean of d z)/√(variance +
// ε), means over features.
func (l *layerNorm) backward(t *thread, i int) {
	c := l.c
	γ, d, z := l.γ.at(l.net.x), l.scratch[t.number][:c], l.scratch[t.number][c:]
	sumδz, sumδ := l.example(i)
	clear(sumδz)
	clear(sumδ)
	x, moments := l.in.values(i), l.moments.of(i)
	var dst []float32
	if l.in.needed() {
		dst = l.in.deltas(i)
	}
	for p, δ := 0, l.out.deltas(i); len(δ) > 0; p, δ = p+1, δ[c:] {
		simd.Shift(z, moments[2*p], x[p*c:])
		simd.Scale(z, moments[2*p+1], z)
		simd.Add(sumδ, sumδ, δ)
		simd.Mul(d, δ, z)
		simd.Add(sumδz, sumδz, d)
		if dst == nil {
			continue
		}
		dst := dst[p*c:][:c]
		simd.Mul(d, δ, γ)
		mean, meanz := simd.Sum(d)/float32(c), float32(simd.Dot(d, z)/float64(c))
		simd.Axpy(d, -meanz, z)
		simd.Shift(d, -mean, d)
		simd.Scale(dst, moments[2*p+1], d)
	}
}

// scales are the γ and β of a normalization whose examples do not depend on each other, and their
// gradients.
type scales struct {
	γ, β             *block
	gatherγ, gatherβ gathered
	δz, δ            *strip // sums over positions of δ z and δ, by channel
}

func (net *Network) scales(channels int) scales {
	name := net.name("norm")
	var s scales
	s.γ = net.block(name+"/scale", protocol.Scale, block{init: Constant(1)}, channels)
	s.β = net.bias(name, nil, channels)
	s.gatherγ, s.gatherβ = net.gathered(s.γ), net.gathered(s.β)
	s.δz, s.δ = net.pass(channels), net.pass(channels)
	return s
}

// use says that the stage added last is the normalization's.
func (s *scales) use(net *Network) {
	s.δz.use(len(net.stages) - 1)
	s.δ.use(len(net.stages) - 1)
}

// example is where the i-th example's gradients by γ and β belong.
func (s *scales) example(i int) (δz, δ []float32) {
	return s.δz.of(i), s.δ.of(i)
}

func (s *scales) tasks() int { return 2 }

func (s *scales) gradient(_ *thread, task int) {
	if task == 0 {
		s.gatherγ.sum(s.δz)
		return
	}
	s.gatherβ.sum(s.δ)
}

package nn

import (
	"fmt"
	"math"

	"noisebench/plugins/internal/simd"
)

// GroupNorm shifts and scales each group of neighbouring channels to mean 0 and variance 1 over these channels and all
// positions of an example, and then each channel by parameters of its own: y = γ (x − mean)/√(variance + Epsilon) + β (Wu
// & He 2018, Eq. 1 to 7). Examples do not depend on each other.
type GroupNorm struct {
	Groups  int     // a divisor of the number of channels
	Epsilon float64 // added to the variance; 0 means 1e-5
}

type groupNorm struct {
	net     *Network
	in, out *tensor
	groups  int
	ε       float64
	c       int
	scales
	normal  []float32 // of the slice: (x − mean)/√(variance + ε)
	inverse []float32 // of the slice: 1/√(variance + ε), by channel
	scratch []groupScratch
}

// groupScratch is one thread's, by channel.
type groupScratch struct{ d, first, second []float32 }

func (l GroupNorm) build(net *Network, in *tensor) *tensor {
	g := &groupNorm{net: net, in: in, groups: l.Groups, ε: epsilon(l.Epsilon), c: in.shape.Channels}
	if l.Groups < 1 || g.c%l.Groups != 0 {
		panic(fmt.Sprintf("nn: a GroupNorm has %d groups for %d channels, want a divisor", l.Groups, g.c))
	}
	g.scales = net.scales(g.c)
	g.out = net.tensor(in.shape)
	net.addLocal(g)
	return g.out
}

func (g *groupNorm) grow(n, threads int) {
	g.scales.grow(n)
	g.normal = room(g.normal, n*g.in.shape.Size())
	g.inverse = room(g.inverse, n*g.c)
	g.scratch = make([]groupScratch, threads)
	for i := range g.scratch {
		g.scratch[i] = groupScratch{make([]float32, g.c), make([]float32, g.c), make([]float32, g.c)}
	}
}

// share replaces the sums over each channel by f of the mean over the channel's group.
func (g *groupNorm) share(sums []float32, f func(mean float64) float64) {
	size := g.c / g.groups
	for ; len(sums) > 0; sums = sums[size:] {
		sum := 0.0
		for _, v := range sums[:size] {
			sum += float64(v)
		}
		v := float32(f(sum / float64(size*g.in.shape.Positions())))
		for c := range size {
			sums[c] = v
		}
	}
}

func (g *groupNorm) forward(t *thread, i int) {
	c := g.c
	γ, β, scratch := g.γ.at(g.net.x), g.β.at(g.net.x), &g.scratch[t.number]
	mean, inverse, d := scratch.first, g.inverse[i*c:][:c], scratch.d
	size := g.in.shape.Size()
	x, z := g.in.values(i), g.normal[i*size:][:size]
	clear(mean)
	for p := 0; p < size; p += c {
		simd.Add(mean, mean, x[p:])
	}
	g.share(mean, func(mean float64) float64 { return mean })
	clear(inverse)
	for p := 0; p < size; p += c {
		simd.Sub(z[p:][:c], x[p:], mean)
		simd.Mul(d, z[p:], z[p:])
		simd.Add(inverse, inverse, d)
	}
	g.share(inverse, func(variance float64) float64 { return 1 / math.Sqrt(variance+g.ε) })
	y := g.out.values(i)
	for p := 0; p < size; p += c {
		simd.Mul(z[p:][:c], z[p:], inverse)
		simd.Mul(y[p:][:c], z[p:], γ)
		simd.Add(y[p:][:c], y[p:], β)
	}
}

// backward: with d = γ δ and z the normalised input, (d − mean of d − z mean of d z)/√(variance + ε), means over the group.
func (g *groupNorm) backward(t *thread, i int) {
	c := g.c
	γ, scratch := g.γ.at(g.net.x), &g.scratch[t.number]
	sumδz, sumδ := g.example(i)
	clear(sumδz)
	clear(sumδ)
	size, d := g.in.shape.Size(), scratch.d
	δ, z := g.out.deltas(i), g.normal[i*g.in.shape.Size():]
	for p := 0; p < size; p += c {
		simd.Add(sumδ, sumδ, δ[p:])
		simd.Mul(d, δ[p:], z[p:])
		simd.Add(sumδz, sumδz, d)
	}
	if !g.in.needed {
		return
	}
	mean, meanz := scratch.first, scratch.second
	simd.Mul(mean, γ, sumδ)
	simd.Mul(meanz, γ, sumδz)
	same := func(mean float64) float64 { return mean }
	g.share(mean, same)
	g.share(meanz, same)
	dst, inverse := g.in.deltas(i), g.inverse[i*c:][:c]
	for p := 0; p < size; p += c {
		simd.Mul(d, z[p:], meanz)
		simd.Add(d, d, mean)
		to := dst[p:][:c]
		simd.Mul(to, δ[p:], γ)
		simd.Sub(to, to, d)
		simd.Mul(to, to, inverse)
	}
}

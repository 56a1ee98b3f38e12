package nn

import (
	"fmt"
	"math"

	"noisebench/plugins/internal/simd"
)

// GroupNorm shifts and scales each group of neighbouring channels to mean 0 and variance 1 over
// these channels and all positions of an example, and then each channel by parameters of its own: y
// = γ (x − mean)/√(variance + Epsilon) + β (Wu & He 2018, Eq. 1 to 7). Examples do not depend on
// each other.
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
	mean    *strip // by channel
	inverse *strip // 1/√(variance + ε), by channel
	scratch []groupScratch
}

// groupScratch is one thread's, by channel.
type groupScratch struct{ meanδ, meanδz []float32 }

func (l GroupNorm) build(net *Network, in *tensor) *tensor {
	g := &groupNorm{net: net, in: in, groups: l.Groups, ε: epsilon(l.Epsilon), c: in.shape.Channels}
	if l.Groups < 1 || g.c%l.Groups != 0 {
		panic(fmt.Sprintf("nn: a GroupNorm has %d groups for %d channels, want a divisor", l.Groups, g.c))
	}
	g.scales = net.scales(g.c)
	g.out = net.tensor(in.shape)
	g.mean, g.inverse = net.keep(g.c), net.keep(g.c)
	net.addLocal(g, in, g.out)
	g.scales.use(net)
	return g.out
}

func (g *groupNorm) grow(_, threads int) {
	g.scratch = make([]groupScratch, threads)
	for i := range g.scratch {
		g.scratch[i] = groupScratch{make([]float32, g.c), make([]float32, g.c)}
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

func (g *groupNorm) forward(_ *thread, i int) {
	x, mean, inverse := g.in.values(i), g.mean.of(i), g.inverse.of(i)
	clear(mean)
	simd.NormAdd(mean, x)
	g.share(mean, func(mean float64) float64 { return mean })
	clear(inverse)
	simd.NormVariance(inverse, x, mean)
	g.share(inverse, func(variance float64) float64 { return 1 / math.Sqrt(variance+g.ε) })
	simd.Normalize(g.out.values(i), x, mean, inverse, g.γ.at(g.net.x), g.β.at(g.net.x))
}

// backward: with d = γ δ and z the normalised input, (d − mean of d − z mean of d z)/√(variance +
// ε), means over the group.
func (g *groupNorm) backward(t *thread, i int) {
	sumδz, sumδ := g.example(i)
	clear(sumδz)
	clear(sumδ)
	x, δ, mean, inverse := g.in.values(i), g.out.deltas(i), g.mean.of(i), g.inverse.of(i)
	simd.NormSums(sumδ, sumδz, δ, x, mean, inverse)
	if !g.in.needed() {
		return
	}
	γ, scratch := g.γ.at(g.net.x), &g.scratch[t.number]
	meanδ, meanδz := scratch.meanδ, scratch.meanδz
	simd.Mul(meanδ, γ, sumδ)
	simd.Mul(meanδz, γ, sumδz)
	same := func(mean float64) float64 { return mean }
	g.share(meanδ, same)
	g.share(meanδz, same)
	simd.GroupBack(g.in.deltas(i), δ, x, mean, inverse, γ, meanδ, meanδz)
}

package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// lossNode is the last layer of every network.
type lossNode struct {
	net     *Network
	in      *tensor
	size    int       // of an example's target
	target  []float32 // of the slice
	losses  []float64 // by example
	metrics []float64
	ranks   bool // points are ranked by the loss itself: there are no metrics
	// compute returns the loss and metric of one example and writes the loss' gradient times scale
	// to δ unless δ is nil.
	compute func(t *thread, y, target, δ []float32, scale float64) (loss, metric float64)
	// draw writes a target drawn from the distribution p(·|y) whose −log p the loss is, up to a
	// constant.
	draw func(y, target []float32, random *rand.Rand)
}

func (net *Network) addLoss(in *tensor, l lossNode) *tensor {
	l.net, l.in = net, in
	net.loss = &l
	net.addLocal(net.loss, in)
	if in.needed() {
		in.delta.use(len(net.stages)) // as if by a later stage: it is written on the way forward
	}
	return in
}

func (l *lossNode) grow(n, _ int) {
	l.target = room(l.target, n*l.size)
	l.losses = room(l.losses, n)
	l.metrics = room(l.metrics, n)
}

func (l *lossNode) targets(i int) []float32 { return l.target[i*l.size:][:l.size] }

// forward computes deltas as well, scaled so that what they give are shares in the mean: ĝᵢ =
// ∇fᵢ/m.
func (l *lossNode) forward(t *thread, i int) {
	var δ []float32
	if l.net.g != nil && l.in.needed() {
		δ = l.in.deltas(i)
	}
	y, target, scale := l.in.values(i), l.targets(i), 1/float64(l.net.m)
	if l.net.sampling { // the loss is that of the data, the gradient that of a drawn target
		l.losses[i], l.metrics[i] = l.compute(t, y, target, nil, scale)
		l.draw(y, target, protocol.Stream(l.net.batch.Seed, protocol.PurposeLabel, l.net.position(i)))
		l.compute(t, y, target, δ, scale)
	} else {
		l.losses[i], l.metrics[i] = l.compute(t, y, target, δ, scale)
	}
	for _, latent := range l.net.latents {
		l.losses[i] += latent.losses[i]
	}
}

func (l *lossNode) backward(*thread, int) {}

// SoftmaxCrossEntropy is the loss −log softmax(y)[class], the mean over positions where there are
// several. The target is each position's class number. The metric is accuracy, the share of
// positions where the greatest y, the first of equal ones, is that of the class and the loss is a
// number. A sampled gradient draws the class of each position.
type SoftmaxCrossEntropy struct{}

func (SoftmaxCrossEntropy) build(net *Network, in *tensor) *tensor {
	positions, classes := in.shape.Positions(), in.shape.Channels
	compute := func(t *thread, y, target, δ []float32, scale float64) (loss, right float64) {
		t.exps = room(t.exps, classes)
		for p := range positions {
			row := y[p*classes:][:classes]
			class := int(target[p])
			if class < 0 || class >= classes {
				panic(fmt.Sprintf("nn: target is class %v, want one of [0, %d)", target[p], classes))
			}
			best, greatest := 0, float32(math.Inf(-1))
			for c, v := range row {
				if v > greatest {
					best, greatest = c, v
				}
			}
			top := float64(greatest)
			if math.IsInf(top, -1) {
				top = 0 // all −Inf or NaN: the loss is NaN
			}
			simd.ShiftedExp(t.exps, row, -top)
			sum := 0.0
			for _, e := range t.exps {
				sum += e
			}
			one := math.Log(sum) - (float64(row[class]) - top)
			if best == class && !math.IsNaN(one) {
				right++
			}
			loss += one
			if δ == nil {
				continue
			}
			d := δ[p*classes:][:classes]
			share := scale / float64(positions)
			for c, e := range t.exps {
				d[c] = float32(share * e / sum)
			}
			d[class] = float32(share * (t.exps[class]/sum - 1))
		}
		return loss / float64(positions), right / float64(positions)
	}
	draw := func(y, target []float32, random *rand.Rand) {
		for p := range target {
			target[p] = float32(drawClass(y[p*classes:][:classes], random))
		}
	}
	return net.addLoss(in, lossNode{size: positions, compute: compute, draw: draw})
}

// drawClass draws from softmax(y).
func drawClass(y []float32, random *rand.Rand) int {
	top, sum := float64(slices.Max(y)), 0.0
	for _, v := range y {
		sum += math.Exp(float64(v) - top)
	}
	u := random.Float64() * sum
	for c, v := range y {
		if u -= math.Exp(float64(v) - top); u < 0 {
			return c
		}
	}
	return len(y) - 1 // by rounding, or where y has a NaN
}

// SquaredLoss is Factor ‖y − target‖². The metric is the network's loss.
type SquaredLoss struct{ Factor float64 } // 0 means ½

func (l SquaredLoss) build(net *Network, in *tensor) *tensor {
	factor := l.Factor
	if factor == 0 {
		factor = 0.5
	}
	compute := func(_ *thread, y, target, δ []float32, scale float64) (loss, _ float64) {
		for j, v := range y {
			d := float64(v) - float64(target[j])
			loss += factor * d * d
			if δ != nil {
				δ[j] = float32(scale * 2 * factor * d)
			}
		}
		return loss, 0
	}
	// Factor (y − t)² = −log p(t) + const of N(y, 1/(2 Factor))
	draw := func(y, target []float32, random *rand.Rand) {
		for j, v := range y {
			target[j] = float32(float64(v) + random.NormFloat64()/math.Sqrt(2*factor))
		}
	}
	return net.addLoss(in, lossNode{size: in.shape.Size(), compute: compute, draw: draw, ranks: true})
}

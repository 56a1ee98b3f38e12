package nn

import (
	"fmt"
	"math"
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
	// compute returns the loss and metric of one example and writes the loss' gradient times scale to δ unless δ is
	// nil.
	compute func(y, target, δ []float32, scale float64) (loss, metric float64)
}

func (net *Network) addLoss(in *tensor, size int,
	compute func(y, target, δ []float32, scale float64) (loss, metric float64),
) *tensor {
	net.loss = &lossNode{net: net, in: in, size: size, compute: compute}
	net.addLocal(net.loss)
	return in
}

func (l *lossNode) grow(n, _ int) {
	l.target = room(l.target, n*l.size)
	l.losses = room(l.losses, n)
	l.metrics = room(l.metrics, n)
}

func (l *lossNode) targets(i int) []float32 { return l.target[i*l.size:][:l.size] }

// forward computes deltas as well, scaled so that what they give are shares in the mean: ĝᵢ = ∇fᵢ/m.
func (l *lossNode) forward(_ *thread, i int) {
	var δ []float32
	if l.net.g != nil && l.in.needed {
		δ = l.in.deltas(i)
	}
	l.losses[i], l.metrics[i] = l.compute(l.in.values(i), l.targets(i), δ, 1/float64(l.net.m))
	for _, latent := range l.net.latents {
		l.losses[i] += latent.losses[i]
	}
}

func (l *lossNode) backward(*thread, int) {}

// SoftmaxCrossEntropy is the loss −log softmax(y)[class], the mean over positions where there are several. The target
// is each position's class number. The metric is accuracy, the share of positions where the greatest y, the first of
// equal ones, is that of the class and the loss is a number.
type SoftmaxCrossEntropy struct{}

func (SoftmaxCrossEntropy) build(net *Network, in *tensor) *tensor {
	positions, classes := in.shape.Positions(), in.shape.Channels
	return net.addLoss(in, positions, func(y, target, δ []float32, scale float64) (loss, right float64) {
		for p := range positions {
			row := y[p*classes:][:classes]
			class := int(target[p])
			if class < 0 || class >= classes {
				panic(fmt.Sprintf("nn: target is class %v, want one of [0, %d)", target[p], classes))
			}
			best, top := 0, math.Inf(-1)
			for c, v := range row {
				if float64(v) > top {
					best, top = c, float64(v)
				}
			}
			if math.IsInf(top, -1) {
				top = 0 // all −Inf or NaN: the loss is NaN
			}
			sum := 0.0
			for _, v := range row {
				sum += math.Exp(float64(v) - top)
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
			for c, v := range row {
				d[c] = float32(scale / float64(positions) * math.Exp(float64(v)-top) / sum)
			}
			d[class] = float32(scale / float64(positions) * (math.Exp(float64(row[class])-top)/sum - 1))
		}
		return loss / float64(positions), right / float64(positions)
	})
}

// SquaredLoss is Factor ‖y − target‖². The metric is the network's loss.
type SquaredLoss struct{ Factor float64 } // 0 means ½

func (l SquaredLoss) build(net *Network, in *tensor) *tensor {
	factor := l.Factor
	if factor == 0 {
		factor = 0.5
	}
	out := net.addLoss(in, in.shape.Size(), func(y, target, δ []float32, scale float64) (loss, _ float64) {
		for j, v := range y {
			d := float64(v) - float64(target[j])
			loss += factor * d * d
			if δ != nil {
				δ[j] = float32(scale * 2 * factor * d)
			}
		}
		return loss, 0
	})
	net.loss.ranks = true
	return out
}

package optimizers

import "noisebench/protocol"

// layerwise is the common part of LARS and LAMB: the blocks, whose steps are scaled by a ratio of
// norms.
type layerwise[T protocol.Float] struct {
	blocks []protocol.Block
	decay  weightDecay[T]
}

func newLayerwise[T protocol.Float](start protocol.Start) layerwise[T] {
	return layerwise[T]{blocks: blocksOf(start), decay: newWeightDecay[T](start)}
}

// adapts reports whether a block's step is scaled by the ratio. Blocks that do not decay because of
// their role are not.
func (o *layerwise[T]) adapts(b protocol.Block) bool {
	return o.decay.all || b.Role != protocol.Bias && b.Role != protocol.Scale
}

// ratio returns a/b, or 1 if either is 0.
func ratio(a, b float64) float64 {
	if a == 0 || b == 0 {
		return 1
	}
	return a / b
}

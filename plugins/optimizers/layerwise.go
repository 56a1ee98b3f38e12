package optimizers

import "noisebench/protocol"

// layerwise is what LARS and LAMB have in common: the blocks, each with a ratio of norms in its step.
type layerwise[T protocol.Float] struct {
	blocks []protocol.Block
	decay  weightDecay[T]
}

func newLayerwise[T protocol.Float](start protocol.Start) layerwise[T] {
	return layerwise[T]{blocks: blocksOf(start), decay: newWeightDecay[T](start)}
}

// adapts reports whether a block's step has a ratio other than 1. What does not decay by its role has none.
func (o *layerwise[T]) adapts(b protocol.Block) bool {
	return o.decay.all || b.Role != protocol.Bias && b.Role != protocol.Scale
}

// ratio is a/b, and 1 where either is 0.
func ratio(a, b float64) float64 {
	if a == 0 || b == 0 {
		return 1
	}
	return a / b
}

package optimizers

import "noisebench/protocol"

var blockNormalizedSGD = protocol.OptimizerDef{
	Name:    "block-normalized-sgd",
	Version: "1",
	Doc: `steepest descent in max ‖x_B‖₂: steps of equal length in every block B

	u ← Σ ‖g_B‖₂ over the blocks B of x, the layers of a network, say
	x ← x − α/(t+1)^q · u d / ((1−c) + c u)    d_B = g_B / ‖g_B‖₂, and 0 where g_B is`,
	Source: "Balles 2021, Eq. C.7; Balles, Pedregosa & Le Roux, 2020; Yu et al., Block-normalized " +
		"gradient method, 2017 (c = 1). Blocks are those that the problem names; where it names none x " +
		"is one block, and c = 0 is sgd. Normalised and softly normalised forms are Eqs. C.19, C.21 " +
		"and C.26, see normalized-sgd.",
	Hyperparameters: steepestParameters(0.01, 0, ""),
	Needs:           protocol.Gradient,
	Saves:           true,
	New32:           newBlockNormalizedSGD[float32],
	New64:           newBlockNormalizedSGD[float64],
}

// blockMax is the norm max ‖x_B‖₂ over blocks B. Its dual is Σ ‖g_B‖₂, its direction g_B/‖g_B‖₂ in
// every block.
type blockMax[T protocol.Float] struct {
	blocks []protocol.Block
	each   []float64 // ‖g_B‖₂
	u      float64   // their sum
}

func newBlockNormalizedSGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	blocks := start.Blocks
	if len(blocks) == 0 {
		blocks = []protocol.Block{{Len: start.Dim}}
	}
	return newSteepest(start, &blockMax[T]{blocks: blocks, each: make([]float64, len(blocks))}, "")
}

func (n *blockMax[T]) dual(g []T) float64 {
	n.u = 0
	for k, b := range n.blocks {
		n.each[k] = euclidean(g[b.Offset : b.Offset+b.Len])
		n.u += n.each[k]
	}
	return n.u
}

func (n *blockMax[T]) move(x []T, α, r float64, g []T) {
	for k, b := range n.blocks {
		if n.each[k] != 0 {
			add(x[b.Offset:b.Offset+b.Len], -α*(n.u/n.each[k])/r, g[b.Offset:b.Offset+b.Len])
		}
	}
}

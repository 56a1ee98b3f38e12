package optimizers

import "noisebench/protocol"

var idealSVAG = protocol.OptimizerDef{
	Name:    "ideal-svag",
	Version: "1",
	Doc: `SGD with the ideal variance adaptation, an oracle

	γ ← ∇f² / (∇f² + σ²/m)
	x ← x − α γ g`,
	Source: "Balles 2021, Thm. 5.1, where α = 1/L and f falls like 1/t. ∇f and the variance σ² of " +
		"one example's gradient are those of the whole distribution, which no optimizer can know: an " +
		"upper bound for svag. 0/0 is 0.",
	Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
	Needs:           protocol.Gradient | protocol.Oracle,
	Saves:           true,
	Reports:         []string{"mean_gamma"},
	New32:           newIdealSVAG[float32],
	New64:           newIdealSVAG[float64],
}

type idealSVAGState[T protocol.Float] struct {
	α float64
	meanGamma
}

func (o *idealSVAGState[T]) State() []any { return []any{&o.meanGamma} }

func newIdealSVAG[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &idealSVAGState[T]{α: start.Setting[protocol.StepSize]}, protocol.Request{}, nil
}

func (o *idealSVAGState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, m, sum := o.α*batch.StepScale, float64(batch.BatchSize), 0.0
	for j, g := range batch.Gradient {
		signal := float64(batch.TrueGradient[j]) * float64(batch.TrueGradient[j])
		γ := 0.0
		if all := signal + float64(batch.TrueVariance[j])/m; all != 0 {
			γ = signal / all
		}
		sum += γ
		x[j] -= T(α * γ * float64(g))
	}
	o.meanGamma = meanGamma(sum / float64(len(x)))
	return protocol.Request{}, nil
}

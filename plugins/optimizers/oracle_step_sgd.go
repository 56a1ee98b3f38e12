package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var oracleStepSGD = protocol.OptimizerDef{
	Name:    "oracle-step-sgd",
	Version: "1",
	Doc: `SGD with the ideal step size for its batch size, an oracle

	γ ← 1 / (1 + η²/m),  η² = Σ σ² / ‖∇f‖²
	x ← x − α γ g`,
	Source: "Balles 2021, Eq. 4.11, where α = 1/L: γ makes the guaranteed decrease of f greatest. " +
		"∇f and the variance σ² of one example's gradient are those of the whole distribution, which " +
		"no optimizer can know. At ∇f = 0, γ is 0.",
	Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
	Needs:           protocol.Gradient | protocol.Oracle,
	Saves:           true,
	Reports:         []string{"gamma"},
	New32:           newOracleStepSGD[float32],
	New64:           newOracleStepSGD[float64],
}

type oracleStepState[T protocol.Float] struct{ α, γ float64 }

func (o *oracleStepState[T]) State() []any { return []any{&o.γ} }

func newOracleStepSGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &oracleStepState[T]{α: start.Setting[protocol.StepSize]}, protocol.Request{}, nil
}

func (o *oracleStepState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	signal, noise := signalAndNoise(batch)
	o.γ = 0
	if all := signal + noise/float64(batch.BatchSize); all != 0 {
		o.γ = signal / all
	}
	simd.Axpy(x, T(-o.α*batch.StepScale*o.γ), batch.Gradient)
	return protocol.Request{}, nil
}

func (o *oracleStepState[T]) Report(values []float64) { values[0] = o.γ }

// signalAndNoise returns ‖∇f‖² and Σ σ² of an oracle.
func signalAndNoise[T protocol.Float](m *protocol.Measurement[T]) (signal, noise float64) {
	for _, σ2 := range m.TrueVariance {
		noise += float64(σ2)
	}
	return squares(m.TrueGradient), noise
}

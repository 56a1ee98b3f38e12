package optimizers

import "noisebench/protocol"

var muonH = protocol.OptimizerDef{
	Name:    "muonh",
	Version: "1",
	Doc: `Muon that keeps the norm of hidden matrices (hyperball), AdamW for the rest

	O ← orthogonalized momentum as in Muon
	y ← x − α ‖x‖ O/‖O‖                   in each hidden matrix, with Frobenius norms
	x ← x − (x − ‖x‖/‖y‖ y)

A matrix of zeros stays so. Where x has no hidden matrix, AdamW is all there is, and step_size is its step size.`,
	Source: "MuonH in KellerJordan/modded-nanogpt, records/track_3_optimization, 2026: " +
		"scale_invariant_update_, with its α. It orthogonalizes by twelve steps of (2, −1.5, 0.5) " +
		"there, and by the five of Muon here. Hidden matrices do not decay; of the rest weights alone " +
		"do, by role.",
	Hyperparameters: muonParameters(0.018,
		weightDecayParameters(0, "weight decay λ of AdamW, multiplied by its step size")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newMuonH[float32],
	New64: newMuonH[float64],
}

type muonHState[T protocol.Float] struct{ *muonState[T] }

func newMuonH[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &muonHState[T]{newMuonState[T](start)}, protocol.Request{}, nil
}

func (o *muonHState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	o.each(x, batch.Gradient, func(w, u []T, _ *matrix) { hyperball(w, o.α*batch.StepScale, u) })
	o.adam.step(x, o.αAdam*batch.StepScale, batch.Gradient)
	return protocol.Request{}, nil
}

package optimizers

import (
	"iter"
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// stepSizeAndDecay declares the hyperparameters of optimizers with one decay rate: α, with the
// starting point of its search, and β.
func stepSizeAndDecay(start float64) []protocol.Hyperparameter {
	return []protocol.Hyperparameter{
		protocol.StepSizeParameter(start),
		protocol.Fraction("beta", "decay rate β of the averages", 0.9),
	}
}

// decay returns β̂ = β (1−β^t) / (1−β^(t+1)), the weight of the past at step t in an average with
// decay rate β and bias correction:
//
//	m ← g + β̂ (m − g)    is    m̃ ← β m̃ + (1−β) g,  m = m̃ / (1−β^(t+1))
//
// Adafactor states bias correction in this form (Shazeer & Stern 2018, Sec. 7.1). β̂ is exactly 0
// at t = 0 and for β = 0, so that m is exactly g, and with a constant gradient m stays exactly g.
func decay(β float64, t int) float64 {
	if t == 0 {
		return 0
	}
	return β * math.Expm1(float64(t)*math.Log(β)) / math.Expm1(float64(t+1)*math.Log(β))
}

// rho returns ρ(β,t) = (1−β)(1+β^(t+1)) / ((1+β)(1−β^(t+1))), the variance of the average m in
// units of the variance of one gradient (Eq. 5.15). It is exactly 1 at t = 0 and for β = 0, where m
// is one gradient.
func rho(β float64, t int) float64 {
	if t == 0 {
		return 1
	}
	n := float64(t+1) * math.Log(β)
	return (1 - β) * (1 + math.Exp(n)) / ((1 + β) * -math.Expm1(n))
}

// unbias returns 1/(1−ρ), which makes (v−m²)/(1−ρ) an unbiased estimate of the variance s of one
// gradient (Eq. 5.16). For ρ = 1 it returns 0: one gradient gives no estimate of its variance, and
// s = 0 does not change the step.
func unbias(ρ float64) float64 {
	if ρ == 1 {
		return 0
	}
	return 1 / (1 - ρ)
}

// blocks visits n elements in blocks, from i to j, of at most [simd.Block]. If an update completes
// all operations on one block before the next, its vectors stay in the first-level cache.
func blocks(n int) iter.Seq2[int, int] {
	return func(yield func(i, j int) bool) {
		for i := 0; i < n; i += simd.Block {
			if !yield(i, min(i+simd.Block, n)) {
				return
			}
		}
	}
}

// meanGamma reports the mean of a step's adaptation factors γ over the coordinates.
type meanGamma float64

func (γ *meanGamma) Report(values []float64) { values[0] = float64(*γ) }

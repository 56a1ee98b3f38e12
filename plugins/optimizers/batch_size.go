package optimizers

import (
	"fmt"
	"math"

	"noisebench/protocol"
)

// batchRule chooses batch sizes by two averages: of ‖s‖₁ and of a second scalar with which the
// noise is compared.
type batchRule struct {
	μ           float64 // decay rate of the averages
	least, most int     // bounds of the batch size
	m           int     // batch size of the next batch
	t           int
	σ2, y       float64 // averages of ‖s‖₁ and of the second scalar, bias-corrected
	rule        float64 // batch size before rounding and clipping
	invalid     bool    // the rule was undefined in the last step, which kept m
}

// State is also that of cabs and competitor, which have no further state.
func (b *batchRule) State() []any { return []any{&b.m, &b.t, &b.σ2, &b.y, &b.rule, &b.invalid} }

// batchRuleParameters declares the hyperparameters of a batchRule. The values are from the authors'
// code for Balles, Romero & Hennig 2017, since the paper states none.
func batchRuleParameters() []protocol.Hyperparameter {
	return []protocol.Hyperparameter{
		protocol.Fraction("mu", "decay rate μ of the averages", 0.95),
		protocol.Count("min_batch_size", "least batch size m_min, and the first", 16, 2),
		protocol.Count("max_batch_size", "greatest batch size m_max", 2048, 2),
	}
}

func newBatchRule(setting protocol.Setting) (batchRule, error) {
	least, most := int(setting["min_batch_size"]), int(setting["max_batch_size"])
	if most < least {
		return batchRule{}, fmt.Errorf("max_batch_size is %d, want at least min_batch_size (%d)", most,
			least)
	}
	return batchRule{μ: setting["mu"], least: least, most: most, m: least}, nil
}

// average updates the averages by the measurements of one step and returns them.
func (b *batchRule) average(varianceNorm, y float64) (σ2, yAverage float64) {
	μ := decay(b.μ, b.t)
	b.t++
	b.σ2 = varianceNorm + μ*(b.σ2-varianceNorm)
	b.y = y + μ*(b.y-y)
	return b.σ2, b.y
}

// follow requests the rule's batch size, rounded half to even and clipped. If the rule is not valid
// or an average not finite, it keeps the batch size.
func (b *batchRule) follow(rule float64, valid bool) protocol.Request {
	b.rule = rule
	b.invalid = !valid || !protocol.Finite(b.σ2) || !protocol.Finite(b.y)
	if !b.invalid {
		b.m = int(min(max(math.RoundToEven(rule), float64(b.least)), float64(b.most)))
	}
	return protocol.Request{BatchSize: b.m}
}

// Report reports the rule's value, the averages, and whether the rule was invalid.
func (b *batchRule) Report(values []float64) {
	values[0], values[1], values[2], values[3] = b.rule, b.σ2, b.y, 0
	if b.invalid {
		values[3] = 1
	}
}

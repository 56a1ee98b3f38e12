package results

import (
	"math"
	"testing"

	"noisebench/protocol"
)

func TestEquivalence(t *testing.T) {
	spec := func(metric string, constants map[string]float64) *protocol.ProblemSpec {
		return &protocol.ProblemSpec{
			Train: 900, Validation: 400, Test: 10000,
			Metric: protocol.Metric{Name: metric, HigherBetter: metric == Accuracy}, Constants: constants,
		}
	}
	for _, test := range []struct {
		name          string
		spec          *protocol.ProblemSpec
		part          protocol.Part
		start, leader float64
		want          float64
	}{
		{"accuracy on test data", spec(Accuracy, nil), protocol.TestPart, 0.1, 0.9, 0.003},             // √(.09/10⁴)
		{"accuracy on validation data", spec(Accuracy, nil), protocol.ValidationPart, 0.1, 0.9, 0.015}, // √(.09/400)
		{"accuracy 1", spec(Accuracy, nil), protocol.TestPart, 0.1, 1, 0},                              //
		{"loss", spec("loss", nil), protocol.TestPart, 10, 2, 0.08},                                    // .01·8
		{"loss of known optimum", spec("loss", map[string]float64{"optimum": 80}), protocol.TestPart, 180, // 1·(100^.01 − 1)
			81, 0.047128548050899534},
		{"loss below a known optimum", spec("loss", map[string]float64{"optimum": 80}), protocol.TestPart, 180, 79, 1.01},
		{"suboptimality", spec(Suboptimality, nil), protocol.TrainPart, 1, 1e-4, 1e-4 * (math.Pow(10, 0.04) - 1)},
		{"suboptimality 0", spec(Suboptimality, nil), protocol.TrainPart, 1, 0, 0.01},
		{"diverged leader", spec("loss", nil), protocol.TestPart, 10, math.Inf(1), 0},
	} {
		if got := Equivalence(test.spec, test.part, test.start, test.leader); math.Abs(got-test.want) > 1e-12*math.Abs(test.want) {
			t.Errorf("%s: δ = %v, want %v", test.name, got, test.want)
		}
	}
}

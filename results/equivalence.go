package results

import (
	"math"

	"noisebench/protocol"
)

// Names of metrics that say how differences in them are to be judged.
const (
	Accuracy      = protocol.Accuracy // a share of correct answers in [0, 1]
	Suboptimality = "suboptimality"   // f(x) − f*, positive, over many orders of magnitude
)

// Equivalence returns the difference δ ≥ 0 from a leading value of the metric on a part below which
// two values are the same for practical purposes, given the value at the starting point:
//
//   - accuracy: the standard error √(p(1−p)/N) that a leader's accuracy p has from the N examples
//     of the part;
//   - suboptimality, and a loss whose optimum is known: 1 % of the way from the start to the
//     leader, on a logarithmic scale of the distance to the optimum;
//   - any other: 1 % of the way from the start to the leader.
func Equivalence(spec *protocol.ProblemSpec, part protocol.Part, start, leader float64) float64 {
	const share = 0.01
	var δ float64
	optimum, known := spec.Constants["optimum"]
	if spec.Metric.Name == Suboptimality {
		optimum, known = 0, true
	}
	switch {
	case spec.Metric.Name == Accuracy:
		n := map[protocol.Part]int{
			protocol.TrainPart: spec.Train, protocol.ValidationPart: spec.Validation,
			protocol.TestPart: spec.Test,
		}[PartFor(spec, part)]
		δ = math.Sqrt(leader * (1 - leader) / float64(n))
	case known && start > optimum && leader > optimum:
		δ = (leader - optimum) * math.Abs(math.Pow((start-optimum)/(leader-optimum), share)-1)
	default:
		δ = share * math.Abs(start-leader)
	}
	if !protocol.Finite(δ) {
		return 0
	}
	return δ
}

// Rounding returns the relative difference of two values of a problem with this element type up to
// which another order of rounding alone may explain it, where nothing has amplified it.
func Rounding(t protocol.DType) float64 {
	if t == protocol.Float32 {
		return 1e-5
	}
	return 1e-9
}

// Near reports whether two points have the same parts, with losses that differ by rounding alone.
func (p *Point) Near(q *Point, t protocol.DType) bool {
	for _, part := range []protocol.Part{
		protocol.TrainPart, protocol.ValidationPart, protocol.TestPart,
	} {
		v, have := p.At(part)
		w, other := q.At(part)
		a, b := float64(v.Loss), float64(w.Loss)
		same := a == b || math.IsNaN(a) && math.IsNaN(b)
		if have != other || !same && !(math.Abs(a-b) <= Rounding(t)*max(math.Abs(a), math.Abs(b))) {
			return false
		}
	}
	return true
}

package results

import (
	"math"
	"slices"

	"noisebench/protocol"
)

// At returns p's value on a part, and whether p was evaluated on it.
func (p *Point) At(part protocol.Part) (Value, bool) {
	var v *Value
	switch part {
	case protocol.TrainPart:
		return p.Train, true
	case protocol.ValidationPart:
		v = p.Validation
	case protocol.TestPart:
		v = p.Test
	}
	if v == nil {
		return Value{}, false
	}
	return *v, true
}

// PartFor returns part if the problem has it, else the train part, which is then the objective
// (R6).
func PartFor(spec *protocol.ProblemSpec, part protocol.Part) protocol.Part {
	if part == protocol.ValidationPart && spec.Validation > 0 ||
		part == protocol.TestPart && spec.Test > 0 {
		return part
	}
	return protocol.TrainPart
}

// Better reports whether metric a is better than b. NaN is worse than every number.
func Better(m protocol.Metric, a, b float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return !math.IsNaN(a)
	}
	if m.HigherBetter {
		return a > b
	}
	return a < b
}

// Pick returns the point of r that is reported under a report rule and a part for selection: for
// [protocol.Best] the point with the best metric on that part, the earliest of equals; for
// [protocol.Final], or if the problem lacks that part, the last point. It returns nil if r has no
// points.
func (r *Record) Pick(rule protocol.ReportRule, selection protocol.Part) *Point {
	if len(r.Points) == 0 {
		return nil
	}
	best := &r.Points[len(r.Points)-1]
	selection = PartFor(&r.Spec, selection)
	if rule == protocol.Final || selection == protocol.TrainPart {
		return best
	}
	best = &r.Points[0]
	for i := range r.Points {
		if Better(r.Spec.Metric, r.Points[i].metric(selection), best.metric(selection)) {
			best = &r.Points[i]
		}
	}
	return best
}

// Score returns the metric of r on a part for use in statistics: its value at the point that
// [Record.Pick] returns or, if r diverged, the worse of its first and its last finite value on the
// part (R7). A part that the problem lacks is replaced by the train part. The score of a failed run
// is NaN.
//
// Tuning compares Score(rule, selection, selection); tables report Score(rule, selection,
// protocol.TestPart).
func (r *Record) Score(rule protocol.ReportRule, selection, part protocol.Part) float64 {
	if r.End.Status == Failed || len(r.Points) == 0 {
		return math.NaN()
	}
	part = PartFor(&r.Spec, part)
	if score := r.Pick(rule, selection).metric(part); !r.Diverged() {
		return score
	}
	score := r.Points[0].metric(part)
	for i := len(r.Points) - 1; i > 0; i-- {
		if last := r.Points[i].metric(part); protocol.Finite(last) {
			if Better(r.Spec.Metric, score, last) {
				score = last
			}
			break
		}
	}
	return score
}

// metric returns p's metric on a part, or NaN if p was not evaluated on it.
func (p *Point) metric(part protocol.Part) float64 {
	v, ok := p.At(part)
	if !ok {
		return math.NaN()
	}
	return float64(v.Metric)
}

// Diverged reports whether r diverged (R7): its status says so, or a loss or metric of its points
// is not finite, as in records of other tools and of harnesses that did not check the metric.
func (r *Record) Diverged() bool {
	return r.End.Status == Diverged || r.End.Status == OK && !r.finite()
}

func (r *Record) finite() bool {
	for i := range r.Points {
		if !r.Points[i].Finite() {
			return false
		}
	}
	return true
}

// Finite reports whether p's losses and metrics are all finite.
func (p *Point) Finite() bool {
	return p.Train.finite() && (p.Validation == nil || p.Validation.finite()) &&
		(p.Test == nil || p.Test.finite())
}

// finite uses that v − v is 0 for finite v and NaN for others.
func (v *Value) finite() bool { return v.Loss-v.Loss == 0 && v.Metric-v.Metric == 0 }

// Unstable reports whether r shows its step size to be too large: it diverged, or its final loss on
// the train part is not below the initial one, although it has changed. Steps that change nothing
// are not too large, see [Record.Still].
func (r *Record) Unstable() bool {
	if len(r.Points) == 0 || r.Diverged() {
		return true
	}
	first, last := r.Points[0].Train.Loss, r.Points[len(r.Points)-1].Train.Loss
	return !(last < first) && !r.Still()
}

// Still reports whether r's steps were too small to change anything: at all its points the loss on
// the train part equals the initial one up to rounding.
func (r *Record) Still() bool {
	if len(r.Points) < 2 || r.Diverged() {
		return false
	}
	rounding := 1e-12 // of a mean over up to 10⁶ examples; see stats.Rounding
	if r.Spec.DType == protocol.Float32 {
		rounding = 1e-6 // 16 times the unit roundoff 2⁻²⁴ of the summands
	}
	first := float64(r.Points[0].Train.Loss)
	return !slices.ContainsFunc(r.Points, func(p Point) bool {
		return !(math.Abs(float64(p.Train.Loss)-first) <= rounding*math.Abs(first))
	})
}

// FullBatches reports whether every batch of r has all training examples, each as often as the
// others. Such runs depend on the seed only by their starting points.
func (r *Record) FullBatches() bool {
	n := r.Spec.Train
	return n > 0 && r.End.MinBatch > 0 && r.End.MinBatch%n == 0 && r.End.MaxBatch%n == 0
}

package check

import (
	"fmt"

	"noisebench/results"
)

// contradictions lists where a finished record breaks the rules that every run obeys.
func contradictions(r *results.Record, chooses bool) (texts []string) {
	bad := func(format string, args ...any) { texts = append(texts, fmt.Sprintf(format, args...)) }
	run, end := &r.Run, &r.End
	if end.Seen+end.Unused != run.Budget || end.Seen < 0 || end.Unused < 0 {
		bad("%d examples charged and %d unused, want %d together", end.Seen, end.Unused, run.Budget)
	}
	steps := int64(end.Steps)
	if end.Seen < steps*int64(end.MinBatch) || end.Seen > steps*int64(end.MaxBatch) {
		bad("%d steps of %d to %d examples cannot make %d", end.Steps, end.MinBatch, end.MaxBatch,
			end.Seen)
	}
	if !chooses && end.MaxBatch > run.BatchSize && end.MaxBatch != r.Spec.Train {
		bad("a batch has %d examples, want at most %d", end.MaxBatch, run.BatchSize)
	}
	if max(end.Gradients, end.Variances, end.Curvatures) > end.Seen {
		bad("%d gradients, %d variances and %d curvatures from %d examples", end.Gradients, end.Variances,
			end.Curvatures, end.Seen)
	}
	if (end.Status == results.OK) != (end.Reason == "") {
		bad("status %s with reason %q", end.Status, end.Reason)
	}
	mark := func(k int) int64 { return run.Budget * int64(k) / int64(run.Evaluations) }
	k := -1 // of the last point
	for i, p := range r.Points {
		last := i == len(r.Points)-1
		before := k
		for k++; k < run.Evaluations && mark(k) < p.Mark; k++ {
		}
		var previous results.Point
		if i > 0 {
			previous = r.Points[i-1]
		}
		switch {
		case mark(k) != p.Mark || i == 0 && p.Mark != 0 || k <= before:
			bad("point %d is at mark %d, which is none of the %d marks in order", i, p.Mark, run.Evaluations)
			return texts
		case p.Seen > run.Budget, p.Step > end.Steps, p.Seen < previous.Seen, p.Step < previous.Step,
			i == 0 && (p.Seen != 0 || p.Step != 0):
			bad("point %d is at step %d and %d examples, after step %d and %d of %d", i, p.Step, p.Seen,
				previous.Step, previous.Seen, run.Budget)
		case p.Mark > p.Seen && (!last || end.Status != results.OK),
			k < run.Evaluations && mark(k+1) <= p.Seen:
			bad("point %d of mark %d was taken at %d examples", i, p.Mark, p.Seen)
		case (p.Validation != nil) != (r.Spec.Validation > 0), (p.Test != nil) != (r.Spec.Test > 0):
			bad("point %d has not the parts that the problem has", i)
		case last && end.Status == results.OK &&
			(p.Mark != run.Budget || p.Seen != end.Seen || p.Step != end.Steps):
			bad("the last point is at step %d and %d examples, the run ended at step %d and %d", p.Step,
				p.Seen, end.Steps, end.Seen)
		}
	}
	return texts
}

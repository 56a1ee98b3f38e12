package measures

import (
	"math"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/stats"
)

// Axis is what curves are drawn over.
type Axis string

const (
	Examples Axis = "examples" // seen, by which all optimizers have the same budget
	Steps    Axis = "steps"
	Time     Axis = "time" // computing time in seconds, of the problem and of the optimizer
)

// Axes are all axes.
var Axes = []Axis{Examples, Steps, Time}

// Positions returns where on an axis the points of the curves of a problem lie, by optimizer, as
// many for each as [Curves] has points.
//
// Over examples these are the marks. Over steps and time they are medians over the runs of what
// had been made or used by the last evaluation up to the mark, without those that diverged unless
// all did. Records have the computing time of whole runs; a part of a run counts as much of it as
// of the examples. Times are NaN where they are unknown. They depend on the machine, and on what
// else ran on it.
func Positions(plan *protocol.Plan, cells []results.Cell, problem string, axis Axis,
) map[string][]float64 {
	all := map[string][]float64{}
	for _, c := range cellsOf(plan, cells, problem) {
		if len(c.Runs) == 0 {
			continue
		}
		var runs []*results.Record
		for _, r := range c.Runs {
			if !r.Diverged() {
				runs = append(runs, r)
			}
		}
		if len(runs) == 0 {
			runs = c.Runs
		}
		budget, marks := c.Runs[0].Run.Budget, int64(max(1, c.Runs[0].Run.Evaluations))
		positions := make([]float64, 0, marks+1)
		for k := range marks + 1 {
			mark := budget * k / marks
			if axis == Examples {
				positions = append(positions, float64(mark))
				continue
			}
			var values []float64
			for _, r := range runs {
				values = append(values, positionAt(r, axis, mark))
			}
			positions = append(positions, stats.Median(values))
		}
		all[c.Optimizer] = positions
	}
	return all
}

// positionAt is the number of steps, or the computing time in seconds, of a run at its last
// evaluation up to a mark.
func positionAt(r *results.Record, axis Axis, mark int64) float64 {
	i := 0
	for i+1 < len(r.Points) && r.Points[i+1].Mark <= mark {
		i++
	}
	if axis == Steps {
		return float64(r.Points[i].Step)
	}
	total := computing(r)
	if total <= 0 || r.End.Seen <= 0 {
		return math.NaN()
	}
	return total * float64(r.Points[i].Seen) / float64(r.End.Seen)
}

// computing is the time in seconds of the problem and of the optimizer in a run, without the way to
// other processes where that is known.
func computing(r *results.Record) float64 {
	return r.Host.ProblemTime + r.Host.OptimizerTime - r.Host.TransportTime
}

package report

import (
	"maps"
	"math"
	"slices"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/stats"
)

// Race is how many examples the optimizers of a plan need on one problem to reach a target.
type Race struct {
	Problem string
	Start   float64 // mean metric at the start
	Best    float64 // the best mean metric at the last mark
	Target  float64
	Entries []RaceEntry // optimizers with replicates, by name
}

// RaceEntry is one optimizer in a race.
type RaceEntry struct {
	Optimizer string
	Examples  float64 // median over seeds of the examples seen when the target was first met; +Inf if that never happened
}

// raceShare is how much of the way from the start to the best entry the target demands.
const raceShare = 0.95

// Races returns a race for each problem of the plan on which at least two optimizers have replicates.
//
// The target is 95 % of the way from the mean metric at the start to the best mean at the last mark, on the part on which
// the plan reports: on a logarithmic scale of the distance to the optimum where that is known, else on a linear one. It is
// the convergence test of Moré and Wild 2009 (Eq. 2.2, τ = 0.05), so it depends on who takes part.
func Races(plan *protocol.Plan, cells []results.Cell) []Race {
	var races []Race
	for _, e := range plan.Problems {
		mine := slices.DeleteFunc(cellsOf(plan, cells, e.Name), func(c results.Cell) bool { return len(c.Runs) == 0 })
		if len(mine) < 2 {
			continue
		}
		spec := &mine[0].Runs[0].Spec
		q := Quantity{results.PartFor(spec, protocol.TestPart), true}
		race := Race{Problem: e.Name, Best: math.NaN()}
		var starts []float64
		for _, c := range mine {
			var ends []float64
			for _, r := range c.Runs {
				starts = append(starts, valueAt(r, q, 0))
				ends = append(ends, valueAt(r, q, r.Run.Budget))
			}
			if end := stats.Mean(ends); results.Better(spec.Metric, end, race.Best) {
				race.Best = end
			}
		}
		race.Start = stats.Mean(starts)
		if !results.Better(spec.Metric, race.Best, race.Start) {
			continue // nobody got anywhere
		}
		race.Target = raceTarget(spec, race.Start, race.Best)
		for _, c := range mine {
			var examples []float64
			for _, r := range c.Runs {
				examples = append(examples, timeTo(r, q, race.Target))
			}
			race.Entries = append(race.Entries, RaceEntry{c.Optimizer, stats.Median(examples)})
		}
		races = append(races, race)
	}
	return races
}

func raceTarget(spec *protocol.ProblemSpec, start, best float64) float64 {
	optimum, known := Optimum(spec)
	if known && start > optimum && best > optimum {
		return optimum + math.Pow(start-optimum, 1-raceShare)*math.Pow(best-optimum, raceShare)
	}
	return start + raceShare*(best-start)
}

// Optimum returns the least value that a problem's metric can have, and whether it is known.
func Optimum(spec *protocol.ProblemSpec) (optimum float64, known bool) {
	if spec.Metric.Name == results.Suboptimality {
		return 0, true
	}
	optimum, known = spec.Constants["optimum"]
	return optimum, known && spec.Metric.Name == "loss"
}

// timeTo is the number of examples seen at the first evaluation of a run that meets a target; +Inf if none does.
func timeTo(r *results.Record, q Quantity, target float64) float64 {
	for i := range r.Points {
		if v := r.Points[i]; !results.Better(r.Spec.Metric, target, valueAt(r, q, v.Mark)) {
			return float64(v.Seen)
		}
	}
	return math.Inf(1)
}

// Profile is the performance profile of one optimizer (Dolan and Moré 2002): for every τ ≥ 1 the share of problems on
// which it needed at most τ times the examples of the fastest.
type Profile struct {
	Optimizer string
	Problems  int       // races with at least one finisher, whether this optimizer took part or not
	Ratios    []float64 // examples over those of the fastest, ascending; one for each race that it finished
}

// Share is the profile at τ.
func (p *Profile) Share(τ float64) float64 {
	n := 0
	for _, r := range p.Ratios {
		if r <= τ {
			n++
		}
	}
	return float64(n) / float64(p.Problems)
}

// Profiles returns the profiles of the optimizers that take part in races, by name.
func Profiles(races []Race) []Profile {
	ratios := map[string][]float64{}
	problems := 0
	for _, race := range races {
		fastest := math.Inf(1)
		for _, e := range race.Entries {
			fastest = min(fastest, e.Examples)
		}
		if math.IsInf(fastest, 1) {
			continue
		}
		problems++
		for _, e := range race.Entries {
			own := ratios[e.Optimizer]
			if !math.IsInf(e.Examples, 1) {
				own = append(own, e.Examples/fastest)
			}
			ratios[e.Optimizer] = own
		}
	}
	var profiles []Profile
	for _, name := range slices.Sorted(maps.Keys(ratios)) {
		profiles = append(profiles, Profile{name, problems, slices.Sorted(slices.Values(ratios[name]))})
	}
	return profiles
}

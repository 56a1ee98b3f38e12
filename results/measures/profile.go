package measures

import (
	"maps"
	"math"
	"slices"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
)

// Race is how many examples the entries of a plan need on one problem to reach its target,
// Problem.Target.
type Race struct {
	Problem string
	Entries []RaceEntry // rows with replicates, by name
}

// RaceEntry is one optimizer in a race.
type RaceEntry struct {
	Optimizer string
	Examples  float64 // Row.ToTarget.Median: +Inf if at most half of the runs met the target
}

// Races returns a race for each problem of a report that has a target and at least two rows with
// replicates.
func Races(r *Report) []Race {
	var races []Race
	for _, p := range r.Problems {
		race := Race{Problem: p.Name}
		for _, row := range p.Rows {
			if row.ToTarget.N > 0 {
				race.Entries = append(race.Entries, RaceEntry{row.Optimizer, row.ToTarget.Median})
			}
		}
		slices.SortFunc(race.Entries, func(a, b RaceEntry) int {
			return strings.Compare(a.Optimizer,
				b.Optimizer)
		})
		if !math.IsNaN(p.Target) && len(race.Entries) > 1 {
			races = append(races, race)
		}
	}
	return races
}

// Optimum returns the least value that a problem's metric can have, and whether it is known.
func Optimum(spec *protocol.ProblemSpec) (optimum float64, known bool) {
	if spec.Metric.Name == results.Suboptimality {
		return 0, true
	}
	optimum, known = spec.Constants["optimum"]
	return optimum, known && spec.Metric.Name == "loss"
}

// Profile is the performance profile of one optimizer (Dolan and Moré 2002): for every τ ≥ 1 the
// share of problems on which it needed at most τ times the examples of the fastest.
type Profile struct {
	Optimizer string
	Problems  int // races with at least one finisher, whether this optimizer took part or not
	// examples over those of the fastest, ascending; one for each race that it finished
	Ratios []float64
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
		profiles = append(profiles, Profile{name, problems, slices.Sorted(
			slices.Values(ratios[name]))})
	}
	return profiles
}

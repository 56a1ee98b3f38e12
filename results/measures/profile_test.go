package measures

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/internal/synthetic"
)

// racing returns a cell whose runs have the given metrics at marks 0, 100, 200, …
func racing(problem, optimizer string, runs ...[]float64) results.Cell {
	c := results.Cell{Problem: problem, Optimizer: optimizer}
	for seed, metrics := range runs {
		r := synthetic.Run(problem, optimizer, uint64(seed), 0.1, 0, 0)
		r.Run.Budget, r.Run.Evaluations = 100*int64(len(metrics)-1), len(metrics)-1
		r.Points = nil
		for k, v := range metrics {
			value := results.Value{Metric: protocol.Number(v)}
			p := results.Point{Mark: 100 * int64(k), Seen: 100*int64(k) + 7, Train: value}
			if r.Spec.Validation > 0 {
				p.Validation, p.Test = &value, &value
			}
			r.Points = append(r.Points, p)
		}
		c.Runs = append(c.Runs, r)
	}
	return c
}

func TestRaces(t *testing.T) {
	plan := protocol.Plan{
		Name:     "races",
		Problems: []protocol.ProblemEntry{{Problem: "digits"}, {Problem: "valley"}},
		Optimizers: []protocol.OptimizerEntry{
			{Optimizer: "m-sgd"},
			{Optimizer: "slow"},
			{Optimizer: "never"},
		},
	}.WithDefaults()
	cells := []results.Cell{
		// The mean of m-sgd, the anchor, is 1, so the target is 0.1 + 0.95·0.9 = 0.955 and higher
		// is better.
		racing("digits", "m-sgd", []float64{0.1, 0.96, 1, 1, 1}, []float64{0.1, 0.9, 0.96, 1, 1},
			[]float64{0.1, 0.99, 1, 1, 1}),
		racing("digits", "slow", []float64{0.1, 0.2, 0.3, 0.96, 0.9},
			[]float64{0.1, 0.2, 0.3, 0.9, 0.96}),
		racing("digits", "never", []float64{0.1, 0.2, 0.3, 0.4, 0.5}, []float64{0.1, 1, 1, 1, 1}),
		// From 1 to 1e-20 on a logarithmic scale: the target is 1e-19.
		racing("valley", "m-sgd", []float64{1, 1e-5, 1e-18, 9e-20, 1e-20}),
		racing("valley", "slow", []float64{1, 0.05, 1e-3, 1e-4, 1e-18}),
	}
	races := Races(Build(&plan, cells))
	want := []Race{
		{"digits", []RaceEntry{{"m-sgd", 107}, {"never", math.Inf(1)}, {"slow", 357}}},
		{"valley", []RaceEntry{{"m-sgd", 307}, {"slow", math.Inf(1)}}},
	}
	if d := cmp.Diff(want, races); d != "" {
		t.Fatalf("races (-want +got):\n%s", d)
	}
	profiles := Profiles(races)
	for i, want := range []struct {
		name               string
		at1, at3, at4, any float64
	}{{"m-sgd", 1, 1, 1, 1}, {"never", 0, 0, 0, 0}, {"slow", 0, 0, 0.5, 0.5}} { // 357/107 = 3.34
		p := profiles[i]
		if p.Optimizer != want.name || p.Problems != 2 || p.Share(1) != want.at1 ||
			p.Share(3) != want.at3 ||
			p.Share(4) != want.at4 || p.Share(1e9) != want.any {
			t.Errorf("profile %+v, want %+v", p, want)
		}
	}
}

// A race that nobody finishes is no problem of the profile.
func TestProfilesWithoutFinisher(t *testing.T) {
	races := []Race{
		{Problem: "hard", Entries: []RaceEntry{{"a", math.Inf(1)}, {"b", math.Inf(1)}}},
		{Problem: "easy", Entries: []RaceEntry{{"a", 100}, {"b", 250}}},
	}
	profiles := Profiles(races)
	if len(profiles) != 2 || profiles[0].Problems != 1 || profiles[1].Share(2.5) != 1 ||
		profiles[1].Share(2.4) != 0 {
		t.Errorf("profiles are %+v", profiles)
	}
}

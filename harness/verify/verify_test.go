package verify

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle/check"
)

func TestParseShare(t *testing.T) {
	for text, want := range map[string]int{"0": 0, "5": 5, "500": 200, "5%": 10, "0.1%": 1, "100%": 200, "all": 200} {
		s, err := ParseShare(text)
		if err != nil || s.Of(200) != want || s.None() != (want == 0) {
			t.Errorf("%s of 200 is %d (%v), want %d", text, s.Of(200), err, want)
		}
	}
	for _, text := range []string{"", "-1", "x", "0%", "101%", "%", "1.5"} {
		if s, err := ParseShare(text); err == nil {
			t.Errorf("%q is read as %v", text, s)
		}
	}
}

// What another platform may change, and what it may not.
func TestWithinTolerance(t *testing.T) {
	run := func(metric float64, change func(*results.Record)) *results.Record {
		n := protocol.Number(metric)
		r := &results.Record{
			Spec: protocol.ProblemSpec{
				DType: protocol.Float32, Train: 100, Validation: 100, Test: 400,
				Metric: protocol.Metric{Name: results.Accuracy, HigherBetter: true},
			},
			Points: []results.Point{
				{Train: results.Value{Loss: 2, Metric: 0.1}, Validation: &results.Value{Loss: 2, Metric: 0.1}, Test: &results.Value{Loss: 2, Metric: 0.1}},
				{
					Mark: 10, Train: results.Value{Loss: 1, Metric: n}, Validation: &results.Value{Loss: 1, Metric: n},
					Test: &results.Value{Loss: 1, Metric: n},
				},
			},
			End: results.End{Status: results.OK, Steps: 10},
		}
		if change != nil {
			change(r)
		}
		return r
	}
	plan := protocol.Plan{}.WithDefaults()
	// One standard error of an accuracy of 0.9 is 0.03 on 100 examples and 0.015 on 400.
	for _, c := range []struct {
		what    string
		again   *results.Record
		chooses bool
		says    string
	}{
		{"the same", run(0.9, nil), false, ""},
		{"drift", run(0.91, nil), false, ""},
		{"more than drift", run(0.92, nil), false, "test accuracy is 0.92 when made again, recorded as 0.9"},
		{"much more", run(0.8, nil), false, "validation accuracy is 0.8"},
		{"rounding at the start", run(0.9, func(r *results.Record) { r.Points[0].Train.Loss *= 1 + 1e-6 }), false, ""},
		{"another start", run(0.9, func(r *results.Record) { r.Points[0].Train.Loss *= 1.001 }), false, "starts at a train loss"},
		{"another end", run(0.9, func(r *results.Record) { r.End.Status = results.Diverged }), false, "recorded as ok, ended diverged"},
		{"more steps", run(0.9, func(r *results.Record) { r.End.Steps++ }), false, "recorded with 10 steps, made again with 11"},
		{"more steps by choice", run(0.9, func(r *results.Record) { r.End.Steps++ }), true, ""},
	} {
		if got := withinTolerance(run(0.9, nil), c.again, &plan, c.chooses); c.says == "" && got != "" || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", c.what, got, c.says)
		}
	}
	// A float64 problem with a known optimum: one percent of the way on a logarithmic scale.
	exact := func(loss float64) *results.Record {
		v := results.Value{Loss: protocol.Number(loss), Metric: protocol.Number(loss)}
		return &results.Record{
			Spec: protocol.ProblemSpec{DType: protocol.Float64, Metric: protocol.Metric{Name: results.Suboptimality}},
			Points: []results.Point{
				{Train: results.Value{Loss: 1, Metric: 1}}, {Mark: 10, Train: v},
			},
			End: results.End{Status: results.OK},
		}
	}
	// From 1 down to 1e-10 are ten decades: a tenth of one is a factor of 1.26.
	for factor, near := range map[float64]bool{1: true, 1.2: true, 1.3: false, 0.8: true, 0.7: false} {
		if got := withinTolerance(exact(factor*1e-10), exact(1e-10), &plan, false); (got == "") != near {
			t.Errorf("a factor of %g: %q", factor, got)
		}
	}
}

// Every record of a plan has a chance, the purposes take turns, and a seed repeats the choice.
func TestSample(t *testing.T) {
	d := &check.Decisions{Plan: protocol.Plan{Name: "p"}.WithDefaults()}
	run := func(cell int, seed uint64) *results.Record {
		return &results.Record{Run: results.Run{Optimizer: results.OptimizerID{Name: strconv.Itoa(cell)}, Seed: seed}}
	}
	for i := range 4 {
		d.Cells = append(d.Cells, results.Cell{
			Optimizer: strconv.Itoa(i),
			Runs:      []*results.Record{run(i, 0), run(i, 1), run(i, 2)},
			OneShot:   []*results.Record{run(i, 0), run(i, 10)}, // the first is a replicate too
			Tuning:    []*results.Record{run(i, 1000), run(i, 1001)},
		})
	}
	everywhere := func(*results.Cell) bool { return true }
	ids := func(picked []chosen) (ids []string) {
		for _, c := range picked {
			ids = append(ids, c.id)
		}
		return ids
	}
	all, of := sample(d, 1, everywhere, Share{percent: 100})
	if unique := slices.Compact(slices.Sorted(slices.Values(ids(all)))); of != 24 || len(unique) != 24 {
		t.Errorf("all are %d of %d runs, %d different, want 24", len(all), of, len(unique))
	}
	a, _ := sample(d, 7, everywhere, Share{number: 8})
	b, _ := sample(d, 7, everywhere, Share{number: 8})
	if !slices.Equal(ids(a), ids(b)) {
		t.Error("the same seed chooses other runs")
	}
	purposes, cells := map[string]int{}, map[string]bool{}
	for _, c := range a {
		purposes[string(c.purpose)]++
		cells[c.cell.Optimizer] = true
	}
	if len(purposes) != 4 || purposes["sweep"] != 2 || len(cells) < 2 {
		t.Errorf("8 runs are of the purposes %v and of %d cells", purposes, len(cells))
	}
	seen := map[string]bool{}
	for seed := range uint64(60) {
		picked, _ := sample(d, seed, func(c *results.Cell) bool { return c.Optimizer != "2" }, Share{number: 5})
		for _, c := range picked {
			seen[c.id] = true
			if c.cell.Optimizer == "2" {
				t.Fatal("a run was chosen that cannot be made")
			}
		}
	}
	if len(seen) != 18 {
		t.Errorf("60 seeds choose %d runs, want all 18", len(seen))
	}
}

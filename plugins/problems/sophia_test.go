package problems

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"noisebench/harness"
	"noisebench/plugins/optimizers"
	"noisebench/protocol"
	"noisebench/results"
)

// sophia runs sophia-g on a problem for some steps, in process.
func sophia(t *testing.T, def protocol.ProblemDef, steps int64, set protocol.Setting) *results.Record {
	t.Helper()
	all := optimizers.All()
	o := all[slices.IndexFunc(all, func(d protocol.OptimizerDef) bool { return d.Name == "sophia-g" })]
	params, err := protocol.Resolve(def.Parameters, nil)
	if err != nil {
		t.Fatal(err)
	}
	setting, err := protocol.Resolve(o.Hyperparameters, set)
	if err != nil {
		t.Fatal(err)
	}
	const batch = 15
	r, err := harness.Run(context.Background(), def, o, results.Run{
		Protocol: protocol.Version, Problem: results.ProblemID{Name: def.Name, Version: def.Version, Parameters: params},
		Optimizer: results.OptimizerID{Name: o.Name, Version: o.Version, Setting: setting},
		Seed:      1, Budget: steps*batch - 4, BatchSize: batch, Order: protocol.Reshuffled, Evaluations: 4, Trace: 10,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.End.Status != results.OK || r.End.Unused != 0 {
		t.Fatalf("%s ended as %+v", def.Name, r.End)
	}
	// Every tenth step has a sampled gradient, too, which counts as one gradient with that at the
	// data; the last batch is shorter by 4.
	if want := steps*batch - 4; r.End.Gradients != want || r.End.Seen != want {
		t.Errorf("%s: %d examples charged and %d gradients counted, want %d of each", def.Name, r.End.Seen, r.End.Gradients, want)
	}
	return r
}

// Optimizers that need sampled gradients get them: of a regression, of a network and of one on
// sequences. The runs make progress, and a second run gives the same bits.
func TestSophia(t *testing.T) {
	for _, c := range []struct {
		def   protocol.ProblemDef
		steps int64
		α     float64
		rest  float64 // what is left of the training loss at most
	}{
		{digitsDef(), 400, 1e-2, 0.1},
		{slim(tiny(mnistMLP())).def(), 101, 1e-2, 0.85},
		{slim(tiny(tolstoiCharRNN())).def(), 60, 1e-2, 0.99},
	} {
		t.Run(c.def.Name, func(t *testing.T) {
			set := protocol.Setting{protocol.StepSize: c.α}
			r := sophia(t, c.def, c.steps, set)
			first, last := float64(r.Points[0].Train.Loss), float64(r.Points[len(r.Points)-1].Train.Loss)
			t.Logf("the training loss went from %g to %g", first, last)
			if !(last < c.rest*first) {
				t.Errorf("the training loss went from %g to %g, want less than %g", first, last, c.rest*first)
			}
			again := sophia(t, c.def, c.steps, set)
			if !reflect.DeepEqual(again.Points, r.Points) || !reflect.DeepEqual(again.Trace, r.Trace) {
				t.Error("a second run has other bits")
			}
			// What is drawn matters: with another ρ, other steps are clipped.
			set["rho"] = 4
			if other := sophia(t, c.def, c.steps, set); reflect.DeepEqual(other.Points, r.Points) {
				t.Error("the run does not depend on ρ, and so not on the sampled gradients")
			}
		})
	}
}

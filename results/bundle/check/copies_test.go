package check

import (
	"math/rand/v2"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
)

// What is a copy, and what only looks like one.
func TestCopies(t *testing.T) {
	const steps, evaluations = 32, 10
	// run makes a record with batch losses of its own; noisy evaluations are its own, too.
	run := func(seed uint64, noisy bool) (*results.Record, []float64) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := &results.Record{Run: results.Run{Seed: seed, Evaluations: evaluations}, Spec: protocol.ProblemSpec{Train: 100}}
		r.End.MinBatch, r.End.MaxBatch = 10, 10
		for i := range evaluations + 1 {
			loss := 1 / float64(i+1)
			if noisy && i > 0 {
				loss += 0.01 * random.Float64()
			}
			r.Points = append(r.Points, results.Point{Mark: int64(i), Train: results.Value{Loss: protocol.Number(loss)}})
		}
		trace := make([]float64, steps)
		for i := range trace {
			trace[i] = 1/float64(i+1) + 0.01*random.Float64()
		}
		return r, trace
	}
	for _, c := range []struct {
		what             string
		noisy            bool // evaluations depend on the seed
		change           func(runs []*results.Record, traces [][]float64)
		copied, doubtful int
	}{
		{"honest runs", true, func([]*results.Record, [][]float64) {}, 0, 0},
		{"a copied trace", true, func(_ []*results.Record, traces [][]float64) { copy(traces[3], traces[1]) }, 1, 0},
		{"half of a trace", true, func(_ []*results.Record, traces [][]float64) { copy(traces[3], traces[1][:steps/2]) }, 1, 0},
		{"a third of a trace", true, func(_ []*results.Record, traces [][]float64) { copy(traces[3], traces[1][:steps/3]) }, 0, 0},
		{"parts of two", true, func(_ []*results.Record, traces [][]float64) {
			copy(traces[3], traces[1][:steps/4])
			copy(traces[3][steps/4:], traces[2][steps/4:])
		}, 1, 0},
		{"copied evaluations", true, func(runs []*results.Record, traces [][]float64) {
			runs[3].Points, traces[3] = runs[1].Points, nil
		}, 1, 0},
		{"equal evaluations with batch losses of their own", false, func([]*results.Record, [][]float64) {}, 0, 1},
		{"equal evaluations without batch losses", false, func(_ []*results.Record, traces [][]float64) { clear(traces) }, 4, 0},
		{"full batches", false, func(runs []*results.Record, traces [][]float64) {
			for i, r := range runs {
				r.End.MinBatch, r.End.MaxBatch, traces[i] = 100, 200, traces[0]
			}
		}, 0, 0},
		{"full batches from another start", false, func(runs []*results.Record, traces [][]float64) {
			for i, r := range runs {
				r.End.MinBatch, r.End.MaxBatch, traces[i] = 100, 200, traces[0]
				r.Points[0].Train.Loss += protocol.Number(i)
			}
		}, 4, 0},
		{"steps that change nothing", true, func(runs []*results.Record, traces [][]float64) {
			for i, r := range runs {
				traces[i] = nil
				for k := range r.Points {
					r.Points[k] = r.Points[0]
				}
			}
		}, 0, 0},
		{"runs that end at an optimum", true, func(runs []*results.Record, traces [][]float64) {
			for i, r := range runs {
				for k := 3; k < len(r.Points); k++ {
					r.Points[k].Train.Loss = 0.25
				}
				for k := 3; k < steps; k++ {
					traces[i][k] = 0.25
				}
			}
		}, 0, 0},
	} {
		var runs []*results.Record
		var traces [][]float64
		for seed := range uint64(5) {
			r, trace := run(seed, c.noisy)
			runs, traces = append(runs, r), append(traces, trace)
		}
		c.change(runs, traces)
		losses := map[string][]float64{}
		for i, r := range runs {
			if traces[i] != nil {
				losses[r.Run.ID()] = traces[i]
			}
		}
		copied, doubtful := copies(runs, losses)
		if len(copied) != c.copied || len(doubtful) != c.doubtful {
			t.Errorf("%s: %q are copies and %q doubtful, want %d and %d", c.what, copied, doubtful, c.copied, c.doubtful)
		}
	}
}

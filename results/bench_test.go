package results

import (
	"fmt"
	"testing"

	"noisebench/protocol"
)

// example makes a record of ordinary size: 26 points on three parts and a trace of 100 steps.
func example(seed uint64) *Record {
	r := &Record{
		Run: Run{
			Protocol: protocol.Version,
			Problem: ProblemID{
				Name: "logistic-wdbc", Version: "1",
				Plugin:     protocol.Origin{Plugin: "built-in", SHA256: fmt.Sprintf("%064d", 1)},
				Parameters: protocol.Setting{"l2": 0.001},
				Data:       []protocol.DataFile{{Name: "wdbc.csv", SHA256: fmt.Sprintf("%064d", 2)}},
			},
			Optimizer: OptimizerID{
				Name: "m-sgd", Version: "1",
				Plugin:  protocol.Origin{Plugin: "built-in", SHA256: fmt.Sprintf("%064d", 1)},
				Setting: protocol.Setting{"step_size": 0.1, "beta": 0.9},
			},
			Seed: seed, Budget: 10000, BatchSize: 32, Order: protocol.Reshuffled, Evaluations: 25, Trace: 100,
		},
		Spec: protocol.ProblemSpec{
			Dim: 31, DType: protocol.Float64, Train: 400, Validation: 84, Test: 85, Measures: protocol.Gradient,
			Metric: protocol.Metric{Name: "accuracy", HigherBetter: true}, BatchSize: 32, Budget: 10000,
			Constants: map[string]float64{"smoothness": 3.5},
		},
		End: End{Status: OK, Steps: 313, Seen: 10000, Gradients: 10000, MinBatch: 16, MaxBatch: 32},
		Host: Host{
			Plan: "quick", Platform: "linux/amd64/v3", Transport: map[string]string{"problem": "memory"},
			Clocks: Clocks{ProblemTime: 0.25},
		},
	}
	draw := protocol.Stream(seed, "test")
	value := func() Value {
		return Value{Loss: protocol.Number(draw.Float64()), Metric: protocol.Number(draw.Float64())}
	}
	for i := range 26 {
		validation, test := value(), value()
		r.Points = append(r.Points, Point{
			Mark: int64(400 * i), Seen: int64(400*i + 16), Step: 13 * i, BatchSize: 32,
			Train: value(), Validation: &validation, Test: &test,
		})
	}
	r.Trace = &Trace{Stride: 4, Reports: map[string][]protocol.Number{"variance_norm": nil}}
	for i := range 79 {
		r.Trace.Seen = append(r.Trace.Seen, int64(128*i+32))
		r.Trace.Loss = append(r.Trace.Loss, protocol.Number(draw.Float64()))
		r.Trace.BatchSize = append(r.Trace.BatchSize, 32)
		r.Trace.Reports["variance_norm"] = append(r.Trace.Reports["variance_norm"], protocol.Number(draw.Float64()))
	}
	return r
}

func BenchmarkDecode(b *testing.B) {
	r := example(1)
	data, err := Encode(r)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	known := newShared()
	for b.Loop() {
		if _, err := decode(r.Run.ID(), data, false, known); err != nil {
			b.Fatal(err)
		}
	}
}

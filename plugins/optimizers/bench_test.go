package optimizers

import (
	"testing"

	"noisebench/protocol"
)

// BenchmarkStep times one update of 3,274,634 float32 (the network of DeepOBS' fmnist_2c2d) beside a plain copy of as
// many vectors as the optimizer touches.
func BenchmarkStep(b *testing.B) {
	const dim = 3_274_634
	for _, bench := range []struct {
		name    string
		vectors int // x, g and the state
	}{{"sgd", 2}, {"adam", 4}, {"m-svag", 4}} {
		var batches [2]*protocol.Measurement[float32]
		for k := range batches {
			batches[k] = &protocol.Measurement[float32]{BatchSize: 16, StepScale: 1}
			for i := range dim {
				batches[k].Gradient = append(batches[k].Gradient, float32(i*(k+1)%1009)*1e-3-0.5)
			}
		}
		b.Run(bench.name, func(b *testing.B) {
			o, _ := open[float32](b, bench.name, nil, dim)
			x := make([]float32, dim)
			b.SetBytes(int64(4 * dim * bench.vectors))
			for i := 0; b.Loop(); i++ {
				step(b, o, x, batches[i%2])
			}
		})
		b.Run(bench.name+"/copy", func(b *testing.B) {
			from, to := make([][]float32, bench.vectors), make([][]float32, bench.vectors)
			for i := range from {
				from[i], to[i] = make([]float32, dim), make([]float32, dim)
			}
			b.SetBytes(int64(4 * dim * bench.vectors))
			for b.Loop() {
				for i := range from {
					copy(to[i], from[i])
				}
			}
		})
	}
}

package optimizers

import (
	"slices"
	"testing"
	"time"
)

// BenchmarkUpdate times updates of 3,274,634 float32 (the network of DeepOBS' fmnist_2c2d) in turn
// with a plain copy of the vectors that each touches: x, the measurement and the state. It reports
// the median ratio of their times.
func BenchmarkUpdate(b *testing.B) {
	const dim = 3_274_634
	for _, bench := range []struct {
		name    string
		vectors int // of float32; a float64 counts as two
	}{
		{"sgd", 2},
		{"heavy-ball", 3},
		{"nesterov", 3},
		{"m-sgd", 3},
		{"sign-sgd", 2},
		{"m-sign-sgd", 3},
		{"normalized-sgd", 2},
		{"norm-scaled-sign-sgd", 2},
		{"coordinate-sgd", 1},
		{"block-normalized-sgd", 2},
		{"adagrad", 3},
		{"rmsprop", 3},
		{"adam", 4},
		{"adamw", 4},
		{"nadam", 4},
		{"radam", 4},
		{"amsgrad", 5},
		{"adamax", 4},
		{"adadelta", 4},
		{"adabelief", 4},
		{"rprop", 4},
		{"adan", 6},
		{"adopt", 4},
		{"ademamix", 5},
		{"mars", 6},
		{"noise-scale", 2},
		{"adascale", 2},
		{"sophia-g", 4},
		{"svag", 4},
		{"m-svag", 4},
		{"m-svag-mb", 5},
		{"adam-star", 4},
		{"asgd", 4},
		{"line-search-sgd", 4},
		{"sam", 3},
		{"lion", 3},
		{"schedule-free-sgd", 4},
		{"schedule-free-adamw", 5},
		{"prodigy", 6},
		{"dog", 4},
		{"sps-max", 2},
		{"lars", 3},
		{"lamb", 5},
	} {
		b.Run(bench.name, func(b *testing.B) {
			batches := measurements[float32](dim, 2)
			o, _ := open[float32](b, bench.name, nil, dim)
			x := ones[float32](dim)
			from, to := make([][]float32, bench.vectors), make([][]float32, bench.vectors)
			for i := range from {
				// written, so that they have pages of their own
				from[i], to[i] = ones[float32](dim), ones[float32](dim)
			}
			var ratios []float64
			for i := 0; b.Loop(); i++ {
				start := time.Now()
				step(b, o, x, batches[i%2])
				update := time.Since(start)
				for i := range from {
					copy(to[i], from[i])
				}
				ratios = append(ratios, float64(update)/float64(time.Since(start)-update))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "copies")
			b.ReportMetric(0, "ns/op")
		})
	}
}

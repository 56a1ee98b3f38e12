package problems

import (
	"testing"

	"noisebench/protocol"
)

// BenchmarkMeasure times one batch of the default size, for each problem and each set of
// quantities.
func BenchmarkMeasure(b *testing.B) {
	for _, def := range exact() {
		p, spec := open(b, def, nil)
		x := randomPoint(p, spec, 1)
		batch := protocol.Batch{Seed: 1, Examples: make([]int, spec.BatchSize)}
		m := roomFor(spec)
		examples := spec.Train
		if examples == 0 {
			examples = 1 << 20
		}
		for _, want := range []protocol.Quantity{
			protocol.Gradient, protocol.Gradient | protocol.VarianceNorm, protocol.Gradient | protocol.Variance,
		} {
			b.Run(def.Name+"/"+want.String(), func(b *testing.B) {
				next := 0
				for b.Loop() {
					for i := range batch.Examples {
						batch.Examples[i] = next % examples
						next++
					}
					if err := p.Measure(x, batch, want, m); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkEvaluate times the evaluation of a point on the train part.
func BenchmarkEvaluate(b *testing.B) {
	for _, def := range exact() {
		p, spec := open(b, def, nil)
		x := randomPoint(p, spec, 1)
		b.Run(def.Name, func(b *testing.B) {
			for b.Loop() {
				if _, err := p.Evaluate(x, protocol.TrainPart); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOpen times opening a problem whose data are in memory.
func BenchmarkOpen(b *testing.B) {
	for _, def := range exact() {
		open(b, def, nil)
		b.Run(def.Name, func(b *testing.B) {
			for b.Loop() {
				open(b, def, nil)
			}
		})
	}
}

package results

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"noisebench/protocol"
)

// An outline says of every hundredth of the budget what the trace says, and whether batches vary.
func TestOutline(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	varies := func(m []int) bool {
		return len(m) > 2 && slices.Min(m[:len(m)-1]) != slices.Max(m[:len(m)-1])
	}
	for i := range 300 {
		full := &Trace{Stride: 1 + draw.IntN(3), Diagnostics: map[string][]protocol.Number{}}
		budget, seen := int64(1+draw.IntN(5000)), int64(0)
		for range draw.IntN(400) {
			m := 1 + draw.IntN(1+i%20)
			seen += int64(full.Stride * m)
			full.Seen, full.BatchSize = append(full.Seen, seen), append(full.BatchSize, m)
			full.Loss = append(full.Loss, 1)
			noise := protocol.Number(draw.NormFloat64())
			if draw.IntN(5) == 0 {
				noise = protocol.Number(math.NaN())
			}
			full.Diagnostics[NoiseToSignal] = append(full.Diagnostics[NoiseToSignal], noise)
		}
		if i%3 == 0 {
			full.Diagnostics = nil
		}
		out := full.Outline(budget)
		if out == nil || len(out.Seen) > TraceIntervals+4 || varies(out.BatchSize) != varies(full.BatchSize) {
			t.Fatalf("the outline of %d steps is %+v", len(full.Seen), out)
		}
		for k := range int64(TraceIntervals + 1) {
			a, b := full.At(budget*k/TraceIntervals), out.At(budget*k/TraceIntervals)
			if (a < 0) != (b < 0) || a >= 0 && (full.Seen[a] != out.Seen[b] || full.BatchSize[a] != out.BatchSize[b]) {
				t.Fatalf("at %d hundredths the trace is at step %d, the outline at %d", k, a, b)
			}
			if noise := full.Column(NoiseToSignal); a >= 0 && noise != nil &&
				math.Float64bits(float64(noise[a])) != math.Float64bits(float64(out.Column(NoiseToSignal)[b])) {
				t.Fatalf("at %d hundredths the noise differs", k)
			}
		}
	}
	if odd := (&Trace{Seen: []int64{1, 2}, BatchSize: []int{1}}); odd.Outline(10) != nil || odd.At(5) != 0 {
		t.Error("columns of different lengths have an outline")
	}
}

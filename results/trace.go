package results

import (
	"slices"
	"sort"

	"noisebench/protocol"
)

// NoiseToSignal is the diagnostic that [Trace.Outline] keeps, see [Trace].
const NoiseToSignal = "noise_to_signal"

// TraceIntervals is into how many parts curves from traces divide the budget of a run.
const TraceIntervals = 100

// At returns the last kept step whose batch began at a number of examples seen or before; -1 if
// there is none.
func (t *Trace) At(seen int64) int {
	return -1 + sort.Search(min(len(t.Seen), len(t.BatchSize)), func(i int) bool {
		return t.Seen[i]-int64(t.BatchSize[i]) > seen
	})
}

// Column returns a diagnostic, or else what the optimizer reports by that name; nil if there is
// neither.
func (t *Trace) Column(name string) []protocol.Number {
	if column, ok := t.Diagnostics[name]; ok {
		return column
	}
	return t.Reports[name]
}

// Outline returns what curves over the parts of the budget need of t: batch sizes and
// [NoiseToSignal] at the steps that [Trace.At] returns for 0, …, TraceIntervals parts, at the last
// step, and at those of the others that have the least and the greatest batch. It is nil if the
// columns of t differ in their lengths.
func (t *Trace) Outline(budget int64) *Trace {
	n := len(t.Seen)
	noise := t.Column(NoiseToSignal)
	if len(t.BatchSize) != n || noise != nil && len(noise) != n {
		return nil
	}
	var steps []int
	if n > 0 {
		steps = append(steps, n-1)
	}
	for k := range int64(TraceIntervals + 1) {
		if i := t.At(budget * k / TraceIntervals); i >= 0 {
			steps = append(steps, i)
		}
	}
	if n > 1 {
		others := t.BatchSize[:n-1]
		steps = append(steps, slices.Index(others, slices.Min(others)),
			slices.Index(others, slices.Max(others)))
	}
	slices.Sort(steps)
	steps = slices.Compact(steps)
	out := &Trace{
		Stride: t.Stride, Seen: make([]int64, len(steps)), BatchSize: make([]int, len(steps)),
	}
	for k, i := range steps {
		out.Seen[k], out.BatchSize[k] = t.Seen[i], t.BatchSize[i]
	}
	if noise != nil {
		kept := make([]protocol.Number, len(steps))
		for k, i := range steps {
			kept[k] = noise[i]
		}
		out.Diagnostics = map[string][]protocol.Number{NoiseToSignal: kept}
	}
	return out
}

package harness

import (
	"slices"

	"noisebench/protocol"
	"noisebench/results"
)

// tracer keeps every stride-th step of a run. When there are more than limit of them, it drops
// every second one and doubles the stride, so that the result depends on the steps alone.
type tracer struct {
	limit   int
	names   []string // of the columns: reports, then diagnostics
	reports int      // how many of them are reports
	stride  int
	seen    []int64
	loss    []protocol.Number
	batch   []int
	rows    [][]protocol.Number // one for each step, with one value for each name
}

// diagnosticNames lists the diagnostics that a trace may hold, see [results.Trace].
var diagnosticNames = []string{
	"gradient_norm", "variance_norm", "noise_to_signal",
	"cabs_batch_size",
}

func newTracer(limit int, reports []string, diagnostics bool) *tracer {
	t := &tracer{limit: limit, names: reports, reports: len(reports), stride: 1}
	if diagnostics {
		t.names = slices.Concat(reports, diagnosticNames)
	}
	return t
}

// wants reports whether a step may be kept.
func (t *tracer) wants(step int) bool { return t.limit > 0 && step%t.stride == 0 }

// add offers a step: examples seen after it, the loss and size of its batch, the optimizer's
// reports, and diagnostics.
func (t *tracer) add(
	step int, seen int64, loss float64, batch int, reports, diagnostics []float64,
) {
	if !t.wants(step) {
		return
	}
	if len(t.seen) == t.limit {
		t.seen, t.loss, t.batch, t.rows = halve(t.seen), halve(t.loss), halve(t.batch),
			halve(t.rows)
		t.stride *= 2
		if !t.wants(step) {
			return
		}
	}
	row := make([]protocol.Number, 0, len(t.names))
	for _, values := range [][]float64{reports, diagnostics} {
		for _, v := range values {
			row = append(row, protocol.Number(v))
		}
	}
	t.seen = append(t.seen, seen)
	t.loss = append(t.loss, protocol.Number(loss))
	t.batch = append(t.batch, batch)
	t.rows = append(t.rows, row)
}

// halve keeps the elements with even indices.
func halve[E any](s []E) []E {
	for i := 0; 2*i < len(s); i++ {
		s[i] = s[2*i]
	}
	return s[:(len(s)+1)/2]
}

// columns returns the kept steps as a trace, or nil if no trace is kept.
func (t *tracer) columns() *results.Trace {
	if t == nil || t.limit <= 0 {
		return nil
	}
	trace := &results.Trace{Stride: t.stride, Seen: t.seen, Loss: t.loss, BatchSize: t.batch}
	trace.Reports = t.table(0, t.reports)
	trace.Diagnostics = t.table(t.reports, len(t.names))
	return trace
}

// table returns the columns from one name to another, or nil if there are none.
func (t *tracer) table(from, to int) map[string][]protocol.Number {
	if from == to {
		return nil
	}
	table := make(map[string][]protocol.Number, to-from)
	for i := from; i < to; i++ {
		column := make([]protocol.Number, len(t.rows))
		for j, row := range t.rows {
			column[j] = row[i]
		}
		table[t.names[i]] = column
	}
	return table
}

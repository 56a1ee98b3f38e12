package harness

import (
	"noisebench/protocol"
	"noisebench/results"
)

// tracer keeps every stride-th step of a run. When that is more than limit steps, it drops every second one and doubles
// the stride: the result depends on the steps alone.
type tracer struct {
	limit   int
	names   []string
	stride  int
	seen    []int64
	loss    []protocol.Number
	batch   []int
	reports [][]protocol.Number // one row per step
}

func newTracer(limit int, names []string) *tracer {
	return &tracer{limit: limit, names: names, stride: 1}
}

// add offers a step: examples seen after it, the loss and size of its batch, and the optimizer's reports.
func (t *tracer) add(step int, seen int64, loss float64, batch int, reports []float64) {
	if t.limit <= 0 || step%t.stride != 0 {
		return
	}
	if len(t.seen) == t.limit {
		t.seen, t.loss, t.batch, t.reports = halve(t.seen), halve(t.loss), halve(t.batch), halve(t.reports)
		t.stride *= 2
		if step%t.stride != 0 {
			return
		}
	}
	row := make([]protocol.Number, len(reports))
	for i, v := range reports {
		row[i] = protocol.Number(v)
	}
	t.seen = append(t.seen, seen)
	t.loss = append(t.loss, protocol.Number(loss))
	t.batch = append(t.batch, batch)
	t.reports = append(t.reports, row)
}

// halve keeps the elements with even indices.
func halve[E any](s []E) []E {
	for i := 0; 2*i < len(s); i++ {
		s[i] = s[2*i]
	}
	return s[:(len(s)+1)/2]
}

// columns returns what was kept, or nil if nothing is to be kept.
func (t *tracer) columns() *results.Trace {
	if t == nil || t.limit <= 0 {
		return nil
	}
	trace := &results.Trace{Stride: t.stride, Seen: t.seen, Loss: t.loss, BatchSize: t.batch}
	if len(t.names) > 0 {
		trace.Reports = make(map[string][]protocol.Number, len(t.names))
	}
	for i, name := range t.names {
		column := make([]protocol.Number, len(t.reports))
		for j, row := range t.reports {
			column[j] = row[i]
		}
		trace.Reports[name] = column
	}
	return trace
}

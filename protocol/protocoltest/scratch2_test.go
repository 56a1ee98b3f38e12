package protocoltest_test

import (
	"testing"
	"time"
	"math"
	"slices"
	"math/rand/v2"

	"noisebench/protocol"
	"noisebench/protocol/protocoltest"
)
func table2[T protocol.Float](seed uint64, n, d int) [][]T {
	r := rand.New(rand.NewPCG(seed, 4))
	rows := make([][]T, n)
	for i := range rows {
		rows[i] = make([]T, d)
		for j := range rows[i] {
			rows[i][j] = T(r.NormFloat64())
		}
	}
	return rows
}
type scaled[T protocol.Float] struct { protocol.Problem[T]; scale float64; seed uint64 }
func (s scaled[T]) Init(x []T, seed uint64) error {
	if err := s.Problem.Init(x, seed+s.seed); err != nil { return err }
	for j := range x { x[j] *= T(s.scale) }
	return nil
}
func TestScratch2(t *testing.T) {
	bad := 0
	missed := 0
	for seed := range uint64(60) {
		for _, sc := range []float64{0.1, 0.3, 1} {
			p := bignet[float32](seed, 10, 12, 4, 1)
			err := protocoltest.Problem(p.def(func() protocol.Problem[float32] { return scaled[float32]{p, sc, seed} }), nil)
			if err != nil { bad++; t.Log(seed, sc, err) }
			err = protocoltest.Problem(p.def(func() protocol.Problem[float32] { return scaled[float32]{twisted[float32]{Problem: p, after: func(_ []float32, _ batch, _ quantity, m *protocol.Measurement[float32]) {
				for j := range m.Gradient { m.Gradient[j] *= 1.001 }
			}}, sc, seed} }), nil)
			if err == nil { missed++; t.Log("missed", seed, sc) }
		}
	}
	t.Log("false alarms", bad, "missed", missed, "of", 180)
	for seed := range uint64(1) {
	start := time.Now()
	p := bignet[float32](seed, 784, 100, 10, 1)
	err := protocoltest.Problem(p.def(func() protocol.Problem[float32] { return scaled[float32]{p, 0.1, seed} }), nil)
	t.Log(time.Since(start), err)
	}
}
// network is a classifier with one layer of 12 rectified units: 10 inputs, 4 classes, all arithmetic in T.
func bignet[T protocol.Float](seed uint64, inputs, hidden, classes int, scale float64) *toy[T] {
	rows := table2[T](seed, 40, inputs)
_=scale
	blocks := []protocol.Block{
		{Name: "w1", Len: inputs * hidden},
		{Name: "b1", Len: hidden},
		{Name: "w2", Len: hidden * classes},
		{Name: "b2", Len: classes},
	}
	d := 0
	for i := range blocks {
		blocks[i].Offset = d
		d += blocks[i].Len
	}
	return &toy[T]{
		spec: protocol.ProblemSpec{
			Dim: d, DType: protocol.DTypeOf[T](), Train: 40, Test: 10, Measures: everything, BatchSize: 32, Budget: 4000,
			Metric: protocol.Metric{Name: "error"}, Blocks: blocks,
		},
		lambda: 0.001,
		term: func(x []T, example int, _ int64, _ uint64, g []T) float64 {
			in, label := rows[example], example%classes
			part := func(v []T, i int) []T { return v[blocks[i].Offset : blocks[i].Offset+blocks[i].Len] }
			w1, b1, w2, b2 := part(x, 0), part(x, 1), part(x, 2), part(x, 3)
			h, out := slices.Clone(b1), slices.Clone(b2)
			for u := range h {
				for i, v := range in {
					h[u] += w1[u*inputs+i] * v
				}
				h[u] = max(h[u], 0)
				for c := range out {
					out[c] += w2[c*hidden+u] * h[u]
				}
			}
			top, sum := slices.Max(out), T(0)
			for c := range out {
				out[c] = T(math.Exp(float64(out[c] - top)))
				sum += out[c]
			}
			loss := -math.Log(float64(out[label] / sum))
			back := make([]T, hidden)
			for c := range out {
				delta := out[c] / sum
				if c == label {
					delta--
				}
				part(g, 3)[c] = delta
				for u := range h {
					part(g, 2)[c*hidden+u] = delta * h[u]
					back[u] += delta * w2[c*hidden+u]
				}
			}
			for u := range h {
				if h[u] == 0 {
					continue
				}
				part(g, 1)[u] = back[u]
				for i, v := range in {
					part(g, 0)[u*inputs+i] = back[u] * v
				}
			}
			return loss
		},
	}
}


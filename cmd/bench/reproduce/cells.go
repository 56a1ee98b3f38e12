package reproduce

import (
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
)

// paired returns the values that two cells' replicates have at the seeds that both have, in the
// same order.
func paired(a, b *results.Cell, value func(*results.Record) float64) (x, y []float64) {
	if a == nil || b == nil {
		return nil, nil
	}
	for _, r := range a.Runs {
		for _, s := range b.Runs {
			if r.Run.Seed == s.Run.Seed {
				x, y = append(x, value(r)), append(y, value(s))
			}
		}
	}
	return x, y
}

// final is the metric on a part at the end of a run, by R7 where it diverged.
func final(part protocol.Part) func(*results.Record) float64 {
	return func(r *results.Record) float64 {
		return r.Score(protocol.Final, protocol.TestPart, part)
	}
}

// lossAt is the loss on the train part at a share of the budget, by R7 where a run has diverged by
// then.
func lossAt(share float64) func(*results.Record) float64 {
	return func(r *results.Record) float64 {
		mark := int64(share * float64(r.Run.Budget))
		return measures.ValueAt(r, measures.Quantity{Part: protocol.TrainPart}, mark)
	}
}

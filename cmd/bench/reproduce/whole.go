package reproduce

import (
	"fmt"

	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol"
)

// What this process serves; tests of claims replace some of it.
var (
	allProblems   = problems.All
	allOptimizers = optimizers.All
)

func problemNamed(name string) (protocol.ProblemDef, error) {
	for _, d := range allProblems() {
		if d.Name == name {
			return d, nil
		}
	}
	return protocol.ProblemDef{}, fmt.Errorf("bench has no problem %s", name)
}

func optimizerNamed(name string) (protocol.OptimizerDef, error) {
	for _, d := range allOptimizers() {
		if d.Name == name {
			return d, nil
		}
	}
	return protocol.OptimizerDef{}, fmt.Errorf("bench has no optimizer %s", name)
}

// whole is one of bench's own float64 problems with its batch of all training examples.
type whole struct {
	spec    protocol.ProblemSpec
	problem protocol.Problem[float64]
	batch   protocol.Batch
}

// openWhole opens a problem; parameters that are not given have their defaults.
func openWhole(name string, with protocol.Setting) (*whole, error) {
	def, err := problemNamed(name)
	if err != nil {
		return nil, err
	}
	if with, err = protocol.Resolve(def.Parameters, with); err != nil {
		return nil, err
	}
	w := &whole{}
	if w.spec, err = def.Spec(with); err != nil {
		return nil, err
	}
	for i := range w.spec.Train {
		w.batch.Examples = append(w.batch.Examples, i)
	}
	w.problem, err = def.New64(with)
	return w, err
}

// measure returns the wanted quantities on a batch at x, in slices of their own.
func (w *whole) measure(
	x []float64, batch protocol.Batch, want protocol.Quantity,
) (*protocol.Measurement[float64], error) {
	return measuredAt(w.problem, x, batch, want)
}

// measuredAt returns the wanted quantities of a problem on a batch at x, in slices of their own.
func measuredAt[T protocol.Float](
	problem protocol.Problem[T], x []T, batch protocol.Batch, want protocol.Quantity,
) (*protocol.Measurement[T], error) {
	m := &protocol.Measurement[T]{}
	for _, s := range m.Slices() {
		if want.Has(s.Of) {
			*s.At = make([]T, s.Of.Elements(len(x)))
		}
	}
	return m, problem.Measure(x, batch, want, m)
}

// stepOf is the first step that one of bench's own optimizers makes, given a measurement at a point
// of d elements.
func stepOf(
	name string, set protocol.Setting, blocks []protocol.Block, d int,
	m *protocol.Measurement[float64],
) ([]float64, error) {
	def, err := optimizerNamed(name)
	if err != nil {
		return nil, err
	}
	if set, err = protocol.Resolve(def.Hyperparameters, set); err != nil {
		return nil, err
	}
	o, _, err := def.New64(protocol.Start{
		Setting: set, Dim: d, DType: protocol.Float64, Blocks: blocks, BatchSize: 1, Train: 1,
		Budget: 1,
	})
	if err != nil {
		return nil, err
	}
	step, at := make([]float64, d), *m // from 0, the point is the step
	at.StepScale = 1
	_, err = o.Step(step, &at)
	return step, err
}

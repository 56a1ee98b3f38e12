package reproduce

import (
	"noisebench/protocol"
)

// objective is the mean of one of bench's own problems over a batch of training examples, at points
// in float64, whatever the type of its elements is. Dropout and augmentation are the same at each
// point.
type objective struct {
	spec protocol.ProblemSpec
	of   measuring
}

// measuring measures loss, gradient and, if it is wanted, variance at a point.
type measuring func(x []float64, want protocol.Quantity) (
	loss float64, gradient, variance []float64, err error,
)

// openObjective opens a problem at a complete setting. Its batch has all training examples or, if
// there are more, so many of them, chosen at random; of endless data, the first.
func openObjective(name string, with protocol.Setting, examples int) (*objective, error) {
	def, err := problemNamed(name)
	if err != nil {
		return nil, err
	}
	spec, err := def.Spec(with)
	if err != nil {
		return nil, err
	}
	of := spec.Train
	if of == 0 {
		of = examples
	}
	batch := protocol.Batch{
		Examples: protocol.Stream(0, protocol.PurposeSplit).Perm(of)[:min(of, examples)],
	}
	f := &objective{spec: spec}
	if spec.DType == protocol.Float32 {
		f.of, err = measuredOn(def.New32, with, batch)
	} else {
		f.of, err = measuredOn(def.New64, with, batch)
	}
	return f, err
}

// noise is the variance, if the problem measures it.
func (f *objective) noise() protocol.Quantity { return f.spec.Measures & protocol.Variance }

// measure returns loss and gradient at x, and the variance if it is wanted, in slices of their own.
func (f *objective) measure(x []float64, want protocol.Quantity) (
	loss float64, gradient, variance []float64, err error,
) {
	return f.of(x, want|protocol.Gradient)
}

// measuredOn opens a problem and measures it on a batch.
func measuredOn[T protocol.Float](
	open func(protocol.Setting) (protocol.Problem[T], error), with protocol.Setting,
	batch protocol.Batch,
) (measuring, error) {
	problem, err := open(with)
	return func(x []float64, want protocol.Quantity) (float64, []float64, []float64, error) {
		at := make([]T, len(x))
		for j, v := range x {
			at[j] = T(v)
		}
		m, err := measuredAt(problem, at, batch, want)
		if err != nil {
			return 0, nil, nil, err
		}
		gradient, variance := widened(m.Gradient), []float64(nil)
		if m.Variance != nil {
			variance = widened(m.Variance)
		}
		return m.Loss, gradient, variance, nil
	}, err
}

package fingerprint

import (
	"errors"
	"fmt"
	"io"
	"math/bits"

	"noisebench/protocol"
)

// Problem returns the fingerprint of a problem at a setting of its parameters, for optimizers that
// need the given quantities. Needs that the problem does not measure are an error, as are errors of
// the problem, such as missing data.
func Problem(
	def *protocol.ProblemDef, at protocol.Setting, needs protocol.Quantity,
) (string, error) {
	at, spec, err := def.At(at)
	if err != nil {
		return "", err
	}
	if missing := needs &^ spec.Measures; missing != 0 {
		return "", fmt.Errorf("it does not measure %v", missing)
	}
	switch {
	case !def.Offers(spec.DType):
		return "", fmt.Errorf("its specification names %s, but the definition has no constructor "+
			"for it", spec.DType)
	case spec.DType == protocol.Float32:
		return problem(def.New32, at, &spec, needs)
	}
	return problem(def.New64, at, &spec, needs)
}

func problem[T protocol.Float](
	open func(protocol.Setting) (protocol.Problem[T], error), at protocol.Setting,
	spec *protocol.ProblemSpec, needs protocol.Quantity,
) (sum string, err error) {
	p, err := open(at)
	if err != nil {
		return "", err
	}
	if closer, ok := p.(io.Closer); ok {
		defer func() { err = errors.Join(err, closer.Close()) }()
	}
	w := newWriter()
	// The information about the problem that an optimizer gets affects the results.
	err = w.json([]any{
		spec.Dim, spec.DType, spec.Train, spec.Validation, spec.Test, spec.Metric,
		spec.Blocks, spec.Constants,
	})
	if err != nil {
		return "", err
	}
	x := make([]T, spec.Dim)
	if err := p.Init(x, 2); err != nil {
		return "", fmt.Errorf("call of Init: %w", err)
	}
	vector(w, x)
	if err := p.Init(x, 1); err != nil {
		return "", fmt.Errorf("call of Init: %w", err)
	}
	vector(w, x)
	var m protocol.Measurement[T]
	for _, s := range m.Slices() {
		if needs.Has(s.Of) {
			*s.At = make([]T, s.Of.Elements(spec.Dim))
		}
	}
	parts, once := evaluated(spec)
	measure := func(w *writer, batch protocol.Batch, want protocol.Quantity) error {
		if err := p.Measure(x, batch, want, &m); err != nil {
			return fmt.Errorf("call of Measure: %w", err)
		}
		w.whole(int(want), int(m.Have), m.BatchSize)
		w.numbers(m.Loss)
		if want.Has(protocol.VarianceNorm) {
			w.numbers(m.VarianceNorm)
		}
		for _, s := range m.Slices() {
			if want.Has(s.Of) {
				vector(w, *s.At)
			}
		}
		return nil
	}
	all := batches(spec, needs)
	for point := range 2 {
		if point > 0 {
			displace(x)
		}
		first, again := newWriter(), newWriter()
		if err := measure(first, all[0], needs); err != nil {
			return "", err
		}
		for i, batch := range all {
			wants := []protocol.Quantity{needs}
			if i == 0 {
				wants = append(wants, each(needs)...)
			}
			for _, want := range wants {
				if err := measure(w, batch, want); err != nil {
					return "", err
				}
			}
		}
		if err := measure(again, all[0], needs); err != nil {
			return "", err
		}
		if first.String() != again.String() {
			return "", ErrImpure
		}
		if once && point > 0 {
			continue
		}
		for _, part := range parts {
			e, err := p.Evaluate(x, part)
			if err != nil {
				return "", fmt.Errorf("call of Evaluate: %w", err)
			}
			w.numbers(e.Loss, e.Metric)
		}
	}
	return w.String(), nil
}

// each lists the members of a set of two or more quantities, one by one.
func each(q protocol.Quantity) (list []protocol.Quantity) {
	if bits.OnesCount32(uint32(q)) < 2 {
		return nil
	}
	for one := protocol.Quantity(1); one <= q; one <<= 1 {
		if q.Has(one) {
			list = append(list, one)
		}
	}
	return list
}

// evaluated lists the parts that a fingerprint evaluates: all parts at two points; only the
// smallest, at one point, for a problem with many parameters and examples; none if even that would
// take minutes.
func evaluated(spec *protocol.ProblemSpec) (list []protocol.Part, once bool) {
	const cheap, costly = 1e9, 4e10 // parameters times examples
	parts := []protocol.Part{protocol.TrainPart}
	// TrainPart has about the size of the test part
	sizes := []int{max(1, min(spec.Train, max(spec.Test, spec.Validation)))}
	if spec.Validation > 0 {
		parts, sizes = append(parts, protocol.ValidationPart), append(sizes, spec.Validation)
	}
	if spec.Test > 0 {
		parts, sizes = append(parts, protocol.TestPart), append(sizes, spec.Test)
	}
	least, total := 0, 0
	for i, n := range sizes {
		total += n
		if n < sizes[least] {
			least = i
		}
	}
	switch d := float64(spec.Dim); {
	case d*float64(total) <= cheap:
		return parts, false
	case d*float64(sizes[least]) <= costly:
		return parts[least : least+1], true
	}
	return nil, true
}

// batches returns the batches that a fingerprint measures. They are small; their examples are in
// random order, and one occurs twice.
func batches(spec *protocol.ProblemSpec, needs protocol.Quantity) []protocol.Batch {
	random := protocol.Stream(3, "fingerprint")
	sizes := []int{5, 2}
	switch {
	case spec.Dim > 1<<20: // takes seconds for the largest networks
		sizes = []int{3}
	case spec.Dim < 1<<12 && needs&protocol.Matrices == 0:
		sizes = []int{5, 2, 37}
	}
	var all []protocol.Batch
	position := int64(0)
	for i, m := range sizes {
		b := protocol.Batch{Seed: uint64(i + 1), Position: position}
		for k := range m {
			n := int(position) + k
			if spec.Train > 0 {
				n = random.IntN(spec.Train)
			}
			b.Examples = append(b.Examples, n)
		}
		if spec.Train > 0 && m > 2 {
			b.Examples[m-1] = b.Examples[0] // as in a batch that crosses the end of an epoch
		}
		all = append(all, b)
		position += 1000
	}
	return all
}

// displace moves a point slightly in all coordinates.
func displace[T protocol.Float](x []T) {
	random := protocol.Stream(4, "fingerprint")
	for i := range x {
		x[i] += T(random.Float64()-0.5) * 0.0625
	}
}

// Package problems holds the built-in test problems, one file each, and the catalogue of the data
// sets that they read.
//
// They offer the gradient, the variance s and its norm ‖s‖₁, exact for the batch; only networks
// with batch normalization have no variance to offer. All but networks are an oracle, too, and
// linear models and small softmax regressions offer matrices. Networks work in float32 and on all
// threads, all others in float64 and on one. Models and networks also measure the gradient at
// sampled labels, and describe each block of their parameters: its shape, output axis and role;
// other functions have no blocks. Sums are taken in a fixed order, so that a result depends on
// nothing but the point, the batch, the seed and the machine's floating point. An opened problem
// owns its buffers and serves one run; data are read once per process and shared.
package problems

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"noisebench/plugins/internal/linalg"
	"noisebench/protocol"
)

// SetThreads sets the number of threads that each run of a built-in problem uses in this process.
// It holds for problems opened afterwards. With n < 1, which is the default, it is GOMAXPROCS.
// Results do not depend on it.
func SetThreads(n int) { linalg.SetThreads(n) }

// All returns the definitions of the built-in problems, the cheap ones first.
func All() []protocol.ProblemDef { return slices.Clone(definitions()) }

// definitions are made once: to say what it costs, each network is laid out, which takes tens of
// milliseconds in all.
var definitions = sync.OnceValue(func() []protocol.ProblemDef {
	list := []protocol.ProblemDef{
		noisyQuadraticDef(),
		noiseGeometryDef(),
		quadratic2DDef(),
		rotatedQuadraticDef(),
		wilsonDef(),
		rosenbrockDef(),
		bealeDef(),
		braninDef(),
		quadraticDeepDef(),
		breastCancerDef(),
		lognormalDef(),
		linearToyDef(),
		logisticToyDef(),
		bostonDef(),
		wdbcDef(),
		a1aDef(),
		wineDef(),
		energyDef(),
		powerPlantDef(),
		yachtDef(),
		digitsDef(),
		mnistDef(),
		fashionDef(),
	}
	for _, n := range networks() {
		list = append(list, n.def())
	}
	return list
})

// networks lists the problems on neural networks.
func networks() []network {
	return []network{
		digitsMLP(),
		fashionLeNet5(),
		mnistAutoencoder(),
		fashionResNet8(),
		fashionViT(),
		opticksTransformer(),
		opticksLSTM(),
		opticksNanoGPT(),
		mnistMLP(),
		fashionMLP(),
		tolstoiCharRNN(),
		p4WarAndPeace(),
		cabsMNIST(),
		mnist2c2d(),
		fashion2c2d(),
		p1FashionMNIST(),
		mnistVAE(),
		fashionVAE(),
		cabsSVHN(),
		cabsCIFAR10(),
		cabsCIFAR100(),
		svhn3c3d(),
		cifar10net3c3d(),
		p2CIFAR10(),
		cifar100net3c3d(),
		cifar100AllCNNC(),
		svhnWRN164(),
		p3CIFAR100(),
	}
}

// everything is what problems measure whose examples do not depend on each other.
const everything = protocol.Gradient | protocol.VarianceNorm | protocol.Variance

// splitSeed is the seed of the streams that cut data sets into their parts: a part is the same in
// every run.
const splitSeed = 0

// function is the mathematics of a problem. Its arguments have passed the checks of [opened].
type function[T protocol.Float] interface {
	start(x []T, seed uint64)
	measure(x []T, batch protocol.Batch, want protocol.Quantity, m *protocol.Measurement[T])
	evaluate(x []T, part protocol.Part) protocol.Evaluation
}

// opened is a problem opened for one run: its function behind the checks that all problems share.
type opened[T protocol.Float] struct {
	spec protocol.ProblemSpec
	f    function[T]
}

var _ protocol.Problem[float64] = (*opened[float64])(nil)

// Init implements [protocol.Problem].
func (o *opened[T]) Init(x []T, seed uint64) error {
	if err := o.checkPoint(x); err != nil {
		return err
	}
	o.f.start(x, seed)
	return nil
}

// Measure implements [protocol.Problem].
func (o *opened[T]) Measure(x []T, batch protocol.Batch, want protocol.Quantity,
	m *protocol.Measurement[T],
) error {
	if err := o.checkPoint(x); err != nil {
		return err
	}
	switch size := len(batch.Examples); {
	case !o.spec.Measures.Has(want):
		return fmt.Errorf("asked to measure %v, want some of %v", want, o.spec.Measures)
	case size < want.MinBatch():
		return fmt.Errorf("batch has %d examples, want at least %d to measure %v", size, want.MinBatch(),
			want)
	}
	for _, s := range m.Slices() {
		if got, room := len(*s.At), s.Of.Elements(o.spec.Dim); want.Has(s.Of) && got != room {
			return fmt.Errorf("room for the %v has %d elements, want %d", s.Of, got, room)
		}
	}
	end := o.spec.Train
	if end == 0 { // endless
		end = math.MaxInt
	}
	for _, n := range batch.Examples {
		if n < 0 || n >= end {
			return fmt.Errorf("batch has example number %d, want numbers in [0, %d)", n, end)
		}
	}
	o.f.measure(x, batch, want, m)
	m.Have = want
	m.BatchSize = len(batch.Examples)
	return nil
}

// Evaluate implements [protocol.Problem].
func (o *opened[T]) Evaluate(x []T, part protocol.Part) (protocol.Evaluation, error) {
	if err := o.checkPoint(x); err != nil {
		return protocol.Evaluation{}, err
	}
	switch {
	case part == protocol.TrainPart,
		part == protocol.ValidationPart && o.spec.Validation > 0,
		part == protocol.TestPart && o.spec.Test > 0:
		return o.f.evaluate(x, part), nil
	}
	return protocol.Evaluation{}, fmt.Errorf("the problem has no %q part", part)
}

func (o *opened[T]) checkPoint(x []T) error {
	if len(x) != o.spec.Dim {
		return fmt.Errorf("point has %d elements, want %d", len(x), o.spec.Dim)
	}
	return nil
}

// ascending returns the numbers from 0 to n−1.
func ascending(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

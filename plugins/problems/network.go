package problems

import (
	"math/rand/v2"
	"slices"

	"noisebench/plugins/problems/internal/data"
	"noisebench/plugins/problems/internal/nn"
	"noisebench/protocol"
)

// network is a test problem on a neural network, as its file describes it. The metric is accuracy, or the loss where
// that is a squared one. What the source does not say, and we have decided, is in doc after "Ours:".
type network struct {
	name, doc, source string
	examples          corpus
	layers            []nn.Layer
	l2                float64 // λ of the regulariser λ/2 ‖w‖² on weights, not on biases; 0: none
	batch             int     // batch size
	budget            int64   // examples
	schedule          []protocol.Drop
	inOrder           bool // the validation part is the end of the published training examples, not a random choice
	byLoss            bool // points are ranked by the loss in place of accuracy
}

// corpus is a data set as a network sees it.
type corpus interface {
	files() *data.Set
	count() (train, test int) // examples, as published
	shape() nn.Shape          // of one example
	open() (reader, error)
}

// reader reads examples. It may be used by several goroutines at once.
type reader interface {
	// read writes example n of the published training examples, or of the test examples, to input, and what the loss
	// asks for to target: its class, one for each position that has one, or its values. What augmentation draws comes
	// from random, which is nil in evaluations.
	read(test bool, n int, random *rand.Rand, input, target []float32)
}

// purposeAugment names the streams that augmentation draws from, keyed by the example's position in the run and its
// number.
const purposeAugment = "augment"

const splitDoc = `As many of the published training examples as there are test examples are held out for validation, at
random, the same in every run, and as many of the others are the train part.`

const orderDoc = `The last of the training examples, as many as there are test examples, are held out for validation, and as many of
the others, chosen at random, the same in every run, are the train part.`

func (n network) def() protocol.ProblemDef {
	split := splitDoc
	if n.inOrder {
		split = orderDoc
	}
	return protocol.ProblemDef{
		Name:    n.name,
		Version: "2",
		Doc:     n.doc + "\n" + split + "\n" + n.cost().String(),
		Source:  n.source,
		Spec:    func(protocol.Setting) (protocol.ProblemSpec, error) { return n.spec(n.build()), nil },
		New32: func(protocol.Setting) (protocol.Problem[float32], error) {
			r, err := n.examples.open()
			if err != nil {
				return nil, err
			}
			net := n.build()
			return &opened[float32]{n.spec(net), newLearner(net, r, n)}, nil
		},
	}
}

func (n network) build() *nn.Network { return nn.New(n.examples.shape(), n.layers...).L2(n.l2) }

func (n network) spec(net *nn.Network) protocol.ProblemSpec {
	train, test := n.examples.count()
	metric := protocol.Metric{Name: "accuracy", HigherBetter: true}
	if _, ok := n.layers[len(n.layers)-1].(nn.SquaredLoss); ok || n.byLoss {
		metric = protocol.Metric{Name: "loss"}
	}
	return protocol.ProblemSpec{
		Dim:        net.Dim(),
		DType:      protocol.Float32,
		Train:      train - test,
		Validation: test,
		Test:       test,
		Measures:   net.Measures(),
		Metric:     metric,
		BatchSize:  n.batch,
		Budget:     n.budget,
		Schedule:   slices.Clone(n.schedule),
		Blocks:     net.Blocks(),
		Data:       dataFiles(n.examples.files()),
	}
}

// passes is the number of examples seen in so many passes over a corpus' training examples.
func passes(n int64, c corpus) int64 {
	train, test := c.count()
	return n * int64(train-test)
}

// learner is a network at work on its data.
type learner struct {
	net *nn.Network
	reader
	train, validation, trainPart []int // published training examples
	test                         int   // number of test examples

	byLoss     bool
	batch      int       // batch size, by which batch normalization is calibrated
	calibrated []float32 // the point at which it was, if the network has any
}

func newLearner(net *nn.Network, r reader, n network) *learner {
	train, test := n.examples.count()
	order := protocol.Stream(splitSeed, protocol.PurposeSplit).Perm(train)
	f := &learner{net: net, reader: r, validation: order[:test], train: order[test:], test: test, byLoss: n.byLoss, batch: n.batch}
	if n.inOrder {
		numbers := ascending(train)
		f.train, f.validation = numbers[:train-test], numbers[train-test:]
		order = protocol.Stream(splitSeed, protocol.PurposeSplit).Perm(train - test)
		f.trainPart = order[:min(test, len(order))]
		return f
	}
	f.trainPart = f.train[:min(test, len(f.train))]
	return f
}

func (f *learner) start(x []float32, seed uint64) { f.net.Init(x, seed) }

func (f *learner) measure(x []float32, batch protocol.Batch, want protocol.Quantity,
	m *protocol.Measurement[float32],
) {
	f.net.Measure(x, batch, want, func(i int, input, target []float32) {
		example, position := f.train[batch.Examples[i]], uint64(batch.Position)+uint64(i)
		random := protocol.Stream(batch.Seed, purposeAugment, position, uint64(example))
		f.read(false, example, random, input, target)
	}, m)
}

// evaluate sees examples as they are. Batch normalization uses statistics of the train part, computed once per point.
func (f *learner) evaluate(x []float32, part protocol.Part) protocol.Evaluation {
	if !f.net.Measures().Has(protocol.Variance) && !slices.Equal(x, f.calibrated) {
		f.net.Calibrate(x, len(f.trainPart), f.batch, f.published(f.trainPart))
		f.calibrated = append(f.calibrated[:0], x...)
	}
	e := f.evaluatePart(x, part)
	if f.byLoss {
		e.Metric = e.Loss
	}
	return e
}

func (f *learner) evaluatePart(x []float32, part protocol.Part) protocol.Evaluation {
	switch part {
	case protocol.ValidationPart:
		return f.net.Evaluate(x, len(f.validation), f.published(f.validation))
	case protocol.TestPart:
		return f.net.Evaluate(x, f.test, func(i int, input, target []float32) { f.read(true, i, nil, input, target) })
	}
	return f.net.Evaluate(x, len(f.trainPart), f.published(f.trainPart))
}

// published loads published training examples without augmentation.
func (f *learner) published(numbers []int) nn.Loader {
	return func(i int, input, target []float32) { f.read(false, numbers[i], nil, input, target) }
}

package problems

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"noisebench/plugins/problems/internal/data"
	"noisebench/plugins/problems/internal/nn"
	"noisebench/protocol"
)

// network is a test problem on a neural network, as its file describes it. The metric is accuracy,
// or the loss where that is a squared one. Decisions that the source leaves open are in doc after
// "Ours:".
type network struct {
	name, doc, source string
	version           string // "" means 2
	examples          corpus
	layers            []nn.Layer
	l2                float64 // λ of the regulariser λ/2 ‖w‖² on weights, not on biases; 0: none
	batch             int     // batch size
	budget            int64   // examples
	schedule          []protocol.Drop
	// the validation part is the end of the published training examples, not a random choice
	inOrder bool
	byLoss  bool // points are ranked by the loss in place of accuracy
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
	// read writes example n of the published training examples, or of the test examples, to input,
	// and what the loss asks for to target: its class, one for each position that has one, or its
	// values. What augmentation draws comes from random, which is nil in evaluations.
	read(test bool, n int, random *rand.Rand, input, target []float32)
	// draws reports whether augmentation draws anything.
	draws() bool
}

// purposeAugment names the streams that augmentation draws from, keyed by the example's position in
// the run and its number.
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
		Name:       n.name,
		Version:    cmp.Or(n.version, "2"),
		Doc:        n.doc + "\n" + split + "\n" + n.cost().String(),
		Source:     n.source,
		Parameters: n.parameters(),
		Spec: func(s protocol.Setting) (protocol.ProblemSpec, error) {
			return n.spec(n.build(), n.validation(s)), nil
		},
		New32: func(s protocol.Setting) (protocol.Problem[float32], error) {
			r, err := n.examples.open()
			if err != nil {
				return nil, err
			}
			net := n.build()
			f := newLearner(net, r, n, n.validation(s))
			if n.classifies() {
				f.mislabel(s["label_noise"], n.classes())
			}
			return &opened[float32]{n.spec(net, len(f.validation)), f}, nil
		},
	}
}

func (n network) parameters() []protocol.Hyperparameter {
	_, test := n.examples.count()
	list := []protocol.Hyperparameter{{
		Name: protocol.ValidationParameter,
		Doc: "examples held out for validation; 0: none, the network is trained on all published " +
			"training examples",
		Default: float64(test), Max: float64(test), Integer: true, Later: true,
	}}
	if n.classifies() {
		list = append(list, labelNoiseParameter())
	}
	return list
}

// validation is the number of examples that are held out at a complete setting.
func (n network) validation(s protocol.Setting) int {
	if v, ok := s[protocol.ValidationParameter]; ok {
		return int(v)
	}
	_, test := n.examples.count()
	return test
}

// classifies reports whether an example has a class, and one only.
func (n network) classifies() bool {
	_, ok := n.examples.(pictures)
	return ok
}

// classes is the number of outputs that a network's loss compares.
func (n network) classes() int {
	for i := len(n.layers) - 1; ; i-- {
		switch l := n.layers[i].(type) {
		case nn.Dense:
			return l.Units
		case nn.Conv:
			return l.Channels
		}
	}
}

func (n network) build() *nn.Network { return nn.New(n.examples.shape(), n.layers...).L2(n.l2) }

func (n network) spec(net *nn.Network, validation int) protocol.ProblemSpec {
	train, test := n.examples.count()
	metric := protocol.Metric{Name: "accuracy", HigherBetter: true}
	if _, ok := n.layers[len(n.layers)-1].(nn.SquaredLoss); ok || n.byLoss {
		metric = protocol.Metric{Name: "loss"}
	}
	return protocol.ProblemSpec{
		Dim:        net.Dim(),
		DType:      protocol.Float32,
		Train:      train - validation,
		Validation: validation,
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

// learner is a network with its data, opened for one run.
type learner struct {
	net *nn.Network
	reader
	train, validation, trainPart []int // published training examples
	shifts                       []int // of their labels, see [labelShifts]; nil: none
	classes                      int   // modulo which labels are shifted
	test                         int   // number of test examples

	byLoss     bool
	batch      int       // batch size, by which batch normalization is calibrated
	calibrated []float32 // the point at which it was, if the network has any
}

func newLearner(net *nn.Network, r reader, n network, validation int) *learner {
	train, test := n.examples.count()
	order := protocol.Stream(splitSeed, protocol.PurposeSplit).Perm(train)
	f := &learner{
		net: net, reader: r, validation: order[:validation], train: order[validation:], test: test,
		byLoss: n.byLoss, batch: n.batch,
	}
	seen := f.train
	if n.inOrder {
		numbers := ascending(train)
		f.train, f.validation = numbers[:train-validation], numbers[train-validation:]
		seen = protocol.Stream(splitSeed, protocol.PurposeSplit).Perm(train - validation)
	}
	f.trainPart = seen[:min(test, len(seen))]
	return f
}

// mislabel gives a fraction of the training examples wrong labels.
func (f *learner) mislabel(noise float64, classes int) {
	shifts := labelShifts(noise, len(f.train), classes)
	if shifts == nil {
		return
	}
	f.classes, f.shifts = classes, make([]int, len(f.train)+len(f.validation))
	for i, n := range f.train {
		f.shifts[n] = shifts[i]
	}
}

// readPublished reads a published training example, as labelled here.
func (f *learner) readPublished(n int, random *rand.Rand, input, target []float32) {
	f.read(false, n, random, input, target)
	if f.shifts != nil {
		target[0] = float32((int(target[0]) + f.shifts[n]) % f.classes)
	}
}

func (f *learner) start(x []float32, seed uint64) { f.net.Init(x, seed) }

func (f *learner) measure(x []float32, batch protocol.Batch, want protocol.Quantity,
	m *protocol.Measurement[float32],
) {
	f.net.Measure(x, batch, want, func(i int, input, target []float32) {
		example, position := f.train[batch.Examples[i]], uint64(batch.Position)+uint64(i)
		var random *rand.Rand
		if f.draws() {
			random = protocol.Stream(batch.Seed, purposeAugment, position, uint64(example))
		}
		f.readPublished(example, random, input, target)
	}, m)
}

// evaluate sees examples as they are. Batch normalization uses statistics of the train part,
// computed once per point.
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
		return f.net.Evaluate(x, f.test, func(i int, input, target []float32) {
			f.read(true, i, nil, input, target)
		})
	}
	return f.net.Evaluate(x, len(f.trainPart), f.published(f.trainPart))
}

// published loads published training examples without augmentation.
func (f *learner) published(numbers []int) nn.Loader {
	return func(i int, input, target []float32) { f.readPublished(numbers[i], nil, input, target) }
}

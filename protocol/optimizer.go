package protocol

// Draw selects the examples of the next batch.
type Draw uint8

// The draws.
const (
	New   Draw = iota // the next examples of the data order
	Again             // the examples of the last measurement again, at the new x
	All               // every training example; an error on endless data
)

func (d Draw) String() string {
	switch d {
	case New:
		return "new"
	case Again:
		return "again"
	case All:
		return "all"
	}
	return "unknown"
}

// Request is an optimizer's request for the next measurement. The zero value asks for as many new
// examples as the last one, and for the declared quantities.
type Request struct {
	BatchSize int      // m; 0 keeps the size. Ignored unless Draw is New; requires ChoosesBatchSize
	Draw      Draw     // the examples
	Want      Quantity // a subset of OptimizerDef.Needs; 0 means all of it
	// Trial marks x as a trial point, such as one of a line search. It is not evaluated, and its
	// loss never ends the run. Requires Trials in the definition.
	Trial bool
}

// Start is the information that an optimizer has before its first step.
type Start struct {
	Setting   Setting            // complete
	Dim       int                // d
	DType     DType              // element type
	Blocks    []Block            // of x; may be empty
	BatchSize int                // of the problem or the plan; used if the first request has size 0
	Train     int                // number of training examples N; 0 for endless data
	Budget    int64              // examples
	Seed      uint64             // for Stream(Seed, PurposeOwn), if the optimizer is randomized
	Constants map[string]float64 // those of the problem, see ProblemSpec
}

// Optimizer is an optimizer in one run. It holds its own state, such as momentum. If it has a
// method Close() error, that is called when the run ends. It may also be a [Reporter], an
// [Averager] or [Stateful].
type Optimizer[T Float] interface {
	// Step moves x in place, given a measurement at x, and returns the request for the next
	// measurement. x and m's slices belong to the harness: x must not be changed outside Step, and
	// none may be retained. An error is a Fault of the optimizer. Divergence is not an error: NaN
	// and infinities must reach x.
	Step(x []T, m *Measurement[T]) (Request, error)
}

// Reporter is an Optimizer that reports named numbers about each step, which are recorded and
// affect nothing.
type Reporter interface {
	// Report writes the values for the last step to values, one per name in OptimizerDef.Reports.
	Report(values []float64)
}

// Averager is an Optimizer whose estimate of the optimum differs from the point at which it
// measures, such as an average of iterates. The estimate is evaluated.
type Averager[T Float] interface {
	// Estimate writes the current estimate to out (d elements), given the point x. It is also
	// called before the first step, where the point itself is a valid estimate.
	Estimate(x, out []T)
}

// Stateful is an Optimizer whose state can be saved and restored, see [SaveState]: an optimizer
// opened for the same run continues from the restored state with the same bits.
type Stateful interface {
	// State lists, in a fixed order, pointers to everything that Step changes and that a later
	// Step, Report or Estimate reads: numbers, booleans, strings, slices and arrays of these, or
	// another Stateful. A slice keeps the length that New32 or New64 gave it; a nil slice may get
	// any length. Values that the constructor derives from Start and that never change are not part
	// of the state. Random numbers need no entry if each step draws from its own Stream, keyed by
	// Measurement.Step.
	State() []any
}

// OptimizerDef defines an optimizer for [noisebench/plugins.Serve].
type OptimizerDef struct {
	Name             string // lower-case, words joined by hyphens
	Version          string // raised when any of its numbers change
	Doc              string // first line: a summary for listings
	Source           string // publication, and which published variant this is
	Hyperparameters  []Hyperparameter
	Needs            Quantity // all quantities that its requests may want
	ChoosesBatchSize bool     // its requests may set BatchSize; a plan cannot set the batch size
	Averages         bool     // it is an Averager
	Trials           bool     // its requests may set Trial
	FullBatch        bool     // it draws All and cannot run on endless data
	Saves            bool     // it is Stateful
	Reports          []string // names of the values of a Reporter

	// New32 and New64 open the optimizer for one run and return its first request. At least one is
	// set.
	New32 func(Start) (Optimizer[float32], Request, error)
	New64 func(Start) (Optimizer[float64], Request, error)

	Identity // declared by outside plugins

	// Origin and Fingerprint are set by the program that loads the definition. Fingerprint returns
	// the fingerprint of the optimizer (see package fingerprint); nil if it is not needed.
	Origin      Origin
	Fingerprint func() (string, error)
}

// Definition is an OptimizerDef or a ProblemDef.
type Definition interface{ definition() }

func (OptimizerDef) definition() {}
func (ProblemDef) definition()   {}

// Offers reports whether the definition has a constructor for an element type.
func (d *OptimizerDef) Offers(t DType) bool {
	return t == Float32 && d.New32 != nil || t == Float64 && d.New64 != nil
}

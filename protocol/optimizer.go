package protocol

// Draw says which examples the next batch holds.
type Draw uint8

// The draws.
const (
	New   Draw = iota // the next examples of the data order
	Again             // the examples of the last measurement once more, at the new x
	All               // every training example; refused on endless data
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

// Request says what an optimizer wants to have measured next. The zero value repeats the usual: as many new examples as
// last time, and the quantities that the optimizer declared.
type Request struct {
	BatchSize int      // m; 0 keeps the size. Ignored unless Draw is New; only for those that declare ChoosesBatchSize
	Draw      Draw     // which examples
	Want      Quantity // 0: OptimizerDef.Needs; else a part of that
	// Trial: x is a trial point now (of a line search, say). Evaluation does not judge it, and its loss, whatever it is,
	// does not end the run. Only for those that declare Trials.
	Trial bool
}

// Start is what an optimizer knows before its first step.
type Start struct {
	Setting   Setting            // complete
	Dim       int                // d
	DType     DType              // element type
	Blocks    []Block            // of x; may be empty
	BatchSize int                // of the problem or the plan, used if the first request leaves it 0
	Train     int                // number of training examples N; 0: endless
	Budget    int64              // examples
	Seed      uint64             // for Stream(Seed, PurposeOwn), if the optimizer is random
	Constants map[string]float64 // what the problem declares, see ProblemSpec
}

// Optimizer is one optimizer in one run. It keeps its state (momentum, …) itself. If it has a method Close() error, that
// is called when the run ends. It may also be a [Reporter] or an [Averager].
type Optimizer[T Float] interface {
	// Step moves x in place, given a measurement at x, and says what to measure next. x and m's slices are the
	// harness's: x must not be changed outside Step, none may be kept. An error is a Fault of the optimizer; divergence
	// is not an error: let NaN and infinities through.
	Step(x []T, m *Measurement[T]) (Request, error)
}

// Reporter is an Optimizer that reports named numbers about each step. They are recorded and influence nothing.
type Reporter interface {
	// Report writes the values for the last step to values, one per name in OptimizerDef.Reports.
	Report(values []float64)
}

// Averager is an Optimizer whose estimate of the optimum is not the point at which it measures (averaged iterates).
// Evaluation judges the estimate.
type Averager[T Float] interface {
	// Estimate writes the current estimate to out (d elements), given the point x. It is asked before the first step, too:
	// there the point itself will do.
	Estimate(x, out []T)
}

// Stateful is an Optimizer whose state can be saved and restored, see [SaveState]: restored in an optimizer that was opened
// for the same run, it goes on to the same bits.
type Stateful interface {
	// State lists pointers to all that Step changes and a later Step, Report or Estimate reads, in a fixed order: to
	// numbers, booleans, strings, slices and arrays of these, or another Stateful. A slice keeps the length that New32 or
	// New64 gave it; one that was nil may get any. What the constructor derives from Start and never changes does not belong
	// here. Random numbers need no entry where each step draws from a Stream of its own, keyed by Measurement.Step.
	State() []any
}

// OptimizerDef defines an optimizer for [noisebench/plugins.Serve].
type OptimizerDef struct {
	Name             string // lower-case, words joined by hyphens
	Version          string // raised when any of its numbers change
	Doc              string // first line: a summary for listings
	Source           string // where it is published, and which published variant this is
	Hyperparameters  []Hyperparameter
	Needs            Quantity // all that its requests may want
	ChoosesBatchSize bool     // a plan cannot set its batch size
	Averages         bool     // it is an Averager
	Trials           bool     // its requests may set Trial
	FullBatch        bool     // it draws All, so that it cannot run on endless data
	Saves            bool     // it is Stateful
	Reports          []string // names of what a Reporter reports

	// New32 and New64 open the optimizer for one run and return its first request. At least one is set.
	New32 func(Start) (Optimizer[float32], Request, error)
	New64 func(Start) (Optimizer[float64], Request, error)

	Identity // declared by outside plugins

	// Origin and Fingerprint are filled in by whoever loaded the definition. Fingerprint measures what the optimizer computes
	// (see package fingerprint); nil: nobody has to know.
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

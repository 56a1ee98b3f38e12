package protocol

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
)

// Part is one of the three parts of a problem's data on which a point is evaluated.
type Part string

// The parts. TrainPart is a fixed subset of the training examples of about the size of the test
// part (all of them if the problem's documentation says so); for a problem whose objective is known
// exactly, it is that objective.
const (
	TrainPart      Part = "train"
	ValidationPart Part = "validation"
	TestPart       Part = "test"
)

// Batch specifies the examples of one measurement.
type Batch struct {
	// Examples are the numbers of the examples, in order: each in [0, ProblemSpec.Train) or, for
	// endless data, the positions in the stream. A number may occur twice in a batch that crosses
	// the end of an epoch. The slice belongs to the caller and is valid only during the call.
	Examples []int
	// Seed is the run's seed and Position the stream position of Examples[0]. Augmentation, dropout
	// and endless noise are drawn from streams keyed by (Seed, Position+i or Examples[i]), so that
	// repeated measurements of a batch are the same. A batch of All is not part of the stream: its
	// Position is the number of examples charged before.
	Seed     uint64
	Position int64
}

// Measurement holds the quantities measured on one batch at one point. The caller allocates the
// slices of the wanted quantities (see [Quantity.Elements]); they are valid only during the call.
type Measurement[T Float] struct {
	Have         Quantity // the measured quantities besides Loss
	BatchSize    int      // m, the number of examples in the batch
	Loss         float64  // (1/m) Σ fᵢ(x), plus the regulariser
	Gradient     []T      // if Have has Gradient: g, d elements
	VarianceNorm float64  // if Have has VarianceNorm: ‖s‖₁
	Variance     []T      // if Have has Variance: s, d elements; the variance of g is s/m

	// If Have has the quantity of that name: d×d elements.
	Fisher, EmpiricalFisher, SampledFisher, Hessian, GaussNewton, Covariance []T

	// If Have has Oracle: ∇f(x) and σ²(x) of the whole distribution, d elements each.
	TrueGradient, TrueVariance []T

	SampledGradient []T // if Have has SampledGradient: d elements

	// The harness sets the fields below; problems do not use them.
	Step      int     // t: the number of measurements before this one
	Seen      int64   // examples charged, this batch included
	StepScale float64 // the schedule's factor on the step size at this step, see [Schedule.Factor]
}

// Slice is one of the slices of a Measurement.
type Slice[T Float] struct {
	Of Quantity // its contents
	At *[]T     // the field of the Measurement
}

// NumSlices is the number of slices of a [Measurement].
const NumSlices = 11

// Slices returns m's slices, in an order that is part of the wire contract. Oracle has two.
func (m *Measurement[T]) Slices() [NumSlices]Slice[T] {
	return [NumSlices]Slice[T]{
		{Gradient, &m.Gradient},
		{Variance, &m.Variance},
		{Fisher, &m.Fisher},
		{EmpiricalFisher, &m.EmpiricalFisher},
		{SampledFisher, &m.SampledFisher},
		{Hessian, &m.Hessian},
		{GaussNewton, &m.GaussNewton},
		{Covariance, &m.Covariance},
		{Oracle, &m.TrueGradient},
		{Oracle, &m.TrueVariance},
		{SampledGradient, &m.SampledGradient},
	}
}

// Evaluation is the evaluation of a point on one part of the data: exact means over all of the
// part's examples, without augmentation or dropout.
type Evaluation struct {
	Loss   float64 // the training objective, regulariser included
	Metric float64 // in the unit of ProblemSpec.Metric; equals Loss if the metric is the loss
}

// Problem is a test problem at fixed parameters, opened for one run: f(x) = (1/N) Σ fᵢ(x) with x of
// ProblemSpec.Dim elements. Its methods are not called concurrently, but many runs may be open at
// the same time. It is pure (R2): no call may affect the result of another. If it has a method
// Close() error, that is called when the run ends.
type Problem[T Float] interface {
	// Init writes the starting point of runs with this seed to x.
	Init(x []T, seed uint64) error
	// Measure writes Loss and the wanted quantities at x on the batch to m, and sets m.Have and
	// m.BatchSize. It must not change x or the batch. A loss that overflows is no error. If the
	// problem offers no variance, the examples of a batch may depend on each other, as with batch
	// normalization; loss and gradient are then those of the batch as a whole, and do not grow with
	// its size.
	Measure(x []T, batch Batch, want Quantity, m *Measurement[T]) error
	// Evaluate evaluates x on one part. It must not change x. A part that is absent by the
	// ProblemSpec is an error.
	Evaluate(x []T, part Part) (Evaluation, error)
}

// Metric is the quantity by which points of a problem are ranked.
type Metric struct {
	Name         string `json:"name"` // "accuracy", "loss", "suboptimality"
	HigherBetter bool   `json:"higher_better"`
}

// DataFile identifies a file that a problem reads.
type DataFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of the decompressed contents, hexadecimal
}

// ProblemSpec describes a problem at given parameters.
type ProblemSpec struct {
	Dim   int   `json:"dim"` // d
	DType DType `json:"dtype"`
	// number of training examples N; 0 for endless data, in which each example is seen once
	Train int `json:"train"`
	// number of validation examples; 0 if there is no such part
	Validation int        `json:"validation"`
	Test       int        `json:"test"`     // number of test examples; 0 if there is no such part
	Measures   Quantity   `json:"measures"` // quantities that Measure offers
	Metric     Metric     `json:"metric"`
	BatchSize  int        `json:"batch_size"` // unless the optimizer chooses
	Budget     int64      `json:"budget"`     // in examples, unless the plan sets it
	Schedule   []Drop     `json:"schedule,omitempty"`
	Blocks     []Block    `json:"blocks,omitempty"` // cover [0, Dim) without overlap, or empty
	Data       []DataFile `json:"data,omitempty"`
	// Constants are known constants of f, by name:
	//
	//	optimum            f*, the least value
	//	smoothness         L, in the Euclidean norm: ‖∇f(x) − ∇f(y)‖₂ ≤ L ‖x − y‖₂
	//	smoothness_linf    L∞, in the maximum norm: ‖∇f(x) − ∇f(y)‖₁ ≤ L∞ ‖x − y‖∞; of a convex
	//	                   quadratic with Hessian H the greatest sᵀHs of all vectors s of signs
	//	                   (Balles 2021, Sec. 6.4)
	//	smoothness_l1      L₁, in the norm ℓ₁: ‖∇f(x) − ∇f(y)‖∞ ≤ L₁ ‖x − y‖₁; of a convex
	//	                   quadratic the greatest Hᵢᵢ
	//	smoothness_sep     L_sep, separable: the least Σ lᵢ of all l with H ≼ diag(l)
	//	strong_convexity   μ: f(y) ≥ f(x) + ∇f(x)ᵀ(y−x) + μ/2 ‖y−x‖₂²
	//	gradient_variance  tr Σ, of one example's gradient, where it does not depend on x
	Constants map[string]float64 `json:"constants,omitempty"`
}

// Check returns an error that names the first invalid field.
func (s *ProblemSpec) Check() error {
	switch {
	case s.Dim < 1 || s.Dim > math.MaxInt32:
		return fmt.Errorf("dim is %d, want 1 to %d", s.Dim, math.MaxInt32)
	case s.DType != Float32 && s.DType != Float64:
		return fmt.Errorf("dtype is %q, want float32 or float64", s.DType)
	case min(s.Train, s.Validation, s.Test) < 0 ||
		int64(max(s.Train, s.Validation, s.Test)) > maxExamples:
		return fmt.Errorf("parts have %d, %d and %d examples, want 0 to %d", s.Train, s.Validation,
			s.Test, int64(maxExamples))
	case !s.Measures.Valid() || !s.Measures.Has(Gradient):
		return fmt.Errorf("measures %v, want known quantities with the gradient among them",
			s.Measures)
	case s.Measures&Matrices != 0 && s.Dim > MaxMatrixDim:
		return fmt.Errorf("measures %v at dim %d, want at most %d: each matrix would have %.3g "+
			"elements",
			s.Measures&Matrices, s.Dim, MaxMatrixDim, float64(s.Dim)*float64(s.Dim))
	case s.Metric.Name == "":
		return fmt.Errorf("metric has no name")
	case len(s.Metric.Name) > MaxNameLen:
		return fmt.Errorf("the metric's name has %d bytes, want at most %d", len(s.Metric.Name),
			MaxNameLen)
	case s.Budget > maxExamples:
		return fmt.Errorf("budget is %d examples, want at most %d", s.Budget, int64(maxExamples))
	case len(s.Blocks) > maxBlocks:
		return fmt.Errorf("there are %d blocks, want at most %d", len(s.Blocks), maxBlocks)
	case max(len(s.Schedule), len(s.Data), len(s.Constants)) > maxListed:
		return fmt.Errorf("there are %d drops of the step size, %d data files and %d constants, want "+
			"at most %d of each",
			len(s.Schedule), len(s.Data), len(s.Constants), maxListed)
	case s.BatchSize < 1:
		return fmt.Errorf("batch size is %d, want at least 1", s.BatchSize)
	case s.Budget < int64(s.BatchSize):
		return fmt.Errorf("budget is %d examples, want at least one batch (%d examples)", s.Budget,
			s.BatchSize)
	}
	for _, f := range s.Data {
		if n := max(len(f.Name), len(f.SHA256)); n > MaxNameLen {
			return fmt.Errorf("data file %.20q has a name or hash of %d bytes, want at most %d", f.Name, n, MaxNameLen)
		}
	}
	end := 0
	for _, b := range s.Blocks {
		if len(b.Name) > MaxNameLen || len(b.Shape) > 16 {
			return fmt.Errorf("block %.20q has a name of %d bytes and %d axes, want at most %d and 16",
				b.Name, len(b.Name), len(b.Shape), MaxNameLen)
		}
		if b.Offset != end || b.Len < 1 {
			return fmt.Errorf("block %q covers [%d, %d), want it to start at %d", b.Name, b.Offset,
				b.Offset+b.Len, end)
		}
		if err := b.check(); err != nil {
			return err
		}
		end += b.Len
	}
	if len(s.Blocks) > 0 && end != s.Dim {
		return fmt.Errorf("blocks cover %d elements, want %d", end, s.Dim)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Constants)) {
		if len(name) > MaxNameLen {
			return fmt.Errorf("constant %.20q has a name of %d bytes, want at most %d", name, len(name),
				MaxNameLen)
		}
		if v := s.Constants[name]; !Finite(v) {
			return fmt.Errorf("constant %s is %g, want a finite number", name, v)
		}
	}
	return checkDrops(s.Schedule)
}

// Limits on what specifications may declare, so that a mistake cannot exhaust the memory of those
// who read them.
const (
	MaxNameLen  = 256     // bytes of a name in a specification or a definition
	maxExamples = 1 << 48 // of a part, or of a budget
	maxBlocks   = 1 << 17
	maxListed   = 10000 // drops, data files, constants
)

// ProblemDef defines a problem, for [noisebench/plugins.Serve]: its declarations, which need no
// data, and constructors.
type ProblemDef struct {
	Name       string // lower-case, words joined by hyphens
	Version    string // raised when any of its numbers change
	Doc        string // first line: a summary for listings
	Source     string // publication, and which published variant this is
	Parameters []Hyperparameter

	// Spec returns the specification of the problem at a complete setting of its parameters. It
	// needs no data files.
	Spec func(Setting) (ProblemSpec, error)
	// New32 or New64, according to Spec's DType, opens the problem for one run at a complete
	// setting. The first call reads the data, so that later ones are fast. An error for missing
	// data states how to get them.
	New32 func(Setting) (Problem[float32], error)
	New64 func(Setting) (Problem[float64], error)

	Identity // declared by outside plugins

	// Origin and Fingerprint are set by the program that loads the definition. Fingerprint returns
	// the fingerprint of the problem at a complete setting for optimizers that need given
	// quantities (see package fingerprint); nil if it is not needed.
	Origin      Origin
	Fingerprint func(at Setting, needs Quantity) (string, error)
}

// At describes the problem at a setting of its parameters, of which those left out take their
// defaults. It returns the complete setting and the specification there, which has passed
// [ProblemSpec.Check].
func (d *ProblemDef) At(params Setting) (Setting, ProblemSpec, error) {
	at, err := Resolve(d.Parameters, params)
	if err != nil {
		return nil, ProblemSpec{}, err
	}
	spec, err := d.Spec(at)
	if err == nil {
		err = spec.Check()
	}
	if err != nil {
		return nil, ProblemSpec{}, err
	}
	return at, spec, nil
}

// Offers reports whether the definition has a constructor for an element type.
func (d *ProblemDef) Offers(t DType) bool {
	return t == Float32 && d.New32 != nil || t == Float64 && d.New64 != nil
}

// TryOpen opens the problem at a complete setting, with the elements that its specification names,
// and closes it again. It reports what would keep a run from starting, such as missing data.
func (d *ProblemDef) TryOpen(at Setting, t DType) (err error) {
	var problem any
	switch {
	case !d.Offers(t):
		return fmt.Errorf("its specification names %s, but the definition has no constructor for "+
			"it", t)
	case t == Float32:
		problem, err = d.New32(at)
	default:
		problem, err = d.New64(at)
	}
	if err != nil {
		return err
	}
	if c, ok := problem.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

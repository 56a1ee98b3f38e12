package protocol_test

import (
	"fmt"

	"noisebench/protocol"
)

// A setting is completed by the declared defaults. Values outside the declared range are errors.
func ExampleResolve() {
	declared := []protocol.Hyperparameter{
		protocol.StepSizeParameter(0.1),
		protocol.Fraction("beta", "decay rate β", 0.9),
	}
	fmt.Println(protocol.Resolve(declared, protocol.Setting{"step_size": 0.03}))
	_, err := protocol.Resolve(declared, protocol.Setting{"beta": 1})
	fmt.Println(err)
	_, err = protocol.Resolve(declared, protocol.Setting{"bta": 0.5})
	fmt.Println(err)
	// Output:
	// beta=0.9 step_size=0.03 <nil>
	// beta is 1, want a value in [0, 1)
	// unknown parameter "bta"; did you mean beta?
}

// Warm-up and decay are functions of the examples charged, so that they do not depend on batch
// sizes.
func ExampleSchedule_Factor() {
	s := protocol.Schedule{Warmup: 0.1, Decay: protocol.Linear, Start: 0.5}
	fmt.Println(s)
	for _, seen := range []int64{0, 50, 90, 400, 500, 750, 990} {
		fmt.Printf("%3d examples: %.2f\n", seen, s.Factor(seen, 10, 1000))
	}
	// Output:
	// warm-up over 10 % of the budget, then constant up to 50 % of the budget, then linear decay to 0
	//   0 examples: 0.10
	//  50 examples: 0.60
	//  90 examples: 1.00
	// 400 examples: 1.00
	// 500 examples: 1.00
	// 750 examples: 0.50
	// 990 examples: 0.02
}

// Equal arguments give equal numbers on every platform. Other keys give independent streams.
func ExampleStream() {
	fmt.Println(protocol.Stream(1, protocol.PurposeOrder, 0).Perm(5))
	fmt.Println(protocol.Stream(1, protocol.PurposeOrder, 0).Perm(5))
	fmt.Println(protocol.Stream(1, protocol.PurposeOrder, 1).Perm(5))
	// Output:
	// [0 3 1 2 4]
	// [0 3 1 2 4]
	// [4 1 2 3 0]
}

// momentum is SGD with momentum. Its velocity is all that a later step needs.
type momentum struct{ v []float64 }

func (o *momentum) State() []any { return []any{&o.v} }

func (o *momentum) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	for i, g := range m.Gradient {
		o.v[i] = 0.5*o.v[i] + g
		x[i] -= 0.1 * m.StepScale * o.v[i]
	}
	return protocol.Request{}, nil
}

// The restored optimizer continues with the velocity of the saved one.
func ExampleSaveState() {
	m := &protocol.Measurement[float64]{Gradient: []float64{1, -2}, StepScale: 1}
	x, first := []float64{0, 0}, &momentum{v: make([]float64, 2)}
	if _, err := first.Step(x, m); err != nil {
		fmt.Println(err)
	}
	state, err := protocol.SaveState(first)
	if err != nil {
		fmt.Println(err)
	}

	second := &momentum{v: make([]float64, 2)}
	if err := protocol.RestoreState(second, state); err != nil {
		fmt.Println(err)
	}
	if _, err := second.Step(x, m); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("x %.2f, velocity %g\n", x, second.v)

	fmt.Println(protocol.RestoreState(&momentum{v: make([]float64, 3)}, state))
	// Output:
	// x [-0.25 0.50], velocity [1.5 -3]
	// entry 0 of *protocol_test.momentum: the saved []float64 has 2 elements, want 3; restore what was saved at the same dimension
}

// Quantities are sets. A variance needs a batch of at least two examples.
func ExampleParseQuantity() {
	q, err := protocol.ParseQuantity("gradient+variance-norm")
	fmt.Println(q.Has(protocol.Gradient), q.Has(protocol.Variance), q.MinBatch(), err)
	_, err = protocol.ParseQuantity("gradiant")
	fmt.Println(err)
	// Output:
	// true false 2 <nil>
	// unknown quantity "gradiant"; did you mean gradient?
}

// Zero fields of a plan take the defaults of the standard protocol.
func ExamplePlan_WithDefaults() {
	p := protocol.Plan{
		Name:       "mine",
		Problems:   []protocol.ProblemEntry{{Problem: "fmnist-2c2d"}},
		Optimizers: []protocol.OptimizerEntry{{Optimizer: "adam"}},
		Selection:  protocol.TestPart,
	}.WithDefaults()
	fmt.Println(p.Check(), p.Replicates, p.Tuning.Runs, p.Tuning.SweepSeed())
	fmt.Println(p.Deviations())
	// Output:
	// <nil> 10 12 1000
	// [settings are selected on test data]
}

// At returns the complete setting and the specification of a problem.
func ExampleProblemDef_At() {
	def := protocol.ProblemDef{
		Name:       "bowl",
		Parameters: []protocol.Hyperparameter{protocol.Count("dim", "dimension", 10, 1)},
		Spec: func(at protocol.Setting) (protocol.ProblemSpec, error) {
			return protocol.ProblemSpec{
				Dim: int(at["dim"]), DType: protocol.Float64, Measures: protocol.Gradient,
				Metric: protocol.Metric{Name: "loss"}, BatchSize: 32, Budget: 3200,
			}, nil
		},
	}
	at, spec, err := def.At(protocol.Setting{"dim": 3})
	fmt.Println(at, spec.Dim, err)
	_, _, err = def.At(protocol.Setting{"dim": 0.5})
	fmt.Println(err)
	// Output:
	// dim=3 3 <nil>
	// dim is 0.5, want a value in [1, +Inf), whole numbers
}

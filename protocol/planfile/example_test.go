package planfile_test

import (
	"fmt"
	"strings"
	"testing/fstest"

	"noisebench/protocol"
	"noisebench/protocol/planfile"
)

// A plan is a few lines. A value that its field cannot hold is an error with its position.
func ExampleParse() {
	plan, err := planfile.Parse("mine.yaml", []byte(`
name: mine
problems: [noisy-quadratic]
optimizers:
  - sgd
  - {optimizer: adam, name: adam-slow, set: {beta1: 0.99}}
replicates: 5
`))
	fmt.Println(len(plan.Optimizers), plan.Optimizers[1].Name, plan.Optimizers[1].Set, plan.Replicates, err)

	_, err = planfile.Parse("mine.yaml", []byte("name: mine\nreplicates: 2.5\n"))
	fmt.Println(err)
	// Output:
	// 2 adam-slow beta1=0.99 5 <nil>
	// mine.yaml:2:13: replicates is 2.5, want a whole number
}

// A plan may extend one of a library. Its optimizers are added to those of the library's plan.
func ExamplePlans_Load() {
	plans := planfile.Plans{Library: fstest.MapFS{
		"base.yaml": {Data: []byte("name: base\nproblems: [rosenbrock]\noptimizers: [sgd]\nreplicates: 3\n")},
		"more.yaml": {Data: []byte("name: more\nextends: base\noptimizers: [adam]\n")},
	}}
	fmt.Println(plans.Names())
	plan, err := plans.Load("more")
	fmt.Println(plan.Problems[0].Problem, plan.Optimizers[0].Optimizer, plan.Optimizers[1].Optimizer, plan.Replicates, err)
	// Output:
	// [base more]
	// rosenbrock sgd adam 3 <nil>
}

// A text that could be read as another kind of value is quoted.
func ExampleMarshal() {
	plan := protocol.Plan{
		Name:       "1e3",
		Problems:   []protocol.ProblemEntry{{Problem: "rosenbrock", Budget: 1000}},
		Optimizers: []protocol.OptimizerEntry{{Optimizer: "sgd"}},
	}.WithDefaults()
	text, err := planfile.Marshal(&plan)
	name, _, _ := strings.Cut(string(text), "\n")
	fmt.Println(name, err)
	// Output:
	// name: "1e3" <nil>
}

package fingerprint_test

import (
	"fmt"
	"os"
	"path/filepath"

	"noisebench/protocol"
	"noisebench/protocol/fingerprint"
)

// sgd is gradient descent with a factor on its steps.
type sgd struct{ step float64 }

func (o sgd) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	for i, g := range m.Gradient {
		x[i] -= o.step * m.StepScale * g
	}
	return protocol.Request{}, nil
}

// define returns the definition of a version of sgd.
func define(version string, factor float64) *protocol.OptimizerDef {
	return &protocol.OptimizerDef{
		Name: "sgd", Version: version, Needs: protocol.Gradient,
		Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
		New64: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
			return sgd{factor * s.Setting[protocol.StepSize]}, protocol.Request{}, nil
		},
	}
}

// A fingerprint depends on what is computed, not on the declared version.
func ExampleOptimizer() {
	print := func(def *protocol.OptimizerDef) string {
		sum, err := fingerprint.Optimizer(def)
		if err != nil {
			fmt.Println(err)
		}
		return sum
	}
	first := print(define("1", 1))
	fmt.Println("version of the fingerprint:", fingerprint.Of(first))
	fmt.Println("same code, other version:", print(define("2", 1)) == first)
	fmt.Println("other code, same version:", print(define("1", 1+1e-15)) == first)
	// Output:
	// version of the fingerprint: 1
	// same code, other version: true
	// other code, same version: false
}

// A test compares the fingerprints of all definitions with a committed table.
func ExampleTable_Compare() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "fingerprints.json")
	table, err := fingerprint.OpenTable(path)
	if err != nil {
		fmt.Println(err)
	}
	_ = table.Compare("sgd", "1", "1-abc") // it is new
	if err := table.Save(false); err != nil {
		fmt.Println(err)
	}

	table, err = fingerprint.OpenTable(path)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(table.Compare("sgd", "1", "1-abc"))
	fmt.Println(table.Compare("sgd", "1", "1-def") != nil) // other bits under the same version
	// Output:
	// <nil>
	// true
}

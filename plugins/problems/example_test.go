package problems_test

import (
	"fmt"
	"log"

	"noisebench/plugins/problems"
	"noisebench/protocol"
)

// The Rosenbrock function at its minimum, (1, 1).
func ExampleAll() {
	for _, d := range problems.All() {
		if d.Name != "rosenbrock" {
			continue
		}
		setting, spec, err := d.At(nil)
		if err != nil {
			log.Fatal(err)
		}
		p, err := d.New64(setting)
		if err != nil {
			log.Fatal(err)
		}
		x := make([]float64, spec.Dim)
		for i := range x {
			x[i] = 1
		}
		at, err := p.Evaluate(x, protocol.TrainPart)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(spec.Metric.Name, at.Metric)
	}
	// Output:
	// suboptimality 0
}

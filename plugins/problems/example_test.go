package problems_test

import (
	"fmt"
	"log"

	"noisebench/plugins/problems"
	"noisebench/protocol"
)

// The loss and the gradient of a test problem at a point, where its Doc says that the minimum is.
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
		m := &protocol.Measurement[float64]{Gradient: make([]float64, spec.Dim)}
		if err := p.Measure(x, protocol.Batch{Examples: []int{0}}, protocol.Gradient, m); err != nil {
			log.Fatal(err)
		}
		fmt.Println(spec.Dim, m.Loss, m.Gradient)
	}
	// Output:
	// 2 0 [0 0]
}

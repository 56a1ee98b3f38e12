package protocoltest_test

import (
	"fmt"

	"noisebench/protocol"
	"noisebench/protocol/protocoltest"
)

// forgetful is SGD that keeps the step size of its first step, whatever the schedule.
type forgetful struct{ step float64 }

func (o forgetful) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	for i, g := range m.Gradient {
		x[i] -= o.step * g // StepScale is left out
	}
	return protocol.Request{}, nil
}

// The suite finds an optimizer that ignores the schedule.
func ExampleOptimizerChecks() {
	checks := protocoltest.OptimizerChecks(protocol.OptimizerDef{
		Name: "forgetful", Version: "1", Doc: "SGD without a schedule", Source: "an example",
		Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
		Needs:           protocol.Gradient,
		New64: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
			return forgetful{s.Setting[protocol.StepSize]}, protocol.Request{}, nil
		},
	})
	for _, c := range checks {
		if c.Err != nil {
			fmt.Printf("%s (%s) fails\n", c.Name, c.Rule)
		}
	}
	// Output:
	// step-scale (Measurement.StepScale) fails
}

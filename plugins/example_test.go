package plugins_test

import (
	"noisebench/plugins"
	"noisebench/protocol"
)

// A plugin is a program whose main function is one call of Serve.
func ExampleServe() {
	plugins.Serve(protocol.OptimizerDef{
		Name: "descent", Version: "1", Doc: "gradient descent", Source: "Cauchy 1847",
		Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
		Needs:           protocol.Gradient,
		New64: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
			return descent(s.Setting[protocol.StepSize]), protocol.Request{}, nil
		},
	})
}

type descent float64

func (α descent) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	for i, g := range m.Gradient {
		x[i] -= float64(α) * m.StepScale * g
	}
	return protocol.Request{}, nil
}

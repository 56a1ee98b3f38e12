package optimizers_test

import (
	"fmt"
	"log"

	"noisebench/plugins/optimizers"
	"noisebench/protocol"
)

// One step of momentum SGD at its default setting, on a gradient that is given.
func ExampleAll() {
	for _, d := range optimizers.All() {
		if d.Name != "m-sgd" {
			continue
		}
		setting, err := protocol.Resolve(d.Hyperparameters, nil)
		if err != nil {
			log.Fatal(err)
		}
		o, _, err := d.New64(protocol.Start{
			Setting: setting, Dim: 2, DType: protocol.Float64, BatchSize: 1, Train: 1, Budget: 1,
			Blocks: []protocol.Block{{Name: "x", Len: 2}},
		})
		if err != nil {
			log.Fatal(err)
		}
		x := []float64{1, -1}
		m := &protocol.Measurement[float64]{Gradient: []float64{2, 4}, StepScale: 1}
		if _, err := o.Step(x, m); err != nil {
			log.Fatal(err)
		}
		fmt.Println(setting, x)
	}
	// Output:
	// beta=0.9 step_size=0.1 [0.8 -1.4]
}

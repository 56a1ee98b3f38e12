package optimizers

import (
	"testing"

	"noisebench/protocol/protocoltest"
)

func TestConformance(t *testing.T) {
	for i, def := range All() {
		if testing.Short() && i%6 != 0 {
			continue // they are numerics, one after the other
		}
		t.Run(def.Name, func(t *testing.T) {
			if err := protocoltest.Optimizer(def); err != nil {
				t.Error(err)
			}
		})
	}
}

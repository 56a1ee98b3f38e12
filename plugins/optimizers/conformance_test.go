package optimizers

import (
	"testing"

	"noisebench/protocol/protocoltest"
)

func TestConformance(t *testing.T) {
	for _, def := range All() {
		t.Run(def.Name, func(t *testing.T) {
			if err := protocoltest.Optimizer(def); err != nil {
				t.Error(err)
			}
		})
	}
}

package problems

import (
	"testing"

	"noisebench/protocol"
	"noisebench/protocol/protocoltest"
)

func TestConformance(t *testing.T) {
	for _, c := range []struct {
		def    protocol.ProblemDef
		params protocol.Setting
	}{
		{noisyQuadraticDef(), nil},
		{noisyQuadraticDef(), protocol.Setting{"dim": 1, "condition": 1, "noise": 3}},
		{rosenbrockDef(), nil},
		{bealeDef(), nil},
		{braninDef(), nil},
		{quadraticDeepDef(), nil},
		{breastCancerDef(), nil},
		{breastCancerDef(), protocol.Setting{"l2": 0}},
		{digitsDef(), nil},
		{mnistDef(), nil},
		{fashionDef(), nil},
	} {
		t.Run(c.def.Name, func(t *testing.T) {
			if testing.Short() && c.def.Name == "fmnist-softmax" {
				t.Skip("mnist-softmax does the same")
			}
			open(t, c.def, nil) // skips without data
			if err := protocoltest.Problem(c.def, c.params); err != nil {
				t.Error(err)
			}
		})
	}
}

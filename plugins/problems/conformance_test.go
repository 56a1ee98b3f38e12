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
		{noisyQuadraticDef(), protocol.Setting{"dim": 3, "noise": 0}},
		{quadratic2DDef(), nil},
		{quadratic2DDef(), protocol.Setting{"a": 2, "b": -1, "d": 0.5, "noise": 0.5, "start_1": -3}},
		{rotatedQuadraticDef(), nil},
		{rotatedQuadraticDef(), protocol.Setting{"dim": 1}},
		{wilsonDef(), nil},
		{wilsonDef(), protocol.Setting{"positive": 2, "negative": 1}},
		{rosenbrockDef(), nil},
		{bealeDef(), nil},
		{braninDef(), nil},
		{quadraticDeepDef(), nil},
		{breastCancerDef(), nil},
		{breastCancerDef(), protocol.Setting{"l2": 0}},
		{lognormalDef(), protocol.Setting{"start": 4}},
		{linearToyDef(), protocol.Setting{"quadratic": 0.5}},
		{logisticToyDef(), protocol.Setting{"case": 3}},
		{bostonDef(), nil},
		{wdbcDef(), nil},
		{a1aDef(), nil},
		{wineDef(), nil},
		{energyDef(), nil},
		{powerPlantDef(), nil},
		{yachtDef(), nil},
		{digitsDef(), nil},
		{mnistDef(), nil},
		{fashionDef(), nil},
	} {
		t.Run(c.def.Name, func(t *testing.T) {
			if image := c.def.Name == "mnist-softmax" || c.def.Name == "fmnist-softmax"; image && testing.Short() {
				t.Skip("digits-softmax does the same, faster")
			}
			open(t, c.def, nil) // skips without data
			if err := protocoltest.Problem(c.def, c.params); err != nil {
				t.Error(err)
			}
		})
	}
}

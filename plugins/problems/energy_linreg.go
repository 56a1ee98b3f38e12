package problems

import (
	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

func energyDef() protocol.ProblemDef {
	return realDef(&energyKept, data.Energy, gaussian, readEnergy, protocol.ProblemDef{
		Name:    "energy-linreg",
		Version: "2",
		Doc:     `linear regression on energy efficiency (768 × 8, embedded): the heating load`,
		Source: "Balles 2021, App. D.3 and Table D.3; data: Tsanas and Xifara 2012, as in Gal and " +
			"Ghahramani 2016",
	})
}

var energyKept data.Kept[design]

func readEnergy() ([][]float64, error) { return data.ReadNumbers(data.Energy, 8) }

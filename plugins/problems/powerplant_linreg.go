package problems

import (
	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

func powerPlantDef() protocol.ProblemDef {
	return realDef(&powerPlantKept, data.PowerPlant, gaussian, readPowerPlant, protocol.ProblemDef{
		Name:    "powerplant-linreg",
		Version: "1",
		Doc:     `linear regression on a combined cycle power plant (9568 × 4, embedded)`,
		Source:  "Balles 2021, App. D.3 and Table D.3; data: Tüfekci 2014, as in Gal and Ghahramani 2016",
	})
}

var powerPlantKept data.Kept[design]

func readPowerPlant() ([][]float64, error) { return data.ReadNumbers(data.PowerPlant, 4) }

package problems

import (
	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

func wineDef() protocol.ProblemDef {
	return realDef(&wineKept, data.Wine, gaussian, readWine, protocol.ProblemDef{
		Name:    "wine-linreg",
		Version: "1",
		Doc:     `linear regression on wine recognition (178 × 13, embedded): the classes 0, 1 and 2 as numbers`,
		Source: "Balles 2021, App. D.3 and Table D.3, whose code has the classes as targets; data: " +
			"Aeberhard and Forina 1991, as in scikit-learn",
	})
}

var wineKept data.Kept[design]

func readWine() ([][]float64, error) { return data.ReadNumbers(data.Wine, 13) }

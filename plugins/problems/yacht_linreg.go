package problems

import (
	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

func yachtDef() protocol.ProblemDef {
	return realDef(&yachtKept, data.Yacht, gaussian, readYacht, protocol.ProblemDef{
		Name:    "yacht-linreg",
		Version: "1",
		Doc:     `linear regression on yacht hydrodynamics (308 × 6, embedded)`,
		Source: "Balles 2021, App. D.3 and Table D.3, which counts the bias as a feature; data: " +
			"Gerritsma et al. 1981",
	})
}

var yachtKept data.Kept[design]

func readYacht() ([][]float64, error) { return data.ReadNumbers(data.Yacht, 6) }

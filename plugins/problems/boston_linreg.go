package problems

import (
	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

func bostonDef() protocol.ProblemDef {
	return realDef(&bostonKept, data.Boston, gaussian, readBoston, protocol.ProblemDef{
		Name:    "boston-linreg",
		Version: "1",
		Doc:     `linear regression on Boston housing (506 × 13, embedded)`,
		Source: "Balles 2021, Sec. 7.4 and Table D.3; data: Harrison and Rubinfeld 1978, as " +
			"in scikit-learn",
	})
}

var bostonKept data.Kept[design]

func readBoston() ([][]float64, error) { return data.ReadNumbers(data.Boston, 13) }

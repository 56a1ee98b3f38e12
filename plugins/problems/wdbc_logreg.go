package problems

import (
	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

func wdbcDef() protocol.ProblemDef {
	return realDef(&wdbcKept, data.BreastCancer, bernoulli, readWdbc, protocol.ProblemDef{
		Name:       "wdbc-logreg",
		Version:    "1",
		Parameters: clipParameter(),
		Doc:        `logistic regression on raw Wisconsin breast cancer data (569 × 30, embedded)`,
		Source: "Balles 2021, Sec. 7.4 and Table D.3, which names another data set than its code " +
			"reads; data: Wolberg et al. 1993 (WDBC)",
	})
}

var wdbcKept data.Kept[design]

func readWdbc() ([][]float64, error) {
	rows, classes, err := data.ReadBreastCancer()
	for i, class := range classes {
		rows[i] = append(rows[i], float64(class)) // 1: benign
	}
	return rows, err
}

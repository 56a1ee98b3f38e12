package problems

import (
	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

func a1aDef() protocol.ProblemDef {
	return realDef(&a1aKept, data.A1a, bernoulli, readA1a, protocol.ProblemDef{
		Name:       "a1a-logreg",
		Version:    "1",
		Parameters: clipParameter(),
		Doc:        `logistic regression on a1a (1605 × 119 binary features, embedded)`,
		Source: "Balles 2021, Sec. 7.4 and Table D.3; data: Becker and Kohavi 1996, prepared by " +
			"Platt 1998, as in LIBSVM",
	})
}

var a1aKept data.Kept[design]

func readA1a() ([][]float64, error) {
	rows, err := data.ReadA1a()
	for _, row := range rows {
		row[data.A1aFeatures] = (row[data.A1aFeatures] + 1) / 2 // from −1 and +1
	}
	return rows, err
}

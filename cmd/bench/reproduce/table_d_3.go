package reproduce

import (
	"fmt"
	"strings"

	"noisebench/protocol"
)

// tableD3 lists the data sets of chapter 7 (Balles 2021, App. D.3).
var tableD3 = Item{
	Name:  "table-d.3",
	Title: "the data sets of chapter 7",
	Time:  map[Size]string{Full: "at once"},
	Departs: map[Size][]string{Full: {
		"the thesis' columns of features and samples are exchanged, Yacht has 6 features and not " +
			"7, and BreastCancer is described in another version than the one its numbers " +
			"belong to",
	}},
	Draw: func(*Input) (*Output, error) {
		t := Table{
			Title: "data sets; dimensions include the bias",
			Header: []string{
				"data", "problem", "examples", "dimension", "loss at 0", "L",
				"SHA-256",
			},
		}
		for _, s := range dataSets {
			w, err := openWhole(s.problem, s.with)
			if err != nil {
				return nil, err
			}
			d, err := descend(s, gd, protocol.Setting{protocol.StepSize: 1e-20}, nil, 1)
			if err != nil {
				return nil, err
			}
			var digests []string
			for _, f := range w.spec.Data {
				digests = append(digests, f.SHA256[:12])
			}
			t.Rows = append(t.Rows, []string{
				s.name, s.problem, fmt.Sprint(w.spec.Train), fmt.Sprint(w.spec.Dim),
				fmt.Sprintf("%.6g", d.losses[0]),
				fmt.Sprintf("%.4g", w.spec.Constants["smoothness"]), strings.Join(digests, " "),
			})
		}
		return &Output{Tables: []Table{t}, Caption: "Features are raw, with a bias; labels of " +
			"classes are 0 and 1, Wine's 0, 1 and 2; Energy's target is the heating load."}, nil
	},
}

// tableD4 is the grid of chapter 7 (Balles 2021, App. D.3).
var tableD4 = Item{
	Name:  "table-d.4",
	Title: "the grid of step sizes and dampings of chapter 7",
	Time:  map[Size]string{Full: "at once"},
	Departs: map[Size][]string{Full: {"the thesis' caption says that step sizes are a quarter of " +
		"a decade apart; what it selects shows an eighth"}},
	Draw: func(*Input) (*Output, error) {
		row := func(name string, v []float64) []string {
			return []string{
				name, fmt.Sprint(len(v)), logText(v[0]), logText(v[1]), logText(v[2]),
				"…", logText(v[len(v)-1]),
			}
		}
		return &Output{Tables: []Table{{
			Title: "decimal logarithms", Header: []string{"", "values", "", "", "", "", ""},
			Rows: [][]string{row("step size γ", stepSizesD4), row("damping λ", dampingsD4)},
		}}, Caption: "GD has no damping."}, nil
	},
}

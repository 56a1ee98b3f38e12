package figure_test

import (
	"fmt"
	"os"
	"path/filepath"

	"gonum.org/v1/plot/vg"

	"noisebench/results/report/figure"
)

func Example() {
	style := figure.Styles([]string{"sgd", "adam"})["adam"]
	p := figure.NewPanel("a quadratic", "step", "loss")
	figure.LogY(p)
	p.Add(&figure.Line{X: []float64{0, 1, 2, 3}, Y: []float64{1, 0.1, 0.01, 0.001}, Style: style,
		Marked: true})
	f := figure.New(figure.Column, 2.2*vg.Inch, [][]*figure.Panel{{p}},
		figure.Entry{Label: "adam", Style: style})
	dir, err := os.MkdirTemp("", "figure")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	fmt.Println(f.Save(filepath.Join(dir, "loss.pdf")))
	// Output: <nil>
}

package figure_test

import (
	"fmt"
	"image/color"
	"io"
	"os"
	"path/filepath"

	"gonum.org/v1/plot/vg"

	"noisebench/results/internal/synthetic"
	"noisebench/results/report/figure"
)

func Example() {
	style := figure.Styles([]string{"sgd", "adam"})["adam"]
	p := figure.NewPanel("a quadratic", "step", "loss")
	figure.LogY(p)
	p.Add(&figure.Line{
		X: []float64{0, 1, 2, 3}, Y: []float64{1, 0.1, 0.01, 0.001}, Style: style,
		Marked: true,
	})
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

func ExampleKind_Draw() {
	plan, cells := synthetic.Plan()
	source := figure.NewSource(plan, cells, nil)
	for _, kind := range figure.Kinds {
		if kind.ByProblem() {
			if _, missing := kind.Draw(source, "digits"); missing != "" {
				fmt.Printf("%s: %s\n", kind.Name, missing)
			}
		}
	}
	// Output:
	// batch-size: no run kept a trace
	// noise: the plan does not ask for diagnostics; add the line "diagnostics: true" to it
}

func ExampleColorBar() {
	p := figure.NewPanel("a map", "x", "y")
	p.Bar = &figure.ColorBar{Low: 0, High: 10, Color: func(share float64) color.Color {
		return color.Gray{Y: uint8(255 * share)}
	}}
	fmt.Println(figure.New(figure.Column, 2*vg.Inch, [][]*figure.Panel{{p}}).
		Write(io.Discard, "svg"))
	// Output: <nil>
}

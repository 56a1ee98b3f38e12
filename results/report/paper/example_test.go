package paper_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"noisebench/results/internal/synthetic"
	"noisebench/results/measures"
	"noisebench/results/report/paper"
)

func ExamplePaper_Write() {
	dir, err := os.MkdirTemp("", "paper")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	plan, cells := synthetic.Plan()
	p := paper.Paper{Plan: plan, Cells: cells, Axis: measures.Examples, Version: "v1.0.0", Command: "bench paper quick"}
	paths, err := p.Write(dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range paths {
		fmt.Println(filepath.Base(path))
	}
	// Output:
	// curves-page.pdf
	// curves-column.pdf
	// overview.tex
	// appendix.tex
	// main.tex
	// README.md
}

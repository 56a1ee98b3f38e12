package page_test

import (
	"bytes"
	"fmt"

	"noisebench/results/internal/synthetic"
	"noisebench/results/measures"
	"noisebench/results/report"
	"noisebench/results/report/page"
)

func ExampleWrite() {
	plan, cells := synthetic.Plan()
	var html bytes.Buffer
	err := page.Write(&html, page.Page{
		Report: measures.Build(plan, cells), Plan: plan, Cells: cells, Files: report.Files,
		Commands: []page.Command{{Line: "bench run synthetic", What: "makes the runs"}},
	})
	fmt.Println(err, bytes.HasPrefix(html.Bytes(), []byte("<!DOCTYPE html>")))
	// Output: <nil> true
}

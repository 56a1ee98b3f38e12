package report_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strings"

	"noisebench/results/internal/synthetic"
	"noisebench/results/measures"
	"noisebench/results/report"
)

func ExampleRanking_WriteCSV() {
	plan, cells := synthetic.Plan()
	var b strings.Builder
	if err := (report.Ranking{Report: measures.Build(plan, cells)}).WriteCSV(&b); err != nil {
		fmt.Println(err)
	}
	lines, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil {
		fmt.Println(err)
	}
	name, rank := slices.Index(lines[0], "optimizer"), slices.Index(lines[0], "rank")
	fmt.Println(len(lines), lines[1][rank], lines[1][name])
	// Output: 9 1 adam
}

func ExamplePairwise_WriteText() {
	plan, cells := synthetic.Plan()
	r := measures.Build(plan, cells)
	r.Problems, r.Notes = r.Problems[1:], nil // the second one alone
	if err := (report.Pairwise{Report: r, Width: 70}).WriteText(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// plan synthetic: 198 runs
	// Made-up runs.
	//
	// 1. valley
	//    differences of suboptimality at common seeds, the first less the
	//    second
	//    optimizer  versus     n   mean difference  p      adjusted
	//   ────────────────────────────────────────────────────────────
	//    cabs       sgd        10  -2.000e-5        0.002  0.012
	//    cabs       adam       10  -0.3979          0.002  0.012
	//    cabs       sgd|32_&%  10  -7.884           0.002  0.012
	//    sgd        adam       10  -0.3979          0.002  0.012
	//    sgd        sgd|32_&%  10  -7.884           0.002  0.012
	//    adam       sgd|32_&%  10  -7.486           0.002  0.012
	//    (not shown at this width: 95 % interval)
	//
	// p: of the paired sign-flip test, two-sided, where it can find
	//   anything at the number of seeds, else of the paired t-test
	// adjusted: p after Holm's correction for all pairs of the problem; at
	//   most 0.05 is emphasized
}

func ExampleWrap() {
	for _, line := range report.Wrap("a text that is broken into lines", 12) {
		fmt.Println(line)
	}
	// Output:
	// a text that
	// is broken
	// into lines
}

func ExampleFit() {
	rows := [][]string{{"NAME", "PLUGIN", "N"}, {"sgd", "built-in", "12 ± 3"}}
	fitted, dropped := report.Fit(rows, 14, "PLUGIN")
	fmt.Printf("%q without %q\n", fitted, dropped)
	// Output: [["NAME" "N"] ["sgd" "12 ± 3"]] without ["PLUGIN"]
}

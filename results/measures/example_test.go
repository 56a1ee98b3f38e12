package measures_test

import (
	"fmt"

	"noisebench/protocol"
	"noisebench/results/internal/synthetic"
	"noisebench/results/measures"
)

// The cells of a plan come from the harness or from the records of a results folder; these are made
// up.
func ExampleBuild() {
	plan, cells := synthetic.Plan()
	r := measures.Build(plan, cells)
	for _, row := range r.Problems[0].Rows {
		fmt.Printf("%d %s %.3f\n", row.Rank, row.Optimizer, row.Score.Mean)
	}
	fmt.Println(r.Complete(), r.Anchor)
	// Output:
	// 1 adam 0.958
	// 1 cabs 0.957
	// 3 sgd 0.931
	// 4 sgd|32_&% 0.901
	// true sgd
}

func ExampleBaselines() {
	plan, _ := synthetic.Plan()
	fmt.Println(measures.Baselines(plan, []string{"sgd", "adam"}))
	_, err := measures.Baselines(plan, []string{"adma"})
	fmt.Println(err)
	// Output:
	// [sgd adam] <nil>
	// unknown baseline "adma"; did you mean adam?
}

func ExampleCurves() {
	plan, cells := synthetic.Plan()
	loss := measures.Quantity{Part: protocol.TrainPart}
	for _, curve := range measures.Curves(plan, cells, "valley", loss)[:1] {
		last := curve.Points[len(curve.Points)-1]
		fmt.Printf("%s: %d runs, %.2f after %d examples\n", curve.Optimizer, last.N, last.Mean,
			last.Seen)
	}
	// Output: adam: 10 runs, 0.40 after 5000 examples
}

func ExampleProfiles() {
	plan, cells := synthetic.Plan()
	for _, p := range measures.Profiles(measures.Races(measures.Build(plan, cells))) {
		fmt.Printf("%s is the fastest on %.0f %% of the problems\n", p.Optimizer, 100*p.Share(1))
	}
	// Output:
	// adam is the fastest on 50 % of the problems
	// cabs is the fastest on 100 % of the problems
	// sgd is the fastest on 100 % of the problems
	// sgd|32_&% is the fastest on 50 % of the problems
}

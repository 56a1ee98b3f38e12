package stats_test

import (
	"fmt"
	"math"

	"noisebench/results/stats"
)

// Entries that no test tells from the leader share its rank.
func ExampleRank() {
	problem := stats.Problem{Scores: [][]float64{ // by entry, then seed; lower is better
		{3.1, 3.0, 3.2, 3.1, 2.9, 3.0, 3.1, 3.2},
		{1.0, 1.3, 0.9, 1.1, 1.2, 0.8, 1.1, 1.0},
		{1.2, 1.0, 1.1, 0.9, 1.2, 1.1, 0.9, 1.1},
	}}
	fmt.Println(stats.Rank(problem))
	// Output:
	// [3 1 1]
}

// Places follow mean ranks over problems, with intervals from a bootstrap over seeds.
func ExampleOverall() {
	good := []float64{1.0, 1.1, 0.9, 1.0, 1.2, 0.8, 1.1, 0.9}
	poor := []float64{2.0, 2.1, 1.9, 2.0, 2.2, 1.8, 2.1, 1.9}
	problems := []stats.Problem{{Scores: [][]float64{good, poor}}, {Scores: [][]float64{good, poor}}}
	for i, p := range stats.Overall(problems, stats.Resample(stats.Seeds(problems), 1000, 1)) {
		fmt.Printf("entry %d: place %d, mean rank %g [%g, %g]\n", i, p.Place, p.MeanRank, p.Low, p.High)
	}
	// Output:
	// entry 0: place 1, mean rank 1 [1, 1]
	// entry 1: place 2, mean rank 2 [2, 2]
}

// Of eight pairs that all differ in one direction, 2 of 2⁸ sign patterns are as extreme.
func ExampleSignFlip() {
	fmt.Println(stats.SignFlip([]float64{1, 2, 1, 3, 2, 1, 2, 1}))
	// Output:
	// 0.0078125
}

// Student's data of 1908: additional hours of sleep with two drugs.
func ExamplePaired() {
	x := []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0}
	y := []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}
	d, n := stats.Paired(x, y, 2, 0.95)
	fmt.Printf("%.2f [%.2f, %.2f], p = %.4f, %d pairs\n", d.Mean, d.Low, d.High, d.P, n)
	// Output:
	// -1.58 [-2.46, -0.70], p = 0.0039, 10 pairs
}

func ExampleTInterval() {
	x := []float64{2, 4, 4, 4, 5, 5, 7, 9}
	low, high := stats.TInterval(x, 0.95)
	fmt.Printf("%.2f ± %.2f, mean in [%.2f, %.2f]\n", stats.Mean(x), stats.Std(x), low, high)
	// Output:
	// 5.00 ± 2.14, mean in [3.21, 6.79]
}

// Holm rejects all three hypotheses at the family-wise level .05. Bonferroni's threshold .05/3
// would reject the first alone.
func ExampleHolm() {
	p := []float64{0.01, 0.04, 0.02}
	fmt.Println(stats.Holm(p, 0.05))
	fmt.Printf("%.2f\n", stats.HolmAdjusted(p))
	// Output:
	// [true true true]
	// [0.03 0.04 0.04]
}

// The expected best of k tuning runs out of four, where higher is better.
func ExampleBestOf() {
	accuracy := []float64{0.9, 0.8, 0.6, 0.1}
	for k := range 4 {
		fmt.Printf("%d: %.3f\n", k+1, stats.BestOf(accuracy, k+1))
	}
	// Output:
	// 1: 0.600
	// 2: 0.817
	// 3: 0.875
	// 4: 0.900
}

// Entry 1 takes twice as long as entry 0 on the first problem and never solves the second.
func ExampleIntegratedProfile() {
	times := [][]float64{{100, 200}, {300, math.Inf(1)}} // by problem, then entry
	fmt.Printf("%.3f\n", stats.IntegratedProfile(times, nil))
	// Output:
	// [1.000 0.333]
}

package verify_test

import (
	"context"
	"fmt"
	"os"

	"noisebench/cmd/bench/plans"
	"noisebench/harness/verify"
	"noisebench/internal/testbundle"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/results/bundle/check"
)

// A leaderboard checks a bundle that somebody sent in: all that its contents say, and five of its
// runs.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path, err := testbundle.Make(dir, testbundle.Plan("sent-in", "sgd", "adam"))
	if err != nil {
		panic(err)
	}

	share, err := verify.ParseShare("5")
	if err != nil {
		panic(err)
	}
	here := check.Here{
		BuiltIn: check.Served{Optimizers: optimizers.All(), Problems: problems.All()},
	}
	again := verify.Again{Selection: verify.Selection{Share: share}, Seed: 1, Parallel: 2}
	x, err := verify.Verify(context.Background(), path, here, again,
		verify.Options{Known: plans.Known})
	if err != nil {
		panic(err)
	}
	for _, f := range x.Findings {
		if f.Verdict == check.Fail || f.Group == check.Again {
			fmt.Printf("%s %s: %s\n", f.Verdict, f.Check, f.Text)
		}
	}
	fmt.Println("accepted:", x.OK)
	// Output:
	// PASS sample: 5 of 8 runs made again (seed 1): all have the same bits
	// accepted: true
}

package verify_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"noisebench/harness"
	"noisebench/harness/verify"
	"noisebench/internal/testbundle"
	"noisebench/results"
	"noisebench/results/bundle/check"
)

// A campaign of two optimizers needs the runs of one that a bundle has: they are taken, after one
// of them was made again.
func ExampleTake() {
	dir, err := os.MkdirTemp("", "take")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path, err := testbundle.Make(dir, testbundle.Plan("published", "sgd"))
	if err != nil {
		log.Fatal(err)
	}
	x, err := verify.Source(path, verify.Options{})
	if err != nil {
		log.Fatal(err)
	}
	campaign, err := harness.NewCampaign(testbundle.Plan("mine", "sgd", "adam"), testbundle.Here{})
	if err != nil {
		log.Fatal(err)
	}
	store, err := results.Open(filepath.Join(dir, "results"))
	if err != nil {
		log.Fatal(err)
	}
	none := func(string) *results.Record { return nil } // of an empty folder
	needed := verify.Needed(campaign, none, []*check.Checked{x})
	taken, err := verify.Take(context.Background(), x, x.Compare(testbundle.BuiltIn()), store,
		needed[0], verify.Again{Selection: verify.Selection{Cheapest: 1}, Seed: 1, Parallel: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d runs taken; made again: %d, the same bits: %d\n", taken.Runs, taken.Again.Made,
		taken.Again.Bits)
	// Output:
	// 4 runs taken; made again: 1, the same bits: 1
}

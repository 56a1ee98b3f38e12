package worker

import (
	"context"
	"fmt"
	"log"
	"os"

	"noisebench/harness"
	"noisebench/internal/testbundle"
	"noisebench/protocol"
	"noisebench/results"
)

// Two workers make the runs of a plan. A prefix such as "ssh node7" would start one elsewhere; here
// it is this test's binary, whose TestMain calls [Serve].
func ExampleNewPool() {
	dir, err := os.MkdirTemp("", "results")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := results.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	plan := testbundle.Plan("mine", "sgd", "adam").WithDefaults()
	campaign, err := harness.NewCampaign(plan, builtIn{})
	if err != nil {
		log.Fatal(err)
	}
	prefix := fmt.Sprintf("env NOISEBENCH_TEST_WORKER=works '%s' #", os.Args[0])
	opening := Opening{Protocol: protocol.Version, Plan: plan}
	pool := NewPool([]string{prefix, prefix}, nil, opening, func(line string) { log.Print(line) })
	defer pool.Close()
	cells, err := campaign.Execute(context.Background(), harness.Options{
		Store: store, Maker: pool, Parallel: pool.Size(),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range cells {
		fmt.Printf("%s: %d runs by %s\n", c.Optimizer, len(c.Runs), c.Runs[0].Host.Machine)
	}
	// Output:
	// sgd: 4 runs by elsewhere
	// adam: 4 runs by elsewhere
}

package folder_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"noisebench/harness"
	"noisebench/harness/folder"
	"noisebench/internal/testbundle"
)

// A plan is executed in a results folder. Its tables can be made later from the records alone.
func Example() {
	dir, err := os.MkdirTemp("", "results")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := folder.OpenStore(dir, func(line string) { log.Print(line) })
	if err != nil {
		log.Fatal(err)
	}
	definitions := testbundle.Here{} // the built-in ones; bench uses plugins/catalogue
	campaign, err := harness.NewCampaign(testbundle.Plan("mine", "sgd", "adam"), definitions)
	if err != nil {
		log.Fatal(err)
	}
	_, err = store.Execute(context.Background(), campaign, definitions, "", harness.Options{Parallel: 2})
	if err != nil {
		log.Fatal(err)
	}
	for _, state := range store.States(campaign, nil, nil) {
		fmt.Printf("%s on %s: %d runs done, %d left\n", state.Optimizer, state.Problem, state.Done, state.Left)
	}
	// Output:
	// sgd on branin: 4 runs done, 0 left
	// adam on branin: 4 runs done, 0 left
}

package publish_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"noisebench/harness"
	"noisebench/harness/folder"
	"noisebench/harness/publish"
	"noisebench/internal/testbundle"
	"noisebench/results/bundle"
)

// The runs of a plan are packed into one file with all that its decisions rest on.
func ExampleGather() {
	dir, err := os.MkdirTemp("", "publish")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := folder.OpenStore(filepath.Join(dir, "results"), func(line string) { log.Print(line) })
	if err != nil {
		log.Fatal(err)
	}
	definitions := testbundle.Here{}
	campaign, err := harness.NewCampaign(testbundle.Plan("mine", "sgd"), definitions)
	if err != nil {
		log.Fatal(err)
	}
	o := harness.Options{Parallel: 2, Host: harness.ThisHost()}
	if _, err := store.Execute(context.Background(), campaign, definitions, "", o); err != nil {
		log.Fatal(err)
	}

	contents := publish.Gather(&publish.Source{
		Campaign: campaign, Definitions: definitions, Store: store.Records, Find: store.Find,
	})
	fmt.Printf("%d runs, %d pairs are incomplete\n", len(contents.Runs), len(contents.Missing))
	path := filepath.Join(dir, bundle.FileName("mine"))
	packed, err := contents.Pack(path, bundle.About{Title: "Mine", Authors: []string{"A. Researcher"}})
	fmt.Println(filepath.Base(path), len(packed.Root) > 0, err)
	// Output:
	// 4 runs, 0 pairs are incomplete
	// mine.noisebench.tar.zst true <nil>
}

package claim_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"noisebench/results/claim"
)

// Of two processes on a results folder, one gets the run, and the other one once it is released.
func Example() {
	dir, err := os.MkdirTemp("", "results")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	first, second := claim.New(dir, claim.Config{Job: "17_0"}), claim.New(dir, claim.Config{Job: "17_1"})
	defer first.Close()
	defer second.Close()

	id := strings.Repeat("0", 64) // of the run
	take := func(c *claim.Claimant) (release func()) {
		_, release, ok, err := c.Take(context.Background(), id)
		fmt.Println(c.Owner().Job, "takes it:", ok, err)
		return release
	}
	release := take(first)
	take(second)
	claims, err := claim.List(dir)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d claim, by %s\n", len(claims), claims[0].Owner.Job)
	release()
	take(second)()
	// Output:
	// 17_0 takes it: true <nil>
	// 17_1 takes it: false <nil>
	// 1 claim, by 17_0
	// 17_1 takes it: true <nil>
}

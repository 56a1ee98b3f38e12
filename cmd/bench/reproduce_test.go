package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"noisebench/cmd/bench/reproduce"
	"noisebench/protocol/planfile"
)

// What --plan prints is the plan, to "bench run" too.
func TestPrintedPlans(t *testing.T) {
	for _, item := range reproduce.All() {
		for _, size := range []reproduce.Size{reproduce.Full, reproduce.Reduced} {
			if item.Plans == nil || !item.Has(size) {
				continue
			}
			for _, plan := range item.Plans(size) {
				want := plan.WithDefaults()
				text, err := planfile.Marshal(&want)
				if err != nil {
					t.Fatalf("%s: %v", plan.Name, err)
				}
				got, err := planfile.Parse("printed.yaml", text)
				if err != nil {
					t.Errorf("%s: %v", plan.Name, err)
					continue
				}
				if diff := cmp.Diff(want, got.WithDefaults(), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s reads back as another plan:\n%s", plan.Name, diff)
				}
			}
		}
	}
}

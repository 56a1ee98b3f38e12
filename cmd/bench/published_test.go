package main

import (
	"os/exec"
	"testing"
)

// The bundle that this repository publishes is what this build computes: every check passes, and
// runs that are made again have the same bits.
func TestPublishedBundle(t *testing.T) {
	bench, err := exec.LookPath("bench")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bench, "verify", "../../results/published/standard.noisebench.tar.zst", "--rerun", "5")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

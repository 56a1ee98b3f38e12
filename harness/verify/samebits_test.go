package verify

import (
	"testing"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
)

// The fingerprints of a record decide that bits are compared, whatever its last line says.
func TestSameBits(t *testing.T) {
	job := func(problem, optimizer string) *harness.Job {
		j := new(harness.Job)
		j.Problem.Fingerprint = func(protocol.Setting, protocol.Quantity) (string, error) { return problem, nil }
		j.Optimizer.Fingerprint = func() (string, error) { return optimizer, nil }
		return j
	}
	for _, c := range []struct {
		what               string
		job                *harness.Job
		problem, optimizer string // of the record
		want               bool
	}{
		{"the same", job("p", "o"), "p", "o", true},
		{"another problem", job("p", "o"), "q", "o", false},
		{"another optimizer", job("p", "o"), "p", "q", false},
		{"none in the record", job("", ""), "", "", false},
		{"none here", new(harness.Job), "p", "o", false},
	} {
		r := new(results.Record)
		r.Run.Problem.Fingerprint, r.Run.Optimizer.Fingerprint = c.problem, c.optimizer
		r.Host.Platform = "plan9/arm64"
		if got := sameBits(new(protocol.Plan), c.job, r); got != c.want {
			t.Errorf("%s: %t, want %t", c.what, got, c.want)
		}
	}
}

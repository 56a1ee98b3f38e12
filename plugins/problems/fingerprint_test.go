package problems

import (
	"testing"
	"time"

	"noisebench/protocol"
	"noisebench/protocol/fingerprint"
)

func TestFP(t *testing.T) {
	for _, d := range All() {
		at, _ := protocol.Resolve(d.Parameters, nil)
		spec, _ := d.Spec(at)
		a := time.Now()
		f, err := fingerprint.Problem(&d, at, protocol.Gradient)
		b := time.Now()
		_, _ = fingerprint.Problem(&d, at, spec.Measures)
		t.Log(d.Name, spec.Dim, f, err, b.Sub(a), time.Since(b))
	}
}

package optimizers

import (
	"testing"
	"time"

	"noisebench/protocol/fingerprint"
)

func TestFP(t *testing.T) {
	for _, d := range All() {
		a := time.Now()
		f, err := fingerprint.Optimizer(&d)
		t.Log(d.Name, f, err, time.Since(a))
	}
}

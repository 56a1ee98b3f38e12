package optimizers

import (
	"flag"
	"testing"

	"noisebench/protocol"
	"noisebench/protocol/fingerprint"
)

var update = flag.Bool("update", false, "write testdata/fingerprints.json")

// The bits of an optimizer do not change without a new version: otherwise its records would be made
// again without a visible reason.
func TestFingerprints(t *testing.T) {
	table, err := fingerprint.OpenTable("testdata/fingerprints.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, d := range All() {
		print, err := fingerprint.Optimizer(&d)
		if err != nil {
			t.Errorf("%s: %v", d.Name, err)
			continue
		}
		if err := table.Compare(d.Name, d.Version, print); err != nil && !*update {
			t.Error(err)
		}
		if other := seen[print]; other != "" {
			t.Errorf("%s and %s have the same fingerprint", d.Name, other)
		}
		seen[print] = d.Name
	}
	if *update {
		if err := table.Save(false); err != nil {
			t.Fatal(err)
		}
	}
}

// shifted is an optimizer that moves one coordinate by the last bit in one step, and else does what
// it is made of.
type shifted[T protocol.Float] struct {
	protocol.Optimizer[T]
	step, at int
	by       T
	t        int
}

func (o *shifted[T]) Step(x []T, m *protocol.Measurement[T]) (protocol.Request, error) {
	r, err := o.Optimizer.Step(x, m)
	if o.t++; o.t == o.step {
		x[o.at%len(x)] *= 1 + o.by
	}
	return r, err
}

// One bit in one step is enough for another fingerprint.
func TestFingerprintOfOneBit(t *testing.T) {
	for _, d := range []protocol.OptimizerDef{adam, mSVAG, cabs, sam} {
		plain := d
		plain.Reports = nil // as of changed, below
		want, err := fingerprint.Optimizer(&plain)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []int{1, 7, 40, 500} {
			changed := d
			changed.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				o, r, err := d.New64(s)
				return &shifted[float64]{Optimizer: o, step: step, at: step, by: 0x1p-51}, r, err
			}
			changed.Reports = nil // of the optimizer within
			got, err := fingerprint.Optimizer(&changed)
			if err != nil {
				t.Fatal(err)
			}
			if got == want {
				t.Errorf("%s: the last bit of step %d does not show", d.Name, step)
			}
		}
	}
}

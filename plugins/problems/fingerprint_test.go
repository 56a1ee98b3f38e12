package problems

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
	"noisebench/protocol/fingerprint"
)

var update = flag.Bool("update", false, "write testdata/fingerprints.json")

// A change of a problem's bits needs a new version: otherwise its records would be made again
// without a documented reason. Each set of quantities has a line of its own, so that offering one
// more changes none.
func TestFingerprints(t *testing.T) {
	if testing.Short() {
		t.Skip("numerics, one after the other")
	}
	table, err := fingerprint.OpenTable("testdata/fingerprints.json")
	if err != nil {
		t.Fatal(err)
	}
	complete := true
	for _, d := range All() {
		at, spec, err := d.At(nil)
		if err != nil {
			t.Fatal(err)
		}
		if testing.Short() && spec.Dim > 1<<20 {
			complete = false
			continue
		}
		for _, q := range guarded(&spec) {
			print, err := fingerprint.Problem(&d, at, q)
			if err != nil && strings.Contains(err.Error(), "bench data fetch") {
				t.Logf("%s is left out: %v", d.Name, err)
				complete = false
				break
			}
			if err != nil {
				t.Errorf("%s: %v", d.Name, err)
				continue
			}
			if err := table.Compare(d.Name+" "+q.String(), d.Version, print); err != nil && !*update {
				t.Error(err)
			}
		}
	}
	if *update {
		if err := table.Save(!complete); err != nil {
			t.Fatal(err)
		}
	}
}

// guarded lists what a problem is measured for: each quantity; or of a network, which takes longer,
// the gradient and all quantities together.
func guarded(spec *protocol.ProblemSpec) (list []protocol.Quantity) {
	if spec.Dim > 1<<14 {
		return []protocol.Quantity{protocol.Gradient, spec.Measures}
	}
	for q := protocol.Gradient; q.Valid(); q <<= 1 {
		if spec.Measures.Has(q) {
			list = append(list, q)
		}
	}
	return list
}

// Another bit of the data, of a parameter or of what is measured is another fingerprint.
func TestFingerprintOfOneBit(t *testing.T) {
	d := All()[slices.IndexFunc(All(), func(d protocol.ProblemDef) bool { return d.Name == "noisy-quadratic" })]
	at, err := protocol.Resolve(d.Parameters, nil)
	if err != nil {
		t.Fatal(err)
	}
	of := func(d protocol.ProblemDef, at protocol.Setting, q protocol.Quantity) string {
		print, err := fingerprint.Problem(&d, at, q)
		if err != nil {
			t.Fatal(err)
		}
		return print
	}
	want := of(d, at, protocol.Gradient)
	if again := of(d, at, protocol.Gradient); again != want {
		t.Errorf("%s, then %s", want, again)
	}
	changed := d
	changed.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
		p, err := d.New64(s)
		return nudged{p}, err
	}
	if of(changed, at, protocol.Gradient) == want {
		t.Error("the last bit of one element of the variance's sibling, the gradient, does not show")
	}
	if of(d, at, protocol.Gradient|protocol.VarianceNorm) == want {
		t.Error("another quantity does not show")
	}
	other, err := protocol.Resolve(d.Parameters, protocol.Setting{"dim": 99})
	if err != nil {
		t.Fatal(err)
	}
	if of(d, other, protocol.Gradient) == want {
		t.Error("another dimension does not show")
	}
}

// nudged measures a gradient whose last element differs in its last bit.
type nudged struct{ protocol.Problem[float64] }

func (n nudged) Measure(x []float64, b protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float64]) error {
	err := n.Problem.Measure(x, b, want, m)
	m.Gradient[len(x)-1] *= 1 + 0x1p-51
	return err
}

package problems

import (
	"math"
	"slices"
	"testing"

	"noisebench/protocol"
)

func TestLabelShifts(t *testing.T) {
	const n, classes = 20_000, 5
	for _, c := range []struct {
		noise float64
		wrong int
	}{{0, 0}, {0.00002, 0}, {0.00003, 1}, {0.2, 4000}, {0.4, 8000}, {1, n}} {
		shifts := labelShifts(c.noise, n, classes)
		if (shifts == nil) != (c.wrong == 0) {
			t.Errorf("noise %g gives %d shifts", c.noise, len(shifts))
		}
		counts := make([]int, classes)
		for _, s := range shifts {
			counts[s]++
		}
		if shifts != nil && counts[0] != n-c.wrong {
			t.Errorf("noise %g leaves %d labels, want %d", c.noise, counts[0], n-c.wrong)
		}
		for shift, count := range counts[1:] {
			mean := float64(c.wrong) / (classes - 1)
			near(t, "labels moved", float64(count), mean, 4*math.Sqrt(mean)+1)
			if c.wrong == n && count == 0 {
				t.Errorf("no label is moved by %d", shift+1)
			}
		}
	}
	less, more := labelShifts(0.2, n, classes), labelShifts(0.4, n, classes)
	for i, s := range less {
		if s != 0 && s != more[i] {
			t.Fatalf("label %d is moved by %d with less noise and by %d with more", i, s, more[i])
		}
	}
	moved := 0
	for _, s := range less[:n/2] {
		moved += min(s, 1)
	}
	near(t, "labels moved in the first half", float64(moved), 2000, 150)
}

// The loss at a point where scores do not depend on the input tells how often each class occurs in
// each part: only that of the train part changes. The complete setting without noise is that of
// before.
func TestLabelNoise(t *testing.T) {
	check := func(def protocol.ProblemDef, loss func(protocol.Setting, protocol.Part) float64) {
		for _, part := range []protocol.Part{protocol.TrainPart, protocol.ValidationPart, protocol.TestPart} {
			clean, zero := loss(nil, part), loss(protocol.Setting{"label_noise": 0}, part)
			noisy := loss(protocol.Setting{"label_noise": 0.5}, part)
			if zero != clean || (noisy != clean) != (part == protocol.TrainPart) {
				t.Errorf("%s, %s part: loss %g, %g at noise 0 and %g at noise 0.5", def.Name, part, clean, zero, noisy)
			}
		}
		at, _, err := def.At(protocol.Setting{"label_noise": 0})
		if _, recorded := at["label_noise"]; recorded || err != nil {
			t.Errorf("%s without noise has the complete setting %v, %v", def.Name, at, err)
		}
	}
	tested := 0
	for _, def := range All() {
		if !slices.ContainsFunc(def.Parameters, func(h protocol.Hyperparameter) bool { return h.Name == "label_noise" }) || def.New64 == nil {
			continue
		}
		open(t, def, nil) // skips without data
		tested++
		check(def, func(s protocol.Setting, part protocol.Part) float64 {
			p, spec := open(t, def, s)
			x := make([]float64, spec.Dim)
			for i := range x {
				x[i] = 0.01 * math.Sin(float64(i))
			}
			e, err := p.Evaluate(x, part)
			if err != nil {
				t.Fatal(err)
			}
			return e.Loss
		})
	}
	if tested != 4 {
		t.Errorf("%d problems that are no networks have label noise, want 4", tested)
	}
	forNetworks(t, func(t *testing.T, n network) {
		if !n.classifies() {
			if slices.ContainsFunc(n.parameters(), func(h protocol.Hyperparameter) bool { return h.Name == "label_noise" }) {
				t.Error("its examples have no class, but it has label noise")
			}
			return
		}
		def := n.def()
		check(def, func(s protocol.Setting, part protocol.Part) float64 {
			at, spec, err := def.At(s)
			if err != nil {
				t.Fatal(err)
			}
			p, err := def.New32(at)
			if err != nil {
				t.Fatal(err)
			}
			e, err := p.Evaluate(begin(t, p, spec), part)
			if err != nil {
				t.Fatal(err)
			}
			return e.Loss
		})
	})
}

// Batches are measured with the labels that the train part is evaluated with.
func TestLabelNoiseOfBatches(t *testing.T) {
	n := tiny(digitsMLP())
	p, err := n.def().New32(protocol.Setting{"label_noise": 0.5})
	if err != nil {
		t.Fatal(err)
	}
	spec := n.spec(n.build(), 20)
	x := begin(t, p, spec)
	batch := protocol.Batch{Examples: ascending(20)}
	e, err := p.Evaluate(x, protocol.TrainPart)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "loss", measureNetwork(t, p, x, batch, 0).Loss, e.Loss, 1e-6*e.Loss)
	wrong := 0
	f := p.(*opened[float32]).f.(*learner)
	for i, example := range f.train {
		input, clean, noisy := make([]float32, 9), make([]float32, 1), make([]float32, 1)
		f.read(false, f.train[i], nil, input, clean)
		f.readPublished(example, nil, input, noisy)
		if noisy[0] != clean[0] {
			wrong++
		}
		if noisy[0] < 0 || noisy[0] > 9 {
			t.Errorf("example %d has the class %g", example, noisy[0])
		}
	}
	if wrong != 20 {
		t.Errorf("%d of 40 labels are wrong, want 20", wrong)
	}
}

package harness

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"noisebench/protocol"
	"noisebench/protocol/fingerprint"
	"noisebench/results"
)

// build is a build of a program that serves one problem and two optimizers. Its numbers describe
// the change in each: the step in which the last bit of a coordinate differs; 0 for no change.
type build struct{ problem, a, b int }

func (v build) Problem(string) (protocol.ProblemDef, error) {
	spec := protocol.ProblemSpec{
		Dim: 3, DType: protocol.Float64, Measures: protocol.Gradient, Metric: protocol.Metric{Name: "loss"}, BatchSize: 2, Budget: 20,
	}
	def := protocol.ProblemDef{
		Name: "p", Version: "1", Origin: protocol.Origin{Plugin: "built-in"},
		Spec:  func(protocol.Setting) (protocol.ProblemSpec, error) { return spec, nil },
		New64: func(protocol.Setting) (protocol.Problem[float64], error) { return parabola(v.problem), nil },
	}
	measured := def
	def.Fingerprint = func(at protocol.Setting, q protocol.Quantity) (string, error) {
		return fingerprint.Problem(&measured, at, q)
	}
	return def, nil
}

func (v build) Optimizer(name string) (protocol.OptimizerDef, error) {
	changed := v.a
	if name == "b" {
		changed = v.b
	}
	def := protocol.OptimizerDef{
		Name: name, Version: "1", Origin: protocol.Origin{Plugin: "built-in"}, Needs: protocol.Gradient,
		Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.125)},
		New64: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
			return &bent{α: s.Setting[protocol.StepSize], at: changed}, protocol.Request{}, nil
		},
	}
	measured := def
	def.Fingerprint = func() (string, error) { return fingerprint.Optimizer(&measured) }
	return def, nil
}

// parabola is ‖x‖²/2 for an endless stream of equal examples; not 0: plus a bit of the gradient.
type parabola int

func (parabola) Init(x []float64, seed uint64) error {
	for i := range x {
		x[i] = 1 + float64(i) + float64(seed)/8
	}
	return nil
}

func (p parabola) Measure(x []float64, b protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float64]) error {
	e, err := p.Evaluate(x, protocol.TrainPart)
	m.Have, m.BatchSize, m.Loss = want, len(b.Examples), e.Loss
	copy(m.Gradient, x)
	if p > 0 {
		m.Gradient[int(p)%len(x)] *= 1 + 0x1p-51
	}
	return err
}

func (parabola) Evaluate(x []float64, _ protocol.Part) (e protocol.Evaluation, err error) {
	for _, v := range x {
		e.Loss += v * v / 2
	}
	e.Metric = e.Loss
	return e, nil
}

type bent struct {
	α     float64
	at, t int
}

func (o *bent) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	for i, g := range m.Gradient {
		x[i] -= o.α * m.StepScale * g
	}
	if o.t++; o.t == o.at {
		x[o.at%len(x)] *= 1 + 0x1p-51
	}
	return protocol.Request{}, nil
}

// A record is served only for a build that computes the same bits. A hundred times, a build in
// which a part may have changed finds the records of all earlier builds, and every record served
// equals the one that it would have made.
func TestRecordsBelongToBits(t *testing.T) {
	store, err := results.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	plan := protocol.Plan{
		Name: "p", Problems: []protocol.ProblemEntry{{Problem: "p"}},
		Optimizers: []protocol.OptimizerEntry{{Optimizer: "a", Set: protocol.Setting{protocol.StepSize: 0.25}}, {Optimizer: "b"}},
		Tuning:     protocol.Tuning{Runs: 3, TieSeeds: -1}, Replicates: 2, Evaluations: 4, Trace: -1,
	}
	random := rand.New(rand.NewPCG(1, 2))
	made, served := map[build]bool{}, 0
	for range 100 {
		v := build{random.IntN(3), random.IntN(4), random.IntN(4)}
		campaign, err := NewCampaign(plan, v)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		cells, err := campaign.Execute(context.Background(), Options{
			Store: store, Parallel: 1, Progress: func(p Progress) { found = max(found, p.Found) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if made[v] && found == 0 {
			t.Fatalf("build %v makes its runs again", v)
		}
		made[v] = true
		served += found
		for i, cell := range cells {
			for _, record := range append(cell.Runs, cell.Tuning...) {
				problem, _ := v.Problem("p")
				optimizer, _ := v.Optimizer([]string{"a", "b"}[i])
				again, err := Run(context.Background(), problem, optimizer, record.Run, nil)
				if err != nil {
					t.Fatal(err)
				}
				if got, want := outcomeOf(t, record), outcomeOf(t, again); !bytes.Equal(got, want) {
					t.Fatalf("build %v is served other bits than it makes:\n%s\nwant\n%s", v, got, want)
				}
			}
		}
	}
	if served == 0 {
		t.Error("no record was served at all")
	}
}

func outcomeOf(t *testing.T, r *results.Record) []byte {
	t.Helper()
	b := *r
	b.Host = results.Host{}
	text, err := results.Encode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// relabelled are definitions whose fingerprints another platform gave.
type relabelled struct {
	build
	version string
	prefix  string
}

func (r relabelled) Problem(name string) (protocol.ProblemDef, error) {
	def, err := r.build.Problem(name)
	def.Version = r.version
	def.Fingerprint = func(protocol.Setting, protocol.Quantity) (string, error) { return r.prefix + "p", nil }
	return def, err
}

func (r relabelled) Optimizer(name string) (protocol.OptimizerDef, error) {
	def, err := r.build.Optimizer(name)
	def.Fingerprint = func() (string, error) { return r.prefix + name, nil }
	return def, err
}

// Cells that were made on another platform count as a whole, if version and kind of fingerprint are
// the same, and only until the runs are made here.
func TestOtherPlatform(t *testing.T) {
	plan := protocol.Plan{
		Name: "p", Problems: []protocol.ProblemEntry{{Problem: "p"}},
		Optimizers: []protocol.OptimizerEntry{{Optimizer: "a"}, {Optimizer: "b"}},
		Tuning:     protocol.Tuning{Runs: 3, TieSeeds: -1}, Replicates: 2, Evaluations: 4, Trace: -1,
	}
	there := relabelled{version: "1", prefix: "1-there-"}
	for _, test := range []struct {
		name string
		here relabelled
		want int // runs that are due at first
	}{
		{"same version", relabelled{version: "1", prefix: "1-here-"}, 0},
		{"another version", relabelled{version: "2", prefix: "1-here-"}, 1},
		{"another kind of fingerprint", relabelled{version: "1", prefix: "2-here-"}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			store, err := results.Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			alone, err := NewCampaign(plan, there)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := alone.Execute(context.Background(), Options{Store: store, Parallel: 1}); err != nil {
				t.Fatal(err)
			}
			both, err := NewCampaign(plan, test.here, there)
			if err != nil {
				t.Fatal(err)
			}
			find := func(id string) *results.Record {
				r, _, err := store.Lookup(id)
				if err != nil {
					t.Error(err)
				}
				return r
			}
			cells, due := both.Cells(find)
			for i := range cells {
				if got := min(1, len(due[i])); got != test.want {
					t.Errorf("%d runs of %s are due, want %d or more", len(due[i]), cells[i].Optimizer, test.want)
				}
			}
			if _, err := both.Execute(context.Background(), Options{Store: store, Parallel: 1}); err != nil {
				t.Fatal(err)
			}
			cells, _ = both.Cells(find)
			want := fmt.Sprintf("%s%s", map[int]string{0: "1-there-", 1: test.here.prefix}[test.want], "a")
			if got := cells[0].Runs[0].Run.Optimizer.Fingerprint; got != want {
				t.Errorf("the cell is made of runs of %s, want %s", got, want)
			}
		})
	}
}

package verify

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"noisebench/internal/testbundle"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
	"noisebench/results/bundle/check"
)

func TestSignTest(t *testing.T) {
	for _, c := range []struct {
		above, below, ties int
		want               float64
	}{
		{0, 0, 0, 1},
		{0, 0, 5, 1},
		{1, 0, 0, 1},
		{5, 5, 1, 1},
		{10, 0, 3, 2.0 / 1024},
		{0, 10, 0, 2.0 / 1024},
		{8, 2, 0, 2.0 * (1 + 10 + 45) / 1024},
		{300, 0, 0, math.Ldexp(2, -300)},
	} {
		var d []float64
		for _, side := range []struct {
			n int
			v float64
		}{{c.above, 0.1}, {c.below, -2}, {c.ties, 0}} {
			for range side.n {
				d = append(d, side.v)
			}
		}
		if p := signTest(d); math.Abs(p-c.want) > 1e-9*c.want {
			t.Errorf("%d above, %d below, %d equal: p = %g, want %g", c.above, c.below, c.ties, p, c.want)
		}
	}
	if p := math.Ldexp(2, -fewestOneSided); p > oneSidedLevel || 2*p <= oneSidedLevel {
		t.Errorf("%d runs to one side have p = %g, want the least number with at most %g", fewestOneSided, p, oneSidedLevel)
	}
}

// Rounding noise, however strong, is not taken for a gain; a gain of 5 % is found.
func TestOneSided(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	plan := protocol.Plan{}.WithDefaults()
	// run makes a record, and the same with each loss after the start multiplied by exp(gain +
	// noise·z).
	run := func(gain, noise float64, heavy bool) (recorded, again *results.Record) {
		recorded, again = new(results.Record), new(results.Record)
		shared := random.NormFloat64() // what chaos makes of a run concerns all of it
		if heavy {
			shared /= 0.1 + math.Abs(random.NormFloat64())
		}
		for i := range 6 {
			loss := 3 * math.Exp(-float64(i)*(0.5+0.1*random.Float64()))
			for _, r := range []*results.Record{recorded, again} {
				v := loss
				if r == recorded && i > 0 {
					v *= math.Exp(gain + noise*(shared+0.3*random.NormFloat64()))
				}
				value := results.Value{Loss: protocol.Number(v), Metric: protocol.Number(v)}
				r.Points = append(r.Points, results.Point{Mark: int64(i), Train: value})
				r.Spec = protocol.ProblemSpec{DType: protocol.Float32, Metric: protocol.Metric{Name: "loss"}}
			}
		}
		return recorded, again
	}
	many := func(n int, gain, noise float64, heavy bool) (runs []compared) {
		for i := range n {
			for _, optimizer := range []string{"adam", "sgd"} {
				g := 0.0
				if optimizer == "adam" {
					g = gain
				}
				recorded, again := run(g, noise, heavy)
				runs = append(runs, compared{optimizer, fmt.Sprint("problem ", i%2), "", deviations(recorded, again, &plan)})
			}
		}
		return runs
	}
	for _, noise := range []float64{0, 1e-7, 1e-3, 0.1} {
		found := 0
		for range 100 {
			for _, n := range []int{2, 20} {
				if len(oneSided(many(n, 0, noise, noise == 0.1))) > 0 {
					found++
				}
			}
		}
		if found > 2 { // a Poisson number of mean 0.2 exceeds 2 with probability 0.001
			t.Errorf("noise of %g is taken for a gain in %d of 200 cases", noise, found)
		}
	}
	for _, c := range []struct {
		n     int
		noise float64
	}{{2, 0}, {3, 1e-6}, {6, 1e-3}, {20, 0.02}, {60, 0.05}} {
		missed := 0
		for range 50 {
			if texts := oneSided(many(c.n, math.Log(0.95), c.noise, false)); !strings.Contains(strings.Join(texts, "\n"), "adam") ||
				strings.Contains(strings.Join(texts, "\n"), "sgd") {
				missed++
			}
		}
		if missed > 2 {
			t.Errorf("%d runs with a gain of 5 %% and a noise of %g: missed, or found elsewhere, %d times of 50", c.n, c.noise, missed)
		}
	}
	// Runs that have to be equal count once.
	recorded, again := run(math.Log(0.95), 0, false)
	var runs []compared
	for range 30 {
		runs = append(runs, compared{"gd", "p", "one", deviations(recorded, again, &plan)})
	}
	if texts := oneSided(runs); texts != nil {
		t.Errorf("one run under 30 seeds gives %q", texts)
	}
}

// stepsPlan is a plan of some optimizers on a problem with noise, fifty steps each.
func stepsPlan(names ...string) protocol.Plan {
	plan := testbundle.Plan("small", names...)
	plan.Problems = []protocol.ProblemEntry{{Problem: "noisy-quadratic", Budget: 400}}
	plan.Evaluations, plan.OneShot = 5, new(bool)
	return plan
}

// forged rewrites the records of a bundle, with all hashes made to fit.
func forged(t *testing.T, path string, change func(*results.Record)) string {
	t.Helper()
	b, err := bundle.Options{Traces: true}.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var paths []string
	for _, r := range b.Records {
		change(r)
		text, err := results.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, r.Run.ID()+".jsonl")
		if err := os.WriteFile(file, text, 0o666); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, file)
	}
	out := filepath.Join(dir, "forged"+bundle.Extension)
	if _, err := bundle.Create(out, b.About, &b.Plan, &b.Definitions, paths); err != nil {
		t.Fatal(err)
	}
	return out
}

func scale(r *results.Record, factor float64) {
	for i := range r.Points {
		if i == 0 {
			continue
		}
		p := &r.Points[i]
		for _, v := range []*results.Value{&p.Train, p.Validation, p.Test} {
			if v != nil {
				v.Loss *= protocol.Number(factor)
				v.Metric *= protocol.Number(factor)
			}
		}
	}
}

// Who names another platform has bits compared by tolerances, and no gain by that.
func TestForgedGain(t *testing.T) {
	plan := stepsPlan("sgd", "adam")
	plan.Replicates = 12
	path, err := testbundle.Make(t.TempDir(), plan)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what    string
		factor  func(seed uint64) float64 // of Adam's losses
		verdict check.Verdict             // of the direction
		differ  bool
	}{
		{"nothing but the platform", func(uint64) float64 { return 1 }, "", false},
		{"rounding", func(seed uint64) float64 { return 1 + 1e-4*math.Sin(float64(10*seed*seed)) }, check.Pass, false},
		{"a small gain", func(uint64) float64 { return 0.998 }, check.Fail, false},
		{"a small uneven gain", func(seed uint64) float64 { return 0.998 + 0.001*math.Sin(float64(10*seed*seed)) }, check.Fail, false},
		{"a gain of 5 %", func(uint64) float64 { return 0.95 }, "", true},
	} {
		file := forged(t, path, func(r *results.Record) {
			r.Host.Platform = "linux/arm64"
			if r.Run.Optimizer.Name == "adam" {
				scale(r, c.factor(r.Run.Seed))
			}
		})
		x := Open(file, Options{})
		if !x.OK {
			t.Fatalf("%s: %v, want no hash to tell", c.what, x.Failed())
		}
		if _, err := Rerun(context.Background(), x, x.Compare(testbundle.BuiltIn()), Again{
			Selection: Selection{Share: Share{percent: 100}}, Parallel: 2,
		}); err != nil {
			t.Fatal(err)
		}
		var verdict check.Verdict
		for _, f := range x.Findings {
			if f.Check == "direction" {
				verdict = f.Verdict
			}
		}
		if (x.Rerun.Differ > 0) != c.differ || !c.differ && verdict != c.verdict || x.OK == (c.differ || c.verdict == check.Fail) {
			t.Errorf("%s: ok %t, made again %+v, direction %q, want %q", c.what, x.OK, x.Rerun, verdict, c.verdict)
		}
		if c.what == "nothing but the platform" && (x.Rerun.Bits != x.Rerun.Made || len(x.Pairs) != 2 || x.Pairs[0].Bits != 12) {
			t.Errorf("%s: %+v and %+v, want equal bits", c.what, x.Rerun, x.Pairs)
		}
	}
}

// A run that was copied to another seed is found without a re-run, even if it was changed in
// places.
func TestCopiedSeed(t *testing.T) {
	path, err := testbundle.Make(t.TempDir(), stepsPlan("sgd", "adam"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Options{Traces: true}.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	original := map[string]*results.Record{}
	for _, r := range b.Records {
		if r.Run.Seed == 0 {
			original[r.Run.Optimizer.Name] = r
		}
	}
	for _, c := range []struct {
		what   string
		change func(*results.Record)
	}{
		{"as it is", func(*results.Record) {}},
		{"one bit changed", func(r *results.Record) {
			p := &r.Points[len(r.Points)-1].Train
			p.Loss = protocol.Number(math.Nextafter(float64(p.Loss), 0))
		}},
		{"one entry of the trace changed", func(r *results.Record) { r.Trace.Loss[1] *= 1.01 }},
		{"all values rounded", func(r *results.Record) {
			for i := range r.Trace.Loss {
				r.Trace.Loss[i] *= 1 + 1e-13
			}
			scale(r, 1+1e-13)
		}},
		{"without its trace", func(r *results.Record) { r.Trace = nil }},
	} {
		file := forged(t, path, func(r *results.Record) {
			if r.Run.Seed == 2 && r.Run.Optimizer.Name == "adam" {
				from := original["adam"]
				text, err := results.Encode(from)
				if err != nil {
					t.Fatal(err)
				}
				fresh, err := results.Decode(from.Run.ID()+".jsonl", text)
				if err != nil {
					t.Fatal(err)
				}
				r.Points = append(r.Points[:1:1], fresh.Points[1:]...) // its own start, which other optimizers have too
				r.Trace, r.End = fresh.Trace, fresh.End
				c.change(r)
			}
		})
		x := Open(file, Options{})
		failed := x.Failed()
		if len(failed) != 1 || failed[0].Check != "copies" || len(failed[0].Details) != 1 || !strings.Contains(failed[0].Details[0], "of adam on noisy-quadratic") {
			t.Errorf("%s: %+v, want one copy of adam", c.what, failed)
		}
	}
}

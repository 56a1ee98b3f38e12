package reproduce

import (
	"math"
	"strings"
	"testing"

	"noisebench/harness"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol"
)

// Every figure and table that the package promises is there.
func TestAll(t *testing.T) {
	want := strings.Fields("fig-1.1 fig-2.1 fig-2.2 fig-4.1 fig-4.2 fig-4.3 fig-5.2 fig-5.3 fig-5.4 fig-6.1 fig-6.2 fig-6.3 table-6.1 " +
		"fig-7.1 fig-7.2 fig-7.3 fig-7.4 fig-b.1 fig-b.2 fig-b.3 fig-d.1 table-d.3 table-d.4 table-d.5 s-10 sec-6.6")
	for _, name := range want {
		if _, err := Find(name); err != nil {
			t.Error(err)
		}
	}
	if len(All()) != len(want) {
		t.Errorf("%d items, want %d", len(All()), len(want))
	}
	for _, item := range All() {
		for _, size := range item.sizes() {
			if item.Time[size] == "" {
				t.Errorf("%s does not say how long size %s takes", item.Name, size)
			}
		}
		if item.Has(Reduced) && len(item.Departs[Reduced]) == 0 {
			t.Errorf("%s does not say what its reduced size leaves out", item.Name)
		}
	}
}

// falsified are the claims of computed items that do not hold, by the beginning of what they are
// about.
var falsified = map[string]string{
	"fig-7.2": "logistic, right, covariances as printed", // 84 % in place of 73 %; squared they give 76 %
}

// What is computed is drawn as it is published, and its claims have the verdicts that are known; no
// claim is made twice.
func TestComputed(t *testing.T) {
	made := map[string]bool{}
	for _, item := range All() {
		if item.Plans != nil {
			continue
		}
		t.Run(item.Name, func(t *testing.T) {
			if slow := strings.HasPrefix(item.Name, "fig-7") || item.Name == "fig-4.1"; slow {
				notShort(t)
			}
			in := &Input{Size: Full}
			out, err := item.Draw(in)
			if err != nil {
				t.Fatal(err)
			}
			if len(out.Pictures)+len(out.Tables) == 0 || out.Caption == "" {
				t.Errorf("%d pictures, %d tables, caption %q", len(out.Pictures), len(out.Tables), out.Caption)
			}
			findings := item.Judge(in)
			comparePublished(t, &item, out, findings)
			for _, f := range findings {
				if name := f.Text + " on " + f.On; made[name] {
					t.Errorf("%s is claimed twice", name)
				} else {
					made[name] = true
				}
				about, known := falsified[item.Name]
				fails := known && strings.HasPrefix(f.On, about)
				if holds := f.Verdict == Confirmed || f.Verdict == Proved; holds == fails {
					t.Errorf("%s on %s is %s; %s", f.Text, f.On, f.Verdict, f.Note)
				}
			}
		})
	}
}

// notShort skips a test with -short, which is how tests run with the race detector: there it takes
// ten times as long, and this package starts no goroutine.
func notShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it computes for seconds")
	}
}

// own finds bench's own definitions.
type own struct{}

func (own) Problem(name string) (protocol.ProblemDef, error) {
	for _, d := range problems.All() {
		if d.Name == name {
			return d, nil
		}
	}
	return protocol.ProblemDef{}, protocol.Unknown("problem", name, nil)
}

func (own) Optimizer(name string) (protocol.OptimizerDef, error) {
	for _, d := range optimizers.All() {
		if d.Name == name {
			return d, nil
		}
	}
	return protocol.OptimizerDef{}, protocol.Unknown("optimizer", name, nil)
}

// Every plan fits what bench serves, and no two plans of different contents have one name.
func TestPlans(t *testing.T) {
	notShort(t)
	runs := map[string]int{}
	for _, item := range All() {
		if item.Plans == nil {
			continue
		}
		for _, size := range item.sizes() {
			for _, plan := range item.Plans(size) {
				c, err := harness.NewCampaign(plan, own{})
				if err != nil {
					t.Errorf("%s, size %s: %v", item.Name, size, err)
					continue
				}
				for _, p := range c.Plan.Problems {
					def, _ := own{}.Problem(p.Problem)
					if held, ok := p.With[protocol.ValidationParameter]; def.New32 != nil && (!ok || held != 0) {
						t.Errorf("plan %s holds out examples of the network %s", plan.Name, p.Problem)
					}
				}
				n := 0
				for _, f := range c.Forecast() {
					n += f.Runs
				}
				if before, ok := runs[plan.Name]; ok && before != n {
					t.Errorf("two plans are named %s, of %d and %d runs", plan.Name, before, n)
				}
				runs[plan.Name] = n
				if reduced := strings.HasSuffix(plan.Name, "-reduced"); size == Full && reduced {
					t.Errorf("plan %s of %s at full size is named like a reduced one", plan.Name, item.Name)
				}
			}
		}
	}
	// The thesis' step size and its neighbours under one seed, and ten replicates of the best, for
	// four optimizers; two, of which one is the same.
	if a, b := runs["fig-5.4-p1-reduced"], runs["fig-b.3-p1-reduced"]; a != 4*(3+10) || b != 2*(3+10) {
		t.Errorf("P1 has %d runs in Fig. 5.4 and %d in Fig. B.3", a, b)
	}
	// A seed each of 241 × 41 settings of NGD and of EFGD and 241 of GD, and the replicate of each
	// winner.
	if n := runs["table-d.5-Boston"]; n != 2*(241*41+1)+241+1 {
		t.Errorf("the grid of Boston has %d runs", n)
	}
}

// The grids are the powers of ten that Table D.4 has, and the thesis' lists are in its pattern of
// 1, 3, 6.
func TestGrids(t *testing.T) {
	for _, c := range []struct {
		grid []float64
		i    int
		want float64
	}{{stepSizesD4, 0, -20}, {stepSizesD4, 118, -5.25}, {stepSizesD4, 162, 0.25}, {stepSizesD4, 240, 10}, {dampingsD4, 0, -10}, {dampingsD4, 14, -3}, {dampingsD4, 40, 10}} {
		if got := math.Log10(c.grid[c.i]); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("element %d of a grid is 10^%v, want 10^%v", c.i, got, c.want)
		}
	}
	for name, o := range chapter5Optimizers {
		for problem, steps := range o.steps {
			for i, α := range steps {
				mantissa := α / math.Pow(10, math.Floor(math.Log10(α)+1e-9))
				if m := math.Round(mantissa); m != 1 && m != 3 && m != 6 || math.Abs(mantissa-m) > 1e-9 || i > 0 && α >= steps[i-1] {
					t.Errorf("step size %d of %s on %s is %g", i, name, problem, α)
				}
			}
		}
	}
}

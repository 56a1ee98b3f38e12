package measures

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/internal/synthetic"
)

// What is not ranked changes nothing for what is, and is compared with the leader.
func TestUnranked(t *testing.T) {
	plan, cells := synthetic.Plan()
	want := Build(plan, cells)
	imported := synthetic.Cell("digits", "adam", 10, 0.01, 0.9, 0.004)
	imported.Unranked = "DeepOBS baselines"
	other := synthetic.Cell("digits", "far", 1, 0.01, 0.9, 0)
	other.Unranked = "submitted"
	other.Runs[0].Run.Budget = 7
	other.Runs[0].Run.Protocol = protocol.Version + 1
	other.Runs[0].Spec.Metric = protocol.Metric{Name: "loss"}
	nowhere := results.Cell{Problem: "nowhere", Optimizer: "far", Unranked: "submitted"}
	r := Build(plan, append(cells, other, imported, nowhere))

	rows := r.Problems[0].Unranked
	if len(rows) != 2 || rows[0].Optimizer != "adam" || rows[0].Rank != 0 || rows[0].Score.N != 10 {
		t.Fatalf("unranked rows are %+v, want adam and far without rank", rows)
	}
	d := rows[0].Distance
	if rows[0].Leader != "adam" || !(d.Mean < -.04 && d.Low < d.Mean && d.Mean < d.High &&
		d.High < -.04 && d.P < 1e-6) {
		t.Errorf("imported adam's distance from %s is %+v, want about -.06, clearly below 0",
			rows[0].Leader, d)
	}
	if !math.IsNaN(rows[1].Distance.Mean) || len(rows[1].Notes) != 3 {
		t.Errorf("another metric, budget and protocol: distance %+v and notes %v, want none and "+
			"three",
			rows[1].Distance, rows[1].Notes)
	}
	if n := r.Notes[len(r.Notes)-1]; n.Kind != Incomparable ||
		!strings.Contains(n.Text, "nowhere") {
		t.Errorf("last note is %v, want one on what belongs to no problem", n)
	}
	r.Notes = r.Notes[:len(r.Notes)-1]
	for i := range r.Problems {
		r.Problems[i].Unranked = nil
	}
	if d := cmp.Diff(want, r, cmpopts.EquateNaNs()); d != "" {
		t.Errorf("rows that are not ranked change the report (-want +got):\n%s", d)
	}
}

// A problem of which there are imported results alone still says what they are.
func TestUnrankedAlone(t *testing.T) {
	plan, _ := synthetic.Plan()
	imported := synthetic.Cell("digits", "adam", 10, 0.01, 0.9, 0.004)
	imported.Unranked = "DeepOBS baselines"
	r := Build(plan, []results.Cell{imported})
	p := r.Problems[0]
	if p.Spec == nil || len(p.Unranked) != 1 || p.Unranked[0].Leader != "" || r.Finished != 0 {
		t.Errorf("problem is %+v, %d runs finished; want one row without leader and no run of "+
			"the plan", p, r.Finished)
	}
}

func TestWarnings(t *testing.T) {
	plan, cells := synthetic.Plan()
	kinds := map[string]bool{}
	for _, w := range Build(plan, cells).Warnings() {
		kinds[w.Problem+" "+w.Who+" "+string(w.Kind)] = true
	}
	for _, want := range []string{
		"digits adam capped", "digits sgd diverged", "digits sgd|32_&% edge",
		"valley sgd|32_&% unstable",
		"valley sgd|32_&% diverged", "  deviation",
	} {
		if !kinds[want] {
			t.Errorf("no warning %q among %v", want, kinds)
		}
	}
}

package measures

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"noisebench/results/internal/synthetic"
)

// A run that serves two purposes counts once.
func TestCountsEachRunOnce(t *testing.T) {
	plan, cells := synthetic.Plan()
	r := Build(plan, cells)
	// Per cell 10 replicates, 10 of the default and 6 of tuning; two tuning runs per problem...
	before := r.Finished
	cells[0].OneShot = cells[0].Runs
	if got, want := Build(plan, cells).Finished, before-10; got != want {
		t.Errorf("%d runs after ten were shared, want %d", got, want)
	}
}

// The ranking over a group is that of a plan with the group's problems alone, and the default is on
// the same scale as the tuned setting.
func TestGroups(t *testing.T) {
	plan, cells := synthetic.Plan()
	for i := range cells {
		cells[i].OneShot = cells[i].Runs
	}
	plan.Groups = map[string][]string{"all": {"digits", "valley"}, "one": {"valley"}}
	r := Build(plan, cells)
	if len(r.Groups) != 2 || r.Groups[0].Name != "all" || r.Groups[1].Name != "one" {
		t.Fatalf("the groups are %+v, want all and one", r.Groups)
	}
	equal := cmpopts.EquateNaNs()
	if d := cmp.Diff(r.Overall, r.Groups[0].Overall, equal); d != "" {
		t.Errorf("the group of all problems is not ranked as they are (-want +got):\n%s", d)
	}
	one := r.Groups[1]
	if len(one.Problems) != 1 || one.Problems[0].Name != "valley" {
		t.Errorf("the group has %d problems, want valley alone", len(one.Problems))
	}
	for _, o := range one.Overall {
		row := one.Problems[0].row(o.Optimizer)
		if len(o.Ranks) != 1 || o.Ranks[0] != row.Rank || o.MeanRank != float64(row.Rank) {
			t.Errorf("%s has ranks %v and mean rank %g in the group, want %d", o.Optimizer, o.Ranks, o.MeanRank, row.Rank)
		}
	}
	for _, o := range r.Overall {
		if d := cmp.Diff(o.Anchored, o.Default, equal); d != "" {
			t.Errorf("%s: runs of the default that are those of the tuned setting score otherwise:\n%s", o.Optimizer, d)
		}
	}
	// Worse defaults score worse.
	for i := range cells {
		if cells[i].Problem == "digits" && cells[i].Optimizer == "adam" {
			cells[i].OneShot = nil
			for seed := range uint64(10) {
				cells[i].OneShot = append(cells[i].OneShot, synthetic.Run("digits", "adam", seed, 0.1, 0.1, 0.1))
			}
		}
	}
	if row := Build(plan, cells).Problems[0].row("adam"); math.Abs(row.Default.Value) > 1e-9 || row.Anchored.Value < 0.9 {
		t.Errorf("a default that stays at the start scores %g, want 0; tuned %g", row.Default.Value, row.Anchored.Value)
	}
}

func TestRankingOfReport(t *testing.T) {
	plan, cells := synthetic.Plan()
	r := Build(plan, cells)
	var digits []string
	for _, row := range r.Problems[0].Rows {
		digits = append(digits, fmt.Sprintf("%s %d %t", row.Optimizer, row.Rank, row.Shared))
	}
	want := []string{"adam 1 true", "cabs 1 true", "sgd 3 false", "sgd|32_&% 4 false"}
	if d := cmp.Diff(want, digits); d != "" {
		t.Errorf("ranks on digits (-want +got):\n%s", d)
	}
	last := r.Problems[1].Rows[3]
	if last.Optimizer != "sgd|32_&%" || last.Score.Diverged != 3 ||
		last.Score.Mean != (7*0.891+3*24.2)/10 {
		t.Errorf("three of ten diverged: %+v, want last place and the start's value for these",
			last)
	}
}

// An unnamed number of epochs is a budget in examples.
func TestEpochsAreABudget(t *testing.T) {
	plan, cells := synthetic.Plan()
	plan.Problems[0].Epochs = 1.5
	if got := Build(plan, cells).Problems[0].Budget; got != 1500 {
		t.Errorf("1.5 epochs of 1000 examples are a budget of %d, want 1500", got)
	}
}

// A report does not depend on the order in which cells were added, nor on their records afterwards.
func TestBuilder(t *testing.T) {
	plan, cells := synthetic.Full()
	later := cells[1]
	later.Runs = slices.Clone(later.Runs)
	for i, r := range later.Runs[:4] { // made under an older contract: left out
		older := *r
		older.Run.Protocol--
		later.Runs[i] = &older
	}
	cells[1] = later
	older := cells[2]
	older.Runs, older.OneShot, older.Tuning = nil, nil, nil
	for _, r := range cells[2].Runs {
		old := *r
		old.Run.Protocol--
		older.Runs = append(older.Runs, &old)
	}
	cells[2] = older
	want := Build(plan, cells)
	if n := want.Notes[len(want.Notes)-1]; !slices.ContainsFunc(want.Notes, func(w Warning) bool {
		return w.Kind == OtherProtocol && strings.HasPrefix(w.Text, "14 records ")
	}) {
		t.Errorf("notes end with %v, want one on 14 records", n)
	}
	b := NewBuilder(plan)
	var group sync.WaitGroup
	for _, c := range cells {
		group.Go(func() {
			b.Add(c)
			for _, r := range c.Records() {
				clear(r.Points)
			}
		})
	}
	group.Wait()
	if d := cmp.Diff(want, b.Report(), cmpopts.EquateNaNs()); d != "" {
		t.Errorf("added concurrently (-want +got):\n%s", d)
	}
}

package measures

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

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

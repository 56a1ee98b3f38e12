package main

import (
	"strings"
	"testing"

	"noisebench/protocol"
)

// Names of entries may have commas and equals signs.
func TestOnly(t *testing.T) {
	plan := protocol.Plan{
		Name:       "p",
		Problems:   []protocol.ProblemEntry{{Name: "branin, d=2"}, {Name: "beale"}},
		Optimizers: []protocol.OptimizerEntry{{Name: "adam, beta=0.9, slow"}, {Name: "sgd"}},
	}
	for only, want := range map[string]string{
		"optimizer=sgd": "branin, d=2/sgd;beale/sgd", "problem=beale": "beale/adam, beta=0.9, slow;beale/sgd",
		"problem=branin, d=2,optimizer=adam, beta=0.9, slow": "branin, d=2/adam, beta=0.9, slow",
		"optimizer=adam, beta=0.9, slow,problem=beale":       "beale/adam, beta=0.9, slow",
	} {
		selected, err := (&making{only: []string{only}}).selection(&plan)
		if err != nil {
			t.Errorf("--only %q: %v", only, err)
			continue
		}
		var got []string
		for _, p := range plan.Problems {
			for _, o := range plan.Optimizers {
				if selected(p.Name, o.Name) {
					got = append(got, p.Name+"/"+o.Name)
				}
			}
		}
		if got := strings.Join(got, ";"); got != want {
			t.Errorf("--only %q selects %s, want %s", only, got, want)
		}
	}
	for only, want := range map[string]string{
		"": "want optimizer=NAME", "sgd": "want optimizer=NAME", "optimiser=sgd": "want optimizer=NAME",
		"optimizer=sgd,optimizer=sgd": "want optimizer=NAME", "optimizer=sgd,": "sgd,",
		"optimizer=": "optimizer", "problem=beale,optimizer=sdg": "sdg",
	} {
		if _, err := (&making{only: []string{only}}).selection(&plan); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--only %q: %v, want an error with %q", only, err, want)
		}
	}
}

package plans

import (
	"fmt"
	"testing"
)

// All plans can be read, are called what their files are, and are known by that name alone.
func TestPlans(t *testing.T) {
	if len(Names()) < 4 {
		t.Fatalf("the plans are %v, want at least 4", Names())
	}
	for _, name := range Names() {
		if plan, ok := Known(name); !ok || plan.Name != name {
			t.Errorf("plan %s is called %q (known: %t)", name, plan.Name, ok)
		}
	}
	if plan, ok := Known("plans.go"); ok {
		t.Errorf("plans.go is the plan %q", plan.Name)
	}
}

func ExampleLoad() {
	plan, err := Load("quick")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(plan.Name, "compares", len(plan.Optimizers), "optimizers on", len(plan.Problems), "problems")
	// Output: quick compares 8 optimizers on 6 problems
}
